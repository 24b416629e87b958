"""The layer names by which every network is cut and explained."""

END_OF_TRUNK = "end_of_trunk"
"""Its output is the output of the frozen part: everything before the last
convolutional block (decision 11)."""

EXPLAINED_LAYER = "last_feature_map"
"""Its output is what Grad-CAM looks at: the feature maps of the last convolution, in
ResNet of the last addition, after their ReLU (decision 11)."""

LOGITS = "logits"
"""The last fully connected layer, which transfer replaces."""

END_OF_BODY = "end_of_body"
"""Its output goes to layers that are all new. Only networks whose fully connected
layers do not come with their weights have it (``imagenet.py``)."""

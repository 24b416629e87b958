"""The layer names by which every network is cut and explained."""

END_OF_TRUNK = "end_of_trunk"
"""Its output is the output of the frozen part: everything before the last
convolutional block (decision 11)."""

EXPLAINED_LAYER = "last_feature_map"
"""Its output is what Grad-CAM looks at: the feature maps of the last convolution,
in ResNet of the last addition (decision 11)."""

LOGITS = "logits"
"""The last fully connected layer, which transfer replaces."""

"""Layer names that every network has, for cutting and explaining it."""

END_OF_TRUNK = "end_of_trunk"
"""The last layer of the trunk, which is frozen: all layers before the last
convolutional block (decision 11)."""

EXPLAINED_LAYER = "last_feature_map"
"""The layer that Grad-CAM explains: the ReLU after the last convolution, in ResNet
after the last addition (decision 11)."""

LOGITS = "logits"
"""The last fully connected layer, which transfer replaces."""

END_OF_BODY = "end_of_body"
"""The last layer with published weights; all later layers are new. Only the networks
of ``imagenet.py`` have it."""

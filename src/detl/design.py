"""What the graph is generated from: the architectures, folds and arms.

These shape the pipeline itself, so they are code and not parameters. Each
``create_pipeline`` takes the first two as arguments.
"""

ARCHITECTURES = ("alexnet", "vgg16", "resnet50")
FOLDS = ("fold_1", "fold_2", "fold_3", "fold_4", "fold_5")

INITIALISATIONS = ("detl", "scratch", "imagenet")
"""Weights that the ablation starts from: pretrained on Data-A, random, ImageNet."""

UNFREEZES = ("head", "last_block", "all")
"""What the ablation trains: the last layer, the last block and what follows, all."""

ARMS = {
    f"{initialisation}_{unfreeze}": (initialisation, unfreeze)
    for initialisation in INITIALISATIONS
    for unfreeze in UNFREEZES
}
"""Name of an arm of the ablation to its initialisation and what it trains."""

REFERENCE_ARM = "detl_last_block"
"""The arm that is the paper's method; the cross-validation has trained it already."""

OTHER_PROTOCOL = "other_protocol"
"""The arm of pipeline ``optimism``: the protocol that the cross-validation has not."""

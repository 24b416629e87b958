"""What the graph is generated from: the architectures, folds and classes.

These shape the pipeline itself, so they are code and not parameters. Each
``create_pipeline`` takes the first two as arguments.
"""

ARCHITECTURES = ("alexnet", "vgg16", "resnet50")
FOLDS = ("fold_1", "fold_2", "fold_3", "fold_4", "fold_5")

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


Unit = tuple[str, ...]
"""``()`` for the session, then ``(architecture,)``, ``(architecture, fold)``,
``(architecture, arm)`` and ``(architecture, arm, fold)``."""


def unit_of(namespace: str | None) -> Unit:
    """Return the unit that a node of this namespace belongs to.

    A namespace is ``<architecture>.<stage>``, with a fold, or an arm, or an arm and a
    fold behind it: ``vgg16.crossval.fold_1`` and ``vgg16.explain.fold_1`` belong to one
    unit, ``vgg16.pretrain`` to its architecture, ``vgg16.ablation.scratch_all.fold_1``
    to a fold of an arm, ``split`` and no namespace to the session.
    """
    architecture, *stage_and_rest = (namespace or "").split(".")
    return (architecture, *stage_and_rest[1:]) if stage_and_rest else ()


def labels_of(unit: Unit) -> dict[str, str]:
    """Return what the parts of a unit are, by name, to find its MLflow run by."""
    if not unit:
        return {}
    labels = {"architecture": unit[0]}
    for part in unit[1:]:
        if part.startswith("fold_"):
            labels["fold"] = part
        else:
            labels["arm"] = part
            if part in ARMS:
                labels["initialisation"], labels["unfreeze"] = ARMS[part]
    return labels

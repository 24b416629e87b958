"""The architectures, folds and arms from which the graph is generated.

They shape the pipeline itself, so they are code and not parameters. Each
``create_pipeline`` takes the first two as arguments.
"""

ARCHITECTURES = ("alexnet", "vgg16", "resnet50")
FOLDS = ("fold_1", "fold_2", "fold_3", "fold_4", "fold_5")

INITIALISATIONS = ("detl", "scratch", "imagenet")
"""Initial weights in the ablation: pretrained on Data-A, random, ImageNet."""

UNFREEZES = ("head", "last_block", "all")
"""Trained layers in the ablation: the last one, the tail, or all."""

ARMS = {
    f"{initialisation}_{unfreeze}": (initialisation, unfreeze)
    for initialisation in INITIALISATIONS
    for unfreeze in UNFREEZES
}
"""Name of an arm of the ablation to its initialisation and its trained layers."""

REFERENCE_ARM = "detl_last_block"
"""The arm with the paper's method, which the cross-validation has already trained."""

OTHER_PROTOCOL = "other_protocol"
"""The arm of pipeline ``optimism``, with the protocol that the cross-validation does
not use."""

Unit = tuple[str, ...]
"""A part of the session with an MLflow run: ``()`` for the session itself,
``(architecture,)``, ``(architecture, fold)``, ``(architecture, arm)`` or
``(architecture, arm, fold)``."""


def unit_of(namespace: str | None) -> Unit:
    """Return the unit that a node of this namespace belongs to.

    A namespace is ``<architecture>.<stage>``, optionally with an arm and a fold. The
    stage makes no difference: ``vgg16.crossval.fold_1`` and ``vgg16.explain.fold_1``
    belong to ``("vgg16", "fold_1")``. ``vgg16.pretrain`` belongs to ``("vgg16",)``,
    ``vgg16.ablation.scratch_all.fold_1`` to ``("vgg16", "scratch_all", "fold_1")``, and
    ``split`` or no namespace to the session.
    """
    architecture, *stage_and_rest = (namespace or "").split(".")
    return (architecture, *stage_and_rest[1:]) if stage_and_rest else ()


def labels_of(unit: Unit) -> dict[str, str]:
    """Return the parts of a unit by name, for the tags of its MLflow run."""
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

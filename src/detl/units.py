"""What a node's namespace says: which architecture and fold it works for."""

Unit = tuple[str, ...]
"""``()`` for the session, ``(architecture,)``, or ``(architecture, fold)``."""


def unit_of(namespace: str | None) -> Unit:
    """Return the unit that a node of this namespace belongs to.

    A namespace is ``<architecture>.<stage>`` or ``<architecture>.<stage>.<fold>``:
    ``vgg16.crossval.fold_1`` and ``vgg16.explain.fold_1`` belong to one unit,
    ``vgg16.pretrain`` to its architecture, ``split`` and no namespace to the session.
    """
    architecture, *stage_and_fold = (namespace or "").split(".")
    return (architecture, *stage_and_fold[1:]) if stage_and_fold else ()

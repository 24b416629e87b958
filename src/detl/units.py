"""What a node's namespace says: which architecture and fold it works for."""

Unit = tuple[str, ...]
"""``()`` for the session, ``(architecture,)``, or ``(architecture, fold)``."""


def unit_of(namespace: str | None) -> Unit:
    """Return the unit that a node of this namespace belongs to.

    ``crossval.vgg16.fold_1`` and ``explain.vgg16.fold_1`` belong to one unit,
    ``pretrain.vgg16`` to its architecture, ``split`` and no namespace to the session.
    """
    return tuple((namespace or "").split(".")[1:])

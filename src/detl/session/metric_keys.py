"""The keys of metrics in MLflow, whose pages group them by what stands before a slash.

A key without a slash is in the first group: the scores of the test images.
"""

from collections.abc import Mapping
from typing import TypeVar

from detl.schemas.classes import DATA_B_CLASSES

Value = TypeVar("Value")

HEADLINE = (
    *("accuracy", "balanced_accuracy", "macro_f1", "macro_auc"),
    *(f"sensitivity_{name}" for name in DATA_B_CLASSES),
)
"""The metrics that a run is compared by; the table of runs opens with them."""

_ENDS = ("_low", "_high")


def name_metrics(
    values: Mapping[str, Value], keys: Mapping[str, str | None]
) -> dict[str, Value]:
    """Return the values that are logged, by their keys.

    Args:
        values: Numbers or curves by name. A name that ends in ``_low`` or ``_high`` is
            an end of the interval of the number without it.
        keys: Name to key, where the key is another one; None for what is not logged.
            An end follows its number, in the group ``interval``.
    """
    named = {_name_key(name, keys): value for name, value in values.items()}
    return {key: value for key, value in named.items() if key is not None}


def _name_key(name: str, keys: Mapping[str, str | None]) -> str | None:
    for end in _ENDS:
        if name.endswith(end):
            number = name.removesuffix(end)
            key = keys.get(number, number)
            return key and f"interval/{key.replace('/', '_')}{end}"
    return keys.get(name, name)

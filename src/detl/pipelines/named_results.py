"""Results that Kedro hands to a node by name, because their number is that of folds."""

from collections.abc import Mapping
from typing import Any


def with_ending(results: Mapping[str, Any], ending: str) -> dict[str, Any]:
    """Return the results whose name has this ending, by what stands before it.

    Args:
        results: Such as ``fold_1_metrics`` and ``fold_1_predictions``.
        ending: Such as ``_metrics``.
    """
    return {
        name.removesuffix(ending): result
        for name, result in results.items()
        if name.endswith(ending)
    }

"""Binds arguments that shape the graph, such as the fold names, to a function."""

from collections.abc import Callable
from functools import partial, update_wrapper
from typing import Any


def bind(function: Callable[..., Any], **values: Any) -> Callable[..., Any]:
    """Return the function with some arguments fixed, under its own name.

    Args:
        function: What a node runs.
        **values: Such as the names of the folds.
    """
    return update_wrapper(partial(function, **values), function)

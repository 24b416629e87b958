"""Fits a function to a node: arguments that shape the graph, and missing inputs."""

from collections.abc import Callable
from functools import partial, update_wrapper, wraps
from typing import Any

from detl.errors import DetlError


def bind(function: Callable[..., Any], **values: Any) -> Callable[..., Any]:
    """Return the function with some arguments fixed, under its own name.

    Args:
        function: What a node runs.
        **values: Such as the names of the folds.
    """
    return update_wrapper(partial(function, **values), function)


def of_those_there(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function, which gets no keyword argument that is None.

    So a node over all networks takes those that have been trained.

    Args:
        function: What a node runs; its keyword arguments are by architecture.
    """

    @wraps(function)
    def of_some(**of_each: Any) -> Any:
        there = {name: value for name, value in of_each.items() if value is not None}
        if not there:
            raise DetlError(
                f"Nothing of {', '.join(of_each)} is there yet, of which "
                f"{function.__name__} needs one: run 'kedro run --tags NETWORK' first."
            )
        return function(**there)

    return of_some

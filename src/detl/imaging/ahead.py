"""Working on many files in threads, a few ahead of the one that is used."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_ahead(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    recall: Callable[[Item], Result | None] | None = None,
) -> Iterator[Result]:
    """Yield ``work(item)`` of each item in turn, worked on in as many threads as cores.

    Only a few items are ahead of the one that is yielded, so that memory does not grow
    with their number.

    Args:
        work: What is done with an item, in a thread.
        items: What is worked on.
        recall: The result where it is known, and no thread is needed; None else.
    """
    threads = os.cpu_count() or 1
    ahead: deque[Future[Result] | Result] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for item in items:
            known = recall(item) if recall else None
            ahead.append(known or pool.submit(work, item))
            if len(ahead) > 4 * threads:
                yield _wait_for(ahead.popleft())
        while ahead:
            yield _wait_for(ahead.popleft())


def _wait_for(found: Future[Result] | Result) -> Result:
    return found.result() if isinstance(found, Future) else found

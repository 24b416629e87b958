"""Drawing of many patients at once, one on each processor."""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context, parent_process

import cv2
from tqdm import tqdm

from detl.imaging.memory import keep_freed_memory
from detl.phantoms.films import Film, Group, Patient, draw_patient, list_patients
from detl.phantoms.layouts import Entry
from detl.schemas.parameters import PhantomParameters

Enter = Callable[[Film], Entry]
"""Says what a film becomes in a collection: a function of ``layouts``."""

FEWEST_PATIENTS = 1000
"""Fewer are drawn by this process: starting others takes longer than it saves."""


def draw_entries(
    parameters: PhantomParameters, groups: Mapping[Enter, Mapping[Group, int]]
) -> list[list[Entry]]:
    """Return the entries of each collection. A bar shows the progress on a terminal.

    Args:
        parameters: What the films are like.
        groups: For each collection the number of films of each group.
    """
    tasks = [
        (enter, patient, most)
        for enter, counts in groups.items()
        for group, count in counts.items()
        for patient, most in list_patients(parameters, group, count)
    ]
    drawn: dict[Enter, list[Entry]] = {enter: [] for enter in groups}
    bar = tqdm(tasks, "phantoms", unit=" patients", disable=None)
    for (enter, *_), entries in zip(bar, _draw(parameters, tasks), strict=True):
        drawn[enter] += entries
    return list(drawn.values())


def _draw(
    parameters: PhantomParameters, tasks: Sequence[tuple[Enter, Patient, int]]
) -> Iterator[list[Entry]]:
    """Yield the entries of each patient, in the order of the tasks."""
    draw = partial(_draw_patient, parameters)
    processes = _count_processors()
    if processes == 1 or len(tasks) < FEWEST_PATIENTS:
        yield from map(draw, *zip(*tasks, strict=True))
        return
    # Processes that are spawned have no threads of the libraries that are in use here.
    spawn = get_context("spawn")
    with ProcessPoolExecutor(processes, spawn, _prepare_process) as pool:
        yield from pool.map(draw, *zip(*tasks, strict=True), chunksize=20)


def _prepare_process() -> None:
    """Let a process of the pool use one processor, and end with this process."""
    cv2.setNumThreads(1)
    # Without this a sixth of the time goes into clearing the same memory again.
    keep_freed_memory()
    # Ctrl-C reaches every process of a terminal: this one ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _draw_patient(
    parameters: PhantomParameters, enter: Enter, patient: Patient, most: int
) -> list[Entry]:
    return [enter(film) for film in draw_patient(parameters, patient, most)]


def _count_processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

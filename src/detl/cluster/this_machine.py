"""Which workers ``make run`` starts on this machine.

``python -m detl.cluster.this_machine`` prints the options of ``kedro run`` for them.
"""

from pathlib import Path

import click

from detl.cluster.workers import count_processors
from detl.design import ARCHITECTURES, FOLDS

MEMORY = 3 * 2**30
"""Bytes that a worker is given at least."""


def choose_options() -> list[str]:
    """Return the options of ``kedro run`` that keep this machine's processor busy.

    A worker for each processor, with one thread, as far as there are tasks and memory;
    none for a single one, where one process does as well.
    """
    processors = count_processors()
    most = len(ARCHITECTURES) * len(FOLDS)
    workers = min(processors, most, _read_free_memory() // MEMORY)
    if workers < 2:
        return []
    asked = f"workers={workers},threads={processors // workers}"
    return ["--runner", "detl.cluster.DaskRunner", "--runner-params", asked]


def _read_free_memory() -> int:
    """Return the bytes that programs may still take, as Linux says; else a lot."""
    told = Path("/proc/meminfo")
    lines = told.read_text().splitlines() if told.is_file() else []
    free = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return 1024 * int(free[0]) if free else 2**50


if __name__ == "__main__":
    click.echo(" ".join(choose_options()))

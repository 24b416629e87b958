"""Measuring one way beside another, in one run, and the table that all rows share."""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Row:
    """One line of the table of docs/benchmarks.md.

    Attributes:
        stage: What is measured, and beside what.
        ours: How fast or long it is here, with its unit.
        beside: The same of what it is measured against.
        ratio: The number that the goal speaks of.
        goal: What the ratio shall be at least, or at most where ``at_most``.
        at_most: Whether less is better.
        peak: Most memory that the stage's own process held, MB (10^6 bytes).
    """

    stage: str
    ours: str
    beside: str
    ratio: float
    goal: float
    at_most: bool = False
    peak: float | None = None

    @property
    def is_met(self) -> bool:
        """Whether the goal is reached."""
        return self.ratio <= self.goal if self.at_most else self.ratio >= self.goal


def alternate(ways: Sequence[Callable[[], object]], repeats: int) -> list[list[float]]:
    """Return the seconds of each way, run in turn, so that all meet the same machine.

    Each is run once before, unmeasured: what is compiled or cached then is not timed.
    """
    for way in ways:
        way()
    seconds: list[list[float]] = [[] for _ in ways]
    for _ in range(repeats):
        for way, of_way in zip(ways, seconds, strict=True):
            start = time.perf_counter()
            way()
            of_way.append(time.perf_counter() - start)
    return seconds


def ratio_of_medians(numerator: Sequence[float], denominator: Sequence[float]) -> float:
    """Return how much larger the median of the first is than that of the second."""
    return median(numerator) / median(denominator)


def run_alone(script: str, **options: object) -> dict[str, Any]:
    """Return what a script prints as JSON in its last line, in a process of its own.

    Allocators, threads and the peak of memory are a process's own.
    """
    command = [sys.executable, script]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    run = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(run.stdout.splitlines()[-1]))


def peak_memory() -> float:
    """Return the most memory that this process held, MB."""
    status = Path("/proc/self/status")
    if status.exists():
        # What Linux says elsewhere begins with the peak of the process that started it.
        (line,) = (x for x in status.read_text().splitlines() if "VmHWM" in x)
        return int(line.split()[1]) * 1024 / 1e6
    return _in_megabytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def peak_memory_of(command: Sequence[str | Path], **options: Any) -> float:
    """Return the most memory that a command held, MB, once it has come to its end.

    On Linux at least as much as this process has held.

    Args:
        command: With its arguments.
        **options: Of ``subprocess.Popen``.

    Raises:
        RuntimeError: If the command fails.
    """
    process = subprocess.Popen(command, **options)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command} ended with {process.returncode}")
    return _in_megabytes(usage.ru_maxrss)


def _in_megabytes(resident: int) -> float:
    # Kilobytes, but on macOS.
    return resident * (1 if sys.platform == "darwin" else 1024) / 1e6


def print_rows(rows: Sequence[Row]) -> None:
    """Print the rows as a table in Markdown, each goal with whether it is met."""
    print("| stage, beside | here | beside | ratio | goal | | peak memory |")
    print("|---|---|---|---:|---:|---|---:|")
    for row in rows:
        peak = "" if row.peak is None else f"{row.peak:,.0f} MB"
        print(
            f"| {row.stage} | {row.ours} | {row.beside} | {row.ratio:.2f} "
            f"| {'at most' if row.at_most else 'at least'} {row.goal:g} "
            f"| {'met' if row.is_met else 'NOT met'} | {peak} |"
        )

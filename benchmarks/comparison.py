"""Measurement of two ways in one run, and the table that all benchmarks print."""

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
        stage: What is measured, and against what.
        ours: Speed or time of this project, with its unit.
        beside: Speed or time of the other way.
        ratio: The number that the goal refers to.
        goal: Smallest allowed ratio, or the largest if ``at_most``.
        at_most: Whether less is better.
        peak: Peak memory of the stage's own process, MB (10^6 bytes).
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
    """Return the seconds of each way, measured in turn on an equally busy machine.

    Each way runs once before without a clock, so that compiling and caching do not
    count.
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
    """Return the median of the first divided by the median of the second."""
    return median(numerator) / median(denominator)


def run_alone(script: str, **options: object) -> dict[str, Any]:
    """Return the JSON in the last line of a script, run in a process of its own.

    A process of its own has its own allocator, threads and peak of memory.
    """
    command = [sys.executable, script]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    run = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(run.stdout.splitlines()[-1]))


def peak_memory() -> float:
    """Return the peak memory of this process, MB."""
    status = Path("/proc/self/status")
    if status.exists():
        # Other values of Linux start with the peak of the parent process.
        (line,) = (x for x in status.read_text().splitlines() if "VmHWM" in x)
        return int(line.split()[1]) * 1024 / 1e6
    return _in_megabytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def peak_memory_of(command: Sequence[str | Path], **options: Any) -> float:
    """Return the peak memory of a command, MB, after it has ended.

    On Linux it is at least the peak of this process.

    Args:
        command: The command with its arguments.
        **options: Options of ``subprocess.Popen``.

    Raises:
        RuntimeError: The command fails.
    """
    process = subprocess.Popen(command, **options)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command} ended with {process.returncode}")
    return _in_megabytes(usage.ru_maxrss)


def _in_megabytes(resident: int) -> float:
    # The unit is kilobytes, but bytes on macOS.
    return resident * (1 if sys.platform == "darwin" else 1024) / 1e6


def print_rows(rows: Sequence[Row]) -> None:
    """Print the rows as a table in Markdown, and whether each goal is met."""
    print("| stage, beside | here | beside | ratio | goal | | peak memory |")
    print("|---|---|---|---:|---:|---|---:|")
    for row in rows:
        peak = "" if row.peak is None else f"{row.peak:,.0f} MB"
        print(
            f"| {row.stage} | {row.ours} | {row.beside} | {row.ratio:.2f} "
            f"| {'at most' if row.at_most else 'at least'} {row.goal:g} "
            f"| {'met' if row.is_met else 'NOT met'} | {peak} |"
        )

import platform
import subprocess
import sys

import pytest

from detl.imaging import memory
from detl.imaging.memory import keep_freed_memory

# Takes and frees 64 MB, and tells by how many bytes the process is larger after it.
PROGRAM = """
import resource, sys
import numpy as np
from detl.imaging.memory import keep_freed_memory
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()
if sys.argv[1] == "keep":
    assert keep_freed_memory()
before = resident()
np.ones(8_000_000)
print(resident() - before)
"""


def _held(way: str) -> int:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, way], capture_output=True, text=True, check=True
    )
    return int(run.stdout)


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="the allocator is not glibc's"
)
def test_memory_that_is_freed_stays_with_the_process():
    assert _held("leave") < 16_000_000
    assert _held("keep") > 60_000_000


def test_another_system_is_left_alone(monkeypatch):
    monkeypatch.setattr(memory.sys, "platform", "darwin")
    assert not keep_freed_memory()

import platform
import subprocess
import sys

import pytest

from detl.imaging import memory
from detl.imaging.memory import keep_freed_memory

# Takes and frees 64 MB again and again, and tells how many pages the system cleared.
CHURN = """
import resource, sys
import numpy as np
from detl.imaging.memory import keep_freed_memory
if sys.argv[1] == "keep":
    assert keep_freed_memory()
np.ones(8_000_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    np.ones(8_000_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def _faults(way: str) -> int:
    run = subprocess.run(
        [sys.executable, "-c", CHURN, way], capture_output=True, text=True, check=True
    )
    return int(run.stdout)


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="the allocator is not glibc's"
)
def test_memory_that_is_freed_and_taken_again_is_not_cleared_anew():
    assert _faults("keep") * 10 < _faults("leave")


def test_another_system_is_left_alone(monkeypatch):
    monkeypatch.setattr(memory.sys, "platform", "darwin")
    assert not keep_freed_memory()

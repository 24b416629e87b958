import subprocess
import sys

import pytest

from detl.cluster import this_machine
from detl.cluster.this_machine import MEMORY, choose_options


@pytest.fixture
def machine(monkeypatch):
    """Return a function that sets this machine's free processors and memory."""

    def set_machine(processors, memory=100 * MEMORY):
        monkeypatch.setattr(this_machine, "count_processors", lambda: processors)
        monkeypatch.setattr(this_machine, "_read_free_memory", lambda: memory)

    return set_machine


def test_one_processor_is_used_by_one_process(machine):
    machine(processors=1)

    assert choose_options() == []


def test_each_of_two_processors_has_a_worker_of_one_thread(machine):
    machine(processors=2)

    assert choose_options()[-1] == "workers=2,threads=1"


def test_there_are_no_more_workers_than_folds(machine):
    machine(processors=64)

    assert choose_options()[-1] == "workers=15,threads=4"


def test_there_are_no_more_workers_than_fit_into_memory(machine):
    machine(processors=8, memory=2 * MEMORY)

    assert choose_options()[-1] == "workers=2,threads=4"


def test_as_a_program_it_prints_options_or_nothing_and_no_warning():
    program = [sys.executable, "-m", "detl.cluster.this_machine"]
    printed = subprocess.run(program, capture_output=True, text=True, check=True)

    assert printed.stderr == ""
    assert printed.stdout.split() == choose_options()

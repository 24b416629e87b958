"""Ctrl-C that comes while a callback runs."""

import signal
import sys
import weakref

import pytest
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import DataCatalog
from kedro.pipeline import Node, Pipeline

from detl.errors import DetlError
from detl.session import interrupts
from detl.session.interrupts import InterruptHooks, Interrupts
from detl.session.runner import FoldByFoldRunner


@pytest.fixture
def watching():
    """Return interrupts that are watched, as in a terminal."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    watched = Interrupts()
    watched.watch()
    yield watched
    signal.signal(signal.SIGINT, before)


class _Gone:
    """Something that can be referred to weakly."""


def _interrupt_in_a_callback(monkeypatch):
    """Interrupt this process where Python ignores it; return what it ignores."""
    ignored = []
    monkeypatch.setattr(sys, "unraisablehook", ignored.append)
    gone = _Gone()
    reference = weakref.ref(gone, lambda _: signal.raise_signal(signal.SIGINT))
    del gone
    assert reference() is None
    return [one.exc_type for one in ignored]


def test_an_interrupt_that_python_ignores_is_raised_later(watching, monkeypatch):
    assert _interrupt_in_a_callback(monkeypatch) == [KeyboardInterrupt]

    with pytest.raises(KeyboardInterrupt):
        watching.raise_lost()
    watching.raise_lost()  # once


def test_an_interrupt_is_raised_at_once_where_it_can_be(watching):
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_without_an_interrupt_nothing_is_raised(watching):
    watching.raise_lost()


def test_a_new_run_knows_nothing_of_an_earlier_interrupt(watching, monkeypatch):
    _interrupt_in_a_callback(monkeypatch)

    watching.watch()

    watching.raise_lost()


def test_what_ignores_interrupts_goes_on_doing_so(watching):
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    Interrupts().watch()

    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_a_lost_interrupt_ends_the_run_before_its_next_node(watching, monkeypatch):
    monkeypatch.setattr(interrupts, "INTERRUPTS", watching)
    ran = []
    pipeline = Pipeline(
        [
            Node(lambda: _interrupt_in_a_callback(monkeypatch), None, "a", name="one"),
            Node(ran.append, "a", "b", name="two"),
        ]
    )
    hooks = _create_hook_manager()
    hooks.register(InterruptHooks())

    with pytest.raises(DetlError, match="interrupted in node 'two'"):
        FoldByFoldRunner().run(pipeline, DataCatalog(), hooks)
    assert ran == []

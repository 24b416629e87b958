"""Ctrl-C, which Python loses where it comes while a callback runs.

What is raised in a callback of the garbage collection, or of a weak reference, is
printed and ignored, and so is the KeyboardInterrupt of a signal that comes just then.
"""

import signal
import threading
from types import FrameType

from kedro.framework.hooks import hook_impl


class Interrupts:
    """Remembers a Ctrl-C until a place where it cannot be lost."""

    def __init__(self) -> None:
        self._has_come = False

    def watch(self) -> None:
        """Note each Ctrl-C from now on, beside what it does in any case.

        Nothing changes where it is ignored, somebody else handles it, or this is not
        the main thread, which alone may ask for signals.
        """
        self._has_come = False
        handled = signal.getsignal(signal.SIGINT)
        is_main = threading.current_thread() is threading.main_thread()
        if is_main and handled is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._note)

    def raise_lost(self) -> None:
        """Raise the interrupt that has come since, if it is still to be heeded.

        Raises:
            KeyboardInterrupt: One has come.
        """
        if self._has_come:
            self._has_come = False
            raise KeyboardInterrupt

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._has_come = True
        signal.default_int_handler(number, frame)


INTERRUPTS = Interrupts()
"""Those of this process."""


class InterruptHooks:
    """Lets no Ctrl-C be lost for longer than a node takes."""

    @hook_impl
    def before_pipeline_run(self) -> None:
        """Begin to watch."""
        INTERRUPTS.watch()

    @hook_impl(tryfirst=True)
    def before_node_run(self) -> None:
        """End the run where one has come."""
        INTERRUPTS.raise_lost()

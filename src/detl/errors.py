"""Errors that are shown to the user without a traceback."""


class DetlError(Exception):
    """A fault in the user's data or parameters that the user can correct.

    The message is one sentence: what was found, what was expected, what to do.
    """


class NotAvailableError(DetlError):
    """An optional part of the graph that cannot run here.

    The runner skips the nodes that depend on it, and the run does not fail.
    """

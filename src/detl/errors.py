"""The error that a user can mend, and the one that is none."""


class DetlError(Exception):
    """Something in the user's data or parameters that the user can mend.

    The message is one sentence: what was found, what was expected, what to do.
    The command line prints it without a traceback.
    """


class NotAvailableError(DetlError):
    """A branch of the graph that cannot be run here and was not promised.

    The runner leaves out what needs it and goes on; the run does not fail.
    """

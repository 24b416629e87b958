"""The error that a user can mend."""


class DetlError(Exception):
    """Something in the user's data or parameters that the user can mend.

    The message is one sentence: what was found, what was expected, what to do.
    The command line prints it without a traceback.
    """

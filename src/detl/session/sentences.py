"""Errors that a user can correct, in one sentence wherever they come from.

Any other error is a fault of the project, and keeps its traceback.
"""

import errno
from collections.abc import Iterator
from pathlib import Path

import yaml
from kedro.config import MissingConfigException
from kedro.io import DatasetError
from omegaconf.errors import OmegaConfBaseException

from detl.errors import DetlError
from detl.session.mlflow_store import describe_failure, is_of_mlflow

_OF_THE_SYSTEM = {
    errno.ENOSPC: "cannot be written, since the disk is full: make room",
    errno.EDQUOT: "cannot be written, since your share of the disk is full: make room",
    errno.EROFS: "cannot be written, since its disk is read-only: mount it otherwise",
    errno.EACCES: "may not be read or written by this user: give the user the right to",
    errno.EPERM: "may not be changed by this user: give the user the right to",
    errno.EIO: "cannot be read or written, since its disk fails: look at the disk",
    errno.ESTALE: "is on a network disk that has lost it: mount the disk again",
    errno.EHOSTDOWN: "is on a network disk that does not answer: mount it again",
    errno.ENAMETOOLONG: "is too long for a file name here: give it a shorter one",
    errno.EMFILE: "cannot be opened, since too many files are: raise 'ulimit -n'",
}
"""The system's error about a file, and how the sentence goes on."""

_KEDRO = (DatasetError, MissingConfigException)
"""Kedro's own errors about ``conf/`` and about files."""


def tell(error: BaseException) -> str | None:
    """Return the error as one sentence; None if it is not a known one.

    Args:
        error: As the command got it; libraries may have wrapped the first error.
    """
    causes = list(_causes_of(error))
    for cause in causes:
        if isinstance(cause, DetlError):
            return str(cause)
    for cause in reversed(causes):
        if sentence := _tell_one(cause, causes[0]):
            return sentence
    for cause in causes:
        if isinstance(cause, _KEDRO):
            return _in_one_line(cause)
        if isinstance(cause, OmegaConfBaseException):
            # The outermost one knows the name.
            reason = str(cause).splitlines()[0]
            return (
                f"The value {cause.full_key or 'asked for'!r} in conf/ cannot be used "
                f"({reason}): correct it there."
            )
    return None


def _causes_of(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        # OmegaConf takes away the cause of its own errors.
        is_of_conf = isinstance(cause, OmegaConfBaseException)
        cause = cause.__context__ if is_of_conf else cause.__cause__


def _tell_one(error: BaseException, outermost: BaseException) -> str | None:
    if isinstance(error, MemoryError):
        return (
            f"There is too little memory ({error or 'no number is known'}): end other "
            "programs, or make ingest.input_size or batch_size smaller."
        )
    if isinstance(error, OSError) and (sentence := _tell_of_system(error, outermost)):
        return sentence
    if isinstance(error, yaml.YAMLError):
        return f"A file in conf/ cannot be read ({_in_one_line(error)}): correct it."
    if isinstance(error, Exception) and is_of_mlflow(error):
        import mlflow

        return describe_failure(error, mlflow.get_tracking_uri())
    return None


def _tell_of_system(error: OSError, outermost: BaseException) -> str | None:
    if error.errno in _OF_THE_SYSTEM:
        if error.filename:
            name = str(Path(str(error.filename)).absolute())
        elif isinstance(outermost, DatasetError):
            # "Failed while saving data to dataset", with its name and its path.
            name = f"A file ({str(outermost).splitlines()[0]})"
        else:
            name = "A file"
        return f"{name} {_OF_THE_SYSTEM[error.errno]}, and run again."
    if "No usable temporary directory" in str(error):
        return (
            f"There is no folder for temporary files that may be written "
            f"({error.strerror}): set TMPDIR to one."
        )
    return None


def _in_one_line(error: BaseException) -> str:
    return " ".join(str(error).split())

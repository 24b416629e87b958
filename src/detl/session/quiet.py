"""Keeping the notes of libraries from burying the result."""

import atexit
import getpass
import logging
import os
import shutil
import sys
import tempfile
import warnings
from pathlib import Path
from types import TracebackType

import yaml
from kedro.framework.project import configure_logging
from kedro.utils import find_kedro_project

from detl.networks.keras_settings import import_keras

_WARNINGS = (
    # OmegaConf, about calls in Kedro and kedro-mlflow.
    r"register_new_resolver\(\) is deprecated",
    # Kedro, about a namespace that takes another namespace's output, which is how
    # its own documentation connects them.
    "One or more dataset names contain '.'",
)


def quieten_libraries() -> None:
    """Silence start-up notes, and warnings that a user can do nothing about."""
    _open_closed_streams()
    sys.excepthook = _tell_or_show
    _find_logging_configuration()
    _find_home()
    # Nothing phones home; MLflow wants just these words.
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ["DO_NOT_TRACK"] = "true"
    # TensorFlow and MLflow read these when they are imported.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    for message in _WARNINGS:
        warnings.filterwarnings("ignore", f"(?s).*{message}")
    # MLflow warns of a class in kedro-mlflow. It puts its own filter before any other
    # when it is imported, so the warning is recorded here in order not to be shown.
    with warnings.catch_warnings(record=True):
        import kedro_mlflow.mlflow
    # These set their own level when they are imported, after conf/logging.yml.
    logging.getLogger(kedro_mlflow.__name__).setLevel(logging.WARNING)
    # It reports each new shape of a batch; the networks here are many and small.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    # It warns of what is wrong with a file, and quotes values of the header, perhaps
    # of a patient. The project says the same in its own words.
    logging.getLogger("pydicom").propagate = False
    warnings.filterwarnings("ignore", module=r"pydicom\.")


def _find_logging_configuration() -> None:
    """Apply ``conf/logging.yml`` even if the working directory is not the root.

    Kedro looks for it in the working directory only.
    """
    project = find_kedro_project(Path.cwd())
    if project and project != Path.cwd() and "KEDRO_LOGGING_CONFIG" not in os.environ:
        text = (project / "conf" / "logging.yml").read_text(encoding="utf-8")
        configure_logging(yaml.safe_load(text))


def _open_closed_streams() -> None:
    """Open the standard streams that are closed, so that writing to them does nothing.

    A command that a service starts may have none of the three. Otherwise the next file
    that is opened takes the number of one, and messages are written into it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number
    sys.stdin = sys.stdin or os.fdopen(0, "r", closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)


def _tell_or_show(
    kind: type[BaseException], error: BaseException, frames: TracebackType | None
) -> None:
    """Print a user's error as one sentence, also in commands that are not ours."""
    if issubclass(kind, KeyboardInterrupt):
        # Only while libraries are imported; later click and the runner say so.
        sys.stderr.write("\nAborted!\n")
        return
    from detl.session.sentences import tell

    sentence = tell(error)
    if sentence:
        sys.stderr.write(f"Error: {sentence}\n")
    else:
        sys.__excepthook__(kind, error, frames)


def _find_home() -> None:
    """Give a home folder and a name to a user who has none, as in containers.

    Without them MLflow cannot be imported and cannot record a run.
    """
    try:
        Path.home()
    except RuntimeError:
        home = tempfile.mkdtemp(prefix="detl-home-")
        atexit.register(shutil.rmtree, home, ignore_errors=True)
        os.environ["HOME"] = home
    try:
        getpass.getuser()
    except (KeyError, OSError):
        os.environ["LOGNAME"] = f"user-{os.getuid()}"


def keep_off_accelerators() -> None:
    """Import Keras, and let this process leave GPUs to others, which need all memory.

    It must come before Keras has used one.
    """
    import_keras()
    import keras

    if keras.backend.backend() == "jax":
        import jax

        jax.config.update("jax_platforms", "cpu")
    else:
        import tensorflow

        tensorflow.config.set_visible_devices([], "GPU")

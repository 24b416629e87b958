"""Keeping what libraries say about themselves from burying the result."""

import logging
import os
import sys
import tempfile
import warnings
from pathlib import Path

import yaml
from kedro.framework.project import configure_logging
from kedro.utils import find_kedro_project

_WARNINGS = (
    # OmegaConf, about calls in Kedro and kedro-mlflow.
    r"register_new_resolver\(\) is deprecated",
    # Kedro, about a namespace that takes another namespace's output, which is how
    # its own documentation connects them.
    "One or more dataset names contain '.'",
)


def quieten_libraries() -> None:
    """Leave out start-up notes, and warnings that a user can do nothing about."""
    _find_logging_configuration()
    # Nothing phones home; MLflow wants just these words.
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ["DO_NOT_TRACK"] = "true"
    # TensorFlow and MLflow read these when they are imported.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    for message in _WARNINGS:
        warnings.filterwarnings("ignore", f"(?s).*{message}")
    # What MLflow says of a class in kedro-mlflow is recorded, and so not shown; MLflow
    # puts its own filter before any other when it is imported.
    with warnings.catch_warnings(record=True):
        import kedro_mlflow.mlflow
    # These set their own level when they are imported, after conf/logging.yml.
    logging.getLogger(kedro_mlflow.__name__).setLevel(logging.WARNING)
    # It tells each new shape of a batch; the networks here are many and small.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    # It warns of what is wrong with a file, which the project says in its own words,
    # and quotes values of the header, perhaps of a patient.
    logging.getLogger("pydicom").propagate = False
    warnings.filterwarnings("ignore", module=r"pydicom\.")
    # It warns of every run that it does not draw, such as part of a pipeline.
    logging.getLogger("kedro_viz").setLevel(logging.ERROR)


def _find_logging_configuration() -> None:
    """Apply ``conf/logging.yml`` also where the working directory is not the root.

    Kedro looks for it in the working directory only.
    """
    project = find_kedro_project(Path.cwd())
    if project and project != Path.cwd() and "KEDRO_LOGGING_CONFIG" not in os.environ:
        text = (project / "conf" / "logging.yml").read_text(encoding="utf-8")
        configure_logging(yaml.safe_load(text))


def import_keras() -> None:
    """Import Keras with its backend, and say what they write only if that fails.

    TensorFlow's libraries write to the error stream before anyone can tell them how
    much, and not through Python: only the file descriptor itself can be turned away.
    """
    if "keras" in sys.modules:
        return
    sys.stderr.flush()
    shown = os.dup(2)
    with tempfile.TemporaryFile() as unseen:
        os.dup2(unseen.fileno(), 2)
        try:
            import keras  # noqa: F401
        except BaseException:
            unseen.seek(0)
            os.write(shown, unseen.read())
            raise
        finally:
            os.dup2(shown, 2)
            os.close(shown)

"""Registering a bundle in MLflow, from where it can be served."""

import base64
from pathlib import Path

import pandas as pd

from detl.session.requirements import pin_installed

NAME = "detl"
"""Of the registered model."""

ALIAS = "champion"
"""Names the version that ``make serve`` serves."""

_PACKAGES = (
    "keras",
    "tensorflow",
    "numpy",
    "pandas",
    "scipy",
    "scikit-learn",
    "opencv-python-headless",
    "pillow",
    "pydicom",
    "pydantic",
    "isal",
    "tqdm",
)


def register_bundle(bundle: Path, code: Path) -> tuple[str, str]:
    """Return the address of the model that MLflow has now, and its version.

    The version gets the alias ``champion``, and the model card as its description.

    Args:
        bundle: The file of the bundle; it is checked first.
        code: The package's folder, which is copied beside it.

    Raises:
        DetlError: The file is no bundle, or was changed.
    """
    import mlflow
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    from detl.serving.bundle import load_bundle
    from detl.serving.outputs import list_columns
    from detl.session import served_model

    loaded = load_bundle(bundle)
    words = ("decision", "predicted", "reason", served_model.NOTICE_COLUMN)
    answered = [*list_columns(loaded.about.classes), served_model.NOTICE_COLUMN]
    signature = ModelSignature(
        Schema([ColSpec("string", served_model.COLUMN)]),
        Schema(
            [
                ColSpec("string" if name in words else "double", name, required=False)
                for name in answered
            ]
        ),
    )
    with mlflow.start_run(run_name=f"serve {loaded.about.architecture}"):
        logged = mlflow.pyfunc.log_model(
            name=NAME,
            python_model=served_model.__file__,
            artifacts={"bundle": str(bundle)},
            code_paths=[str(code)],
            signature=signature,
            input_example=pd.DataFrame({served_model.COLUMN: [_make_example()]}),
            pip_requirements=pin_installed(_PACKAGES),
            registered_model_name=NAME,
        )
    client = mlflow.MlflowClient()
    number = str(logged.registered_model_version)
    client.set_registered_model_alias(NAME, ALIAS, number)
    client.update_model_version(NAME, number, description=loaded.card)
    return f"models:/{NAME}@{ALIAS}", number


def _make_example() -> str:
    """Return a grey gradient, which is nobody's picture, as a PNG in base64."""
    import cv2
    import numpy as np

    gradient = np.add.outer(np.arange(128), np.arange(128)).astype("uint8")
    return base64.b64encode(cv2.imencode(".png", gradient)[1].tobytes()).decode()

"""A fold's network as a model of MLflow."""

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from warnings import catch_warnings

import numpy as np
from mlflow.entities import LoggedModel, LoggedModelOutput, LoggedModelStatus, Run
from mlflow.tracking import MlflowClient

from detl.schemas.keras_model import KerasModel
from detl.session.requirements import pin_installed

NAME = "model"
"""Name of a run's model, as in ``runs:/<id of the run>/model``."""


@dataclass(frozen=True)
class TwoParts:
    """A fold's network as it is trained and saved: most of it is shared by the folds.

    Attributes:
        tail: The fold's own part.
        load_trunk: Returns the part below it.
    """

    tail: KerasModel
    load_trunk: Callable[[], KerasModel]

    def digest(self) -> str:
        """Return a digest of the tail's weights, without loading the trunk."""
        weights = hashlib.sha256()
        for values in self.tail.get_weights():
            weights.update(np.ascontiguousarray(values).tobytes())
        return weights.hexdigest()


def log_model(client: MlflowClient, run_id: str, parts: TwoParts) -> None:
    """Log the whole network as the run's model, in place of an earlier one.

    It needs Keras alone, and no pickle: pixels in, probabilities out. The example of an
    input is a phantom, no patient's picture.

    Args:
        client: Of the store.
        run_id: Run of the fold.
        parts: Its network.
    """
    with catch_warnings(record=True, action="ignore"):  # of type hints within MLflow
        import mlflow.pyfunc
    import keras
    import mlflow.keras
    from mlflow.models import Model, ModelSignature
    from mlflow.types import Schema, TensorSpec

    from detl.networks.whole import join_parts

    network = join_parts(parts.load_trunk(), parts.tail)
    size, classes = network.input_shape[1], network.output_shape[1]
    signature = ModelSignature(
        Schema([TensorSpec(np.dtype("uint8"), (-1, size, size, 1))]),
        Schema([TensorSpec(np.dtype("float32"), (-1, classes))]),
    )
    run = client.get_run(run_id)
    for earlier in list_models(client, run):
        client.delete_logged_model(earlier.model_id)
    model = client.create_logged_model(
        run.info.experiment_id, NAME, run_id, params=dict(run.data.params)
    )
    with tempfile.TemporaryDirectory() as folder:
        mlflow.keras.save_model(
            network,
            folder,
            mlflow_model=Model(
                artifact_path=model.artifact_location,
                run_id=run_id,
                model_id=model.model_id,
            ),
            signature=signature,
            input_example=_draw_example(size),
            # Otherwise MLflow loads the model to find out, for tens of seconds.
            pip_requirements=pin_installed(("keras", keras.backend.backend())),
        )
        client.log_model_artifacts(model.model_id, folder)
    client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
    client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=0)])


def list_models(client: MlflowClient, run: Run) -> list[LoggedModel]:
    """Return the models that a run has logged, without those that were deleted."""
    of_run = f"source_run_id = '{run.info.run_id}'"
    return list(client.search_logged_models([run.info.experiment_id], of_run))


def _draw_example(size: int) -> np.ndarray:
    """Return one phantom as a network takes it, uint8 (1, size, size, 1)."""
    import cv2

    from detl.phantoms.anatomy import draw_anatomy, draw_examination
    from detl.phantoms.chest import Chest
    from detl.phantoms.rendering import render

    random = np.random.default_rng(0)
    chest = Chest(draw_anatomy(random), draw_examination(random, "PA"), (256, 256))
    film = render(chest, fill=np.zeros(chest.shape, np.float32), noise=1.5)
    small = cv2.resize(film, (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(small)[np.newaxis, :, :, np.newaxis]

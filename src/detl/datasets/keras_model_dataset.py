"""A Keras model, whatever the backend."""

from pathlib import Path

from detl.datasets.atomic import WholeFileDataset
from detl.networks.keras_settings import plain_keras
from detl.schemas.keras_model import KerasModel


class KerasModelDataset(WholeFileDataset[KerasModel]):
    """One Keras 3 model in a ``.keras`` file.

    The model is loaded without its optimiser, to predict and to be trained again.

    ``kedro_datasets.tensorflow.TensorFlowModelDataset`` imports TensorFlow whenever
    the catalog is made: seconds for every command, and wrong where Keras runs on
    JAX.
    """

    @plain_keras()
    def load(self) -> KerasModel:
        """Return the model, not compiled."""
        import keras

        return keras.saving.load_model(self._filepath, compile=False)

    def _write(self, path: Path, data: KerasModel) -> None:
        import keras

        keras.saving.save_model(data, path)

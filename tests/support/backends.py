"""Which backend a test needs."""

import keras
import pytest

needs_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow",
    reason="it is TensorFlow's way alone; other backends take Keras's own",
)

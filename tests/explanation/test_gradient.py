import keras
import numpy as np
import pytest

from detl.errors import DetlError
from detl.explanation.gradient import gradient_of_sum


def test_the_gradient_of_the_sum_of_squares_is_twice_the_input():
    x = np.float32([[1, -2], [3, 0.5]])
    gradient = gradient_of_sum(keras.ops.square, keras.ops.convert_to_tensor(x))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(gradient), 2 * x)


def test_a_backend_without_a_known_gradient_is_named(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    with pytest.raises(DetlError, match=r"'torch'.*KERAS_BACKEND"):
        gradient_of_sum(keras.ops.square, keras.ops.ones(3))

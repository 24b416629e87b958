import keras
import numpy as np

from detl.training.pixels import look_up_pixels


def test_a_row_number_is_the_image_in_that_row():
    pixels = np.random.default_rng(0).integers(0, 256, (5, 4, 4), dtype="uint8")
    inputs = keras.Input((4, 4, 1))
    identity = keras.Model(inputs, keras.layers.Identity()(inputs))

    seen = look_up_pixels(identity, pixels)(np.array([[3], [0], [3]]))

    np.testing.assert_array_equal(np.asarray(seen)[..., 0], pixels[[3, 0, 3]])

import keras
import numpy as np

from detl.parameters import AugmentationParameters
from detl.training.augmentation import augment_inputs

NOTHING = {
    "rotation_degrees": 0.0,
    "smallest_zoom": 1.0,
    "largest_zoom": 1.0,
    "mirror": False,
}


def _augmented(images: np.ndarray, training: bool, **changes) -> np.ndarray:
    inputs = keras.Input(images.shape[1:])
    identity = keras.Model(inputs, keras.layers.Identity()(inputs))
    parameters = AugmentationParameters(**{**NOTHING, **changes})
    return np.asarray(
        augment_inputs(identity, parameters, 0)(images, training=training)
    )


def _square(side: int) -> np.ndarray:
    image = np.zeros((64, 64, 64, 1), "float32")
    half = side // 2
    image[:, 32 - half : 32 + half, 32 - half : 32 + half] = 1
    return image


def test_at_inference_nothing_is_augmented():
    images = np.random.default_rng(0).uniform(0, 255, (2, 16, 16, 1)).astype("float32")

    seen = _augmented(images, training=False, rotation_degrees=90.0, mirror=True)

    np.testing.assert_allclose(seen, images, atol=1e-3)


def test_mirroring_swaps_left_and_right_in_some_images_and_never_up_and_down():
    images = np.zeros((64, 8, 8, 1), "float32")
    images[:, :4, :4] = 1
    mirrored = images[:, :, ::-1]

    seen = _augmented(images, training=True, mirror=True)

    is_same = (seen == images).all(axis=(1, 2, 3))
    is_mirrored = (seen == mirrored).all(axis=(1, 2, 3))
    assert (is_same | is_mirrored).all()
    assert is_same.any()
    assert is_mirrored.any()


def test_zoom_stays_within_its_limits():
    images = _square(32)

    areas = _augmented(
        images, training=True, smallest_zoom=0.85, largest_zoom=1.15
    ).sum(axis=(1, 2, 3))

    scales = np.sqrt(areas) / 32
    assert scales.min() >= 0.83
    assert scales.max() <= 1.17
    assert scales.max() - scales.min() > 0.15


def test_rotation_stays_within_its_limits():
    images = np.zeros((64, 65, 65, 1), "float32")
    images[:, :, 32:] = 1  # the edge between dark and bright turns with the image

    seen = _augmented(images, training=True, rotation_degrees=10.0)[..., 0]

    rows = np.arange(16, 49)
    edge = 65 - seen[:, rows].sum(axis=2)
    slopes = np.array([np.polyfit(rows, line, 1)[0] for line in edge])
    angles = np.degrees(np.arctan(slopes))
    assert np.abs(angles).max() <= 10.5
    assert np.ptp(angles) > 10

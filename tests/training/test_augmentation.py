import keras
import numpy as np
import pytest

from detl.schemas.parameters import AugmentationParameters
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


PROJECT = {
    "rotation_degrees": 10.0,
    "smallest_zoom": 0.85,
    "largest_zoom": 1.15,
    "mirror": True,
}
WIDEST = {**PROJECT, "rotation_degrees": 180.0, "smallest_zoom": 0.5}


@pytest.mark.parametrize("changes", [PROJECT, WIDEST])
def test_an_image_of_one_grey_stays_as_it_is(changes):
    greys = np.linspace(1, 255, 64, dtype="float32")
    images = np.broadcast_to(greys[:, None, None, None], (64, 33, 33, 1))

    seen = _augmented(images, training=True, **changes)

    np.testing.assert_allclose(seen, images, rtol=1e-4)


@pytest.mark.parametrize(
    "changes",
    [
        {"rotation_degrees": 180.0},
        {"smallest_zoom": 0.5},
        {"mirror": True},
        PROJECT,
        WIDEST,
    ],
)
def test_no_grey_value_comes_in_that_the_image_has_not(changes):
    images = np.random.default_rng(0).uniform(100, 200, (64, 32, 32, 1))
    lowest, highest = (f(images, axis=(1, 2, 3)) for f in (np.min, np.max))

    seen = _augmented(images.astype("float32"), training=True, **changes)

    assert (seen.min(axis=(1, 2, 3)) >= lowest - 1e-2).all()
    assert (seen.max(axis=(1, 2, 3)) <= highest + 1e-2).all()


def test_what_comes_in_at_the_border_repeats_the_edge():
    """Rows of one grey each: made smaller, they go on as the first and the last."""
    rows = np.linspace(50, 250, 32, dtype="float32")
    images = np.broadcast_to(rows[:, None, None], (64, 32, 32, 1))

    seen = _augmented(images, training=True, smallest_zoom=0.5)[..., 0]

    top, bottom = seen[:, 0], seen[:, -1]
    is_small = np.ptp(seen[:, 8:24], axis=(1, 2)) > 1.3 * np.ptp(rows[8:24])
    assert is_small.any()
    np.testing.assert_allclose(top[is_small], 50, rtol=1e-4)
    np.testing.assert_allclose(bottom[is_small], 250, rtol=1e-4)


def test_a_dark_chest_on_a_bright_ground_keeps_its_contrast_when_standardised():
    """Black at the border would take a third of the contrast of such a picture."""
    images = np.full((256, 64, 64, 1), 180, "float32")
    images[:, 16:48, 16:48] = 120

    seen = _augmented(images, training=True, **PROJECT)

    # The square's share changes with the zoom; of a share s the spread is
    # 60 sqrt(s (1 - s)), and no zoom of 0.85 to 1.15 takes it further than this.
    spread = seen.std(axis=(1, 2, 3)) / 60
    shares = np.array([0.85, 1.15]) ** 2 / 4
    lowest, highest = np.sqrt(shares * (1 - shares))
    assert spread.min() > 0.97 * lowest
    assert spread.max() < 1.03 * highest

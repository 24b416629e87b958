import keras
import numpy as np
import pytest

from detl.schemas.parameters import ViewParameters
from detl.training.augmentation import augment_pixels
from detl.training.features import extract_features, extract_views

IMAGES = np.random.default_rng(0).integers(0, 256, (70, 16, 16), dtype="uint8")


def _views(number: int = 2, **changes) -> ViewParameters:
    values = {
        "number": number,
        "rotation_degrees": 7.0,
        "smallest_zoom": 0.92,
        "largest_zoom": 1.08,
        "mirror": False,
    }
    return ViewParameters(**{**values, **changes})


@pytest.fixture
def trunk() -> keras.Model:
    inputs = keras.Input((16, 16, 1))
    kernel = keras.initializers.HeNormal(0)
    x = keras.layers.Conv2D(3, 3, 2, activation="relu", kernel_initializer=kernel)
    # Of a frozen part no dropout is applied, also where its input is augmented.
    return keras.Model(inputs, keras.layers.Dropout(0.9)(x(inputs)))


def test_the_trunk_sees_augmented_versions_of_the_images(trunk):
    views = extract_views(trunk, IMAGES, _views(), seed=5)

    first = augment_pixels(IMAGES, _views(), seed=5)
    expected = extract_features(trunk, first, np.arange(70))
    assert views.shape == (2, 70, 7, 7, 3)
    np.testing.assert_allclose(views[0], expected, rtol=1e-3, atol=1e-3)


def test_versions_differ_from_each_other_and_from_the_image():
    first, second = extract_views(None, IMAGES, _views(), seed=5)

    for one, other in ((first, second), (first, IMAGES), (second, IMAGES)):
        assert (one != other).any(axis=(1, 2)).all()


def test_versions_are_a_function_of_the_seed():
    first, same, other = (
        extract_views(None, IMAGES[:9], _views(1), seed) for seed in (1, 1, 2)
    )

    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)


def test_a_version_that_changes_nothing_is_the_image_in_grey_levels():
    nothing = _views(1, rotation_degrees=0.0, smallest_zoom=1.0, largest_zoom=1.0)

    views = extract_views(None, IMAGES, nothing, seed=0)

    assert views.dtype == np.uint8
    np.testing.assert_array_equal(views[0], IMAGES)


def test_where_none_are_asked_for_there_are_none_of_the_right_shape(trunk):
    assert extract_views(trunk, IMAGES, None, seed=0).shape == (0, 70, 7, 7, 3)
    assert extract_views(None, IMAGES, None, seed=0).shape == (0, 70, 16, 16)

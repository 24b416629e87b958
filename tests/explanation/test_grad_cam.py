import keras
import numpy as np
import pytest

from detl.errors import DetlError
from detl.explanation import class_activation as module
from detl.explanation.grad_cam import grad_cam, upsample

LAYER = "last_feature_map"
SIZE = 8


def make_tail(head, channels=1):
    """A 1x1 convolution that passes its input on, and a head of known weights."""
    features = keras.Input((SIZE, SIZE, channels))
    maps = keras.layers.Conv2D(channels, 1, use_bias=False, name=LAYER)
    outputs = head(maps(features))
    maps.set_weights([np.eye(channels, dtype=np.float32)[None, None]])
    return keras.Model(features, outputs)


def mean_head(weights):
    dense = keras.layers.Dense(len(weights[0]), use_bias=False)

    def head(maps):
        logits = dense(keras.layers.GlobalAveragePooling2D()(maps))
        dense.set_weights([np.float32(weights)])
        return logits

    return head


def bright_square():
    image = np.zeros((1, SIZE, SIZE, 1), np.float32)
    image[0, 2:5, 3:7] = 5
    return image


def test_with_a_mean_head_the_map_is_the_bright_square():
    tail = make_tail(mean_head([[2.0, -3.0]]))
    expected = bright_square()[..., 0] * 2 / SIZE**2
    np.testing.assert_allclose(
        grad_cam(tail, bright_square(), np.array([0]), LAYER), expected, rtol=1e-6
    )


def test_a_class_that_the_square_speaks_against_has_an_empty_map():
    tail = make_tail(mean_head([[2.0, -3.0]]))
    assert not grad_cam(tail, bright_square(), np.array([1]), LAYER).any()


def test_with_a_mean_head_the_map_adds_up_to_the_logit():
    tail = make_tail(mean_head([[2.0, -3.0]]))
    logit = keras.ops.convert_to_numpy(tail(bright_square()))[0, 0]
    total = grad_cam(tail, bright_square(), np.array([0]), LAYER).sum()
    assert total == pytest.approx(logit, rel=1e-5)


def test_with_a_dense_head_each_channel_has_the_mean_of_its_weights():
    rng = np.random.default_rng(0)
    kernel = rng.normal(size=(SIZE * SIZE * 2, 3)).astype(np.float32)
    dense = keras.layers.Dense(3, use_bias=False)

    def head(maps):
        logits = dense(keras.layers.Flatten()(maps))
        dense.set_weights([kernel])
        return logits

    features = rng.normal(size=(1, SIZE, SIZE, 2)).astype(np.float32)
    weights = kernel.reshape(SIZE, SIZE, 2, 3)[..., 2].mean(axis=(0, 1))
    expected = np.maximum(features @ weights, 0)
    np.testing.assert_allclose(
        grad_cam(make_tail(head, 2), features, np.array([2]), LAYER),
        expected,
        atol=1e-6,
    )


def make_deep_tail():
    """Batch normalisation and dropout below and above the explained layer."""
    keras.utils.set_random_seed(0)
    x = features = keras.Input((SIZE, SIZE, 3))
    for name in ("first", LAYER, "last"):
        x = keras.layers.Conv2D(4, 3, padding="same")(x)
        x = keras.layers.BatchNormalization()(x)
        x = keras.layers.ReLU(name=name)(x)
    x = keras.layers.Dropout(0.5, seed=0)(keras.layers.Flatten()(x))
    return keras.Model(features, keras.layers.Dense(4)(x))


def test_a_batch_gives_what_its_images_give_one_by_one(monkeypatch):
    monkeypatch.setattr(module, "BATCH_SIZE", 4)
    tail = make_deep_tail()
    features = np.random.default_rng(1).normal(size=(6, SIZE, SIZE, 3))
    features = features.astype(np.float32)
    classes = np.array([0, 1, 2, 3, 0, 1])
    together = grad_cam(tail, features, classes, LAYER)
    alone = [grad_cam(tail, features[[n]], classes[[n]], LAYER)[0] for n in range(6)]
    np.testing.assert_allclose(together, alone, atol=1e-6)
    assert together.any()


def test_the_tail_is_left_as_it_was():
    tail = make_deep_tail()
    before = [weights.copy() for weights in tail.get_weights()]
    grad_cam(tail, np.ones((2, SIZE, SIZE, 3), np.float32), np.array([0, 1]), LAYER)
    for weights, earlier in zip(tail.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weights, earlier)


def test_features_may_be_memory_mapped(tmp_path):
    np.save(tmp_path / "features.npy", bright_square())
    mapped = np.load(tmp_path / "features.npy", mmap_mode="r")
    tail = make_tail(mean_head([[1.0]]))
    assert grad_cam(tail, mapped, np.array([0]), LAYER).argmax() == 2 * SIZE + 3


def test_no_images_give_no_maps():
    tail = make_tail(mean_head([[1.0]]))
    assert grad_cam(tail, bright_square()[:0], np.array([], int), LAYER).shape == (
        0,
        SIZE,
        SIZE,
    )


def test_a_class_too_few_is_refused():
    tail = make_tail(mean_head([[1.0]]))
    with pytest.raises(DetlError, match=r"1 rows.*shape \(2,\)"):
        grad_cam(tail, bright_square(), np.array([0, 0]), LAYER)


def test_a_layer_without_height_and_width_is_refused():
    features = keras.Input((SIZE, SIZE, 1))
    flat = keras.layers.Flatten(name="flat")(features)
    tail = keras.Model(features, keras.layers.Dense(2)(flat))
    with pytest.raises(DetlError, match="'flat' has the shape"):
        grad_cam(tail, bright_square(), np.array([0]), "flat")


def test_upsampling_keeps_the_units_and_what_is_everywhere_the_same():
    enlarged = upsample(np.full((2, 3, 3), 1.5, np.float32), 12)
    assert enlarged.shape == (2, 12, 12)
    np.testing.assert_allclose(enlarged, 1.5, rtol=1e-5)


def test_upsampling_adds_no_evidence_against_a_class():
    maps = np.zeros((1, 4, 4), np.float32)
    maps[0, 1, 1] = 4
    enlarged = upsample(maps, 16)
    assert enlarged.min() == 0
    assert enlarged.max() == pytest.approx(4, rel=0.1)


def test_the_maximum_lies_between_two_cells_that_say_as_much():
    maps = np.zeros((1, 4, 4), np.float32)
    maps[0, 1, 1] = maps[0, 1, 2] = 1
    row, column = np.unravel_index(upsample(maps, 32)[0].argmax(), (32, 32))
    # The middles of the two cells are 11.5 and 19.5.
    assert (row, column) in {(11, 15), (11, 16), (12, 15), (12, 16)}

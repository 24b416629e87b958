import keras
import numpy as np
import pytest

from detl.errors import DetlError
from detl.explanation import class_activation as module
from detl.explanation.class_activation import (
    METHODS,
    EvidenceMapper,
    map_evidence,
    weigh_by_positive_gradients,
)
from detl.explanation.grad_cam import grad_cam
from detl.networks import build_network
from detl.networks.names import EXPLAINED_LAYER, LOGITS

LAYER = "last_feature_map"
SIZE = 8


def make_tail(channels, weights):
    """A 1x1 convolution that passes its input on, its mean, and one linear layer."""
    features = keras.Input((SIZE, SIZE, channels))
    convolution = keras.layers.Conv2D(channels, 1, use_bias=False, name=LAYER)
    dense = keras.layers.Dense(len(weights[0]), use_bias=False)
    maps = keras.layers.ReLU()(convolution(features))
    tail = keras.Model(features, dense(keras.layers.GlobalAveragePooling2D()(maps)))
    convolution.set_weights([np.eye(channels, dtype=np.float32)[None, None]])
    dense.set_weights([np.float32(weights)])
    return tail


def make_flat_tail(kernel):
    features = keras.Input((SIZE, SIZE, kernel.shape[-2]))
    maps = keras.layers.Identity(name=LAYER)(features)
    dense = keras.layers.Dense(kernel.shape[-1], use_bias=False)
    tail = keras.Model(features, dense(keras.layers.Flatten()(maps)))
    dense.set_weights([kernel.reshape(-1, kernel.shape[-1])])
    return tail


@pytest.fixture
def features():
    rng = np.random.default_rng(0)
    return rng.uniform(0.1, 1, (3, SIZE, SIZE, 2)).astype(np.float32)


def test_with_a_mean_and_one_linear_layer_hires_cam_is_grad_cam(features):
    tail, classes = make_tail(2, [[2.0, -3.0], [0.5, 1.0]]), np.array([0, 1, 1])
    np.testing.assert_allclose(
        map_evidence(tail, features, classes, LAYER, "hires_cam"),
        map_evidence(tail, features, classes, LAYER, "grad_cam"),
        rtol=1e-5,
    )


def test_all_methods_at_once_give_what_each_gives(features):
    tail, classes = make_tail(2, [[2.0, -3.0], [0.5, 1.0]]), np.array([0, 1, 1])

    maps = EvidenceMapper(tail, LAYER).map_by_each_method(features, classes)

    assert list(maps) == list(METHODS)
    for method, found in maps.items():
        alone = map_evidence(tail, features, classes, LAYER, method)
        np.testing.assert_allclose(found, alone, rtol=1e-6)


@pytest.mark.parametrize("compiles", [True, False])
def test_with_the_weights_of_another_network_the_maps_are_those_of_it(
    features, compiles
):
    first, other = make_tail(2, [[2.0], [0.5]]), make_tail(2, [[0.5], [3.0]])
    classes = np.zeros(3, int)
    mapper = EvidenceMapper(first, LAYER, compiles_always=compiles)
    before = mapper.map(features, classes, "grad_cam")

    mapper.take_weights(other)
    after = mapper.map(features, classes, "grad_cam")

    expected = map_evidence(other, features, classes, LAYER, "grad_cam")
    np.testing.assert_allclose(after, expected, rtol=1e-6)
    assert not np.allclose(before, after)


@pytest.fixture
def resnet50(tiny_network):
    """A ResNet50 whose every bottleneck changes what comes in."""
    model = build_network(tiny_network("resnet50"), 64, 3, seed=0)
    rng = np.random.default_rng(0)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.gamma.assign(rng.uniform(0.5, 1, layer.gamma.shape))
    return model


@pytest.mark.parametrize("method", ["grad_cam", "hires_cam"])
def test_of_resnet50_the_map_is_cam_and_adds_up_to_the_logit(resnet50, method):
    images = np.random.default_rng(1).uniform(0, 255, (6, 64, 64, 1)).astype("float32")
    classes = np.array([0, 1, 2, 0, 1, 2])
    kernel, bias = resnet50.get_layer(LOGITS).get_weights()
    # What is averaged just before the last layer, whatever it is named.
    pooled = resnet50.get_layer("average_pool").input
    maps = np.asarray(keras.Model(resnet50.input, pooled)(images))
    cam = np.einsum("nhwk,kn->nhw", maps, kernel[:, classes]) / maps[0, ..., 0].size
    logits = np.asarray(resnet50(images))[range(6), classes]
    np.testing.assert_allclose(
        cam.sum(axis=(1, 2)) + bias[classes], logits, rtol=1e-4, atol=1e-5
    )

    found = map_evidence(resnet50, images, classes, EXPLAINED_LAYER, method)

    assert found.any()
    np.testing.assert_allclose(found, np.maximum(cam, 0), rtol=1e-4, atol=1e-6)


def test_with_a_mean_and_one_linear_layer_grad_cam_plus_plus_is_known(features):
    """With g = w / N everywhere, each channel has w / (2 + w mean(A)) as its weight."""
    weights = np.float32([2.0, 0.5])
    tail = make_tail(2, weights[:, None])
    means = features.mean(axis=(1, 2))
    of_channels = weights / (2 + weights * means)
    np.testing.assert_allclose(
        map_evidence(tail, features, np.zeros(3, int), LAYER, "grad_cam_plus_plus"),
        (of_channels[:, None, None] * features).sum(axis=-1),
        rtol=1e-5,
    )


def test_grad_cam_plus_plus_leaves_out_what_speaks_against_the_class(features):
    both = make_tail(2, [[2.0], [-3.0]])
    first = make_tail(2, [[2.0], [0.0]])
    classes = np.zeros(3, int)
    np.testing.assert_allclose(
        map_evidence(both, features, classes, LAYER, "grad_cam_plus_plus"),
        map_evidence(first, features, classes, LAYER, "grad_cam_plus_plus"),
        rtol=1e-5,
    )


def test_grad_cam_plus_plus_is_finite_where_activations_are_negative():
    """Two plus gradient times sum would be 0 here, were negative values added."""
    activations = keras.ops.convert_to_tensor(np.full((1, 2, 2, 1), -1, np.float32))
    gradients = keras.ops.convert_to_tensor(np.full((1, 2, 2, 1), 0.5, np.float32))
    maps = weigh_by_positive_gradients(activations, gradients)
    assert np.isfinite(keras.ops.convert_to_numpy(maps)).all()


def test_with_a_dense_head_hires_cam_keeps_each_places_own_weight(features):
    kernel = np.random.default_rng(1).normal(size=(SIZE, SIZE, 2, 3))
    tail = make_flat_tail(kernel.astype(np.float32))
    expected = np.maximum((features * kernel[..., 1]).sum(axis=-1), 0)
    np.testing.assert_allclose(
        map_evidence(tail, features, np.ones(3, int), LAYER, "hires_cam"),
        expected,
        atol=1e-5,
    )


def test_before_its_relu_hires_cam_adds_up_to_the_logit(features):
    kernel = np.abs(np.random.default_rng(1).normal(size=(SIZE, SIZE, 2, 3)))
    tail = make_flat_tail(kernel.astype(np.float32))
    logits = keras.ops.convert_to_numpy(tail(features))[:, 2]
    maps = map_evidence(tail, features, np.full(3, 2), LAYER, "hires_cam")
    np.testing.assert_allclose(maps.sum(axis=(1, 2)), logits, rtol=1e-5)


def test_grad_cam_is_one_of_the_methods(features):
    tail, classes = make_tail(2, [[2.0, -3.0], [0.5, 1.0]]), np.array([0, 1, 1])
    np.testing.assert_array_equal(
        grad_cam(tail, features, classes, LAYER),
        map_evidence(tail, features, classes, LAYER, "grad_cam"),
    )


@pytest.mark.parametrize("method", METHODS)
def test_a_batch_gives_what_its_images_give_one_by_one(monkeypatch, features, method):
    monkeypatch.setattr(module, "BATCH_SIZE", 2)
    tail, classes = make_tail(2, [[2.0, -3.0], [0.5, 1.0]]), np.array([0, 1, 1])
    together = map_evidence(tail, features, classes, LAYER, method)
    alone = [
        map_evidence(tail, features[[n]], classes[[n]], LAYER, method)[0]
        for n in range(3)
    ]
    np.testing.assert_allclose(together, alone, rtol=1e-5)
    assert together.any()


@pytest.mark.parametrize("method", METHODS)
def test_no_method_shows_evidence_where_there_is_none(method):
    tail = make_tail(1, [[-1.0]])
    features = np.ones((1, SIZE, SIZE, 1), np.float32)
    assert not map_evidence(tail, features, np.array([0]), LAYER, method).any()


def test_an_unknown_method_is_refused_with_the_known_ones(features):
    tail = make_tail(2, [[2.0], [0.5]])
    with pytest.raises(DetlError, match=r"'cam'.*grad_cam, grad_cam_plus_plus, hires"):
        map_evidence(tail, features, np.zeros(3, int), LAYER, "cam")


def test_a_mapper_explains_the_network_as_it_was_when_it_was_given():
    tail = make_tail(2, [[1.0, -1.0], [0.5, 2.0]])
    features = np.random.default_rng(0).random((70, SIZE, SIZE, 2), "float32")
    classes = np.arange(70) % 2
    mapper = EvidenceMapper(tail, LAYER)
    before = mapper.map(features, classes, "grad_cam")

    tail.set_weights([-2 * weights for weights in tail.get_weights()])

    assert before.any()
    np.testing.assert_array_equal(mapper.map(features, classes, "grad_cam"), before)
    renewed = EvidenceMapper(tail, LAYER).map(features, classes, "grad_cam")
    assert not np.array_equal(renewed, before)

import keras
import numpy as np
import pytest

from detl.errors import DetlError, NotAvailableError
from detl.networks.cut import cut_head, cut_network
from detl.networks.imagenet import build_imagenet_network, reason_for_absence
from detl.networks.names import END_OF_BODY, END_OF_TRUNK, EXPLAINED_LAYER, LOGITS
from detl.schemas.parameters import ImagenetParameters, NetworkParameters

PIXELS = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 1), dtype="uint8")

PUBLISHED = {
    "vgg16": (keras.applications.VGG16, keras.applications.vgg16.preprocess_input),
    "resnet50": (
        keras.applications.ResNet50,
        keras.applications.resnet50.preprocess_input,
    ),
}
LAST_OF_TRUNK = {"vgg16": "block4_pool", "resnet50": "conv4_block6_out"}


@pytest.fixture(
    scope="module", params=[pytest.param("resnet50", marks=pytest.mark.long), "vgg16"]
)
def published(request, tmp_path_factory):
    """Return a network's name, itself with weights of its own, and their file."""
    network = request.param
    build, _ = PUBLISHED[network]
    model = build(weights=None, include_top=False, input_shape=(32, 32, 3))
    random = np.random.default_rng(0)
    # No two weights are equal then, normalisations neither.
    model.set_weights(
        [w + 0.02 * random.random(w.shape, "float32") for w in model.get_weights()]
    )
    path = tmp_path_factory.mktemp(network) / "without_top.weights.h5"
    model.save_weights(path)
    return network, model, path


def _build(network: str, weights: object) -> keras.Model:
    parameters = NetworkParameters(
        network=network,
        width_multiplier=0.1,
        fully_connected_units=8,
        dropout=0.5,
        stem_stride=1,
        normalisation="none",
        precision="float32",
    )
    imagenet = ImagenetParameters(weights=None if weights is None else str(weights))
    return build_imagenet_network(parameters, imagenet, 32, 4, seed=0)


@pytest.fixture(scope="module")
def built(published):
    """Return ours with the weights in that file."""
    network, _, path = published
    return _build(network, path)


def test_the_network_sees_grey_pixels_as_the_published_one_sees_colours(
    published, built
):
    network, original, _ = published
    _, preprocess = PUBLISHED[network]
    colours = preprocess(np.repeat(PIXELS, 3, axis=3).astype("float32"))
    to_trunk = keras.Model(
        original.input,
        [original.get_layer(LAST_OF_TRUNK[network]).output, original.output],
    )
    expected_trunk, expected = (np.asarray(x) for x in to_trunk(colours))

    trunk, tail = cut_network(built, END_OF_TRUNK)
    body = keras.Model(built.input, built.get_layer(END_OF_BODY).input)
    _assert_equal(trunk(PIXELS), expected_trunk)
    _assert_equal(body(PIXELS), expected)
    _assert_equal(tail(trunk(PIXELS)), built(PIXELS))


def _assert_equal(found, expected) -> None:
    expected = np.asarray(expected)
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())


def test_the_network_is_flat_and_has_the_layers_by_which_it_is_cut(built):
    assert not any(isinstance(layer, keras.Model) for layer in built.layers)
    assert built.output_shape == (None, 4)
    names = [layer.name for layer in built.layers]
    positions = [names.index(n) for n in (END_OF_TRUNK, EXPLAINED_LAYER, LOGITS)]
    assert positions == sorted(positions)


def test_the_explained_maps_are_those_that_the_published_network_ends_with(
    published, built
):
    network, original, _ = published
    # VGG16's own last layer is a pooling of them.
    last = {"vgg16": "block5_conv3", "resnet50": original.layers[-1].name}[network]
    _, preprocess = PUBLISHED[network]
    colours = preprocess(np.repeat(PIXELS, 3, axis=3).astype("float32"))
    to_last = keras.Model(original.input, original.get_layer(last).output)
    explained, _ = cut_network(built, EXPLAINED_LAYER)

    maps = np.asarray(explained(PIXELS))

    _assert_equal(maps, to_last(colours))
    assert maps.min() >= 0


def test_the_head_is_all_that_does_not_come_with_weights(built):
    body, _ = cut_head(built)

    assert body.layers[-1].name == END_OF_BODY


def test_weights_of_another_network_are_refused(tmp_path):
    other = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Conv2D(4, 3)])
    path = tmp_path / "other.weights.h5"
    other.save_weights(path)

    with pytest.raises(DetlError, match=r"other\S* does not hold the weights of vgg16"):
        _build("vgg16", path)


def test_a_file_of_something_else_is_refused(tmp_path):
    path = tmp_path / "notes.h5"
    path.write_text("no weights")

    with pytest.raises(DetlError, match=r"notes\.h5 does not hold the weights"):
        _build("vgg16", path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DetlError, match=r"There is no file .*missing\.h5") as error:
        _build("vgg16", tmp_path / "missing.h5")

    assert not isinstance(error.value, NotAvailableError)


def test_without_weights_the_network_is_not_available():
    with pytest.raises(NotAvailableError, match=r"set imagenet\.weights of this"):
        _build("resnet50", None)


def test_alexnet_is_not_available_whatever_is_given():
    with pytest.raises(NotAvailableError, match="no ImageNet weights of alexnet"):
        _build("alexnet", "download")


def test_a_network_whose_weights_are_given_has_no_reason_for_absence(tiny_network):
    given = ImagenetParameters(weights="download")

    assert reason_for_absence(tiny_network("vgg16"), given) == ""

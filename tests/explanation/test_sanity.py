import keras
import numpy as np
import pytest

from detl.explanation.sanity import (
    COLUMNS,
    GUIDED,
    OTHER_IMAGE,
    Explained,
    compare_maps,
    follow_randomisation,
    randomise_from_top,
)
from detl.networks import build_network
from detl.networks.cut import cut_trunk

IMAGES = 12


@pytest.fixture(scope="module")
def parts():
    from detl.schemas.parameters import NetworkParameters

    network = NetworkParameters(
        network="alexnet",
        width_multiplier=0.06,
        fully_connected_units=64,
        dropout=0.0,
        stem_stride=1,
        normalisation="batch",
        precision="float32",
    )
    return cut_trunk(build_network(network, 32, 4, 0))


@pytest.fixture(scope="module")
def images(parts):
    trunk, _ = parts
    pixels = np.random.default_rng(0).integers(0, 256, (IMAGES, 32, 32), np.uint8)
    features = keras.ops.convert_to_numpy(trunk(pixels[..., None].astype(np.float32)))
    return Explained(pixels, features, np.arange(IMAGES) % 4, np.arange(IMAGES))


def changed_layers(model, other):
    return {
        layer.name
        for layer in model.layers
        if layer.weights
        and any(
            not np.array_equal(one, two)
            for one, two in zip(
                layer.get_weights(),
                other.get_layer(layer.name).get_weights(),
                strict=True,
            )
        )
    }


def test_layers_forget_from_the_top_down(parts):
    _, tail = parts
    order = ["logits", "fc7", "fc6", "conv5", "conv4", "conv3"]
    for number, (layer, random) in enumerate(randomise_from_top(tail, 0), start=1):
        assert layer == order[number - 1]
        kernels = {name for name in changed_layers(tail, random) if name in order}
        assert kernels == set(order[:number])


def test_a_normalisation_forgets_with_the_kernel_below_it(parts):
    _, tail = parts
    tail = keras.models.clone_model(tail)
    for layer in tail.layers:
        layer.set_weights([w + 0.5 for w in layer.get_weights()])
    for layer, random in randomise_from_top(tail, 0):
        changed = changed_layers(tail, random)
        for kernel in ("conv5", "conv4", "conv3"):
            assert (f"{kernel}_normalisation" in changed) == (kernel in changed)
        if layer == "conv3":
            assert random.get_layer("conv3_normalisation").get_weights()[0].max() == 1


def make_deep_model():
    """Six dense layers; a normalisation whose scale begins at 0, as in ResNet."""
    x = inputs = keras.Input((4,))
    for number in range(6):
        x = keras.layers.Dense(4, name=f"dense_{number}")(x)
    x = keras.layers.BatchNormalization(gamma_initializer="zeros", name="scale")(x)
    return keras.Model(inputs, keras.layers.Dense(2, name="logits")(x))


def test_scales_that_begin_at_zero_become_one():
    *_, (_, random) = randomise_from_top(make_deep_model(), 0)
    assert (random.get_layer("scale").get_weights()[0] == 1).all()


def test_of_many_layers_some_are_shown_the_first_and_the_last_among_them():
    model = make_deep_model()
    steps = list(randomise_from_top(model, 0, most=3))
    assert [layer for layer, _ in steps] == ["logits", "dense_3", "dense_0"]
    everything = {layer.name for layer in model.layers if layer.get_weights()}
    assert changed_layers(model, steps[-1][1]) == everything


def test_new_weights_are_of_the_seed(parts):
    _, tail = parts
    *_, (_, one) = randomise_from_top(tail, 0)
    *_, (_, same) = randomise_from_top(tail, 0)
    *_, (_, other) = randomise_from_top(tail, 1)
    assert not changed_layers(one, same)
    assert "conv3" in changed_layers(one, other)


def test_the_model_is_left_as_it_was(parts):
    _, tail = parts
    before = keras.models.clone_model(tail)
    before.set_weights(tail.get_weights())
    list(randomise_from_top(tail, 0))
    assert not changed_layers(tail, before)


def test_a_map_is_like_itself_in_whatever_unit():
    maps = np.random.default_rng(0).random((2, 16, 16))
    alike = compare_maps(maps, 7 * maps)
    np.testing.assert_allclose(alike, 1)


def test_a_map_and_its_negative_have_opposite_ranks():
    maps = np.random.default_rng(0).random((1, 16, 16))
    alike = compare_maps(maps, 1 - maps)
    assert alike["rank_correlation"][0] == pytest.approx(-1)
    assert alike["ssim"][0] < 0


def test_unrelated_maps_are_not_alike():
    one, other = np.random.default_rng(0).random((2, 1, 64, 64))
    alike = compare_maps(one, other)
    assert abs(alike.to_numpy()).max() < 0.1


@pytest.mark.parametrize("value", [0, 3])
def test_a_map_that_is_the_same_everywhere_cannot_be_compared(value):
    maps = np.random.default_rng(0).random((1, 16, 16))
    assert compare_maps(maps, np.full(maps.shape, value)).isna().all(axis=None)
    assert compare_maps(np.full(maps.shape, value), maps).isna().all(axis=None)


@pytest.fixture(scope="module")
def table(parts, images):
    return follow_randomisation(*parts, images, seed=0)


def test_every_method_is_followed_through_the_tail(table):
    assert list(table.columns) == COLUMNS
    tail = [OTHER_IMAGE, "logits", "fc7", "fc6", "conv5", "conv4", "conv3"]
    for method in ("grad_cam", "grad_cam_plus_plus", "hires_cam"):
        of_method = table[table["method"] == method]
        assert list(of_method["layer"].unique()) == tail
        assert set(of_method["similarity"]) == {"ssim", "rank_correlation"}


def test_guided_backpropagation_is_followed_through_the_whole_network(table):
    layers = table.loc[table["method"] == GUIDED, "layer"].unique()
    assert list(layers)[-3:] == ["conv3", "conv2", "conv1"]


def test_grad_cam_changes_where_guided_backpropagation_hardly_does(table):
    """The failing control, at the topmost layer, on weights that were never trained."""
    top = table[(table["layer"] == "logits") & (table["similarity"] == "ssim")]
    ssim = top.set_index("method")["value"]
    assert ssim["grad_cam"] < 0.6
    assert ssim["guided_backpropagation"] > 0.8


def test_maps_that_cannot_be_compared_are_counted(parts, images):
    trunk, tail = parts
    silent = keras.models.clone_model(tail)
    silent.set_weights(tail.get_weights())
    kernel, bias = silent.get_layer("logits").get_weights()
    silent.get_layer("logits").set_weights([np.zeros_like(kernel), bias])
    table = follow_randomisation(trunk, silent, images, seed=0)
    assert table["value"].isna().all()
    counted = "the same everywhere, before or after: maps of 12 of 12"
    assert set(table["note"]) == {f"not enough data (n = 0); {counted}"}

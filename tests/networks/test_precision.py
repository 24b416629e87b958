import keras
import numpy as np
import pytest
from pydantic import ValidationError

from detl.networks import NETWORKS, build_network
from detl.networks.cut import copy_model, cut_trunk, replace_head
from detl.networks.names import LOGITS
from detl.networks.precision import compute_in

HALF = {"mixed_float16": "float16", "mixed_bfloat16": "bfloat16"}
PIXELS = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 1), dtype="uint8")
KEPT_IN_FLOAT32 = {"to_unit_range", "per_image_standardisation", LOGITS}


@pytest.fixture(params=sorted(HALF))
def precision(request):
    return request.param


def _logits(model: keras.Model) -> np.ndarray:
    return np.asarray(model(PIXELS), dtype="float64")


def _computing_in(half: str, model: keras.Model) -> set[str]:
    # An input computes nothing, and forgets the policy when it is saved.
    layers = model.layers[1:]
    return {layer.name for layer in layers if layer.compute_dtype == half}


@pytest.mark.long
@pytest.mark.parametrize("network", sorted(NETWORKS))
def test_half_precision_moves_the_logits_by_a_hundredth_of_the_largest(
    network, precision, tiny_network
):
    """Single logits by up to two hundredths in bfloat16, which has three digits."""
    sizes = {"width_multiplier": 0.0625, "fully_connected_units": 16, "dropout": 0.0}
    exact = build_network(tiny_network(network, **sizes), 32, 4, seed=0)
    model = build_network(
        tiny_network(network, **sizes, precision=precision), 32, 4, seed=0
    )

    expected = _logits(exact)
    errors = np.abs(_logits(model) - expected) / np.abs(expected).max()
    assert 0 < np.sqrt((errors**2).mean()) < 0.01
    assert errors.max() < {"mixed_float16": 0.01, "mixed_bfloat16": 0.02}[precision]


@pytest.mark.parametrize("network", sorted(NETWORKS))
def test_all_compute_in_half_precision_but_the_standardisation_and_the_logits(
    network, precision, tiny_network
):
    model = build_network(tiny_network(network, precision=precision), 32, 4, seed=0)

    layers = {layer.name for layer in model.layers[1:]}
    assert layers - _computing_in(HALF[precision], model) == KEPT_IN_FLOAT32
    assert model.output.dtype == "float32"


def test_the_weights_stay_in_float32_and_are_those_of_the_same_seed(
    precision, tiny_network
):
    model = build_network(tiny_network("vgg16", precision=precision), 32, 4, seed=0)
    exact = build_network(tiny_network("vgg16"), 32, 4, seed=0)

    assert {weight.dtype for weight in model.weights} == {"float32"}
    assert all(map(np.array_equal, model.get_weights(), exact.get_weights()))


def test_the_image_is_standardised_as_exactly_as_in_float32(precision, tiny_network):
    bright = np.random.default_rng(0).integers(245, 256, (2, 128, 128, 1), "uint8")
    seen = []
    for chosen in ("float32", precision):
        parameters = tiny_network("alexnet", stem_stride=4, precision=chosen)
        model = build_network(parameters, 128, 2, seed=0)
        layer = model.get_layer("per_image_standardisation")
        seen.append(np.asarray(keras.Model(model.input, layer.output)(bright)))

    np.testing.assert_array_equal(*seen)


def test_copies_parts_and_a_new_head_keep_the_precision(precision, tiny_network):
    model = build_network(tiny_network("alexnet", precision=precision), 32, 2, seed=0)
    half = _computing_in(HALF[precision], model)

    trunk, tail = cut_trunk(replace_head(copy_model(model), 4, seed=1))

    of_parts = [_computing_in(HALF[precision], part) for part in (trunk, tail)]
    assert set.union(*of_parts) == half


def test_a_saved_network_keeps_the_precision_and_the_logits(
    precision, tiny_network, tmp_path
):
    model = build_network(tiny_network("alexnet", precision=precision), 32, 4, seed=0)
    model.save(tmp_path / "model.keras")

    loaded = keras.saving.load_model(tmp_path / "model.keras", compile=False)

    half = HALF[precision]
    assert _computing_in(half, loaded) == _computing_in(half, model)
    np.testing.assert_array_equal(_logits(loaded), _logits(model))


def test_what_is_made_afterwards_has_the_precision_of_before(tiny_network):
    build_network(tiny_network("alexnet", precision="mixed_float16"), 32, 2, seed=0)

    assert keras.config.dtype_policy().name == "float32"


def test_the_precision_of_before_comes_back_after_an_error():
    with pytest.raises(RuntimeError, match="broken"), compute_in("mixed_bfloat16"):
        raise RuntimeError("broken")

    assert keras.config.dtype_policy().name == "float32"


@pytest.mark.parametrize("unknown", ["float16", "mixed_float8", "half"])
def test_an_unknown_precision_is_refused_with_the_known_ones(unknown, tiny_network):
    with pytest.raises(ValidationError, match="'mixed_float16' or 'mixed_bfloat16'"):
        tiny_network("alexnet", precision=unknown)

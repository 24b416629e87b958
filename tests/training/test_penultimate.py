import numpy as np

from detl.networks import build_network
from detl.networks.cut import cut_trunk
from detl.networks.ensemble import join_members
from detl.networks.names import LOGITS
from detl.schemas.parameters import NetworkParameters
from detl.training.features import extract_features, penultimate_features


def _build(seed: int):
    parameters = NetworkParameters(
        network="alexnet",
        width_multiplier=0.05,
        fully_connected_units=6,
        dropout=0.5,
        stem_stride=2,
        normalisation="batch",
        precision="float32",
    )
    return build_network(parameters, 32, 4, seed)


def test_the_last_layer_applied_to_the_features_gives_the_logits():
    model = _build(seed=0)
    trunk, tail = cut_trunk(model)
    pixels = np.random.default_rng(0).integers(0, 255, (5, 32, 32), dtype=np.uint8)
    features = extract_features(trunk, pixels, np.arange(5))

    found = penultimate_features(tail, features, batch_size=2)

    weights, bias = tail.get_layer(LOGITS).get_weights()
    assert found.shape == (5, len(weights))
    logits = np.asarray(model(pixels[..., None], training=False))
    np.testing.assert_allclose(found @ weights + bias, logits, atol=1e-4)


def test_of_networks_that_were_joined_the_units_of_all_are_returned():
    tails = [cut_trunk(_build(seed))[1] for seed in range(2)]
    shape = (5, *tails[0].input_shape[1:])
    features = np.random.default_rng(0).normal(size=shape).astype("float32")

    found = penultimate_features(join_members(tails), features)

    each = [penultimate_features(tail, features) for tail in tails]
    np.testing.assert_allclose(found, np.concatenate(each, axis=1), atol=1e-6)

import keras
import numpy as np
import pytest
from scipy.special import softmax

from detl.networks import NETWORKS, build_network
from detl.networks.cut import cut_trunk
from detl.networks.ensemble import join_members
from detl.networks.whole import join_parts


@pytest.fixture(scope="module", params=sorted(NETWORKS))
def network(request, tiny_network):
    return build_network(tiny_network(request.param), 32, 4, 0)


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (3, 32, 32, 1), np.uint8)


def test_the_whole_gives_the_probabilities_of_the_network_it_was_cut_from(
    network, pixels
):
    whole = join_parts(*cut_trunk(network))

    expected = softmax(network.predict_on_batch(pixels), axis=1)
    np.testing.assert_allclose(whole.predict_on_batch(pixels), expected, atol=1e-6)


@pytest.mark.parametrize("network", ["alexnet"], indirect=True)
def test_the_whole_of_several_tails_is_read_as_it_was(network, pixels, tmp_path):
    trunk, tail = cut_trunk(network)
    whole = join_parts(trunk, join_members([tail, tail]))

    keras.saving.save_model(whole, tmp_path / "whole.keras")
    read = keras.saving.load_model(tmp_path / "whole.keras", compile=False)

    np.testing.assert_array_equal(
        read.predict_on_batch(pixels), whole.predict_on_batch(pixels)
    )

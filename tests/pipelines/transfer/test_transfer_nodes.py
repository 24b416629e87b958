import numpy as np
import pandas as pd

from detl.networks import build_network
from detl.networks.cut import cut_trunk
from detl.pipelines.transfer.nodes import (
    extract_features_of_data_b,
    replace_last_layer,
)


def test_features_are_in_the_order_of_data_b_not_of_the_pixels(tiny_network):
    pixels = np.random.default_rng(0).integers(0, 256, (6, 32, 32), dtype="uint8")
    data_b = pd.DataFrame({"row": [4, 0, 3]})
    pretrained = build_network(tiny_network("alexnet"), 32, 2, seed=0)
    trunk, tail = cut_trunk(replace_last_layer(pretrained, seed=0))

    features = extract_features_of_data_b(trunk, pixels, data_b)

    expected = trunk(pixels[[4, 0, 3], ..., np.newaxis].astype("float32"))
    np.testing.assert_allclose(features, expected, atol=1e-5)
    assert tail(features).shape == (3, 4)

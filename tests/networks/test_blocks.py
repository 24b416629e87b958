"""The layers that the networks share."""

import keras
import numpy as np
import pytest

from detl.networks.blocks import Blocks


@pytest.mark.parametrize(
    ("head_input", "seen"),
    [
        ("flatten", [[1, 0, 2, 0, 3, 4, 6, 8]]),
        ("average", [[3, 3]]),
        ("maximum", [[6, 8]]),
    ],
)
def test_the_head_sees_each_position_their_average_or_their_maximum(
    head_input, seen, tiny_network
):
    blocks = Blocks.from_seed(tiny_network("vgg16", head_input=head_input), seed=0)
    maps = keras.Input((2, 2, 2))
    positions = np.array([[[[1, 0], [2, 0]], [[3, 4], [6, 8]]]], "float32")

    head = keras.Model(maps, blocks.head_input(maps))

    np.testing.assert_allclose(head(positions), seen)

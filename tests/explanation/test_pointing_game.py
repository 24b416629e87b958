"""The gate of the explanations in small; in full: benchmarks/pointing_game.py."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from detl.explanation.alignment import find_shift
from detl.explanation.grad_cam import grad_cam, upsample
from detl.networks import build_network
from detl.networks.names import EXPLAINED_LAYER

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SIZE, CELL = 64, 4
FILMS = 120


@pytest.fixture(scope="module")
def game():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        import pointing_game

        yield pointing_game


def _within_a_cell(model, pixels, masks) -> float:
    """Return how often the map's maximum is in the lesion or within a cell of it."""
    inputs = pixels[..., None].astype(np.float32)
    maps = grad_cam(model, inputs, np.ones(len(pixels), int), EXPLAINED_LAYER)
    maps = upsample(maps, SIZE, find_shift([model], EXPLAINED_LAYER))
    points = maps.reshape(len(maps), -1).argmax(axis=1)
    near = [
        cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5).ravel()[point]
        for mask, point in zip(masks, points, strict=True)
    ]
    return float(np.mean(np.array(near) <= CELL))


def test_a_trained_network_points_at_the_lesion_and_an_untrained_one_does_not(game):
    """Within a cell of the feature map, on patients that training has not seen."""
    films = game.Films.of(
        film
        for finding in ("No Finding", "Mass")
        for film in game.draw(finding, FILMS, SIZE)
    )
    *_, test = films.split(0)
    model = build_network(game.NETWORK, SIZE, 2, 0)

    untrained = _within_a_cell(model, films.pixels[test], films.masks[test])
    game.train(model, films, 0)
    trained = _within_a_cell(model, films.pixels[test], films.masks[test])

    assert trained >= 0.7
    assert untrained <= 0.35

"""The gate of the explanations in small; in full: benchmarks/pointing_game.py."""

import cv2
import numpy as np
import pytest

from detl.explanation.alignment import find_shift
from detl.explanation.grad_cam import grad_cam, upsample
from detl.networks import build_network
from detl.networks.names import EXPLAINED_LAYER
from detl.parameters import NetworkParameters, PhantomParameters, TrainingParameters
from detl.phantoms.sample import draw_nih
from detl.training.batches import RowBatches
from detl.training.fit import fit_network

SIZE, CELL = 64, 4
FILMS = 120
NETWORK = NetworkParameters(
    network="alexnet",
    width_multiplier=0.125,
    fully_connected_units=128,
    dropout=0.0,
    stem_stride=1,
    normalisation="batch",
)
TRAINING = TrainingParameters(
    epochs=12,
    batch_size=32,
    optimizer="adam",
    learning_rate=2e-3,
    momentum=0.0,
    schedule="cosine",
    warm_up_epochs=2,
)


@pytest.fixture(scope="module")
def films():
    """Return pixels, masks and labels of films, half with a mass; no patient twice."""
    parameters = PhantomParameters(
        seed=0,
        size=SIZE,
        noise=1.5,
        lesion_strength=2.0,
        films_of_a_patient="one",
        nih={"No Finding": FILMS, "Mass": FILMS},
        covid_chestxray={"No Finding": 1},
        dirt=False,
    )
    drawn = list(draw_nih(parameters))
    no_mask = np.zeros((SIZE, SIZE), bool)
    masks = [film.mask > 0 if film.lesions else no_mask for film in drawn]
    labels = np.array([bool(film.lesions) for film in drawn], int)
    return np.stack([film.pixels for film in drawn]), np.stack(masks), labels


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


def test_a_trained_network_points_at_the_lesion_and_an_untrained_one_does_not(films):
    """Within a cell of the feature map, on patients that training has not seen."""
    pixels, masks, labels = films
    order = np.arange(len(pixels)) % FILMS
    training = np.flatnonzero(order < 0.6 * FILMS)
    validation = np.flatnonzero((order >= 0.6 * FILMS) & (order < 0.75 * FILMS))
    test = np.flatnonzero((order >= 0.75 * FILMS) & (labels == 1))
    model = build_network(NETWORK, SIZE, 2, 0)

    untrained = _within_a_cell(model, pixels[test], masks[test])
    fit_network(
        model,
        RowBatches(pixels, training, labels[training], 32, shuffle_seed=0),
        RowBatches(pixels, validation, labels[validation], 32),
        TRAINING,
        "pointing game",
    )
    trained = _within_a_cell(model, pixels[test], masks[test])

    assert trained >= 0.7
    assert untrained <= 0.35

"""The randomisation test: do maps depend on the weights that the network has learnt?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from detl.networks.cut import copy_model
from detl.networks.keras_settings import plain_keras
from detl.networks.names import EXPLAINED_LAYER
from detl.schemas.keras_model import KerasModel
from detl.statistics.bootstrap import draw_weights
from detl.statistics.means import MEAN_COLUMNS, measure_mean
from detl.statistics.notes import join_notes

if TYPE_CHECKING:
    import keras

MOST_STEPS = 8

GUIDED = "guided_backpropagation"

OTHER_IMAGE = "another image"
"""Takes the place of a layer's name: the trained network's map of the next image."""

SIMILARITIES = ("ssim", "rank_correlation")

COLUMNS = ["method", "layer", "similarity", *MEAN_COLUMNS]


def randomise_from_top(
    model: KerasModel, seed: int, most: int = MOST_STEPS
) -> Iterator[tuple[str, KerasModel]]:
    """Yield copies of a model with random weights in more and more of its layers.

    First the last layer is random, then the last two, and so on down to the input. A
    step is a layer with a kernel, together with the normalisations between it and the
    one above. New weights come from the layer's own initialisers with other seeds. All
    scales of normalisations become 1, even if training starts at 0, because a block
    that returns its input is not random.

    Args:
        model: A flat functional model, which does not change.
        most: Most steps to yield, evenly spaced, always with the first and the last.

    Yields:
        The name of the lowest random layer, and the model.

    Reference:
        Adebayo et al., "Sanity Checks for Saliency Maps", NeurIPS 2018, section 3.1
        (cascading randomisation).
    """
    fresh = _initialise_again(model, seed)
    randomised = copy_model(model)
    steps = [layer.name for layer in reversed(model.layers) if _has_kernel(layer)]
    chosen = np.unique(np.linspace(0, len(steps) - 1, min(most, len(steps))).round())
    shown = {steps[int(position)] for position in chosen}
    for layer in reversed(randomised.layers):
        if not layer.weights:
            continue
        layer.set_weights(fresh.get_layer(layer.name).get_weights())
        if layer.name in shown:
            yield layer.name, copy_model(randomised)


def _has_kernel(layer: keras.layers.Layer) -> bool:
    import keras

    is_normalisation = isinstance(layer, keras.layers.BatchNormalization)
    return bool(layer.weights) and not is_normalisation


@plain_keras()
def _initialise_again(model: KerasModel, seed: int) -> KerasModel:
    import keras

    seeds = count(seed * 10_000)

    def with_new_seeds(layer: keras.layers.Layer) -> keras.layers.Layer:
        config = layer.get_config()
        for name, initialiser in config.items():
            if name.endswith("_initializer") and "seed" in initialiser["config"]:
                config[name] = _with_seed(initialiser, next(seeds))
        if isinstance(layer, keras.layers.BatchNormalization):
            config["gamma_initializer"] = "ones"
        return layer.__class__.from_config(config)

    return keras.models.clone_model(model, clone_function=with_new_seeds)


def _with_seed(initialiser: dict[str, Any], seed: int) -> dict[str, Any]:
    return {**initialiser, "config": {**initialiser["config"], "seed": seed}}


def compare_maps(maps: np.ndarray, others: np.ndarray) -> pd.DataFrame:
    """Return the similarity of two maps, one row per pair.

    Args:
        maps: (n, size, size), float, 0 or greater, at least 7 pixels wide.
        others: Maps of the same shape.

    Returns:
        ``ssim``, the mean structural similarity (-1 to 1) in windows of 7 pixels, of
        the maps divided by their own maximum; and ``rank_correlation``, Spearman's
        (-1 to 1), over pixels. NaN if one of the two is constant, such as a map of
        zeros, because it has no structure and no ranks.

    Reference:
        Wang et al., "Image Quality Assessment: From Error Visibility to Structural
        Similarity", IEEE Trans. Image Process. 13 (2004), 600-612.
    """
    from scipy.stats import spearmanr
    from skimage.metrics import structural_similarity

    rows = []
    for one, other in zip(maps, others, strict=True):
        if np.ptp(one) == 0 or np.ptp(other) == 0:
            rows.append((np.nan, np.nan))
            continue
        ssim = structural_similarity(
            one / one.max(), other / other.max(), data_range=1.0
        )
        rows.append((ssim, spearmanr(one, other, axis=None).statistic))
    return pd.DataFrame(rows, columns=list(SIMILARITIES), dtype="float64")


@dataclass(frozen=True)
class Explained:
    """The images of the randomisation test.

    Attributes:
        pixels: (n, size, size), uint8.
        features: Output of the trained trunk, (n, h, w, channels), float32.
        class_indices: Column of the explained class, (n,), integers.
        groups: The group of patients of each image, (n,).
    """

    pixels: np.ndarray
    features: np.ndarray
    class_indices: np.ndarray
    groups: np.ndarray


def follow_randomisation(
    trunk: KerasModel, tail: KerasModel, images: Explained, seed: int
) -> pd.DataFrame:
    """Return how similar each method's maps stay while the network is randomised.

    The tail is randomised from the logits down. For guided backpropagation, which goes
    through the whole network, the trunk follows. The explained class stays the same.

    Args:
        trunk: From pixels, 0 to 255, to features.
        tail: From features to logits, with the layer ``EXPLAINED_LAYER``.

    Returns:
        A row per ``method``, ``layer`` and ``similarity`` (of ``SIMILARITIES``), with
        the mean over images, ``value``, its ``low`` and ``high`` (95 %, over groups of
        patients), ``images``, ``groups`` and ``note``. The layer is the lowest random
        one, from the top down. The rows of ``OTHER_IMAGE`` compare the trained
        network's maps of different images, as a reference. Constant maps cannot be
        compared; the note counts them.
    """
    trained = _explain(trunk, tail, images)
    weights = draw_weights(images.groups, seed)
    rows = []
    for layer, maps in _explain_randomised(trunk, tail, images, seed, trained):
        for method, of_method in maps.items():
            row = {"method": method, "layer": layer}
            alike = compare_maps(trained[method], of_method)
            for similarity in SIMILARITIES:
                values = alike[similarity].to_numpy()
                mean = measure_mean(values, weights, images.groups)
                note = join_notes(str(mean["note"]), _count_missing(values))
                rows.append(row | {"similarity": similarity} | mean | {"note": note})
    table = pd.DataFrame(rows, columns=COLUMNS)
    place = {method: position for position, method in enumerate(trained)}
    return table.sort_values(
        "method", key=lambda methods: methods.map(place), kind="stable"
    ).reset_index(drop=True)


def _explain_randomised(
    trunk: KerasModel,
    tail: KerasModel,
    images: Explained,
    seed: int,
    trained: Mapping[str, np.ndarray],
) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    of_others = {name: np.roll(maps, 1, axis=0) for name, maps in trained.items()}
    yield OTHER_IMAGE, of_others
    random_tail = tail
    for layer, random_tail in randomise_from_top(tail, seed):
        yield layer, _explain(trunk, random_tail, images)
    for layer, random_trunk in randomise_from_top(trunk, seed + 1):
        yield layer, {GUIDED: _guide(random_trunk, random_tail, images)}


def _explain(
    trunk: KerasModel, tail: KerasModel, images: Explained
) -> dict[str, np.ndarray]:
    from detl.explanation.class_activation import EvidenceMapper
    from detl.explanation.grad_cam import upsample

    size = images.pixels.shape[1]
    mapper = EvidenceMapper(tail, EXPLAINED_LAYER)
    small = mapper.map_by_each_method(images.features, images.class_indices)
    maps = {method: upsample(one, size) for method, one in small.items()}
    return maps | {GUIDED: _guide(trunk, tail, images)}


def _guide(trunk: KerasModel, tail: KerasModel, images: Explained) -> np.ndarray:
    from detl.explanation.guided_backpropagation import guided_backpropagation

    return guided_backpropagation(trunk, tail, images.pixels, images.class_indices)


def _count_missing(values: np.ndarray) -> str:
    missing = np.isnan(values).sum()
    if not missing:
        return ""
    return f"the same everywhere, before or after: maps of {missing} of {len(values)}"

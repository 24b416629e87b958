"""Whether explanations point at what is known to be there: maps against regions."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from detl.errors import DetlError
from detl.statistics.bootstrap import Kind, divide, draw_weights
from detl.statistics.means import MEAN_COLUMNS, measure_mean

ALL = "all"
"""Stands for the images of every finding."""

SHARE_OF_MAXIMUM = 0.2
"""Above this share of its own maximum a map is inside what it outlines: the value of
Zhou et al. (2016), taken as it is, since tuning it to regions would flatter."""

SMALLEST_IOUS = (0.1, 0.25, 0.5)

COLUMNS = ["method", "finding", "quantity", *MEAN_COLUMNS]


def compare_with_regions(
    maps: np.ndarray, masks: np.ndarray, centre_share: float
) -> pd.DataFrame:
    """Return how well each map meets the region of its image, one row per image.

    A map that is 0 everywhere points nowhere: it misses, and outlines nothing. Its
    energy, of which there is none, is NaN.

    Args:
        maps: (n, size, size), float, 0 or greater, in any unit; one scale per map is
            enough.
        masks: The regions, (n, size, size), bool, none of them empty.
        centre_share: Part of each side that counts as thorax, between 0 and 1.

    Returns:
        ``pointing``: 1 if the map's maximum is inside the region, else 0, without a
        tolerance; where several pixels share the maximum, the part of them inside,
        which is what drawing one of them would give on average. ``area``: the share of
        the picture that the region takes, which is what pointing at random gives.
        ``iou``: intersection over union of the region and the pixels whose value is
        above ``SHARE_OF_MAXIMUM`` of the map's maximum. ``energy_in_region`` and
        ``energy_in_thorax``: the share of the map's sum that is inside. No lungs are
        outlined in the public collections, so the thorax is the centre of the
        picture: ``centre_share`` of either side. ``empty``: 1 if the map is 0
        everywhere.

    Raises:
        DetlError: Maps and masks are not alike, a map has a value below 0 or none, or
            a mask is empty.

    Reference:
        Pointing: Zhang et al., "Top-down Neural Attention by Excitation Backprop",
        IJCV 126 (2018), 1084-1102, who allow 15 pixels. Outline: Zhou et al., "Learning
        Deep Features for Discriminative Localization", CVPR 2016, section 3.2. Energy:
        Wang et al., "Score-CAM", CVPR Workshops 2020, section 4.3.
    """
    _require_comparable(maps, masks)
    images, height, width = maps.shape
    flat = maps.reshape(images, height * width).astype("float64")
    inside = masks.reshape(images, height * width)
    thorax = _outline_centre(height, width, centre_share).ravel()
    largest = flat.max(axis=1, initial=0, keepdims=True)
    has_energy = largest[:, 0] > 0
    highest = (flat == largest) & has_energy[:, None]
    outlined = flat > SHARE_OF_MAXIMUM * largest
    energy = flat.sum(axis=1)
    return pd.DataFrame(
        {
            "pointing": (highest & inside).sum(axis=1)
            / np.maximum(highest.sum(axis=1), 1),
            "area": inside.mean(axis=1),
            "iou": (outlined & inside).sum(axis=1) / (outlined | inside).sum(axis=1),
            "energy_in_region": divide((flat * inside).sum(axis=1), energy),
            "energy_in_thorax": divide((flat * thorax).sum(axis=1), energy),
            "empty": (~has_energy).astype("float64"),
        }
    )


def score_localisation(
    maps: Mapping[str, np.ndarray],
    masks: np.ndarray,
    findings: pd.Series,
    groups: np.ndarray,
    centre_share: float,
    seed: int,
) -> pd.DataFrame:
    """Return the scores of several methods' maps, over all images and by finding.

    Args:
        maps: By method, as ``compare_with_regions`` takes them.
        masks: The regions, (n, size, size), bool.
        findings: What each region is of, ``A|B`` where it is of both; such an image
            counts for either.
        groups: The group of patients of each image, (n,).
        centre_share: As for ``compare_with_regions``.
        seed: Of the bootstrap.

    Returns:
        A row per method, ``finding`` (``all`` first) and ``quantity``, with ``value``,
        ``low`` and ``high`` (95 %, over groups of patients), the numbers of ``images``
        and ``groups`` behind it, and ``note``, which says why there is no number.
        Quantities, all from 0 to 1 but the second: ``pointing``;
        ``pointing_above_area`` (the paired difference, -1 to 1); ``area``; ``iou``;
        ``iou_at_0.1``, ``iou_at_0.25`` and ``iou_at_0.5`` (share of images that reach
        it); ``energy_in_region`` and ``energy_in_thorax`` (of the maps that have any);
        and ``empty``, the share of maps that are 0 everywhere.
    """
    weights = draw_weights(groups, seed)
    of_image = [set(those.split("|")) for those in findings]
    names = sorted(set().union(*of_image))
    chosen = {ALL: np.ones(len(of_image), bool)} | {
        name: np.array([name in those for those in of_image]) for name in names
    }
    rows = []
    for method, of_method in maps.items():
        scores = _add_quantities(compare_with_regions(of_method, masks, centre_share))
        for finding, counts in chosen.items():
            for quantity in scores:
                values = scores[quantity].where(counts).to_numpy()
                mean = measure_mean(values, weights, groups, _kind_of(str(quantity)))
                row = {"method": method, "finding": finding, "quantity": quantity}
                rows.append(row | mean)
    return pd.DataFrame(rows, columns=COLUMNS)


_HITS = {f"iou_at_{smallest:g}": smallest for smallest in SMALLEST_IOUS}


def _kind_of(quantity: str) -> Kind:
    if quantity in {"pointing", "empty", *_HITS}:
        return "share"
    return "number" if quantity == "pointing_above_area" else "score"


def _add_quantities(scores: pd.DataFrame) -> pd.DataFrame:
    hits = {name: (scores["iou"] >= least) * 1.0 for name, least in _HITS.items()}
    above = scores["pointing"] - scores["area"]
    scores = scores.assign(pointing_above_area=above, **hits)
    first = ["pointing", "pointing_above_area", "area", "iou", *_HITS]
    return scores[[*first, "energy_in_region", "energy_in_thorax", "empty"]]


def _outline_centre(height: int, width: int, share: float) -> np.ndarray:
    rows = np.abs((np.arange(height) + 0.5) / height - 0.5) <= share / 2
    columns = np.abs((np.arange(width) + 0.5) / width - 0.5) <= share / 2
    return rows[:, None] & columns[None, :]


def _require_comparable(maps: np.ndarray, masks: np.ndarray) -> None:
    if maps.shape != masks.shape or maps.ndim != 3:
        raise DetlError(
            f"There are maps of shape {maps.shape} and regions of shape {masks.shape}, "
            "and both must be (n, size, size): bring the maps to the size of the "
            "pixels with detl.explanation.grad_cam.upsample."
        )
    if not (np.isfinite(maps).all() and (maps >= 0).all()):
        raise DetlError(
            "A map holds a value that is below 0 or no number, and evidence is 0 or "
            "greater: explain with a method of detl.explanation.class_activation, and "
            "train the network again if its weights are not finite."
        )
    empty = ~masks.any(axis=(1, 2))
    if empty.any():
        raise DetlError(
            f"{empty.sum()} of {len(masks)} regions are empty, row "
            f"{empty.argmax()} first, and a map cannot be compared with nothing: leave "
            "these images out."
        )

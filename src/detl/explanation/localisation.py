"""Comparison of heat maps with the known regions of lesions."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from detl.errors import DetlError
from detl.sources.findings import list_findings
from detl.statistics.bootstrap import Kind, divide, draw_statistic, draw_weights
from detl.statistics.differences import measure_above_mean
from detl.statistics.means import MEAN_COLUMNS, measure_mean

ALL = "all"
"""Name of the row over the images of all findings."""

SHARE_OF_MAXIMUM = 0.2
"""A map outlines the pixels above this share of its maximum. It is the value of Zhou et
al. (2016); tuning it to the regions would flatter the result."""

SMALLEST_IOUS = (0.1, 0.25, 0.5)

ABOVE = "pointing_above_area"
"""How much more often a map's maximum is in the region than a random point would be."""

COLUMNS = ["method", "finding", "class", "quantity", *MEAN_COLUMNS]


def compare_with_regions(
    maps: np.ndarray, masks: np.ndarray, centre_share: float
) -> pd.DataFrame:
    """Return how well each map matches the region of its image, one row per image.

    A map of zeros misses the region and outlines nothing; its energy is NaN.

    Args:
        maps: (n, size, size), float, 0 or greater. Each map may have its own unit.
        masks: The regions, (n, size, size), bool, none of them empty.
        centre_share: Part of each side that counts as thorax, between 0 and 1.

    Returns:
        ``pointing``: 1 if the map's maximum is inside the region, else 0, without a
        tolerance; if several pixels share the maximum, the part of them inside.
        ``area``: the share of the picture that the region takes, which is also the
        expected result of pointing at random. ``iou``: intersection over union of the
        region and the pixels above ``SHARE_OF_MAXIMUM`` of the map's maximum.
        ``energy_in_region`` and ``energy_in_thorax``: the share of the map's sum inside
        each. The thorax is the centre of the picture, ``centre_share`` of each side,
        because the public collections outline no lungs. ``empty``: 1 for a map of
        zeros.

    Raises:
        DetlError: Maps and masks differ in shape, a map holds a negative value or NaN,
            or a mask is empty.

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
    labels: pd.Series,
    groups: np.ndarray,
    centre_share: float,
    seed: int,
) -> pd.DataFrame:
    """Return the scores of several methods' maps: of all images, classes and findings.

    Args:
        maps: Method to its maps, as in ``compare_with_regions``.
        masks: The regions, (n, size, size), bool.
        findings: The findings of each region. An image with ``A|B`` counts for A and B.
        labels: The class of each image.
        groups: The group of patients of each image, (n,).
        centre_share: As in ``compare_with_regions``.

    Returns:
        A row per method, ``finding``, ``class`` and ``quantity``, with ``value``,
        ``low`` and ``high`` (95 %, over groups of patients), the numbers of ``images``
        and ``groups``, and ``note``, the reason for a missing number. First come all
        images (finding ``all``, class ``""``), then each class that has regions
        (finding ``all``), then each finding (class ``""``). The quantities are those of
        ``compare_with_regions``, all from 0 to 1, and also ``ABOVE`` (paired
        difference, -1 to 1) and ``iou_at_0.1``, ``iou_at_0.25`` and ``iou_at_0.5``
        (share of images with at least this iou). The intervals of ``ABOVE`` are wide
        enough to hold for all classes at once, and for all findings (Bonferroni). Maps
        of zeros do not count for the energies.
    """
    weights = draw_weights(groups, seed)
    of_image = [list_findings(text) for text in findings]
    names = sorted(set().union(*of_image))
    classes = sorted(set(labels))
    chosen = [
        (ALL, "", np.ones(len(of_image), bool), 1),
        *((ALL, c, (labels == c).to_numpy(), len(classes)) for c in classes),
        *((f, "", np.array([f in o for o in of_image]), len(names)) for f in names),
    ]
    rows = []
    for method, of_method in maps.items():
        scores = _add_quantities(compare_with_regions(of_method, masks, centre_share))
        for finding, label, counts, asked in chosen:
            for quantity in scores:
                values = scores[quantity].where(counts).to_numpy()
                mean = measure_mean(values, weights, groups, _kind_of(str(quantity)))
                if quantity == ABOVE:
                    mean |= measure_above(scores, counts, weights, groups, asked)
                row = {"method": method, "finding": finding, "class": label}
                rows.append(row | {"quantity": quantity} | mean)
    return pd.DataFrame(rows, columns=COLUMNS)


def measure_above(
    scores: pd.DataFrame,
    counts: np.ndarray,
    weights: np.ndarray,
    groups: np.ndarray,
    asked: int,
) -> dict[str, float | str]:
    """Return how much more often maps point into the region than a random point would.

    Args:
        scores: Columns ``pointing`` and ``area`` of ``compare_with_regions``.
        counts: Whether an image counts, bool (n,).
        weights: Result of ``draw_weights``, (draws, n).
        groups: The group of patients of each image, (n,).
        asked: Questions for all of which the intervals are to hold at once.

    Returns:
        ``value``, ``low``, ``high`` and ``note``, as in ``score_localisation``.
    """
    both = scores.loc[counts, ["pointing", "area"]].to_numpy()

    def means(drawn: np.ndarray) -> np.ndarray:
        of_those = drawn[:, counts]
        return divide(of_those @ both, of_those.sum(axis=1, keepdims=True))

    drawn = draw_statistic(means, weights)
    confidence = 1 - 0.05 / asked
    found = measure_above_mean(drawn[:, 0], drawn[:, 1], groups[counts], confidence)
    return {
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "note": found.note,
    }


_HITS = {f"iou_at_{smallest:g}": smallest for smallest in SMALLEST_IOUS}


def _kind_of(quantity: str) -> Kind:
    if quantity in {"pointing", "empty", *_HITS}:
        return "share"
    return "number" if quantity == ABOVE else "score"


def _add_quantities(scores: pd.DataFrame) -> pd.DataFrame:
    hits = {name: (scores["iou"] >= least) * 1.0 for name, least in _HITS.items()}
    above = scores["pointing"] - scores["area"]
    scores = scores.assign(**{ABOVE: above}, **hits)
    first = ["pointing", ABOVE, "area", "iou", *_HITS]
    return scores[[*first, "energy_in_region", "energy_in_thorax", "empty"]]


def _outline_centre(height: int, width: int, share: float) -> np.ndarray:
    rows = np.abs((np.arange(height) + 0.5) / height - 0.5) <= share / 2
    columns = np.abs((np.arange(width) + 0.5) / width - 0.5) <= share / 2
    return rows[:, None] & columns[None, :]


def _require_comparable(maps: np.ndarray, masks: np.ndarray) -> None:
    if maps.shape != masks.shape or maps.ndim != 3:
        raise DetlError(
            f"There are maps of shape {maps.shape} and regions of shape {masks.shape}, "
            "where (n, size, size) was expected for both: bring the maps to the size "
            "of the pixels with detl.explanation.grad_cam.upsample."
        )
    if not (np.isfinite(maps).all() and (maps >= 0).all()):
        raise DetlError(
            "A map holds a value that is below 0 or no number, where 0 or greater was "
            "expected: explain with a method of detl.explanation.class_activation, and "
            "train the network again if its weights are not finite."
        )
    empty = ~masks.any(axis=(1, 2))
    if empty.any():
        raise DetlError(
            f"{empty.sum()} of {len(masks)} regions are empty, row "
            f"{empty.argmax()} first, where at least one pixel was expected in each: "
            "leave these images out."
        )

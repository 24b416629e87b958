"""Nodes that score the folds' heat maps where lesions are known."""

from pathlib import Path

import numpy as np
import pandas as pd

from detl.errors import NotAvailableError
from detl.schemas.classes import class_indices
from detl.schemas.keras_model import KerasModel
from detl.schemas.parameters import AuditParameters, IngestParameters, SplitParameters
from detl.sources.class_regions import unite_regions
from detl.sources.regions import read_regions

MOST_ROWS = 6
"""Images in the picture of lesions and maps."""


def find_regions(
    radiographs: Path,
    candidates: pd.DataFrame,
    images: pd.DataFrame,
    data_b: pd.DataFrame,
    ingest: IngestParameters,
    split: SplitParameters,
) -> tuple[pd.DataFrame, np.ndarray, pd.DataFrame]:
    """Return the known lesions of Data-B's images, their masks, and what is not used.

    Args:
        radiographs: The raw data folder.
        candidates: Table of the images on offer.
        images: Table ``images``, of those that were accepted.
        data_b: Table ``data_b``.
        ingest: The sources, and how images were read.
        split: The findings that make up a class.

    Returns:
        What ``unite_regions`` returns.
    """
    found = read_regions(radiographs, candidates, ingest, images)
    return unite_regions(*found, data_b, split)


def map_regions(
    features: np.ndarray,
    data_b: pd.DataFrame,
    tested: pd.DataFrame,
    regions: pd.DataFrame,
    **models: KerasModel,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the test images with known lesions, and their heat maps.

    The maps are of the true class, which the lesion speaks for, by the network of the
    fold that tests the image.

    Args:
        features: The trunk's output, one row per row of ``data_b``.
        tested: Predictions of the folds' test parts.
        **models: By fold, its trained tail.

    Returns:
        ``fold``, ``image_id``, ``label``, ``findings``, ``mask`` (row in the masks) and
        ``group``; and maps, (methods, k, h, w), float32, in the order of
        ``class_activation.METHODS``.
    """
    from detl.explanation.class_activation import EvidenceMapper
    from detl.networks.names import EXPLAINED_LAYER

    known = regions.rename(columns={"row": "mask"})[["image_id", "findings", "mask"]]
    positioned = data_b.assign(position=np.arange(len(data_b)))
    positioned = positioned.merge(tested[["image_id", "fold"]], on="image_id")
    columns = ["fold", "image_id", "label", "findings", "mask", "group"]
    # Compiled once, for the networks of all folds.
    mapper = EvidenceMapper(next(iter(models.values())), EXPLAINED_LAYER)
    tables, maps = [], []
    for fold, model in models.items():
        of_fold = positioned[positioned["fold"] == fold]
        chosen = of_fold.merge(known, on="image_id")
        classes = class_indices(chosen["label"])
        of_images = np.asarray(features[chosen["position"].to_numpy("int64")])
        mapper.take_weights(model)
        maps.append(mapper.map_by_each_method(of_images, classes).values())
        tables.append(chosen[columns])
    of_methods = [np.concatenate(of_folds) for of_folds in zip(*maps, strict=True)]
    return pd.concat(tables, ignore_index=True), np.stack(of_methods)


def score_regions(
    masks: np.ndarray,
    mapped: pd.DataFrame,
    maps: np.ndarray,
    map_shift: float,
    parameters: AuditParameters,
    seed: int,
) -> pd.DataFrame:
    """Return how well the maps of all folds meet the known lesions.

    Args:
        masks: The regions, (n, size, size), bool.
        mapped: What ``map_regions`` returns.
        maps: Its heat maps.
        map_shift: How far the maps lie from what they are of, in pixels.
        parameters: What counts as thorax.
        seed: Seed of the bootstrap.
    """
    from detl.explanation.class_activation import METHODS
    from detl.explanation.grad_cam import upsample
    from detl.explanation.localisation import score_localisation

    size = masks.shape[1]
    return score_localisation(
        {
            method: upsample(of_method, size, map_shift)
            for method, of_method in zip(METHODS, maps, strict=True)
        },
        np.asarray(masks[mapped["mask"].to_numpy("int64")]),
        mapped["findings"],
        mapped["label"],
        mapped["group"].to_numpy(),
        parameters.centre_share,
        seed,
    )


def draw_known_regions(
    pixels: np.ndarray,
    data_b: pd.DataFrame,
    masks: np.ndarray,
    mapped: pd.DataFrame,
    maps: np.ndarray,
    map_shift: float,
) -> np.ndarray:
    """Return a picture of known lesions and heat maps, an image per kind of finding.

    All are of one fold.

    Args:
        pixels: All images, uint8 (n, size, size).
        masks: The regions, (n, size, size), bool.
        mapped: What ``map_regions`` returns.
        maps: Its heat maps.
        map_shift: How far these lie from what they are of, in pixels.

    Raises:
        NotAvailableError: No test image has a known lesion.
    """
    from detl.explanation.class_activation import METHODS
    from detl.explanation.grad_cam import upsample
    from detl.figures.explanation_scores import draw_regions

    if mapped.empty:
        raise NotAvailableError(
            "No test image has a known lesion, so there is no picture of lesions and "
            "maps; nothing needs to be done."
        )
    of_fold = mapped[mapped["fold"] == mapped["fold"].iloc[0]]
    first = of_fold.drop_duplicates("findings").head(MOST_ROWS)
    rows = first["image_id"].map(data_b.set_index("image_id")["row"])
    size = masks.shape[1]
    drawn = [upsample(of_one[first.index], size, map_shift) for of_one in maps]
    return draw_regions(
        np.asarray(pixels[rows.to_numpy("int64")]),
        np.asarray(masks[first["mask"].to_numpy("int64")]),
        dict(zip(METHODS, drawn, strict=True)),
        [findings.replace("|", ",\n") for findings in first["findings"]],
    )

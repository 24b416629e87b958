"""Nodes that score the folds' heat maps, where lesions are known and where not."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from detl.errors import NotAvailableError
from detl.pipelines.named_results import with_ending
from detl.schemas.classes import DATA_B_CLASSES
from detl.schemas.keras_model import KerasModel
from detl.schemas.parameters import AuditParameters, IngestParameters, SplitParameters

MOST_ROWS = 6
"""Images in the picture of lesions and maps."""

Curves = dict[str, Any]
"""By method, ``detl.explanation.deletion.Curves`` of the images of a fold."""


def read_regions(
    radiographs: Path, candidates: pd.DataFrame, ingest: IngestParameters
) -> tuple[pd.DataFrame, np.ndarray, pd.DataFrame]:
    """Return where lesions are known to be, their masks, and what cannot be read.

    Args:
        radiographs: The raw data folder.
        candidates: Table ``candidates``, which knows the files.
        ingest: The sources, and how images were read.
    """
    from detl.sources.regions import read_regions

    return read_regions(radiographs, candidates, ingest)


def unite_regions(
    known_regions: pd.DataFrame,
    known_masks: np.ndarray,
    unreadable: pd.DataFrame,
    data_b: pd.DataFrame,
    split: SplitParameters,
) -> tuple[pd.DataFrame, np.ndarray, pd.DataFrame]:
    """Return per image where the lesions of its class are, and what was not used.

    Args:
        known_regions: Table of regions, by image and finding.
        known_masks: Their masks, (n, size, size), bool.
        unreadable: What could not be read.
        data_b: Table ``data_b``.
        split: Which findings make up a class.
    """
    from detl.sources.class_regions import unite_regions

    findings = {
        label: getattr(split.data_b, label).findings for label in DATA_B_CLASSES
    }
    regions, masks, unused = unite_regions(known_regions, known_masks, data_b, findings)
    return regions, masks, pd.concat([unreadable, unused], ignore_index=True)


def map_regions(
    model: KerasModel,
    features: np.ndarray,
    data_b: pd.DataFrame,
    predictions: pd.DataFrame,
    regions: pd.DataFrame,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the test images of a fold with known lesions, and their heat maps.

    The maps are of the true class, which the lesion speaks for.

    Args:
        model: The fold's trained tail.
        features: The trunk's output, one row per row of ``data_b``.
        data_b: Table ``data_b``.
        predictions: Table ``predictions`` of the fold.
        regions: Table ``regions``.

    Returns:
        ``image_id``, ``findings``, ``mask`` (row in the masks) and ``group``; and maps,
        (methods, k, h, w), float32, in the order of ``class_activation.METHODS``.
    """
    from detl.explanation.class_activation import METHODS, EvidenceMapper
    from detl.networks.names import EXPLAINED_LAYER

    known = regions.rename(columns={"row": "mask"})[["image_id", "findings", "mask"]]
    tested = data_b.assign(position=np.arange(len(data_b)))
    tested = tested[tested["image_id"].isin(predictions["image_id"])]
    chosen = tested.merge(known, on="image_id").reset_index(drop=True)
    classes = pd.Index(DATA_B_CLASSES).get_indexer(pd.Index(chosen["label"]))
    of_images = np.asarray(features[chosen["position"].to_numpy("int64")])
    mapper = EvidenceMapper(model, EXPLAINED_LAYER)
    maps = np.stack([mapper.map(of_images, classes, method) for method in METHODS])
    return chosen[["image_id", "findings", "mask", "group"]], maps


def score_localisation(
    masks: np.ndarray,
    map_shift: float,
    parameters: AuditParameters,
    seed: int,
    **of_folds: Any,
) -> pd.DataFrame:
    """Return how well the maps of all folds meet the known lesions.

    Args:
        masks: The regions, (n, size, size), bool.
        map_shift: How far the maps lie from what they are of, in pixels.
        parameters: What counts as thorax.
        seed: Seed of the bootstrap.
        **of_folds: ``<fold>_mapped`` and ``<fold>_maps`` of each fold.
    """
    from detl.explanation.class_activation import METHODS
    from detl.explanation.grad_cam import upsample
    from detl.explanation.localisation import score_localisation

    mapped = pd.concat(with_ending(of_folds, "_mapped").values(), ignore_index=True)
    maps = np.concatenate(list(with_ending(of_folds, "_maps").values()), axis=1)
    size = masks.shape[1]
    return score_localisation(
        {
            method: upsample(of_method, size, map_shift)
            for method, of_method in zip(METHODS, maps, strict=True)
        },
        np.asarray(masks[mapped["mask"].to_numpy("int64")]),
        mapped["findings"],
        mapped["group"].to_numpy(),
        parameters.centre_share,
        seed,
    )


def draw_regions(
    pixels: np.ndarray,
    data_b: pd.DataFrame,
    masks: np.ndarray,
    mapped: pd.DataFrame,
    maps: np.ndarray,
    map_shift: float,
) -> np.ndarray:
    """Return a picture of known lesions and heat maps, an image per kind of finding.

    Args:
        pixels: The pixel store.
        data_b: Table ``data_b``.
        masks: The regions, (n, size, size), bool.
        mapped: What ``map_regions`` returns of one fold.
        maps: Its heat maps.
        map_shift: How far these lie from what they are of, in pixels.

    Raises:
        NotAvailableError: No test image of the fold has a known lesion.
    """
    from detl.explanation.class_activation import METHODS
    from detl.explanation.grad_cam import upsample
    from detl.figures import explanation_scores as score_pictures

    if mapped.empty:
        raise NotAvailableError(
            "No test image of this fold has a known lesion, so there is no picture of "
            "lesions and maps; nothing needs to be done."
        )
    first = mapped.drop_duplicates("findings").head(MOST_ROWS)
    rows = first["image_id"].map(data_b.set_index("image_id")["row"])
    size = masks.shape[1]
    drawn = [upsample(of_one[first.index], size, map_shift) for of_one in maps]
    return score_pictures.draw_regions(
        np.asarray(pixels[rows.to_numpy("int64")]),
        np.asarray(masks[first["mask"].to_numpy("int64")]),
        dict(zip(METHODS, drawn, strict=True)),
        [findings.replace("|", ",\n") for findings in first["findings"]],
    )


def draw_scores(**tables: pd.DataFrame | None) -> tuple[np.ndarray, np.ndarray]:
    """Return pictures of deletion and insertion, and of networks that forget.

    Args:
        **tables: ``<architecture>_curves`` and ``<architecture>_sanity``, or None.
    """
    from detl.figures import explanation_scores as score_pictures

    there = {name: table for name, table in tables.items() if table is not None}
    return (
        score_pictures.draw_curves(**with_ending(there, "_curves")),
        score_pictures.draw_sanity(**with_ending(there, "_sanity")),
    )


def choose_explained(
    data_b: pd.DataFrame,
    predictions: pd.DataFrame,
    parameters: AuditParameters,
    seed: int,
) -> pd.DataFrame:
    """Return some test images of a fold, drawn at random from all classes alike.

    Args:
        data_b: Table ``data_b``.
        predictions: Table ``predictions`` of the fold.
        parameters: How many images.
        seed: Of the draw.

    Returns:
        ``image_id``, ``predicted``, ``group``, ``row`` of the pixels, and ``position``
        in ``data_b``.
    """
    tested = data_b.assign(position=np.arange(len(data_b)))
    tested = tested.merge(predictions[["image_id", "predicted"]], on="image_id")
    shuffled = tested.sample(frac=1, random_state=seed)
    turn = shuffled.groupby("label").cumcount()
    chosen = shuffled.assign(turn=turn).sort_values(["turn", "label"])
    columns = ["image_id", "predicted", "group", "row", "position"]
    return chosen[columns].head(parameters.explained_images).reset_index(drop=True)


def trace_curves(
    trunk: KerasModel,
    model: KerasModel,
    pixels: np.ndarray,
    features: np.ndarray,
    explained: pd.DataFrame,
    map_shift: float,
    seed: int,
) -> Curves:
    """Return the deletion and insertion curves of the images of a fold.

    Args:
        trunk: The architecture's frozen part.
        model: The fold's trained tail.
        pixels: The pixel store.
        features: The trunk's output, one row per row of ``data_b``.
        explained: What ``choose_explained`` returns.
        map_shift: How far the maps lie from what they are of, in pixels.
        seed: Of the random order beside which the maps stand.
    """
    from detl.explanation.class_activation import METHODS, EvidenceMapper
    from detl.explanation.deletion import trace_curves
    from detl.explanation.grad_cam import upsample
    from detl.networks.names import EXPLAINED_LAYER

    images = _gather(pixels, features, explained)
    size = pixels.shape[1]
    mapper = EvidenceMapper(model, EXPLAINED_LAYER)
    maps = {
        method: upsample(
            mapper.map(images.features, images.class_indices, method), size, map_shift
        )
        for method in METHODS
    }
    return trace_curves(trunk, model, images.pixels, images.class_indices, maps, seed)


def score_curves(seed: int, **of_folds: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the areas below the curves of all folds, and the mean curves.

    Args:
        seed: Seed of the bootstrap.
        **of_folds: ``<fold>_curves`` and ``<fold>_explained`` of each fold.
    """
    from detl.explanation.deletion import join_curves, score_curves, tabulate_curves

    curves = join_curves(list(with_ending(of_folds, "_curves").values()))
    explained = pd.concat(with_ending(of_folds, "_explained").values())
    scores = score_curves(curves, explained["group"].to_numpy(), seed)
    return scores, tabulate_curves(curves)


def follow_randomisation(
    trunk: KerasModel,
    model: KerasModel,
    pixels: np.ndarray,
    features: np.ndarray,
    explained: pd.DataFrame,
    seed: int,
) -> pd.DataFrame:
    """Return how alike the maps stay while the network of a fold forgets.

    Args:
        trunk: The architecture's frozen part.
        model: The fold's trained tail.
        pixels: The pixel store.
        features: The trunk's output, one row per row of ``data_b``.
        explained: What ``choose_explained`` returns.
        seed: Of the new weights and of the bootstrap.
    """
    from detl.explanation.sanity import follow_randomisation

    images = _gather(pixels, features, explained)
    return follow_randomisation(trunk, model, images, seed)


def _gather(pixels: np.ndarray, features: np.ndarray, explained: pd.DataFrame) -> Any:
    from detl.explanation.sanity import Explained

    rows = explained["row"].to_numpy("int64")
    positions = explained["position"].to_numpy("int64")
    classes = pd.Index(DATA_B_CLASSES).get_indexer(pd.Index(explained["predicted"]))
    return Explained(
        np.asarray(pixels[rows]),
        np.asarray(features[positions]),
        classes,
        explained["group"].to_numpy(),
    )

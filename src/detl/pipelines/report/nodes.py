"""Nodes that gather what the report needs, and draw its figures."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from detl.errors import NotAvailableError
from detl.pipelines.named_results import with_ending
from detl.schemas.parameters import IngestParameters, NetworkParameters

Results = dict[str, Any]

# ---------------------------------------------------------------- of an architecture


def draw_examples(
    pixels: np.ndarray, data_b: pd.DataFrame, map_shift: float, **explained: Any
) -> tuple[np.ndarray, dict[str, Any]]:
    """Return the Grad-CAM panel of all folds' examples, and how strong the maps are.

    Args:
        pixels: The pixel store, (n, size, size), uint8.
        data_b: Table ``data_b``.
        map_shift: How far the maps lie from what they are of, in pixels.
        **explained: ``<fold>_chosen`` and ``<fold>_heat_maps`` of each fold.
    """
    from detl.figures import examples

    every, heat_maps = examples.gather_explained(
        with_ending(explained, "_chosen"),
        with_ending(explained, "_heat_maps"),
        data_b,
    )
    panel = examples.draw_examples(every, heat_maps, pixels, map_shift)
    return panel, examples.measure_evidence(every, heat_maps, pixels.shape[1])


def collect_results(
    history: dict[str, list[float]],
    scores: dict[str, float],
    summary: dict[str, Any],
    fold_summary: pd.DataFrame,
    data_b: pd.DataFrame,
    evidence: dict[str, Any],
    network: NetworkParameters,
    seed: int,
    **predictions: pd.DataFrame,
) -> Results:
    """Return an architecture's results, as ``report.results.collect_results`` says.

    Args:
        history: Curves of the pretraining.
        scores: Scores on Data-A's validation part.
        summary: Accuracies over the folds, and warnings.
        fold_summary: Scores, a row per fold.
        data_b: Table ``data_b``.
        evidence: How strong the Grad-CAM maps are.
        network: Its size, of which ``width_multiplier`` is among the results.
        seed: Seed of the bootstrap.
        **predictions: Table ``predictions`` of each fold.
    """
    from detl.report import results

    collected = results.collect_results(
        history, scores, summary, fold_summary, predictions, data_b, evidence, seed
    )
    return {**collected, "width_multiplier": network.width_multiplier}


# ---------------------------------------------------------------- facts and figures


def recognise_phantoms(radiographs: Path) -> bool:
    """Return whether the raw data are synthetic: made here, and marked so."""
    from detl.datasets.folder_dataset import MARKER

    return (radiographs / MARKER).is_file()


def count_labels(
    radiographs: Path, parameters: IngestParameters
) -> tuple[dict[str, int], pd.DataFrame, np.ndarray]:
    """Return what the NIH label file holds: counts, co-occurrence and its picture.

    The whole file is counted, whether or not its images are there.

    Args:
        radiographs: The raw data folder.
        parameters: Which sources there are, and where.

    Raises:
        NotAvailableError: No source is read as NIH ChestX-ray14.
    """
    from detl.figures.cooccurrence import draw_cooccurrence
    from detl.sources import find_nih_labels, read_nih_labels
    from detl.sources import label_counts as labels

    for name, source in parameters.sources.items():
        if source.reader == "nih":
            table = read_nih_labels(find_nih_labels(radiographs / source.folder, name))
            cooccurrence = labels.count_cooccurrence(table)
            picture = draw_cooccurrence(cooccurrence)
            return labels.count_labels(table), cooccurrence, picture
    raise NotAvailableError(
        f"None of the sources {', '.join(parameters.sources)} has the reader nih, so "
        "the report counts no label file of ChestX-ray14; nothing needs to be done."
    )


def draw_samples(
    pixels: np.ndarray, images: pd.DataFrame, data_b: pd.DataFrame, seed: int
) -> np.ndarray:
    """Return images of each class of Data-B, RGB, uint8 (the paper's Fig. 1)."""
    from detl.figures import samples

    return samples.draw_samples(pixels, images, data_b, seed)


def gather_results(**results: Results) -> dict[str, Results]:
    """Return the results of all architectures, by architecture."""
    return results


def draw_curves(results: dict[str, Results]) -> np.ndarray:
    """Return the curves of the pretraining of all architectures, RGB, uint8."""
    from detl.figures import curves

    return curves.draw_curves(results)


def draw_accuracies(results: dict[str, Results]) -> np.ndarray:
    """Return the accuracies of the folds beside the paper's, RGB, uint8."""
    from detl.figures import curves
    from detl.report.published import PUBLISHED

    published = {
        name: (figure.percent / 100, *figure.interval)
        for name, figure in PUBLISHED.items()
    }
    return curves.draw_accuracies(results, published)

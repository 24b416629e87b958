"""Nodes that gather what the report needs, and draw its figures."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from detl.errors import NotAvailableError
from detl.report.inputs import Network, Results, Run
from detl.schemas.parameters import IngestParameters, SplitParameters

# ---------------------------------------------------------------- of an architecture


def draw_network_examples(
    pixels: np.ndarray, data_b: pd.DataFrame, map_shift: float, *explained: Any
) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """Return the Grad-CAM panels of examples and of errors, and the maps' strength.

    Args:
        pixels: The pixel store, (n, size, size), uint8.
        data_b: Table ``data_b``.
        map_shift: How far the maps lie from what they are of, in pixels.
        *explained: The explained images of each fold, then the heat maps of each.
    """
    from detl.figures import examples

    folds = [f"fold_{number + 1}" for number in range(len(explained) // 2)]
    chosen = dict(zip(folds, explained, strict=False))
    maps = dict(zip(folds, explained[len(folds) :], strict=True))
    every, heat_maps = examples.gather_explained(chosen, maps, data_b)
    panel = examples.draw_examples(every, heat_maps, pixels, map_shift)
    errors = examples.draw_examples(
        every, heat_maps, pixels, map_shift, examples.choose_errors(every)
    )
    return (
        panel,
        errors,
        examples.measure_evidence(every, heat_maps, pixels.shape[1], map_shift),
    )


# ---------------------------------------------------------------- facts and figures


def recognise_phantoms(radiographs: Path) -> bool:
    """Return whether the raw data are synthetic: made here, and marked so."""
    from detl.datasets.folder_dataset import MARKER

    return (radiographs / MARKER).is_file()


def count_label_file(
    radiographs: Path, parameters: IngestParameters
) -> tuple[dict[str, int], pd.DataFrame, np.ndarray]:
    """Return what the NIH label file holds: counts, co-occurrence and its picture.

    The whole file is counted, whether or not its images are there.

    Raises:
        NotAvailableError: No source is read as NIH ChestX-ray14.
    """
    from detl.figures.cooccurrence import draw_cooccurrence
    from detl.sources import find_nih_labels, label_counts, read_nih_labels

    for name, source in parameters.sources.items():
        if source.reader == "nih":
            table = read_nih_labels(find_nih_labels(radiographs / source.folder, name))
            cooccurrence = label_counts.count_cooccurrence(table)
            picture = draw_cooccurrence(cooccurrence)
            return label_counts.count_labels(table), cooccurrence, picture
    raise NotAvailableError(
        f"None of the sources {', '.join(parameters.sources)} has the reader nih, so "
        "the report counts no label file of ChestX-ray14; nothing needs to be done."
    )


def draw_training(**results: Results) -> tuple[np.ndarray, np.ndarray]:
    """Return the curves of the pretraining and the accuracies of the folds.

    Both are RGB, uint8; the paper's accuracies are next to those of the folds.

    Args:
        **results: By architecture.
    """
    from detl.figures import curves
    from detl.report.published import PUBLISHED

    published = {
        name: (figure.percent / 100, *figure.interval)
        for name, figure in PUBLISHED.items()
    }
    return curves.draw_learning_curves(results), curves.draw_accuracies(
        results, published
    )


def draw_shortcut_cards(**networks: Network) -> np.ndarray:
    """Return the picture of what each network reaches, and each cue; RGB, uint8.

    Args:
        **networks: By architecture. One that has no card is left out.

    Raises:
        NotAvailableError: None has a card.
    """
    from detl.figures.shortcuts import draw_shortcuts

    cards = {name: network.card for name, network in networks.items()}
    if all(card is None for card in cards.values()):
        raise NotAvailableError(
            f"None of {', '.join(networks)} has a shortcut card to draw: run 'kedro "
            "run --pipelines shortcuts,report'."
        )
    return draw_shortcuts(**cards)


# ---------------------------------------------------------------- the page


def gather_run(ingest: IngestParameters, split: SplitParameters, **parts: Any) -> Run:
    """Return the run.

    Args:
        **parts: The other fields of ``Run``, and in place of ``networks`` each network
            by the name of its architecture. One that has not been trained and
            evaluated is left out.
    """
    every = {name: part for name, part in parts.items() if isinstance(part, Network)}
    networks = {name: network for name, network in every.items() if network.is_there}
    fields = {name: part for name, part in parts.items() if name not in every}
    return Run(networks=networks, ingest=ingest, split=split, **fields)

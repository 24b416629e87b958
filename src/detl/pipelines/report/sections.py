"""Nodes that write the sections of the report, and put them on its page."""

from typing import Any

import numpy as np
import pandas as pd

from detl.report.page import Section
from detl.schemas.parameters import IngestParameters, SplitParameters

Results = dict[str, Any]

TITLE = "DETL: what this run shows"

FIGURES = {
    "figures/samples.png": "Images of Data-B's classes (the paper's Fig. 1)",
    "figures/cooccurrence.png": "Findings that occur together (the paper's Fig. 2)",
    "figures/curves.png": "Curves of the pretraining",
    "figures/accuracies.png": "Accuracy of the folds",
    "confusion_matrices.png": "Confusion matrices (the paper's Fig. 3)",
}
"""Pictures of the report by their path beside it, as in ``catalog.yml``."""

EXAMPLES = "figures/{architecture}_grad_cam.png"

ABLATION = "ablation.png"


def write_limits(
    images: pd.DataFrame,
    data_a: pd.DataFrame,
    data_b: pd.DataFrame,
    folds: pd.DataFrame,
    split: SplitParameters,
    results: dict[str, Results],
    paired_tests: pd.DataFrame,
    optimism: pd.DataFrame | None,
    ablation: pd.DataFrame | None,
    is_synthetic: bool,
    ingest: IngestParameters,
) -> Section:
    """Return the section on what this run shows, and what it does not."""
    from detl.report.limits import describe_limits

    return describe_limits(
        images,
        data_a,
        data_b,
        folds,
        split,
        results,
        paired_tests,
        optimism,
        ablation,
        is_synthetic,
        ingest.input_size,
        {name: result["width_multiplier"] for name, result in results.items()},
    )


def write_data(
    images: pd.DataFrame,
    data_a: pd.DataFrame,
    data_b: pd.DataFrame,
    data_a_counts: pd.DataFrame,
    data_b_counts: pd.DataFrame,
    rejected: pd.DataFrame,
    label_counts: dict[str, int] | None,
    cooccurrence: pd.DataFrame | None,
    samples_picture: np.ndarray,
    cooccurrence_picture: np.ndarray | None,
    split: SplitParameters,
    is_synthetic: bool,
) -> Section:
    """Return the section on the data."""
    from detl.report.data import describe_data

    return describe_data(
        images,
        data_a,
        data_b,
        data_a_counts,
        data_b_counts,
        rejected,
        label_counts,
        cooccurrence,
        samples_picture,
        cooccurrence_picture,
        split,
        is_synthetic,
    )


def write_pretraining(
    results: dict[str, Results], curves_picture: np.ndarray
) -> Section:
    """Return the section on the pretraining."""
    from detl.report.pretraining import describe_pretraining

    return describe_pretraining(results, curves_picture)


def write_crossval(
    results: dict[str, Results],
    accuracies_picture: np.ndarray,
    confusion_matrices: np.ndarray,
) -> Section:
    """Return the section on the cross-validation."""
    from detl.report.crossval import describe_crossval

    return describe_crossval(results, accuracies_picture, confusion_matrices)


def write_grad_cam(results: dict[str, Results], **examples: np.ndarray) -> Section:
    """Return the section on Grad-CAM; the examples are by architecture."""
    from detl.report.grad_cam import describe_grad_cam

    return describe_grad_cam(results, examples)


def write_comparisons(
    optimism: pd.DataFrame | None,
    ablation: pd.DataFrame | None,
    ablation_picture: np.ndarray | None,
    split: SplitParameters,
    provenance: dict[str, Any],
) -> Section:
    """Return the section on the comparisons, run or not."""
    from detl.report.comparisons import describe_comparisons

    return describe_comparisons(
        optimism, ablation, ablation_picture, split.protocol, provenance["environment"]
    )


def write_repeat(
    provenance: dict[str, Any],
    parameters: dict[str, Any],
    images: pd.DataFrame,
    results: dict[str, Results],
    cooccurrence: pd.DataFrame | None,
    ablation_picture: np.ndarray | None,
) -> Section:
    """Return the section on how to repeat the run, with the figures that there are."""
    from detl.report.repeat import describe_repeat
    from detl.wording import network_title

    figures = dict(FIGURES)
    if cooccurrence is None:
        del figures["figures/cooccurrence.png"]
    for architecture in results:
        path = EXAMPLES.format(architecture=architecture)
        figures[path] = f"Grad-CAM of {network_title(architecture)} (Fig. 4)"
    if ablation_picture is not None:
        figures[ABLATION] = "Accuracy of the arms of the ablation"
    return describe_repeat(provenance, parameters, images, figures)


def write_page(
    images: pd.DataFrame,
    data_b: pd.DataFrame,
    results: dict[str, Results],
    is_synthetic: bool,
    **sections: Section,
) -> str:
    """Return the report, one page of HTML.

    Args:
        images: Table ``images``.
        data_b: Table ``data_b``.
        results: The results of all architectures.
        is_synthetic: Whether the images are phantoms.
        **sections: Its parts, in their order.
    """
    from detl.report.opening import write_opening
    from detl.report.page import render_page

    opening = write_opening(images, data_b, results, is_synthetic)
    return render_page(TITLE, opening, list(sections.values()))

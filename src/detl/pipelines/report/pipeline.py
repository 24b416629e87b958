"""Graph of the report: a namespace per architecture, then one for the page."""

from collections.abc import Callable, Sequence

from kedro.pipeline import Node, Pipeline

from detl.design import ARCHITECTURES, FOLDS
from detl.report.page import Section

from .audit_pipeline import JUDGED, judge_and_describe
from .nodes import (
    collect_results,
    count_labels,
    draw_accuracies,
    draw_curves,
    draw_examples,
    draw_samples,
    gather_results,
    recognise_phantoms,
)
from .sections import (
    write_comparisons,
    write_crossval,
    write_data,
    write_grad_cam,
    write_limits,
    write_page,
    write_pretraining,
    write_repeat,
)

SECTIONS = (
    "verdict",
    "limits",
    "data",
    "leak_check",
    "pretraining",
    "crossval",
    "scores",
    "calibration",
    "subgroups",
    "shortcuts",
    "external",
    "grad_cam",
    "explanation_scores",
    "comparisons",
    "repeat",
)
"""The sections of the page, in their order."""

_FROM_OTHER_STAGES = {
    "radiographs",
    "images",
    "pixels",
    "copies",
    "leaks",
    "paired_tests",
    "reliability_picture",
    "net_benefit_picture",
    "shortcuts.identifiable",
    "external.source",
    "shortcuts_picture",
    "deletion_picture",
    "sanity_picture",
    "rejected",
    "data_a",
    "data_b",
    "data_a_counts",
    "data_b_counts",
    "folds",
    "confusion_matrices",
    "optimism",
    "ablation",
    "ablation_picture",
    "provenance",
}


def create_pipeline(
    architectures: Sequence[str] = ARCHITECTURES, folds: Sequence[str] = FOLDS
) -> Pipeline:
    """Collect each architecture's results, and write the page over all."""
    examples = {name: f"{name}.report.examples" for name in architectures}
    results = {name: f"{name}.report.results" for name in architectures}
    judged = [f"{a}.{dataset}" for a in architectures for dataset in JUDGED.values()]
    page = Pipeline(
        [
            *_figures(results),
            *_sections(examples),
            *judge_and_describe(architectures),
            _page(),
        ],
        namespace="report",
        inputs=_FROM_OTHER_STAGES | {*examples.values(), *results.values(), *judged},
        outputs={"report_page", "audit_verdict"},
        parameters={"params:ingest", "params:split", "params:seed"},
        # A run of one architecture's nodes alone ends with the report, too.
        tags=architectures,
    )
    return Pipeline([*(_one_architecture(name, folds) for name in architectures), page])


def _one_architecture(architecture: str, folds: Sequence[str]) -> Pipeline:
    nodes = [
        Node(
            draw_examples,
            inputs={
                "pixels": "pixels",
                "data_b": "data_b",
                "map_shift": f"{architecture}.explain.map_shift",
                **{
                    f"{fold}_{result}": f"{architecture}.explain.{fold}.{result}"
                    for fold in folds
                    for result in ("chosen", "heat_maps")
                },
            },
            outputs=["examples", "evidence"],
            name="draw_examples",
        ),
        Node(
            collect_results,
            inputs={
                "history": f"{architecture}.pretrain.history",
                "scores": f"{architecture}.pretrain.scores",
                "summary": f"{architecture}.crossval.summary",
                "fold_summary": f"{architecture}.crossval.fold_summary",
                "data_b": "data_b",
                "evidence": "evidence",
                "network": "params:network",
                "seed": "params:seed",
                **{
                    fold: f"{architecture}.crossval.{fold}.predictions"
                    for fold in folds
                },
            },
            outputs="results",
            name="collect_results",
        ),
    ]
    return Pipeline(
        nodes,
        namespace=f"{architecture}.report",
        inputs=Pipeline(nodes).inputs() - {"params:network", "params:seed"},
        parameters={
            "params:network": f"params:architectures.{architecture}.network",
            "params:seed": "params:seed",
        },
        tags=[architecture],
    )


def _figures(results: dict[str, str]) -> list[Node]:
    return [
        Node(
            recognise_phantoms,
            inputs="radiographs",
            outputs="is_synthetic",
            name="recognise_phantoms",
        ),
        Node(
            count_labels,
            inputs=["radiographs", "params:ingest"],
            outputs=["label_counts", "cooccurrence", "cooccurrence_picture"],
            name="count_labels",
        ),
        Node(
            draw_samples,
            inputs=["pixels", "images", "data_b", "params:seed"],
            outputs="samples_picture",
            name="draw_samples",
        ),
        Node(gather_results, inputs=results, outputs="results", name="gather_results"),
        Node(
            draw_curves, inputs="results", outputs="curves_picture", name="draw_curves"
        ),
        Node(
            draw_accuracies,
            inputs="results",
            outputs="accuracies_picture",
            name="draw_accuracies",
        ),
    ]


def _sections(examples: dict[str, str]) -> list[Node]:
    selected = ("images", "data_a", "data_b")
    compared = ("optimism", "ablation")
    return [
        _section(
            write_limits,
            *(*selected, "folds", "params:split", "results", "paired_tests"),
            *compared,
            *("is_synthetic", "params:ingest"),
        ),
        _section(
            write_data,
            *(*selected, "data_a_counts", "data_b_counts", "rejected"),
            *("label_counts", "cooccurrence"),
            *("samples_picture", "cooccurrence_picture"),
            *("params:split", "is_synthetic"),
        ),
        _section(write_pretraining, "results", "curves_picture"),
        _section(write_crossval, "results", "accuracies_picture", "confusion_matrices"),
        Node(
            write_grad_cam,
            inputs={"results": "results", **examples},
            outputs="grad_cam",
            name="write_grad_cam",
        ),
        _section(
            write_comparisons,
            *(*compared, "ablation_picture", "params:split", "provenance"),
        ),
        _section(
            write_repeat,
            *("provenance", "parameters", "images", "results"),
            *("cooccurrence", "ablation_picture"),
        ),
    ]


def _section(write: Callable[..., Section], *inputs: str) -> Node:
    name = write.__name__
    outputs = name.removeprefix("write_")
    return Node(write, inputs=list(inputs), outputs=outputs, name=name)


def _page() -> Node:
    return Node(
        write_page,
        inputs={
            "images": "images",
            "data_b": "data_b",
            "results": "results",
            "is_synthetic": "is_synthetic",
            **{section: section for section in SECTIONS},
        },
        outputs="report_page",
        name="write_page",
    )

"""Graph of the report: a namespace per architecture, then one for the page."""

from collections.abc import Sequence
from dataclasses import fields

from kedro.pipeline import Node, Pipeline

from detl.design import ARCHITECTURES, FOLDS
from detl.figures.roc import draw_roc
from detl.figures.samples import draw_samples
from detl.pipelines.binding import of_those_there
from detl.report.description import write_description
from detl.report.inputs import Network, Run
from detl.report.page import write_page
from detl.report.results import collect_results
from detl.report.verdict import judge_audit

from .nodes import (
    count_label_file,
    draw_network_examples,
    draw_shortcut_cards,
    draw_training,
    gather_run,
    recognise_phantoms,
)

OF_NETWORK = {
    "scores": "evaluate.scores",
    "calibration": "evaluate.calibration",
    "operating_points": "evaluate.operating_points",
    "predictive_values": "evaluate.predictive_values",
    "subgroups": "evaluate.subgroups",
    "cues": "shortcuts.cues",
    "source_probe": "shortcuts.source_probe",
    "same_source": "shortcuts.same_source",
    "without_lungs": "retrain.without_lungs",
    "sources_out": "retrain.sources_out",
    "localisation": "lesions.localisation",
    "deletion": "explanation_scores.deletion",
    "sanity": "explanation_scores.sanity",
    "regions": "lesions.regions_picture",
    "external": "external.scores",
    "external_refusals": "external.refusals",
    "refusals": "evaluate.refusals",
}
"""Field of ``Network`` to what another stage has made of the architecture."""

OF_RUN = {field.name: field.name for field in fields(Run)} | {
    "ingest": "params:ingest",
    "split": "params:split",
    "identifiable": "shortcuts.identifiable",
    "external_source": "external.source",
}
"""Field of ``Run`` to the dataset, which mostly has the same name."""


def create_pipeline(
    architectures: Sequence[str] = ARCHITECTURES, folds: Sequence[str] = FOLDS
) -> Pipeline:
    """Return the graph that collects each network's results and writes the page."""
    nodes = [
        *_draw_figures(architectures),
        *(_gather(name) for name in architectures),
        *_write_page(architectures),
    ]
    parameters = {"params:ingest", "params:split", "params:seed"}
    page = Pipeline(
        nodes,
        namespace="report",
        inputs=Pipeline(nodes).inputs() - parameters - {"parameters"},
        outputs={"report_page", "audit_verdict", "run_description"},
        parameters=parameters,
    )
    collected = [_collect(name, folds) for name in architectures]
    return Pipeline([*collected, page])


def _collect(architecture: str, folds: Sequence[str]) -> Pipeline:
    nodes = [
        Node(
            draw_network_examples,
            inputs=[
                "pixels",
                "data_b",
                f"{architecture}.explain.map_shift",
                *(f"{architecture}.explain.{fold}.chosen" for fold in folds),
                *(f"{architecture}.explain.{fold}.heat_maps" for fold in folds),
            ],
            outputs=["examples", "errors", "evidence"],
            name="draw_network_examples",
        ),
        Node(
            collect_results,
            inputs={
                "history": f"{architecture}.pretrain.history",
                "pretrained": f"{architecture}.pretrain.scores",
                "summary": f"{architecture}.crossval.summary",
                "fold_summary": f"{architecture}.crossval.fold_summary",
                "tested": f"{architecture}.crossval.tested",
                "evidence": "evidence",
                "network": "params:network",
            },
            outputs="results",
            name="collect_results",
        ),
    ]
    return Pipeline(
        nodes,
        namespace=f"{architecture}.report",
        inputs=Pipeline(nodes).inputs() - {"params:network"},
        parameters={"params:network": f"params:architectures.{architecture}.network"},
    )


def _gather(architecture: str) -> Node:
    # Of the report and not of the network: Kedro-Viz would find a circle in a network
    # that takes what the audit has made of it.
    return Node(
        Network,
        inputs={
            "results": f"{architecture}.report.results",
            "examples": f"{architecture}.report.examples",
            "errors": f"{architecture}.report.errors",
            **{field: f"{architecture}.{of}" for field, of in OF_NETWORK.items()},
        },
        outputs=f"{architecture}_network",
        name=f"gather_{architecture}",
    )


def _draw_figures(architectures: Sequence[str]) -> list[Node]:
    return [
        Node(
            recognise_phantoms,
            inputs="radiographs",
            outputs="is_synthetic",
            name="recognise_phantoms",
        ),
        Node(
            count_label_file,
            inputs=["radiographs", "params:ingest"],
            outputs=["label_counts", "cooccurrence", "cooccurrence_picture"],
            name="count_label_file",
        ),
        Node(
            draw_samples,
            inputs=["pixels", "images", "data_b", "params:seed"],
            outputs="samples_picture",
            name="draw_samples",
        ),
        Node(
            of_those_there(draw_training),
            inputs={name: f"{name}.report.results" for name in architectures},
            outputs=["curves_picture", "accuracies_picture"],
            name="draw_training",
        ),
        Node(
            of_those_there(draw_roc),
            inputs={name: f"{name}.crossval.tested" for name in architectures},
            outputs="roc_picture",
            name="draw_roc",
        ),
        Node(
            draw_shortcut_cards,
            inputs={name: f"{name}_network" for name in architectures},
            outputs="shortcuts_picture",
            name="draw_shortcut_cards",
        ),
    ]


def _write_page(architectures: Sequence[str]) -> list[Node]:
    networks = {name: f"{name}_network" for name in architectures}
    rest = {field: of for field, of in OF_RUN.items() if field != "networks"}
    return [
        Node(gather_run, inputs=networks | rest, outputs="run", name="gather_run"),
        Node(judge_audit, inputs="run", outputs="audit_verdict", name="judge_audit"),
        Node(
            write_page,
            inputs=["run", "audit_verdict"],
            outputs="report_page",
            name="write_page",
        ),
        Node(
            write_description,
            inputs=["run", "audit_verdict"],
            outputs="run_description",
            name="write_description",
        ),
    ]

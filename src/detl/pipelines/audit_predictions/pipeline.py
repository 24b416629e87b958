"""Graph of the audit of another model's predictions: from a csv to a page."""

from kedro.pipeline import Node, Pipeline

from detl.evaluation.cross_fitting import cross_fit
from detl.pipelines.evaluate.pipeline import EVALUATE_ONE
from detl.pipelines.shortcuts.pipeline import GRADE_CUES, PREDICT_FROM_EACH_CUE
from detl.report.audited_checks import judge_predictions
from detl.report.audited_page import write_audit_page

from .nodes import (
    compare_with_sources,
    decode_answered,
    draw_pictures,
    gather_audited,
    label_images,
    match_answers,
    offer_images,
    read_predictions,
    tabulate_tested,
)

_READ = [
    Node(
        read_predictions,
        inputs="params:predictions",
        outputs="answers",
        name="read_predictions",
    ),
    Node(
        offer_images,
        inputs=["radiographs", "params:source", "params:ingest", "patient_key"],
        outputs=["folder", "candidates", "rejected"],
        name="offer_images",
    ),
    Node(
        match_answers,
        inputs=["answers", "candidates", "folder"],
        outputs=["rows", "without_image"],
        name="match_answers",
    ),
    Node(
        decode_answered,
        inputs=["rows", "candidates", "folder", "params:ingest"],
        outputs=["images", "pixels", "undecoded"],
        name="decode_answered",
    ),
    Node(
        label_images,
        inputs=["images", "answers", "params:split"],
        outputs=["data_b", "without_class"],
        name="label_images",
    ),
    Node(
        tabulate_tested,
        inputs=["data_b", "rows", "params:seed"],
        outputs=["tested_by_seed", "folds", "tested"],
        name="tabulate_tested",
    ),
    Node(cross_fit, inputs="tested", outputs="validated", name="cross_fit"),
]

_LOOK_FOR_SHORTCUTS = [
    PREDICT_FROM_EACH_CUE,
    GRADE_CUES,
    Node(
        compare_with_sources,
        inputs=["tested_by_seed", "images", "answers", "params:seed"],
        outputs=["answers_by_source", "source_probe", "same_source"],
        name="compare_with_sources",
    ),
]

_TABLES = (
    *("scores", "calibration", "operating_points", "predictive_values", "subgroups"),
    *("cues", "source_probe", "same_source"),
)
"""Fields of ``Judged``."""

_GATHERED = (
    *("folder", "answers", "without_image", "rejected", "undecoded", "without_class"),
    *("images", "data_b", "tested_by_seed", "tested", "answers_by_source"),
)

_WRITE = [
    Node(
        draw_pictures,
        inputs=["reliability", "calibration", "net_benefit", "cues"],
        outputs=["reliability_picture", "net_benefit_picture", "cues_picture"],
        name="draw_pictures",
    ),
    Node(
        gather_audited,
        inputs={
            **{name: name for name in (*_GATHERED, *_TABLES)},
            **{n: f"params:{n}" for n in ("predictions", "source", "seed")},
            "reliability_picture": "reliability_picture",
            "net_benefit_picture": "net_benefit_picture",
            "cues_picture": "cues_picture",
        },
        outputs="audited",
        name="gather_audited",
    ),
    Node(
        judge_predictions,
        inputs="audited",
        outputs="audit_predictions_verdict",
        name="judge_predictions",
    ),
    Node(
        write_audit_page,
        inputs=["audited", "audit_predictions_verdict"],
        outputs="audit_predictions_page",
        name="write_audit_page",
    ),
]


def create_pipeline() -> Pipeline:
    """Return the graph that audits the csv ``params:predictions``."""
    return Pipeline(
        [*_READ, EVALUATE_ONE, *_LOOK_FOR_SHORTCUTS, *_WRITE],
        namespace="audit_predictions",
        inputs={"radiographs", "patient_key"},
        outputs={"audit_predictions_verdict", "audit_predictions_page"},
        parameters={
            f"params:{name}"
            for name in ("predictions", "source", "ingest", "split", "audit", "seed")
        },
    )

"""Part of the report's graph: the verdict, and the sections that it rests on."""

from collections.abc import Callable, Sequence

from kedro.pipeline import Node

from detl.report.page import Section

from .audit_sections import (
    gather_tables,
    judge_audit,
    write_calibration,
    write_explanation_scores,
    write_external,
    write_leak_check,
    write_scores,
    write_shortcuts,
    write_subgroups,
    write_verdict,
)

JUDGED = {
    "scores": "evaluate.scores",
    "calibration": "evaluate.calibration",
    "operating_points": "evaluate.operating_points",
    "predictive_values": "evaluate.predictive_values",
    "subgroups": "evaluate.subgroups",
    "card": "shortcuts.card",
    "source_probe": "shortcuts.source_probe",
    "same_source": "shortcuts.same_source",
    "sources_out": "shortcuts.sources_out",
    "localisation": "explanation_scores.localisation",
    "deletion": "explanation_scores.deletion",
    "sanity": "explanation_scores.sanity",
    "regions": "explanation_scores.regions_picture",
    "external": "external.scores",
}
"""What the audit says of an architecture, by the name that the sections give it."""


def gather_audit(architecture: str) -> Node:
    """Return the node that hands an architecture's tables to the report as one.

    Args:
        architecture: Its name.
    """
    return Node(
        gather_tables,
        inputs={name: f"{architecture}.{table}" for name, table in JUDGED.items()},
        outputs="tables",
        name="gather_tables",
    )


def judge_and_describe(architectures: Sequence[str]) -> list[Node]:
    """Return the nodes of the verdict, and of the sections that it rests on.

    Args:
        architectures: Those whose tables are judged.
    """
    tables = {name: f"{name}.report.tables" for name in architectures}

    def write(node: Callable[..., Section], *shared: str, **by_network: str) -> Node:
        named = {name.rsplit(".", 1)[-1]: name for name in shared}
        name = node.__name__
        outputs = name.removeprefix("write_")
        return Node(node, inputs={**named, **by_network}, outputs=outputs, name=name)

    return [
        Node(
            judge_audit,
            inputs={
                **{n: n for n in ("images", "data_b", "leaks", "paired_tests")},
                "identifiable": "shortcuts.identifiable",
                "external_source": "external.source",
                **tables,
            },
            outputs="audit_verdict",
            name="judge_audit",
        ),
        write(write_verdict, "audit_verdict"),
        write(write_leak_check, "leaks", "copies"),
        write(write_scores, "paired_tests", **tables),
        write(
            write_calibration, "reliability_picture", "net_benefit_picture", **tables
        ),
        write(write_shortcuts, "shortcuts_picture", "shortcuts.identifiable", **tables),
        write(write_explanation_scores, "deletion_picture", "sanity_picture", **tables),
        write(write_external, "external.source", **tables),
        write(write_subgroups, **tables),
    ]

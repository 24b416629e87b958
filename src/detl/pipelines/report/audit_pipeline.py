"""Part of the report's graph: the verdict, and the sections that it rests on."""

from collections.abc import Callable, Sequence

from kedro.pipeline import Node

from detl.report.page import Section

from .audit_sections import (
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

_UNJUDGED = ("predictive_values", "regions")
"""What is shown, but not judged."""


def judge_and_describe(architectures: Sequence[str]) -> list[Node]:
    """Return the nodes of the verdict, and of the sections that it rests on.

    Args:
        architectures: Those whose tables are judged.
    """

    def judged(*names: str) -> dict[str, str]:
        return {f"{a}_{n}": f"{a}.{JUDGED[n]}" for a in architectures for n in names}

    def alone(name: str) -> dict[str, str]:
        return {a: f"{a}.{JUDGED[name]}" for a in architectures}

    def write(node: Callable[..., Section], *shared: str, **inputs: str) -> Node:
        named = {name.rsplit(".", 1)[-1]: name for name in shared}
        name = node.__name__
        outputs = name.removeprefix("write_")
        return Node(node, inputs={**named, **inputs}, outputs=outputs, name=name)

    return [
        Node(
            judge_audit,
            inputs={
                **{n: n for n in ("images", "data_b", "leaks", "paired_tests")},
                "identifiable": "shortcuts.identifiable",
                "external_source": "external.source",
                **judged(*(n for n in JUDGED if n not in _UNJUDGED)),
            },
            outputs="audit_verdict",
            name="judge_audit",
        ),
        write(write_verdict, "audit_verdict"),
        write(write_leak_check, "leaks", "copies"),
        write(write_scores, "paired_tests", **alone("scores")),
        write(
            write_calibration,
            *("reliability_picture", "net_benefit_picture"),
            **judged("calibration", "operating_points", "predictive_values"),
        ),
        write(
            write_shortcuts,
            *("shortcuts_picture", "shortcuts.identifiable"),
            **judged("card", "source_probe", "same_source", "sources_out"),
        ),
        write(
            write_explanation_scores,
            *("deletion_picture", "sanity_picture"),
            **judged("localisation", "deletion", "sanity", "regions"),
        ),
        write(write_external, "external.source", **alone("external")),
        write(write_subgroups, **alone("subgroups")),
    ]

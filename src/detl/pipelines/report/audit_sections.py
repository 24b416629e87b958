"""Nodes that judge a run, and write the sections that its verdict rests on."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from detl.report.page import Section
from detl.report.verdict import Check

Tables = dict[str, pd.DataFrame]
Audit = Mapping[str, Any]
"""What ``gather_tables`` returns of an architecture."""


def gather_tables(**tables: Any) -> dict[str, Any]:
    """Return what the audit says of an architecture, by name; None if not computed.

    Args:
        **tables: By name, a table or a picture, or None.
    """
    return tables


def judge_audit(
    images: pd.DataFrame,
    data_b: pd.DataFrame,
    leaks: pd.DataFrame,
    paired_tests: pd.DataFrame,
    identifiable: pd.DataFrame | None,
    external_source: str | None,
    **tables: Audit,
) -> pd.DataFrame:
    """Return the table ``audit_verdict``, a row per check, computed or not.

    Args:
        images: Table ``images``.
        data_b: Table ``data_b``.
        leaks: Table ``leaks``.
        paired_tests: Table ``paired_tests``.
        identifiable: Table ``identifiable``, or None.
        external_source: Path of the external images, or None.
        **tables: By architecture, what ``gather_tables`` returns.
    """
    from detl.report import (
        calibration,
        explanation_scores,
        external,
        sanity,
        scores,
        shortcuts,
        sources,
        subgroups,
    )
    from detl.report import (
        leaks as leak_checks,
    )
    from detl.report.verdict import tabulate_checks
    from detl.report.wording import network_title

    def of(name: str) -> Tables:
        return _by_architecture(tables, name)

    def judge(by: Callable[[Tables], Check], name: str) -> Check:
        """Return a check of what may have been computed for some networks only."""
        lacking = [network_title(a) for a, t in tables.items() if t[name] is None]
        return by(of(name)).beside(lacking)

    return tabulate_checks(
        [
            leak_checks.judge_leaks(leaks),
            scores.judge_accuracy(of("scores"), images, data_b),
            scores.judge_best_network(paired_tests),
            judge(shortcuts.judge_lungs, "card"),
            # The cues are the same for every network.
            shortcuts.judge_cues(of("card")),
            judge(sources.judge_same_source, "same_source"),
            judge(sources.judge_probe, "source_probe"),
            judge(
                lambda found: sources.judge_sources_out(identifiable, found),
                "sources_out",
            ),
            judge(
                lambda found: external.judge_external(found, external_source),
                "external",
            ),
            calibration.judge_calibration(of("calibration")),
            calibration.judge_operating_point(of("operating_points")),
            judge(explanation_scores.judge_pointing, "localisation"),
            judge(explanation_scores.judge_deletion, "deletion"),
            judge(sanity.judge_sanity, "sanity"),
            subgroups.judge_subgroups(of("subgroups")),
        ]
    )


def write_verdict(audit_verdict: pd.DataFrame) -> Section:
    """Return the section with which the report begins."""
    from detl.report.verdict import describe_verdict

    return describe_verdict(audit_verdict)


def write_leak_check(leaks: pd.DataFrame, copies: pd.DataFrame) -> Section:
    """Return the section on leaks."""
    from detl.report.leaks import describe_leaks

    return describe_leaks(leaks, copies)


def write_scores(paired_tests: pd.DataFrame, **tables: Audit) -> Section:
    """Return the section on the scores.

    Args:
        paired_tests: Table ``paired_tests``.
        **tables: By architecture, what ``gather_tables`` returns.
    """
    from detl.report.scores import describe_scores

    return describe_scores(_by_architecture(tables, "scores"), paired_tests)


def write_calibration(
    reliability_picture: np.ndarray, net_benefit_picture: np.ndarray, **tables: Audit
) -> Section:
    """Return the section on calibration and operating points.

    Args:
        reliability_picture: Reliability diagrams.
        net_benefit_picture: Decision curves.
        **tables: By architecture, what ``gather_tables`` returns.
    """
    from detl.report.calibration import describe_calibration

    return describe_calibration(
        _by_architecture(tables, "calibration"),
        _by_architecture(tables, "operating_points"),
        _by_architecture(tables, "predictive_values"),
        reliability_picture,
        net_benefit_picture,
    )


def write_shortcuts(
    shortcuts_picture: np.ndarray | None,
    identifiable: pd.DataFrame | None,
    **tables: Audit,
) -> Section:
    """Return the section on shortcuts and sources, computed or not.

    Args:
        shortcuts_picture: Of the cards, or None.
        identifiable: Table ``identifiable``, or None.
        **tables: By architecture, what ``gather_tables`` returns.
    """
    from detl.report.shortcuts import describe_shortcuts
    from detl.report.sources import describe_sources

    cards = _by_architecture(tables, "card")
    sources = describe_sources(
        _by_architecture(tables, "source_probe"),
        _by_architecture(tables, "same_source"),
        identifiable,
        _by_architecture(tables, "sources_out"),
    )
    return describe_shortcuts(cards, shortcuts_picture, sources)


def write_explanation_scores(
    deletion_picture: np.ndarray | None,
    sanity_picture: np.ndarray | None,
    **tables: Audit,
) -> Section:
    """Return the section on the explanations' scores, computed or not.

    Args:
        deletion_picture: Deletion and insertion, or None.
        sanity_picture: The randomisation test, or None.
        **tables: By architecture, what ``gather_tables`` returns.
    """
    from detl.report.explanation_scores import describe_explanation_scores
    from detl.report.sanity import describe_sanity

    sanity = describe_sanity(_by_architecture(tables, "sanity"), sanity_picture)
    return describe_explanation_scores(
        _by_architecture(tables, "localisation"),
        _by_architecture(tables, "deletion"),
        _by_architecture(tables, "regions"),
        deletion_picture,
        sanity,
    )


def write_external(source: str | None, **tables: Audit) -> Section:
    """Return the section on images from elsewhere.

    Args:
        source: Path of these images, or None.
        **tables: By architecture, what ``gather_tables`` returns.
    """
    from detl.report.external import describe_external

    return describe_external(_by_architecture(tables, "external"), source)


def write_subgroups(**tables: Audit) -> Section:
    """Return the section on subgroups.

    Args:
        **tables: By architecture, what ``gather_tables`` returns.
    """
    from detl.report.subgroups import describe_subgroups

    return describe_subgroups(_by_architecture(tables, "subgroups"))


def _by_architecture(tables: Mapping[str, Audit], name: str) -> dict[str, Any]:
    """Return those of one name that are there, by architecture."""
    found = {architecture: of_one[name] for architecture, of_one in tables.items()}
    return {a: table for a, table in found.items() if table is not None}

"""Nodes that judge a run, and write the sections that its verdict rests on."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from detl.pipelines.named_results import with_ending
from detl.report.page import Section
from detl.report.verdict import Check

Tables = dict[str, pd.DataFrame]


def judge_audit(
    images: pd.DataFrame,
    data_b: pd.DataFrame,
    leaks: pd.DataFrame,
    paired_tests: pd.DataFrame,
    identifiable: pd.DataFrame | None,
    external_source: str | None,
    **tables: pd.DataFrame | None,
) -> pd.DataFrame:
    """Return the table ``audit_verdict``, a row per check, computed or not.

    Args:
        images: Table ``images``.
        data_b: Table ``data_b``.
        leaks: Table ``leaks``.
        paired_tests: Table ``paired_tests``.
        identifiable: Table ``identifiable``, or None.
        external_source: Path of the external images, or None.
        **tables: ``<architecture>_<table>`` of every table that is judged, or None.
    """
    from detl.report import (
        best_network,
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
    from detl.wording import network_title

    def of(name: str) -> Tables:
        return _by_architecture(tables, name)

    def judge(by: Callable[[Tables], Check], name: str) -> Check:
        """Return a check of what may have been computed for some networks only."""
        found = with_ending(tables, f"_{name}")
        lacking = [network_title(a) for a, table in found.items() if table is None]
        return by(of(name)).beside(lacking)

    return tabulate_checks(
        [
            leak_checks.judge_leaks(leaks),
            scores.judge_accuracy(of("scores"), images, data_b),
            best_network.judge_best_network(paired_tests),
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


def write_scores(paired_tests: pd.DataFrame, **scores: pd.DataFrame) -> Section:
    """Return the section on the scores, which are by architecture."""
    from detl.report.scores import describe_scores

    return describe_scores(scores, paired_tests)


def write_calibration(
    reliability_picture: np.ndarray,
    net_benefit_picture: np.ndarray,
    **tables: pd.DataFrame,
) -> Section:
    """Return the section on calibration and operating points.

    Args:
        reliability_picture: Reliability diagrams.
        net_benefit_picture: Decision curves.
        **tables: ``<architecture>_calibration``, ``_operating_points`` and
            ``_predictive_values``.
    """
    from detl.report.calibration import describe_calibration

    return describe_calibration(
        with_ending(tables, "_calibration"),
        with_ending(tables, "_operating_points"),
        with_ending(tables, "_predictive_values"),
        reliability_picture,
        net_benefit_picture,
    )


def write_shortcuts(
    shortcuts_picture: np.ndarray | None,
    identifiable: pd.DataFrame | None,
    **tables: pd.DataFrame | None,
) -> Section:
    """Return the section on shortcuts and sources, computed or not.

    Args:
        shortcuts_picture: Of the cards, or None.
        identifiable: Table ``identifiable``, or None.
        **tables: ``<architecture>_card``, ``_source_probe``, ``_same_source`` and
            ``_sources_out``, or None.
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
    **results: Any,
) -> Section:
    """Return the section on the explanations' scores, computed or not.

    Args:
        deletion_picture: Deletion and insertion, or None.
        sanity_picture: The randomisation test, or None.
        **results: ``<architecture>_localisation``, ``_deletion``, ``_sanity`` and
            ``_regions`` (a picture), or None.
    """
    from detl.report.explanation_scores import describe_explanation_scores
    from detl.report.sanity import describe_sanity

    sanity = describe_sanity(_by_architecture(results, "sanity"), sanity_picture)
    return describe_explanation_scores(
        _by_architecture(results, "localisation"),
        _by_architecture(results, "deletion"),
        _by_architecture(results, "regions"),
        deletion_picture,
        sanity,
    )


def write_external(source: str | None, **scores: pd.DataFrame | None) -> Section:
    """Return the section on images from elsewhere; the scores are by architecture."""
    from detl.report.external import describe_external

    computed = {name: table for name, table in scores.items() if table is not None}
    return describe_external(computed, source)


def write_subgroups(**subgroups: pd.DataFrame) -> Section:
    """Return the section on subgroups, which are by architecture."""
    from detl.report.subgroups import describe_subgroups

    return describe_subgroups(subgroups)


def _by_architecture(tables: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return those of one name that are there, by architecture."""
    found = with_ending(tables, f"_{name}")
    return {a: table for a, table in found.items() if table is not None}

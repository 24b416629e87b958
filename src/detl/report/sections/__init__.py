"""The sections of the page, one module each."""

from typing import Protocol

from detl.report.blocks import Section
from detl.report.checks import Check
from detl.report.inputs import Run
from detl.report.sections import (
    calibration,
    comparisons,
    crossval,
    data,
    explanation_scores,
    external,
    glossary,
    grad_cam,
    leaks,
    limits,
    pretraining,
    repeat,
    scores,
    shortcuts,
    subgroups,
)


class SectionModule(Protocol):
    """The two functions of a module of this package."""

    def section(self, run: Run) -> Section:
        """Return the section of the page."""

    def checks(self, run: Run) -> list[Check]:
        """Return the rows of the verdict; the list may be empty."""


SECTIONS: tuple[SectionModule, ...] = (
    limits,
    data,
    leaks,
    pretraining,
    crossval,
    scores,
    calibration,
    subgroups,
    shortcuts,
    external,
    grad_cam,
    explanation_scores,
    comparisons,
    glossary,
    repeat,
)
"""The sections of the page below the verdict, in their order."""

JUDGED_LAST: tuple[SectionModule, ...] = (calibration, explanation_scores, subgroups)
"""The verdict has their checks last, after all that is about the accuracies."""

"""The sections of the page; a module each."""

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
    """What a module of this package offers."""

    def section(self, run: Run) -> Section:
        """Return what the page shows of the run."""

    def checks(self, run: Run) -> list[Check]:
        """Return what the verdict says of the run; an empty list where nothing."""


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
    repeat,
)
"""The sections of the page below the verdict, in their order."""

JUDGED_LAST: tuple[SectionModule, ...] = (calibration, explanation_scores, subgroups)
"""The verdict asks first whether the accuracies can be believed, and these last."""

"""The sections of the page, one module each, and parts of them in modules of their own.

A section that is judged has its checks in the same module.
"""

from typing import Protocol, runtime_checkable

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
    """What every module in ``SECTIONS`` has."""

    def section(self, run: Run) -> Section:
        """Return the section of the page."""


@runtime_checkable
class JudgedModule(Protocol):
    """What a module has whose section is judged."""

    def checks(self, run: Run) -> list[Check]:
        """Return the rows of the verdict."""


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

"""What the intervals of a page hold: other patients, and other trainings."""

from detl.report.inputs import Run
from detl.wording import count_of

THESE = "over patients, of these networks"
"""What a caption says of intervals that hold no other training, whatever the seeds."""


ONE_PRETRAINING = (
    "All seeds share one pretraining: what another would give is in no interval."
)


def count_seeds(run: Run) -> int:
    """Return with how many seeds each network was trained, at least."""
    return min(int(result["seeds"]) for result in run.results.values())


def name_held(run: Run) -> str:
    """Return what intervals over seeds are over, such as ``patients and trainings``."""
    return "patients and trainings" if count_seeds(run) > 1 else "patients"


def describe_trainings(run: Run) -> str:
    """Return what the intervals hold of another training, in a sentence or three."""
    seeds = count_seeds(run)
    if seeds == 1:
        return (
            "Each network was trained once: the intervals are over patients, and what "
            "another training would give is in none of them."
        )
    return (
        f"Each network was trained with {count_of(seeds, 'seed')}. Accuracies are "
        "means over them, and intervals are over patients and trainings; those marked "
        f"as {THESE}, are not over trainings. {ONE_PRETRAINING}"
    )

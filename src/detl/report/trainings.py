"""What the intervals of a page hold: other patients, and other trainings."""

from detl.report.inputs import Run, Study
from detl.schemas.parameters import flatten
from detl.wording import count_of, enumerate_names, network_title

THESE = "over patients, of these networks"
"""What a caption says of intervals that hold no other training, whatever the seeds."""

OTHER_PRETRAININGS = "Other pretrainings"
"""Title of the section on what pipeline ``stability`` adds."""


def count_seeds(run: Study) -> int:
    """Return with how many seeds each network was trained, at least."""
    return min(int(result["seeds"]) for result in run.results.values())


def name_reads(run: Run, stage: str) -> set[str]:
    """Return which weights are read after a training, as ``TrainingParameters.read``.

    Args:
        run: What the report shows.
        stage: ``pretrain`` or ``transfer``.
    """
    # Some blocks are typed, others are not.
    parameters = flatten(run.parameters).items()
    return {value for name, value in parameters if name.endswith(f".{stage}.read")}


def name_held(run: Study) -> str:
    """Return what intervals over seeds are over, such as ``patients and trainings``."""
    return "patients and trainings" if count_seeds(run) > 1 else "patients"


def describe_trainings(run: Study) -> str:
    """Return what the intervals of the page hold of another training."""
    seeds = count_seeds(run)
    if seeds == 1:
        return describe_missing(run)
    return (
        f"Each network was trained with {count_of(seeds, 'seed')}; accuracies are "
        "means over them, and intervals are over patients and trainings. Those of "
        f"calibration, thresholds, features and heat maps are {THESE}. "
        f"{describe_missing(run)}"
    )


def describe_missing(run: Study) -> str:
    """Return what no interval of the page holds, or only those of one section."""
    exception = _name_exception(run)
    if count_seeds(run) == 1:
        return (
            "Each network was trained once: the intervals are over patients, and what "
            f"another training would give is in none of them{exception}."
        )
    return (
        "All seeds share one pretraining: what another would give is in no interval"
        f"{exception}."
    )


def _name_exception(run: Study) -> str:
    """Return which intervals hold other pretrainings, "" where none does."""
    if run.stability is None:
        return ""
    compared = run.stability["architecture"].unique()
    networks = enumerate_names([network_title(name) for name in compared])
    missing = set(run.networks) - set(compared)
    alone = f" (of {networks} alone)" if missing else ""
    return f' but those of the section "{OTHER_PRETRAININGS}"{alone}'

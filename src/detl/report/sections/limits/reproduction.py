"""Whether the run reproduces the figures of the paper."""

from detl.report.inputs import Results, Run
from detl.report.published import IMAGES, PUBLISHED, PublishedAccuracy
from detl.report.sections.data.table_one import PAPER_DATA_B
from detl.report.sections.limits.judgements import Judgement
from detl.statistics.interval_ends import difference_ends
from detl.wording import (
    class_title,
    enumerate_names,
    in_percent,
    in_points,
    interval_in_points,
    network_title,
)

PAPER_DATA_A_IMAGES = 108_379
"""Images of the paper's Data-A, of both classes and parts together (Table I)."""

FULL_SIZE = 0.05
"""Data-A counts as the paper's where it differs from it by no more than this share."""

USUAL_INPUT_SIZE = 224

NO_PROTOCOL = "folds by patient, where the paper's seem to be by image (decision 18)"


def judge_reproduction(run: Run) -> Judgement:
    """Return whether the run reproduces the paper's figures, or why it cannot.

    Only a run under protocol paper can (decision 20). Pipeline optimism adds this
    protocol to a grouped run, but trains it on fewer images than the paper.
    """
    results = run.results
    published = {name: PUBLISHED[name] for name in results if name in PUBLISHED}
    if not published:
        return Judgement()
    obstacles = [] if run.split.protocol == "paper" else [NO_PROTOCOL]
    obstacles += _find_obstacles(run)
    figures = enumerate_names([f"{p.percent:.2f}" for p in published.values()])
    if obstacles:
        text = (
            f"The paper's figures, {figures} %, which are neither reproduced nor "
            f"refuted here: {'; '.join(obstacles)}."
        )
        return Judgement(not_shown=[text])
    shown: list[str] = []
    not_shown: list[str] = []
    for name, figure in published.items():
        difference, low, high = measure_departure(results[name], figure)
        text = (
            f"The paper's figure of {network_title(name)}: "
            f"{in_percent(results[name]['accuracy'])} under its protocol, which "
            f"differs from its {figure.percent:.2f} % by {in_points(difference)} "
            f"points ({interval_in_points(low, high)}; decision 20)."
        )
        (shown if low <= 0 <= high else not_shown).append(text)
    return Judgement(shown, not_shown)


def measure_departure(
    result: Results, figure: PublishedAccuracy
) -> tuple[float, float, float]:
    """Return by how much an accuracy exceeds the paper's, with its 95 % interval.

    Both accuracies are of a sample of patients. Our interval is over groups of
    patients, and over trainings where there are several seeds; the paper's is over
    images, which it counts as independent, since its groups are not known, and of one
    training. The interval of the difference excludes 0 for 5 % of pairs of equal
    networks on different patients, and for fewer pairs if they share images, as public
    collections do; for more, as the paper's own training is not in it.

    Args:
        result: accuracy, accuracy_low and accuracy_high.
        figure: The paper's.

    Reference:
        As ``difference_ends``; for Wilson's intervals of both, R. G. Newcombe,
        "Interval estimation for the difference between independent proportions",
        Statist. Med. 17 (1998), 873-890, method 10.
    """
    ours = result["accuracy_low"], result["accuracy"], result["accuracy_high"]
    below, above = figure.interval
    paper = (below, figure.percent / 100, above)
    low, high = difference_ends(ours, paper, correlation=0.0)
    return ours[1] - paper[1], low, high


def _find_obstacles(run: Run) -> list[str]:
    """Return why accuracies of this run cannot be compared with the paper's."""
    data_a, data_b, size = run.data_a, run.data_b, run.ingest.input_size
    obstacles = ["synthetic images"] if run.is_synthetic else []
    sizes = data_b["label"].value_counts()
    if len(data_b) != IMAGES:
        obstacles.append(f"{len(data_b):,} images in Data-B, where it has {IMAGES:,}")
    elif any(sizes.get(label, 0) != size for label, size in PAPER_DATA_B.items()):
        numbers = [f"{class_title(k)} {sizes.get(k, 0):,}" for k in PAPER_DATA_B]
        obstacles.append(f"classes of other sizes ({enumerate_names(numbers)})")
    if abs(len(data_a) / PAPER_DATA_A_IMAGES - 1) > FULL_SIZE:
        obstacles.append(
            f"{len(data_a):,} images in Data-A, where it has {PAPER_DATA_A_IMAGES:,}"
        )
    if size != USUAL_INPUT_SIZE:
        obstacles.append(
            f"images of {size} pixels a side, where {USUAL_INPUT_SIZE} are usual"
        )
    widths = {name: r["width_multiplier"] for name, r in run.results.items()}
    narrow = {name: width for name, width in widths.items() if width != 1}
    if narrow:
        shown = [f"{network_title(name)} {width:g}" for name, width in narrow.items()]
        obstacles.append(
            f"networks of another width (factor on filters: {enumerate_names(shown)})"
        )
    return obstacles

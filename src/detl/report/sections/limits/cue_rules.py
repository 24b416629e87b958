"""Rules that guess an image's class from where and how it was taken."""

from collections.abc import Mapping, Sequence

import pandas as pd

from detl.report.abstract import score_source_rule
from detl.report.blocks import Table
from detl.report.inputs import Results, Run
from detl.report.sections.limits.judgements import (
    Judgement,
    list_networks,
    show_interval,
)
from detl.schemas.classes import DATA_B_CLASSES
from detl.wording import (
    class_title,
    count_of,
    enumerate_names,
    in_percent,
    network_title,
    show_deviation,
)


def compare_with_cue_rules(run: Run) -> Judgement:
    """Return which networks beat the rules, and which classes have their own source."""
    results = run.results
    table = _join_sources(run.images, run.data_b)
    shown: list[str] = []
    not_shown = _describe_confounding(table)
    if table["source"].nunique() == 1:
        return Judgement(shown, not_shown)
    left = list(results)
    for cue, rule in _score_rules(table).items():
        above = [n for n in left if _compare(results[n], rule) == "above"]
        not_above = [n for n in left if n not in above]
        score = f"a rule with that alone reaches {in_percent(rule)}"
        if above:
            shown.append(
                f"{list_networks(above)} {_know(above)} more of an image than its "
                f"{cue}: {score}, {_list_accuracies(results, above)}."
            )
        if not_above:
            not_shown.append(
                f"That {list_networks(not_above)} {_know(not_above)} more of an image "
                f"than its {cue}: {score}, {_list_accuracies(results, not_above)}."
            )
        # A network that does not beat one cue is not compared with two.
        left = above
    return Judgement(shown, not_shown)


def tabulate_cue_rules(run: Run) -> Table:
    """Return the accuracies of the networks and of the rules."""
    table = _join_sources(run.images, run.data_b)
    commonest = float(table["label"].value_counts(normalize=True).max())
    rules = {
        "the commonest class": commonest,
        **{f"the commonest of its {c}": r for c, r in _score_rules(table).items()},
    }
    by_source = _score_rules(table)["source"]
    rows = [
        (name, in_percent(accuracy), "", "", "") for name, accuracy in rules.items()
    ]
    rows += [
        (
            network_title(name),
            in_percent(result["accuracy"]),
            show_interval(result, "accuracy"),
            show_deviation(result["accuracy_sd_seeds"]),
            f"{_compare(result, by_source)} {in_percent(by_source)}",
        )
        for name, result in run.results.items()
    ]
    columns = [
        *("rule or network", "accuracy", "95 % interval"),
        *("SD over seeds, points", "against the source"),
    ]
    return Table(
        pd.DataFrame(rows, columns=columns),
        f"Accuracy on the {len(table):,} images of Data-B, beside rules that "
        "see no pixel and name for every image the commonest class. They are scored on "
        "the images that they were made from: more they cannot reach.",
    )


def score_cue_rules(images: pd.DataFrame, data_b: pd.DataFrame) -> dict[str, float]:
    """Return the accuracy of each rule, which names the commonest class of its cue."""
    return _score_rules(_join_sources(images, data_b))


def _join_sources(images: pd.DataFrame, data_b: pd.DataFrame) -> pd.DataFrame:
    return data_b.merge(images[["image_id", "source", "view"]], on="image_id")


def _score_rules(table: pd.DataFrame) -> dict[str, float]:
    cues = {
        "source": table["source"],
        "source and view": table["source"] + " " + table["view"],
    }
    labels = table["label"].to_numpy()
    return {name: score_source_rule(c.to_numpy(), labels) for name, c in cues.items()}


def _describe_confounding(table: pd.DataFrame) -> list[str]:
    """Return a sentence per class that has a source of its own."""
    of_class = table.groupby("label")["source"]
    found = {str(label): set(own) for label, own in of_class}
    sources = {label: found[label] for label in DATA_B_CLASSES if label in found}
    sentences = []
    for label, own in sources.items():
        rest = {name: other for name, other in sources.items() if name != label}
        alone = own.difference(*rest.values())
        if not alone or not rest:
            continue
        chosen = table.loc[table["label"] == label, "source"]
        number = int(chosen.isin(alone).sum())
        which = "all" if number == len(chosen) else f"{number:,} of"
        sentences.append(
            f"Whether {class_title(label)} is told by the disease or by the source: "
            f"{which} its {count_of(len(chosen), 'image')} are of "
            f"{enumerate_names(sorted(alone))}, which "
            f"{'has' if len(alone) == 1 else 'have'} no image of another class in "
            "Data-B."
            f"{_describe_shared(rest)}"
        )
    return sentences


def _describe_shared(sources: Mapping[str, set[str]]) -> str:
    """Return that classes share all their sources, if they do, or an empty text."""
    shared = set.intersection(*sources.values())
    if len(sources) < 2 or any(own != shared for own in sources.values()):
        return ""
    names = enumerate_names([class_title(name) for name in sources])
    is_one = len(shared) == 1
    return (
        f" Among {names}, all of {enumerate_names(sorted(shared))}, "
        f"{'the source is no cue' if is_one else 'the sources are the same'}."
    )


def _compare(result: Results, rule: float) -> str:
    if result["accuracy_low"] > rule:
        return "above"
    return "below" if result["accuracy_high"] < rule else "around"


def _know(names: Sequence[str]) -> str:
    return "knows" if len(names) == 1 else "know"


def _list_accuracies(results: Mapping[str, Results], names: Sequence[str]) -> str:
    return enumerate_names(
        [
            f"{network_title(name)} {in_percent(results[name]['accuracy'])} "
            f"({show_interval(results[name], 'accuracy')})"
            for name in names
        ]
    )

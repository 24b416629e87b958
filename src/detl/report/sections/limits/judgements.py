"""What the results of a run show, and what they do not show."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from detl.evaluation.metrics import explain_unlearned
from detl.report.arm_verdicts import judge_arms
from detl.report.inputs import Results, Run
from detl.wording import (
    class_title,
    count_of,
    enumerate_names,
    in_percent,
    in_points,
    interval_in_percent,
    interval_in_points,
    network_title,
    show_p,
)

PARTS = {
    "head": "the last layer is",
    "last_block": "the last block is",
    "all": "all layers are",
}
"""The part that an arm of the ablation trains, as a sentence says it."""


_NOUNS = {"pretrained": "pretraining", "trained": "training"}


@dataclass(frozen=True)
class Judgement:
    """The sentences on one subject that no check judges.

    Attributes:
        shown: What the run shows.
        not_shown: What the run does not show.
    """

    shown: Sequence[str] = field(default=())
    not_shown: Sequence[str] = field(default=())


def list_networks(architectures: Sequence[str]) -> str:
    """Return the titles of networks as a list in a sentence."""
    return enumerate_names([network_title(name) for name in architectures])


def judge_learning(run: Run) -> Judgement:
    """Return which networks beat chance, on Data-A and on Data-B."""
    results = run.results
    learned = [
        f"{network_title(name)} {in_percent(result['data_a_accuracy'])} "
        f"({show_interval(result, 'data_a_accuracy')})"
        for name, result in results.items()
        if not explain_unlearned(result)
    ]
    shown = []
    if learned:
        chance = max(result["data_a_chance"] for result in results.values())
        shown.append(
            "Pretraining tells normal from diseased images of Data-A's validation part "
            f"better than chance ({in_percent(chance)}): {enumerate_names(learned)}."
        )
    commonest = float(run.data_b["label"].value_counts(normalize=True).max())
    not_shown = [
        sentence
        for name, result in results.items()
        for sentence in _describe_unlearned(network_title(name), result, commonest)
    ]
    return Judgement(shown, not_shown)


def _describe_unlearned(network: str, result: Results, commonest: float) -> list[str]:
    sentences = []
    unlearned = explain_unlearned(result)
    if unlearned:
        sentences.append(
            f"That {network} has learned in pretraining: "
            f"{unlearned[0].lower()}{unlearned[1:]}"
        )
    if result["accuracy_low"] <= commonest:
        sentences.append(
            f"That {network} has learned on Data-B: its 95 % interval, "
            f"{show_interval(result, 'accuracy')}, reaches what the commonest class "
            f"alone gives, {in_percent(commonest)}."
        )
    if result["never_predicted"]:
        names = [class_title(label) for label in result["never_predicted"]]
        sentences.append(
            f"That {network} recognises {enumerate_names(names)}: it predicts "
            f"{'this class' if len(names) == 1 else 'these classes'} for none of the "
            f"{count_of(result['tested'], 'test image')}."
        )
    return sentences


def judge_optimism(optimism: pd.DataFrame | None) -> Judgement:
    """Return for which networks the trainings under both protocols differ."""
    shown, not_shown = [], []
    for line in [] if optimism is None else optimism.to_dict("records"):
        network = network_title(str(line["architecture"]))
        difference = _difference(line)
        question = f"That the protocol matters for the accuracy of {network}"
        if line["difference_low"] > 0 or line["difference_high"] < 0:
            shown.append(
                f"{network} trained under the paper's protocol differs from "
                f"{network} trained by patient: on the same "
                f"{count_of(int(line['images']), 'image')} its accuracy is another by "
                f"{difference}."
            )
            part = "pretrained" if line["seeds"] > 1 else "trained"
            not_shown.append(
                f"{question}: each protocol was {part} once, another seed may change "
                f"the accuracy too, and the interval holds no other {_NOUNS[part]}."
            )
        elif pd.isna(line["difference_low"]):
            not_shown.append(
                f"{question}: the paper's changes it by {difference}, with patients of "
                f"{count_of(int(line['groups']), 'group')}, too few for an interval."
            )
        else:
            not_shown.append(
                f"{question}: the paper's changes it by {difference}, an interval that "
                f"includes 0; optimism of up to {100 * line['difference_high']:.1f} "
                "points would agree with these images."
            )
    return Judgement(shown, not_shown)


def judge_ablation(ablation: pd.DataFrame | None) -> Judgement:
    """Return whether pretraining on Data-A helps, by the arms with random weights."""
    if ablation is None:
        return Judgement()
    shown, not_shown = [], []
    judged = ablation.assign(verdict=judge_arms(ablation))
    compared = judged[judged["difference"].notna()]
    scratch = compared[compared["initialisation"] == "scratch"]
    for line in scratch.to_dict("records"):
        network, part = network_title(line["architecture"]), PARTS[line["unfreeze"]]
        tested = f"p {show_p(line['p_holm'])} after Holm"
        if line["verdict"] == "not tested":
            tested = "the same in every fold"
        numbers = f"{_difference(line)}, {tested}"
        if line["verdict"] in ("alike", "not tested"):
            not_shown.append(
                f"That pretraining on Data-A helps {network}, against random weights "
                f"of which {part} trained: {numbers}."
            )
        else:
            shown.append(
                f"{network} is {line['verdict']} from random weights of which {part} "
                f"trained than after pretraining on Data-A: {numbers}."
            )
    missing = judged[judged["verdict"] == "not run"]
    if len(missing):
        names = missing["architecture"].astype(str).tolist()
        arms = [f"{network_title(n)} {names.count(n)}" for n in dict.fromkeys(names)]
        not_shown.append(
            "What those arms of the ablation would give that were not run: "
            f"{enumerate_names(arms)}."
        )
    return Judgement(shown, not_shown)


def show_interval(result: Results, score: str) -> str:
    """Return the 95 % interval of one of a network's scores, as the page shows it."""
    return interval_in_percent(result[f"{score}_low"], result[f"{score}_high"])


def _difference(line: Mapping[Hashable, Any]) -> str:
    interval = interval_in_points(line["difference_low"], line["difference_high"])
    return f"{in_points(line['difference'])} points ({interval})"

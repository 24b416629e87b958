"""Which network is best: the verdict on it, and what the run shows of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from detl.report.judgements import Judgement, Results, show_interval
from detl.report.verdict import Check
from detl.wording import (
    enumerate_names,
    in_percent,
    in_points,
    interval_in_points,
    network_title,
    show_p,
)

LEVEL = 0.05
"""Of the paired tests, after Holm's correction."""


@dataclass(frozen=True)
class Pair:
    """Two networks, and what tells them apart.

    Attributes:
        better: The one that is right about more images.
        worse: The other.
        difference: Of their accuracies, 0 or above.
        low: Lower end of its 95 % interval over patients; NaN where there is none.
        high: Upper end.
        p: McNemar's, after Holm's correction.
    """

    better: str
    worse: str
    difference: float
    low: float
    high: float
    p: float

    @property
    def is_established(self) -> bool:
        """Whether the better one is better.

        McNemar's test counts images as independent, so that its p is too small where a
        patient has several: the interval over patients must exclude 0 too.
        """
        return self.p < LEVEL and self.low > 0

    @property
    def interval(self) -> str:
        """The interval of the difference, in points."""
        return interval_in_points(self.low, self.high)

    @property
    def shown(self) -> str:
        """The difference and the p value."""
        return f"{in_points(self.difference)} points, p {show_p(self.p)}"


def judge_best_network(paired_tests: pd.DataFrame) -> Check:
    """Return whether one network is better than each other one.

    Shown is what is judged: the network with the highest accuracy against the one that
    it is least surely better than.

    Args:
        paired_tests: Table ``paired_tests``.
    """
    check = "Best network"
    asked = (
        f"one network beats each other: McNemar, p below {LEVEL} after Holm, and the "
        "interval of the difference over patients excludes 0"
    )
    pairs = list_pairs(paired_tests)
    if not pairs:
        return Check.not_computed(check, asked, "There are no two networks to compare.")
    own = _choose_leaders(pairs)
    closest = max(own, key=lambda pair: (not pair.is_established, pair.p))
    found = closest.shown, closest.interval
    best, rival = network_title(closest.better), network_title(closest.worse)
    if closest.is_established:
        meaning = f"{best} is better than each other network; the closest is {rival}."
        return Check(check, asked, *found, "pass", meaning)
    meaning = (
        f"Which network is best is not known: {best}, which is right most often, may "
        f"be no better than {rival}"
    )
    established = [
        f"{network_title(pair.better)} over {network_title(pair.worse)}"
        for pair in sorted(pairs, key=lambda pair: (pair.better, pair.worse))
        if pair.is_established
    ]
    if established:
        meaning += f"; established is only {enumerate_names(established)}"
    return Check(check, asked, *found, "warn", f"{meaning}.")


def describe_best_network(paired_tests: pd.DataFrame, results: Results) -> Judgement:
    """Return which networks the one with the highest accuracy is better than.

    Args:
        paired_tests: Table ``paired_tests``.
        results: By architecture, accuracy_pooled, accuracy_low and accuracy_high.
    """
    pairs = list_pairs(paired_tests)
    if not pairs:
        return Judgement()
    own = _choose_leaders(pairs)
    best = own[0].better
    first = (
        f"{network_title(best)}, {in_percent(results[best]['accuracy_pooled'])} "
        f"({show_interval(results[best], 'accuracy')})"
    )
    behind = [pair for pair in own if pair.is_established]
    rivals = [pair for pair in own if not pair.is_established]
    shown, not_shown = [], []
    if behind:
        shown.append(
            f"{first}, classifies more images correctly than {_list_worse(behind)}."
        )
    if rivals:
        not_shown.append(
            f"Which network is best: the highest is {first}, and on the same images it "
            f"is not established to be better than {_list_worse(rivals)}."
        )
    return Judgement(shown, not_shown)


def list_pairs(paired_tests: pd.DataFrame) -> list[Pair]:
    """Return each two networks that were compared, by their accuracies.

    Args:
        paired_tests: Table ``paired_tests``.
    """
    accuracy = paired_tests[paired_tests["quantity"] == "accuracy"]
    drawn = {
        (row["first"], row["second"]): row
        for row in accuracy[accuracy["test"] == "bootstrap"].to_dict("records")
    }
    pairs = []
    for row in accuracy[accuracy["test"] == "mcnemar"].to_dict("records"):
        first, second, gain = row["first"], row["second"], row["difference"]
        low, high = (drawn[first, second][end] for end in ("low", "high"))
        if gain < 0:
            first, second, gain, low, high = second, first, -gain, -high, -low
        pairs.append(Pair(first, second, gain, low, high, row["p_holm"]))
    return pairs


def _choose_leaders(pairs: Sequence[Pair]) -> list[Pair]:
    """Return the pairs of the network that is right most often."""
    lead: dict[str, float] = {}
    for pair in pairs:
        lead[pair.better] = lead.get(pair.better, 0.0) + pair.difference
        lead[pair.worse] = lead.get(pair.worse, 0.0) - pair.difference
    best = max(lead, key=lambda name: lead[name])
    return [
        # Of two that are right equally often, either may stand first.
        pair
        if pair.better == best
        else Pair(best, pair.better, 0.0, -pair.high, -pair.low, pair.p)
        for pair in pairs
        if best in (pair.better, pair.worse)
    ]


def _list_worse(pairs: Sequence[Pair]) -> str:
    return enumerate_names(
        [f"{network_title(p.worse)} ({p.shown}, {p.interval})" for p in pairs]
    )

"""The check which network is best."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from detl.report.checks import LEVEL, Check, not_computed
from detl.report.inputs import Study
from detl.wording import (
    enumerate_names,
    in_points,
    interval_in_points,
    network_title,
    show_p,
)

TITLE = "Best network"
ASKED = (
    "one network beats each other: the interval of the difference of the means over "
    f"seeds excludes 0, and McNemar's test of the ensembles has p below {LEVEL} after "
    "Holm"
)


@dataclass(frozen=True)
class Pair:
    """Two networks and the difference of their accuracies.

    Attributes:
        better: The network with the higher accuracy.
        worse: The other network.
        difference: The accuracy of the better minus that of the worse, means over
            seeds, 0 or above.
        low: Lower end of its 95 % interval over patients and trainings; NaN without an
            interval.
        high: Upper end.
        p: p of McNemar's test of the ensembles, after Holm's correction.
    """

    better: str
    worse: str
    difference: float
    low: float
    high: float
    p: float

    @property
    def is_established(self) -> bool:
        """Whether the difference is more than chance.

        McNemar's test counts images as independent, and is about one training. So the
        interval over patients and trainings must exclude 0 too.
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


def check(run: Study) -> Check:
    """Return whether one network is better than each other one.

    The number compares the network with the highest accuracy and its closest rival.
    """
    pairs = _list_pairs(run.paired_tests)
    if not pairs:
        return not_computed(TITLE, ASKED, "There are no two networks to compare.")
    closest = max(_choose_leaders(pairs), key=lambda p: (not p.is_established, p.p))
    return Check(
        TITLE,
        ASKED,
        "pass" if closest.is_established else "warn",
        _explain(closest, pairs),
        closest.shown,
        closest.interval,
        value=closest.difference,
        network=closest.better,
    )


def _explain(closest: Pair, pairs: Sequence[Pair]) -> str:
    best, rival = network_title(closest.better), network_title(closest.worse)
    if closest.is_established:
        return (
            f"{best} is better than each other network, on one pretraining of each; "
            f"the closest is {rival}."
        )
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
    return f"{meaning}."


def _list_pairs(paired_tests: pd.DataFrame) -> list[Pair]:
    """Return all pairs of networks, the one with the higher accuracy first."""
    accuracy = paired_tests[paired_tests["quantity"] == "accuracy"]
    tested = {
        (row["first"], row["second"]): row["p_holm"]
        for row in accuracy[accuracy["test"] == "mcnemar"].to_dict("records")
    }
    pairs = []
    for row in accuracy[accuracy["test"] == "two_way"].to_dict("records"):
        first, second, gain = row["first"], row["second"], row["difference"]
        low, high, p = row["low"], row["high"], tested[first, second]
        if gain < 0:
            first, second, gain, low, high = second, first, -gain, -high, -low
        pairs.append(Pair(first, second, gain, low, high, p))
    return pairs


def _choose_leaders(pairs: Sequence[Pair]) -> list[Pair]:
    """Return the pairs of the network with the highest accuracy."""
    lead: dict[str, float] = {}
    for pair in pairs:
        lead[pair.better] = lead.get(pair.better, 0.0) + pair.difference
        lead[pair.worse] = lead.get(pair.worse, 0.0) - pair.difference
    best = max(lead, key=lambda name: lead[name])
    return [
        # Of two networks with the same accuracy either may come first.
        pair
        if pair.better == best
        else Pair(best, pair.better, 0.0, -pair.high, -pair.low, pair.p)
        for pair in pairs
        if best in (pair.better, pair.worse)
    ]

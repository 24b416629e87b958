"""COVID-19 against other images of the same source, which gives nothing away."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from detl.schemas.classes import PROBABILITIES
from detl.sources.findings import COVID_19, NO_FINDING, carries
from detl.statistics.areas import FoldProbabilities, measure_mean_area
from detl.statistics.bootstrap import (
    Measurement,
    divide,
    draw_statistic,
    draw_weights,
    name_columns,
)
from detl.statistics.differences import measure_difference
from detl.statistics.notes import join_notes
from detl.statistics.rates import measure_mean_share

COVID = "covid_19"

AGAINST: Mapping[str, Callable[[pd.Series], pd.Series]] = {
    "all other images": lambda findings: findings != COVID_19,
    NO_FINDING: lambda findings: findings == NO_FINDING,
}
"""What COVID-19 is set against: which of the images without it."""

COLUMNS = [
    "source",
    "against",
    "covid_19_images",
    "other_images",
    *name_columns("called_covid_19"),
    "elsewhere_images",
    *name_columns("called_elsewhere"),
    *name_columns("excess"),
    *name_columns("sensitivity"),
    *name_columns("auc"),
    "note",
]
"""What ``score_same_source`` says of a source."""


def list_controls(data_b: pd.DataFrame, images: pd.DataFrame) -> pd.DataFrame:
    """Return the images that no fold has seen, of the sources of Data-B's COVID-19.

    They are without COVID-19, not in Data-B, and of patients who are not in it either.

    Returns:
        Rows of ``images``, with a new index.
    """
    known = images.set_index("image_id")
    covid = data_b.loc[data_b["label"] == COVID, "image_id"]
    own = images["source"].isin(known["source"].reindex(covid).dropna().unique())
    seen = images["group"].isin(data_b["group"])
    seen |= images["image_id"].isin(data_b["image_id"])
    return images[own & ~seen & ~carries(images["findings"], COVID_19)].reset_index(
        drop=True
    )


def score_same_source(
    tested: pd.DataFrame,
    controls: pd.DataFrame,
    images: pd.DataFrame,
    seed: int,
) -> pd.DataFrame:
    """Return how well networks tell COVID-19 from what else its own source holds.

    The source is the same on both sides, so it cannot give the class away. What the
    source does differently for COVID-19 (who is examined, how, and what is published)
    still can. The network of the fold that tests an image of Data-B judges it. The
    networks of all folds judge the controls, and their results are averaged: the shares
    that they call COVID-19, and the AUCs. An average of their probabilities would not
    compare with a single network. Of several seeds, the results are means over them,
    and the intervals over trainings too.

    Args:
        tested: The folds' predictions of their test parts, pooled, with ``seed``.
        controls: ``fold``, ``seed``, ``image_id`` and ``p_<class>`` of the images that
            ``list_controls`` names, by the networks of each fold.
        seed: Seed of the draws of patients.

    Returns:
        A row per source of COVID-19 in Data-B, and ``against``: all its other images,
        or those without any finding. ``covid_19_images`` and ``other_images``;
        ``called_covid_19``, the share of the others that a network calls COVID-19, mean
        over the networks; ``called_elsewhere``, the same of the ``elsewhere_images`` of
        Data-B from other sources without COVID-19, and ``excess``, by how much the
        former is greater; ``sensitivity``, the same of the COVID-19 images; ``auc`` of
        the probability of COVID-19; each with its 95 % interval over groups of
        patients, ``_low`` and ``_high``. ``note``: why a number is missing, which is
        NaN then.
    """
    columns = ["fold", "seed", "image_id", *PROBABILITIES]
    every = pd.concat([tested[columns], controls[columns]], ignore_index=True)
    known = images.set_index("image_id")[["source", "group", "findings"]]
    every = every.join(known, on="image_id")
    every["is_covid"] = carries(every["findings"], COVID_19)
    in_tests = every["image_id"].isin(tested["image_id"])
    without = every[in_tests & ~every["is_covid"]]
    rows = []
    for source, own in every.groupby("source"):
        if not own["is_covid"].any():
            continue
        for against, is_chosen in AGAINST.items():
            part = own[own["is_covid"] | is_chosen(own["findings"])]
            row = {"source": source, "against": against}
            rows.append(
                row | _contrast(part, without[without["source"] != source], seed)
            )
    return pd.DataFrame(rows, columns=COLUMNS)


def _contrast(rows: pd.DataFrame, without: pd.DataFrame, seed: int) -> dict[str, Any]:
    """Return the numbers of one source, from a row per image, fold and seed.

    Args:
        rows: Of the source: its COVID-19, and what it is set against.
        without: Of the test images of other sources without COVID-19.
    """
    said, known = _count_calls(rows)
    is_covid, groups = known["is_covid"].to_numpy(), known["group"].to_numpy()
    weights = draw_weights(groups, seed)
    networks = rows["fold"].nunique()
    each = said.to_numpy("float64"), weights, groups
    elsewhere, excess = _compare(rows[~rows["is_covid"]], without, seed)
    measured = {
        "called_covid_19": _share(each, ~is_covid, networks),
        "called_elsewhere": elsewhere,
        # An image of Data-B is judged by the network of one fold.
        "sensitivity": _share(each, is_covid, 1),
        "auc": _measure_area(rows, said.index, is_covid, weights, groups),
    }
    row: dict[str, Any] = {
        "covid_19_images": int(is_covid.sum()),
        "other_images": int((~is_covid).sum()),
        "elsewhere_images": without["image_id"].nunique(),
        **excess.as_columns("excess"),
    }
    for name, found in measured.items():
        row |= found.as_columns(name)
    notes = [f"{name}: {found.note}" for name, found in measured.items() if found.note]
    return row | {"note": join_notes(*notes)}


def _count_calls(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the share of networks that call an image COVID-19, a column per seed.

    And ``is_covid`` and ``group`` of each image.
    """
    called = rows[PROBABILITIES].idxmax(axis=1) == f"p_{COVID}"
    said = called.groupby([rows["image_id"], rows["seed"]]).mean().unstack("seed")
    known = rows.drop_duplicates("image_id").set_index("image_id").loc[said.index]
    return said, known


def _compare(
    own: pd.DataFrame, without: pd.DataFrame, seed: int
) -> tuple[Measurement, Measurement]:
    """Return how often images of other sources are called so, and how much more own."""
    both = pd.concat([own, without]).drop_duplicates(["fold", "seed", "image_id"])
    if both.empty:
        return (Measurement.missing(0, "not enough data (n = 0)"),) * 2
    said, known = _count_calls(both)
    calls, groups = said.to_numpy("float64"), known["group"].to_numpy()
    weights = draw_weights(groups, seed)
    is_own, is_tested = (said.index.isin(part["image_id"]) for part in (own, without))

    def draw(among: np.ndarray) -> np.ndarray:
        def share(drawn: np.ndarray) -> np.ndarray:
            of_those = drawn[:, among]
            return divide(of_those @ calls[among], of_those.sum(axis=1, keepdims=True))

        return draw_statistic(share, weights)

    excess = measure_difference(
        draw(is_own), draw(is_tested), groups[is_own], groups[is_tested]
    )
    return _share((calls, weights, groups), is_tested, 1), excess


def _share(
    each: tuple[np.ndarray, np.ndarray, np.ndarray], among: np.ndarray, networks: int
) -> Measurement:
    said, weights, groups = each
    return measure_mean_share(said, among, weights, groups, networks)


def _measure_area(
    rows: pd.DataFrame,
    image_ids: pd.Index,
    is_covid: np.ndarray,
    weights: np.ndarray,
    groups: np.ndarray,
) -> Measurement:
    """Return the mean over the folds of the AUC of COVID-19."""
    folds = {}
    for name, fold in rows.groupby("fold"):
        if fold["is_covid"].any() and not fold["is_covid"].all():
            of_seeds = fold.pivot(index="image_id", columns="seed", values=f"p_{COVID}")
            positions = image_ids.get_indexer(of_seeds.index)
            folds[str(name)] = FoldProbabilities(positions, of_seeds.to_numpy())
    return measure_mean_area(is_covid, folds, weights, groups, COVID)

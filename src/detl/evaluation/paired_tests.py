"""Which of two architectures is better, on the same images and folds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from detl.errors import DetlError
from detl.evaluation.predictions import average_seeds, tell_right
from detl.schemas.classes import DATA_B_CLASSES
from detl.statistics.bootstrap import draw_weights
from detl.statistics.corrected_t import NO_VARIANCE, estimate_mean, measure_overlap
from detl.statistics.delong import compare_areas, name_scarcity
from detl.statistics.differences import measure_gain
from detl.statistics.notes import join_notes

COLUMNS = [
    "first",
    "second",
    "test",
    "quantity",
    "difference",
    "low",
    "high",
    "p",
    "p_holm",
    "images",
    "groups",
    "note",
]

NUMBERS = ["difference", "low", "high", "p", "p_holm"]


def compare_architectures(
    folds: pd.DataFrame, seed: int, **tested: pd.DataFrame
) -> pd.DataFrame:
    """Return what tells each pair of architectures apart, with 95 % intervals.

    ``two_way`` is the interval of the difference of the means over seeds. It is over
    patients and, of several seeds, over the trainings of both, which have nothing in
    common: it is about the two architectures. ``corrected_t`` tests the same mean over
    the folds, which were trained on other images.

    Two tests are about these very networks, the ensembles of all seeds, on new
    patients; what another training would have given is not in them. ``mcnemar`` is the
    exact test of the images that one of the two gets right and the other wrong. It
    counts images as independent, so that its p is too small where a patient has
    several. ``delong`` tests areas under the ROC curve, means over the folds as
    probabilities of different networks do not compare, over groups.

    Args:
        seed: Seed of the draws.
        **tested: By architecture, the folds' predictions of their test parts, pooled,
            all of the same folds, with the column ``seed``.

    Returns:
        Rows per pair of architectures (``first``, ``second``; none for one alone),
        ``test`` and ``quantity`` (``accuracy``, ``macro_auc`` or ``auc_<class>``):
        ``difference``, the first less the second, from -1 to 1, with its interval from
        ``low`` to ``high`` (NaN for ``mcnemar``); ``p``, two-sided (NaN for
        ``two_way``), and ``p_holm``, corrected for the pairs that have this test and
        quantity; ``images`` and independent ``groups``, for ``delong`` of the scarcer
        class; and ``note``, what to know, and why a number is missing.

    Raises:
        DetlError: The predictions are not of the same images, labels, folds and groups.

    Reference:
        Q. McNemar, "Note on the sampling error of the difference between correlated
        proportions or percentages", Psychometrika 12 (1947), 153-157. The others: as
        ``measure_draws``, ``estimate_mean`` and ``compare_areas``. Holm: as
        ``compare_arms``.
    """
    if len(tested) < 2:
        return pd.DataFrame(columns=COLUMNS).astype(dict.fromkeys(NUMBERS, "float64"))
    overlap = measure_overlap(folds)
    ensembles = _align({name: average_seeds(table) for name, table in tested.items()})
    first, *_ = ensembles.values()
    images, groups = first["image_id"], first["group"].to_numpy()
    weights = draw_weights(groups, seed)
    networks = {
        name: _Compared(ensemble, tell_right(tested[name], images))
        for name, ensemble in ensembles.items()
    }
    rows = [
        {"first": one, "second": other, **row}
        for one, other in combinations(networks, 2)
        for row in _compare(networks[one], networks[other], weights, overlap)
    ]
    return _correct(pd.DataFrame(rows).reindex(columns=COLUMNS))


@dataclass(frozen=True)
class _Compared:
    """What is compared of an architecture, its images in the order of all others.

    Attributes:
        ensemble: What the ensemble says of each image.
        right: Whether the network of each seed is right about it, bool (n, seeds).
    """

    ensemble: pd.DataFrame
    right: np.ndarray


def _align(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the tables with the images in the order of the first."""
    (first, wanted), *_ = tables.items()
    same = ["image_id", "fold", "label", "group"]
    aligned = {}
    for name, table in tables.items():
        found = table.set_index("image_id").reindex(wanted["image_id"]).reset_index()
        differs = (found[same].to_numpy() != wanted[same].to_numpy()).any(axis=1)
        if differs.any() or len(table) != len(wanted):
            strangers = set(table["image_id"]) ^ set(wanted["image_id"])
            images = sorted(strangers) or list(wanted["image_id"][differs])
            raise DetlError(
                f"Image {images[0]} has not the same fold, label and group in the "
                f"predictions of {first} and {name}, and a paired comparison needs "
                "both: run the folds of both again."
            )
        aligned[name] = found
    return aligned


def _compare(
    one: _Compared, other: _Compared, weights: np.ndarray, overlap: float
) -> Iterator[dict[str, Any]]:
    first, second = one.ensemble, other.ensemble
    groups = first["group"].to_numpy()
    size = {"images": len(first), "groups": len(set(groups)), "note": ""}
    right = [(t["predicted"] == t["label"]).to_numpy() for t in (first, second)]
    about = {"quantity": "accuracy", **size}
    of_ensembles = float(right[0].mean() - right[1].mean())
    yield {
        **{"test": "mcnemar", **about, "difference": of_ensembles},
        **_test_discordant(*right),
    }
    drawn = measure_gain(one.right, other.right, weights, groups)
    held = "over patients and trainings" if drawn.holds_training else "over patients"
    yield {
        **{"test": "two_way", **about, "note": drawn.note or f"{held}, no test"},
        **{"difference": drawn.value, "low": drawn.low, "high": drawn.high},
    }
    gained = one.right.mean(axis=1) - other.right.mean(axis=1)
    by_fold = pd.Series(gained).groupby(first["fold"].to_numpy()).mean()
    mean = estimate_mean(by_fold.to_numpy(), overlap)
    note = f"over {len(by_fold)} folds"
    note = join_notes(note, "" if np.isfinite(mean.p) else NO_VARIANCE)
    low, high = np.clip([mean.low, mean.high], -1, 1)
    yield {
        **{"test": "corrected_t", **about, "note": note},
        **{"difference": mean.mean, "p": mean.p, "low": low, "high": high},
    }
    quantities = {f"auc_{label}": [label] for label in DATA_B_CLASSES}
    for quantity, labels in {**quantities, "macro_auc": list(DATA_B_CLASSES)}.items():
        about = {"test": "delong", "quantity": quantity, **size}
        yield {**about, **_compare_areas(first, second, labels)}


def _test_discordant(first: np.ndarray, second: np.ndarray) -> dict[str, Any]:
    from statsmodels.stats.contingency_tables import mcnemar

    table = [
        [(first & second).sum(), (first & ~second).sum()],
        [(~first & second).sum(), (~first & ~second).sum()],
    ]
    note = "counts images as independent"
    return {"p": float(mcnemar(table, exact=True).pvalue), "note": note}


def _compare_areas(
    first: pd.DataFrame, second: pd.DataFrame, labels: list[str]
) -> dict[str, Any]:
    groups, folds = first["group"].to_numpy(), first["fold"].to_numpy()
    is_positive = np.column_stack([first["label"] == label for label in labels])
    notes = [name_scarcity(column, groups, folds) for column in is_positive.T]
    for label, note in zip(labels, notes, strict=True):
        if note:
            return {"note": f"{label}: {note}"}
    columns = [f"p_{label}" for label in labels]
    areas = compare_areas(
        is_positive,
        first[columns].to_numpy(),
        second[columns].to_numpy(),
        groups,
        folds,
    )
    return {
        "difference": areas.difference,
        "low": areas.low,
        "high": areas.high,
        "p": areas.p,
        "groups": areas.groups,
        "note": "" if np.isfinite(areas.p) else NO_VARIANCE,
    }


def _correct(table: pd.DataFrame) -> pd.DataFrame:
    from statsmodels.stats.multitest import multipletests

    table = table.astype(dict.fromkeys(NUMBERS, "float64"))
    tested = table[table["p"].notna()]
    for _, family in tested.groupby(["test", "quantity"]):
        corrected = multipletests(family["p"], method="holm")[1]
        table.loc[family.index, "p_holm"] = corrected
    return table

"""Whether a network sees disease equally well in men and women, old and young."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from detl.evaluation.predictions import split_seeds
from detl.schemas.classes import DATA_B_CLASSES
from detl.schemas.tables import UNKNOWN
from detl.statistics.bootstrap import (
    divide,
    draw_statistic,
    draw_weights,
    measure_draws,
    name_columns,
)
from detl.statistics.differences import measure_difference

COLUMNS = [
    "attribute",
    "subgroup",
    "quantity",
    "class",
    "images",
    "groups",
    "value",
    "low",
    "high",
    *name_columns("gap"),
    "note",
]

NUMBERS = COLUMNS[6:-1]

FEWEST_IMAGES = 30
"""Subgroups with fewer images are shown as counts only."""

AGE_BANDS = {
    "under 18": 0,
    "18-39": 18,
    "40-59": 40,
    "60-79": 60,
    "80 and over": 80,
}
"""Lowest age of each band, in years."""

NORMAL = "normal"


def measure_subgroups(
    pooled: pd.DataFrame, images: pd.DataFrame, seed: int
) -> pd.DataFrame:
    """Return how well disease is seen in subgroups, and the gap to all others.

    Value and gap have 95 % intervals from the same draws of whole groups of patients;
    of several seeds both are means over them, and the intervals over trainings too.
    A gap says that a subgroup fares better or worse, not why: sex, age, view and source
    go together, and with the class. Many gaps are shown, and one in twenty has an
    interval without 0 by chance.

    Args:
        pooled: The folds' predictions of their test parts, pooled, of one training or
            with the column ``seed``.
        seed: Seed of the draws.

    Returns:
        A row per ``attribute`` (``sex``, ``age``, ``view``, ``source``), ``subgroup``,
        ``quantity`` and ``class``. Quantities: ``sensitivity`` of a class;
        ``disease_sensitivity``, the share of diseased images that are not called
        normal; ``under_diagnosis_rate``, the share that are; and ``false_alarm_rate``,
        the share of normal images that are called diseased; ``class`` is empty for
        these three. ``images`` and ``groups`` are those of the subgroup that the
        quantity rests on; ``value`` with ``low`` and ``high``, from 0 to 1, and
        ``gap``, the value less that of all other images, with ``gap_low`` and
        ``gap_high``. ``note`` says why a number is missing, which is NaN then:
        ``fewer than 30 images (n = 12)``. Subgroups that do not occur have no row.

    Reference:
        L. Seyyed-Kalantari et al., "Underdiagnosis bias of artificial intelligence
        algorithms applied to chest radiographs in under-served patient populations",
        Nature Medicine 27 (2021), 2176-2182.
    """
    tables = split_seeds(pooled)
    attributes = _read_attributes(tables[0], images)
    subgroups = [
        (attribute, subgroup, (attributes[attribute] == subgroup).to_numpy())
        for attribute in attributes
        for subgroup in _order_subgroups(attributes[attribute])
    ]
    inside = np.column_stack([members for *_, members in subgroups])
    groups = tables[0]["group"].to_numpy()
    weights = draw_weights(groups, seed)
    rows = [
        {
            **{"attribute": attribute, "subgroup": subgroup},
            **{"quantity": quantity, "class": label},
            **_measure(shares[position], groups, members & asked, asked & ~members),
            "place": position,
        }
        for quantity, label, asked, hit in _list_quantities(tables)
        for shares in [_draw_shares(weights, inside, asked, hit)]
        for position, (attribute, subgroup, members) in enumerate(subgroups)
    ]
    table = pd.DataFrame(rows).sort_values("place", kind="stable", ignore_index=True)
    return table[COLUMNS]


def _read_attributes(pooled: pd.DataFrame, images: pd.DataFrame) -> pd.DataFrame:
    found = images.set_index("image_id").loc[pooled["image_id"]]
    lowest = [*AGE_BANDS.values(), np.inf]
    bands = pd.cut(found["age"], lowest, right=False, labels=list(AGE_BANDS))
    ages = bands.astype(object).where(found["age"].notna(), UNKNOWN)
    columns = {"sex": found["sex"], "age": ages}
    return pd.DataFrame(columns | {name: found[name] for name in ("view", "source")})


def _order_subgroups(column: pd.Series) -> list[str]:
    """Return the subgroups that occur, the unknown one last."""
    places = {band: place for place, band in enumerate([*AGE_BANDS, "M", "F"])}
    last = len(places)
    return sorted(
        column.unique(),
        key=lambda name: (name == UNKNOWN, places.get(name, last), name),
    )


def _list_quantities(
    tables: Sequence[pd.DataFrame],
) -> Iterator[tuple[str, str, np.ndarray, np.ndarray]]:
    """Yield quantity, class, which images it is a share of, and which it counts.

    The last has a column per seed.
    """
    label = tables[0]["label"].to_numpy()
    predicted = np.column_stack([table["predicted"] for table in tables])
    is_normal, called_normal = label == NORMAL, predicted == NORMAL
    for name in DATA_B_CLASSES:
        yield "sensitivity", name, label == name, predicted == name
    yield "disease_sensitivity", "", ~is_normal, ~called_normal
    yield "under_diagnosis_rate", "", ~is_normal, called_normal
    yield "false_alarm_rate", "", is_normal, ~called_normal


def _draw_shares(
    weights: np.ndarray, inside: np.ndarray, asked: np.ndarray, hit: np.ndarray
) -> np.ndarray:
    """Return the shares inside and in the rest, (subgroups, 2, 1 + draws, seeds)."""
    counted = np.column_stack([inside, ~inside]) & asked[:, None]
    hits = counted[:, :, None] & hit[:, None, :]
    indicator = np.concatenate([counted[:, :, None], hits], axis=2, dtype="float64")
    flat = indicator.reshape(len(indicator), -1)
    drawn = draw_statistic(lambda weights: weights @ flat, weights)
    sums = drawn.reshape(len(drawn), 2, inside.shape[1], 1 + hit.shape[1])
    return divide(sums[..., 1:], sums[..., :1]).transpose(2, 1, 0, 3)


def _measure(
    shares: np.ndarray, groups: np.ndarray, members: np.ndarray, rest: np.ndarray
) -> dict[str, Any]:
    here = groups[members]
    row: dict[str, Any] = {"images": len(here), "groups": len(set(here))}
    nothing = dict.fromkeys(NUMBERS, np.nan)
    if len(here) < FEWEST_IMAGES:
        return {**row, **nothing, "note": _name_scarcity(len(here))}
    share = measure_draws(shares[0], here, kind="share")
    row |= {"value": share.value, "low": share.low, "high": share.high}
    if rest.sum() < FEWEST_IMAGES:
        note = share.note or f"the others: {_name_scarcity(rest.sum())}"
        return {**nothing, **row, "note": note}
    gap = measure_difference(shares[0], shares[1], here, groups[rest])
    row |= gap.as_columns("gap")
    note = share.note or (gap.note and f"the others: {gap.note}")
    return {**row, "note": note}


def _name_scarcity(images: int) -> str:
    return f"fewer than {FEWEST_IMAGES} images (n = {images})"

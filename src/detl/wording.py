"""How numbers and names are worded, in the report and in figures."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd

NETWORK_TITLES = {"alexnet": "AlexNet", "vgg16": "VGG16", "resnet50": "ResNet50"}
CLASS_TITLES = {
    "normal": "normal",
    "other_disease": "other disease",
    "pneumonia": "pneumonia",
    "covid_19": "COVID-19",
}

METHOD_TITLES = {
    "grad_cam": "Grad-CAM",
    "grad_cam_plus_plus": "Grad-CAM++",
    "hires_cam": "HiResCAM",
    "guided_backpropagation": "guided backpropagation",
    "random": "random order",
}

NO_INTERVAL = "no interval"


def network_title(architecture: str) -> str:
    """Return an architecture's name as it is written; its own where it is new."""
    return NETWORK_TITLES.get(architecture, architecture)


def class_title(label: str) -> str:
    """Return a class's name as it is written."""
    return CLASS_TITLES.get(label, label)


def in_percent(share: float) -> str:
    """Return a share from 0 to 1 in per cent, with one decimal."""
    return f"{100 * share:.1f} %"


def interval_in_percent(low: float, high: float) -> str:
    """Return the ends of an interval of a share, in per cent; that there is none."""
    if pd.isna(low):
        return NO_INTERVAL
    return f"{100 * low:.1f} to {100 * high:.1f} %"


def in_points(difference: float) -> str:
    """Return a difference of two shares in percentage points, with its sign."""
    return f"{100 * difference:+.1f}"


def interval_in_points(low: float, high: float) -> str:
    """Return the ends of an interval of a difference, in percentage points.

    Where there is none, it says so.
    """
    if pd.isna(low):
        return NO_INTERVAL
    return f"{100 * low:+.1f} to {100 * high:+.1f}"


def show_p(p: float) -> str:
    """Return a p value with three decimals; more where they would read as 0.05.

    So that it can be seen on which side of the usual level it lies.
    """
    if p < 0.001:
        return "< 0.001"
    decimals = 3
    while round(p, decimals) == 0.05 and p != 0.05 and decimals < 9:
        decimals += 1
    return f"{p:.{decimals}f}"


def enumerate_names(names: Sequence[str]) -> str:
    """Return names as a sentence lists them: ``a``, ``a and b``, ``a, b and c``."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def count_of(number: int, thing: str, things: str | None = None) -> str:
    """Return a number with its noun: ``1 image``, ``2,044 images``.

    Args:
        number: How many.
        thing: The noun of one.
        things: The noun of several, where it is not made with an "s".
    """
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"


def show_measured(row: Mapping[Hashable, Any], is_share: bool = True) -> str:
    """Return a measured number with its 95 % interval, or why either is missing.

    Args:
        row: ``value``, ``low``, ``high`` and ``note``.
        is_share: Whether it is a share from 0 to 1, to be shown in per cent.
    """
    if pd.isna(row["value"]):
        return str(row["note"]) or "not computed"
    value, interval = show_number(row, is_share)
    if not interval and isinstance(row["note"], str):
        interval = row["note"]
    return f"{value} ({interval})" if interval else value


def show_number(row: Mapping[Hashable, Any], is_share: bool = True) -> tuple[str, str]:
    """Return a measured number, and its 95 % interval ("" where it has none).

    Args:
        row: ``value``, ``low`` and ``high``.
        is_share: Whether it is a share from 0 to 1, to be shown in per cent.
    """
    value, low, high = (float(row[name]) for name in ("value", "low", "high"))
    if is_share:
        interval = "" if pd.isna(low) else interval_in_percent(low, high)
        return in_percent(value), interval
    return f"{value:.2f}", "" if pd.isna(low) else f"{low:.2f} to {high:.2f}"

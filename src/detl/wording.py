"""Words for numbers and names, in the report and in figures."""

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

INITIALISATION_TITLES = {
    "detl": "Data-A",
    "scratch": "random weights",
    "imagenet": "ImageNet",
}
UNFREEZE_TITLES = {
    "head": "last layer",
    "last_block": "last block",
    "all": "all layers",
}

METHOD_TITLES = {
    "grad_cam": "Grad-CAM",
    "grad_cam_plus_plus": "Grad-CAM++",
    "hires_cam": "HiResCAM",
    "guided_backpropagation": "guided backpropagation",
    "random": "random order",
}

SEX_TITLES = {"M": "men", "F": "women"}

NO_INTERVAL = "no interval"


def network_title(architecture: str) -> str:
    """Return the usual spelling of an architecture's name, unchanged if it is new."""
    return NETWORK_TITLES.get(architecture, architecture)


def class_title(label: str) -> str:
    """Return the usual spelling of a class, unchanged if it is new."""
    return CLASS_TITLES.get(label, label)


def subgroup_title(attribute: str, subgroup: str) -> str:
    """Return the images of a subgroup as people say it: ``men``, ``aged 40 to 59``.

    Args:
        attribute: ``sex``, ``age``, ``view`` or ``source``.
        subgroup: As table ``subgroups`` has it.
    """
    if subgroup == "unknown":
        return f"{attribute} unknown"
    return {
        "sex": SEX_TITLES.get(subgroup, subgroup),
        "age": f"aged {subgroup.replace('-', ' to ')}",
        "view": f"{subgroup} films",
        "source": f"images of {subgroup}",
    }.get(attribute, f"{attribute} {subgroup}")


def capitalise(text: str) -> str:
    """Return the text with a capital at its beginning, the rest unchanged."""
    return text[:1].upper() + text[1:]


def in_percent(share: float) -> str:
    """Return a share from 0 to 1 in per cent with one decimal."""
    return f"{100 * share:.1f} %"


def interval_in_percent(low: float, high: float) -> str:
    """Return the interval of a share in per cent, or ``NO_INTERVAL``."""
    if pd.isna(low):
        return NO_INTERVAL
    return f"{100 * low:.1f} to {100 * high:.1f} %"


def in_points(difference: float) -> str:
    """Return a difference of two shares in percentage points with its sign."""
    return f"{100 * difference:+.1f}"


def interval_in_points(low: float, high: float) -> str:
    """Return the interval of a difference in percentage points, or ``NO_INTERVAL``."""
    if pd.isna(low):
        return NO_INTERVAL
    return f"{100 * low:+.1f} to {100 * high:+.1f}"


def show_deviation(deviation: float | None) -> str:
    """Return a standard deviation of shares in percentage points, "-" if none."""
    if deviation is None or pd.isna(deviation):
        return "-"
    return f"{100 * deviation:.1f}"


def show_p(p: float) -> str:
    """Return a p value with three decimals, or more to show on which side of 0.05."""
    if p < 0.001:
        return "< 0.001"
    decimals = 3
    while round(p, decimals) == 0.05 and p != 0.05 and decimals < 9:
        decimals += 1
    return f"{p:.{decimals}f}"


def enumerate_names(names: Sequence[str]) -> str:
    """Return names as a list in a sentence: ``a``, ``a and b``, ``a, b and c``."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def count_of(number: int, thing: str, things: str | None = None) -> str:
    """Return a number with its noun: ``1 image``, ``2,044 images``.

    Args:
        thing: The singular of the noun.
        things: The plural of the noun, if it is not the singular with an "s".
    """
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"


def show_measured(
    row: Mapping[Hashable, Any], is_share: bool = True, decimals: int = 2
) -> str:
    """Return a measured number with its 95 % interval, or why either is missing.

    Args:
        row: ``value``, ``low``, ``high`` and ``note``.
        is_share: Whether the number is a share from 0 to 1, shown in per cent.
        decimals: Of a number that is no share.
    """
    if pd.isna(row["value"]):
        return str(row["note"]) or "not computed"
    value, interval = show_number(row, is_share, decimals)
    if not interval and isinstance(row["note"], str):
        interval = row["note"]
    return f"{value} ({interval})" if interval else value


def show_number(
    row: Mapping[Hashable, Any], is_share: bool = True, decimals: int = 2
) -> tuple[str, str]:
    """Return a measured number, and its 95 % interval, "" if there is none.

    Args:
        row: ``value``, ``low`` and ``high``.
        is_share: Whether the number is a share from 0 to 1, shown in per cent.
        decimals: Of a number that is no share.
    """
    value, low, high = (float(row[name]) for name in ("value", "low", "high"))
    if is_share:
        interval = "" if pd.isna(low) else interval_in_percent(low, high)
        return in_percent(value), interval
    interval = "" if pd.isna(low) else f"{low:.{decimals}f} to {high:.{decimals}f}"
    return f"{value:.{decimals}f}", interval

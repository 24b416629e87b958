"""How often images would be refused or warned of, in sentences."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from detl.wording import count_of, show_measured

_WORDS = {"refused": "would be refused", "warned": "would be answered with a warning"}


def describe_held_out(refusals: pd.DataFrame | None) -> str:
    """Return how often held-out images of Data-A would be refused, in sentences.

    Args:
        refusals: What ``tabulate_decisions`` says of them; None where it has not been
            computed.
    """
    if refusals is None:
        return "How often new images of the same collections are refused: not computed."
    if not refusals["images"].iloc[0]:
        return (
            "How often new images of the same collections are refused is not known: "
            "Data-A has no validation part of other patients than the networks saw."
        )
    return (
        f"Of {_count(refusals)} of Data-A's validation part, whose patients no network "
        f"was trained on, {_list_shares(refusals)}."
    )


def describe_external(refusals: pd.DataFrame | None) -> str:
    """Return how often the images of the external test would be refused, in sentences.

    Args:
        refusals: What ``tabulate_decisions`` says of them; None where no external test
            was made.
    """
    if refusals is None:
        return (
            "How often images of another hospital are refused is not known: none were "
            "tested."
        )
    return (
        f"Of {_count(refusals)} of the external test, from elsewhere, "
        f"{_list_shares(refusals)}."
    )


def _count(refusals: pd.DataFrame) -> str:
    first = refusals.iloc[0]
    images = count_of(int(first["images"]), "image")
    groups = count_of(int(first["groups"]), "group")
    return f"{images} ({groups} of patients)"


def _list_shares(refusals: pd.DataFrame) -> str:
    return " and ".join(_say(row) for row in refusals.to_dict("records"))


def _say(row: Mapping[Hashable, Any]) -> str:
    what = f"{_WORDS[row['decision']]} (rank below {row['below']:g})"
    if pd.isna(row["value"]):
        return f"the share that {what} has no number ({row['note']})"
    return f"{show_measured(row)} {what}"

"""Regions of the lesions that belong to the class of their image."""

import numpy as np
import pandas as pd

from detl.schemas.parameters import SplitParameters
from detl.sources.findings import list_findings

OTHER_FINDING = "lesions of other findings than the image's class"


def unite_regions(
    regions: pd.DataFrame,
    masks: np.ndarray,
    unreadable: pd.DataFrame,
    data_b: pd.DataFrame,
    split: SplitParameters,
) -> tuple[pd.DataFrame, np.ndarray, pd.DataFrame]:
    """Return one region per image of Data-B: the lesions of the image's class.

    An image of class pneumonia may also have a box around a nodule. A heat map for
    pneumonia need not point there, so only the boxes of pneumonia count.

    Args:
        regions: Result of ``read_regions``, a row per image and finding.
        masks: The masks of ``regions``, (n, size, size), bool.
        unreadable: The regions that ``read_regions`` cannot read.
        split: The findings that make up a class.

    Returns:
        ``regions`` and ``masks`` with a row per image; ``findings`` are the outlined
        findings of the class ("A|B"). And what is not used, the unreadable first:
        ``source``, ``reason``, ``count`` and ``example``.
    """
    known = regions.merge(data_b[["image_id", "label"]], on="image_id")
    speaks = [
        not list_findings(outlined).isdisjoint(getattr(split.data_b, label).findings)
        for label, outlined in zip(known["label"], known["findings"], strict=True)
    ]
    own = known[np.array(speaks, bool)]
    rows, united = [], []
    for row, (image_id, parts) in enumerate(own.groupby("image_id", sort=False)):
        mask = masks[parts["row"].to_numpy("int64")].any(axis=0)
        united.append(mask)
        names = sorted({*"|".join(parts["findings"]).split("|")})
        kind = parts["kind"].iloc[0]
        rows.append((image_id, "|".join(names), kind, float(mask.mean()), row))
    table = pd.DataFrame(rows, columns=list(regions)).astype(regions.dtypes.to_dict())
    stacked = np.array(united, bool).reshape(-1, *masks.shape[1:])
    others = known[~known["image_id"].isin(own["image_id"])]
    unused = _count_others(others["image_id"].drop_duplicates())
    return table, stacked, pd.concat([unreadable, unused], ignore_index=True)


def _count_others(image_ids: pd.Series) -> pd.DataFrame:
    parts = image_ids.str.split("/", n=1)
    names = pd.DataFrame({"source": parts.str[0], "name": parts.str[1]}, dtype=str)
    counted = names.groupby("source", as_index=False, sort=False).agg(
        count=("name", "size"), example=("name", "first")
    )
    counted.insert(1, "reason", OTHER_FINDING)
    return counted.astype({"source": str, "reason": str, "count": int, "example": str})

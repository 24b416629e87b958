"""The tables of the project: their columns, and the check of a table.

A table is checked where it is made.
"""

import numpy as np
import pandas as pd
from pandera.errors import SchemaErrors
from pandera.pandas import Check, Column, DataFrameSchema

from detl.errors import DetlError
from detl.schemas.classes import DATA_A_CLASSES, DATA_B_CLASSES

UNKNOWN = "unknown"
"""Value of a text column if the source does not give one (an age is NaN)."""


def _text(*checks: Check, unique: bool = False) -> Column:
    some_text = Check.str_length(min_value=1, error="some text")
    return Column(str, [some_text, *checks], unique=unique)


def _one_of(*values: str) -> Column:
    return Column(str, Check.isin(values))


def _hexadecimal(digits: int) -> Column:
    return Column(str, Check.str_matches(rf"^[0-9a-f]{{{digits}}}$"))


def _count() -> Column:
    return Column(int, Check.ge(1))


def _row_number() -> Column:
    return Column(int, Check.ge(0), unique=True)


def _probability() -> Column:
    return Column(float, Check.in_range(0, 1))


def _what_the_source_says() -> dict[str, Column]:
    return {
        "image_id": _text(unique=True),
        "source": _text(),
        "patient_id": _text(),
        "findings": _text(),
        "view": _one_of("PA", "AP", "AP Supine", "L", UNKNOWN),
        "age": Column(float, Check.in_range(0, 120), nullable=True),
        "sex": _one_of("M", "F", UNKNOWN),
        "license": _text(),
    }


CANDIDATES = DataFrameSchema(
    {**_what_the_source_says(), "path": _text()}, strict=True, name="candidates"
)
"""Images that a source offers, before they are decoded; path to the file."""

IMAGES = DataFrameSchema(
    {
        **_what_the_source_says(),
        "width": _count(),
        "height": _count(),
        "sha256": _hexadecimal(64),
        "perceptual_hash": _hexadecimal(64),
        "group": _text(),
        "row": _row_number(),
    },
    strict=True,
    name="images",
)
"""Accepted images; width and height in pixels of the file, row in ``pixels``."""

EXTERNAL_IMAGES = IMAGES.add_columns({"label": _one_of(*DATA_B_CLASSES)})
"""Images of the external test, with their class."""
EXTERNAL_IMAGES.name = "external_images"

REJECTED = DataFrameSchema(
    {"source": _text(), "name": _text(), "reason": _text()},
    strict=True,
    name="rejected",
)
"""Images and csv rows that were not taken."""

COPIES = DataFrameSchema(
    {
        "image_id": _text(),
        "other_id": _text(),
        "bits": Column(int, Check.in_range(0, 256)),
        "correlation": Column(float, Check.in_range(-1, 1)),
    },
    strict=True,
    unique=["image_id", "other_id"],
    name="copies",
)
"""Pairs of accepted images that show one picture, by their perceptual hashes, with
their similarity."""

DATA_A = DataFrameSchema(
    {
        "image_id": _text(unique=True),
        "row": _row_number(),
        "group": _text(),
        "label": _one_of(*DATA_A_CLASSES),
        "subset": _one_of("train", "validation"),
    },
    strict=True,
    name="data_a",
)

DATA_B = DataFrameSchema(
    {
        "image_id": _text(unique=True),
        "row": _row_number(),
        "group": _text(),
        "finding": _text(),
        "label": _one_of(*DATA_B_CLASSES),
    },
    strict=True,
    name="data_b",
)

FOLDS = DataFrameSchema(
    {
        "image_id": _text(),
        "fold": _text(Check.str_matches(r"^fold_[1-9]\d*$")),
        "subset": _one_of("train", "validation", "test"),
    },
    strict=True,
    unique=["image_id", "fold"],
    name="folds",
)

LEAKS = DataFrameSchema(
    {
        "boundary": _text(),
        "link": _one_of("patient", "SHA-256", "perceptual hash", "group"),
        "groups": Column(int, Check.ge(0)),
        "images": Column(int, Check.ge(0)),
        "example": Column(str),
        "named": Column(str),
    },
    strict=True,
    unique=["boundary", "link"],
    name="leaks",
)
"""Groups that cross a boundary of the split, by what joins their images."""

PREDICTIONS = DataFrameSchema(
    {
        "image_id": _text(unique=True),
        "label": _one_of(*DATA_B_CLASSES),
        "predicted": _one_of(*DATA_B_CLASSES),
        **{f"p_{name}": _probability() for name in DATA_B_CLASSES},
    },
    strict=True,
    name="predictions",
)


SEED_PREDICTIONS = DataFrameSchema(
    {
        "image_id": _text(),
        "seed": Column(int, Check.ge(0)),
        **{k: v for k, v in PREDICTIONS.columns.items() if k != "image_id"},
    },
    strict=True,
    unique=["image_id", "seed"],
    name="seed_predictions",
)
"""Predictions of the same images by a fold's networks of several seeds."""

FOLD_PREDICTIONS = DataFrameSchema(
    {"fold": FOLDS.columns["fold"], **SEED_PREDICTIONS.columns},
    strict=True,
    unique=["fold", "image_id", "seed"],
    name="fold_predictions",
)
"""Predictions of the same images by the networks of several folds and seeds."""

PRETRAINING_PREDICTIONS = DataFrameSchema(
    {
        "pretraining": Column(int, Check.ge(2)),
        **FOLD_PREDICTIONS.columns,
        "group": _text(),
    },
    strict=True,
    unique=["image_id", "seed"],
    name="pretraining_predictions",
)
"""Predictions of the test parts, pooled, by the networks of further pretrainings; no
two pretrainings share a seed."""


def tabulate_predictions(
    images: pd.DataFrame, probabilities: np.ndarray
) -> pd.DataFrame:
    """Return the table ``predictions`` of some images of Data-B, not yet validated.

    Args:
        images: ``image_id`` and ``label``, one row per image.
        probabilities: Of each image and class, (n, 4).
    """
    best = np.array(DATA_B_CLASSES)[probabilities.argmax(axis=1)]
    return pd.DataFrame(
        {
            "image_id": images["image_id"].to_numpy(str),
            "label": images["label"].to_numpy(str),
            "predicted": best,
            **{
                f"p_{name}": probabilities[:, column]
                for column, name in enumerate(DATA_B_CLASSES)
            },
        }
    )


def stack_architectures(**tables: pd.DataFrame | None) -> pd.DataFrame:
    """Return the tables of all architectures as one, after a column ``architecture``.

    Args:
        **tables: By architecture; None, of one that has not been run, is left out.
    """
    there = {name: table for name, table in tables.items() if table is not None}
    columns = dict.fromkeys(column for table in there.values() for column in table)
    rows = [
        {"architecture": architecture, **row}
        for architecture, table in there.items()
        for row in table.to_dict("records")
    ]
    return pd.DataFrame(rows, columns=["architecture", *columns])


def validate(table: pd.DataFrame, schema: DataFrameSchema) -> pd.DataFrame:
    """Return the table unchanged if it fits the schema.

    Raises:
        DetlError: The table does not fit; the message names the table, and the
            column, row and value of the first violation.
    """
    try:
        schema.validate(table, lazy=True)
    except SchemaErrors as errors:
        raise DetlError(
            f"Table {schema.name} {_first_violation(errors.failure_cases)}; correct "
            "the node that makes it, and run again."
        ) from None
    return table


def _first_violation(failures: pd.DataFrame) -> str:
    first = failures.iloc[0]
    check, value = str(first["check"]), first["failure_case"]
    if check == "column_in_dataframe":
        return f"lacks the column {value}"
    if check == "column_in_schema":
        return f"has a column {value}, which does not belong there"
    shown = repr(value) if isinstance(value, str) else str(value)
    column = f"has in column {first['column']}"
    if pd.isna(first["index"]):
        return f"{column} values of type {value}, where {check} was expected"
    if "uniqueness" in check:
        again = failures.loc[failures["check"] == first["check"], "index"].iloc[1]
        return f"{column} {shown} twice, in rows {first['index']} and {again}"
    if check == "not_nullable":
        return f"{column}, row {first['index']}, nothing, where a value was expected"
    return f"{column}, row {first['index']}, {shown}, where {check} was expected"

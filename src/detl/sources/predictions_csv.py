"""A csv of probabilities that any model gives to images, and the images it names."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from detl.errors import DetlError
from detl.schemas.classes import DATA_B_CLASSES, PROBABILITIES
from detl.sources.csv_rows import read_rows, read_text
from detl.sources.csv_table import read_text_table

OTHER = "p_other"
"""Column of the probability of all classes that have no column of their own."""

STAND_IN = "other_disease"
"""The class under which ``OTHER`` is judged."""

IMAGE = ("image_id", "file", "image", "path")
"""Names that the column of the images may have."""

NO_ANSWER = "no probability"
NO_IMAGE = "no such image in the source"

_ROUNDING = 0.01
"""How far the probabilities of an image may add up to something else than 1."""

_ADVICE = (
    f"write a column {' or '.join(IMAGE)}, a column p_<class> for two or more of the "
    f"classes {', '.join(DATA_B_CLASSES)}, and maybe {OTHER} for all the others"
)


@dataclass(frozen=True)
class Answers:
    """What a csv says of images.

    Attributes:
        rows: ``image`` as the csv has it; ``where``, its row; ``p_<class>`` of
            each class that can be named, and maybe ``threshold``, float.
        left_out: ``name`` and ``reason`` of each row that is not taken.
        classes: The classes that the model tells apart, in the project's order. Where
            the csv has ``OTHER``, ``STAND_IN`` is one of them.
        joined: The classes that are judged as ``STAND_IN``; empty without ``OTHER``.
    """

    rows: pd.DataFrame
    left_out: pd.DataFrame
    classes: tuple[str, ...]
    joined: tuple[str, ...]


def read_answers(path: Path) -> Answers:
    """Return the probabilities of a csv, each row's adding up to 1.

    Its columns: the image (one of ``IMAGE``: an id such as ``nih/00000001_000.png``, a
    path, or a file's name), ``p_<class>`` of two or more classes of Data-B, maybe
    ``p_other`` for all the others together, and maybe ``threshold``. Other columns are
    not read. A row without any probability, such as that of a refused image, is left
    out. With two probabilities and a threshold, the class that comes later in the order
    of the classes (``other`` in the place of ``other_disease``) is named from the
    threshold on; without one, the class of the largest probability is.

    Raises:
        DetlError: The csv cannot be read, lacks a column or names an unknown class; it
            has no row; a probability or threshold is no number from 0 to 1; those of an
            image do not add up to 1; or an image is named twice.
    """
    named = _read_heading(path)
    own, has_other = [name for name in PROBABILITIES if name in named], OTHER in named
    _require_classes(path, named, own)
    columns = [*own, *([OTHER] if has_other else [])]
    has_threshold = "threshold" in named
    if has_threshold and len(columns) != 2:
        raise DetlError(
            f"{path} has a threshold and {len(columns)} probabilities of an image, "
            "where a threshold goes with two: remove the column."
        )
    numbers = [*columns, *(["threshold"] if has_threshold else [])]
    spellings = {"image": IMAGE, **{name: (name,) for name in numbers}}
    table = read_text_table(path, spellings, _ADVICE, optional=numbers)
    is_empty = (table.rows[columns] == "").all(axis=1)
    rows = table.rows[~is_empty].reset_index(drop=True)
    if rows.empty:
        raise DetlError(
            f"{path} has {len(table.rows)} rows, none of them with a probability, "
            f"where a row per image was expected: {_ADVICE}."
        )
    rows = rows.assign(**{name: _read_numbers(path, rows, name) for name in numbers})
    _require_one_row_each(path, rows)
    rows[columns] = _add_up(path, rows, columns)
    refused = table.rows.loc[is_empty, ["image"]].rename(columns={"image": "name"})
    classes = [c for c in DATA_B_CLASSES if f"p_{c}" in own]
    joined = [c for c in DATA_B_CLASSES if c not in classes] if has_other else []
    known = {*classes, *([STAND_IN] if has_other else [])}
    return Answers(
        rows.rename(columns={OTHER: f"p_{STAND_IN}"}),
        pd.concat([table.faults, refused.assign(reason=NO_ANSWER)], ignore_index=True),
        tuple(c for c in DATA_B_CLASSES if c in known),
        tuple(joined),
    )


def _read_heading(path: Path) -> list[str]:
    """Return the names of the columns; nothing where ``read_text_table`` says why."""
    try:
        lines = list(io.StringIO(read_text(path), newline=""))
    except (EOFError, OSError, ValueError):
        lines = []
    if not "".join(lines).strip():
        read_text_table(path, {"image": IMAGE}, _ADVICE)
        raise DetlError(f"{path} is empty, where a csv table was expected: {_ADVICE}.")
    heading, _ = read_rows(lines)
    return [name.strip() for name in heading.fields]


def _require_classes(path: Path, named: list[str], own: list[str]) -> None:
    unknown = [n for n in named if n.startswith("p_") and n not in (*own, OTHER)]
    if unknown:
        raise DetlError(
            f"{path} has the column {unknown[0]}, which is of no known class: "
            f"{_ADVICE}."
        )
    if OTHER in named and f"p_{STAND_IN}" in own:
        raise DetlError(
            f"{path} has {OTHER} beside p_{STAND_IN}, where {OTHER} stands for the "
            f"classes without a column, of which p_{STAND_IN} must be one: rename it."
        )
    if len(own) + (OTHER in named) < 2:
        raise DetlError(
            f"{path} has {len(own) + (OTHER in named)} columns of probabilities, where "
            f"two or more were expected: {_ADVICE}."
        )


def _read_numbers(path: Path, rows: pd.DataFrame, column: str) -> pd.Series:
    values = pd.to_numeric(rows[column], errors="coerce")
    wrong = ~((values >= 0) & (values <= 1))
    if wrong.any():
        first = rows[wrong].iloc[0]
        raise DetlError(
            f"{first['where']}, has {first[column]!r} in column {column}, where a "
            f"number from 0 to 1 was expected (rows like it: {int(wrong.sum())}): "
            f"correct {path}."
        )
    return values.astype("float64")


def _require_one_row_each(path: Path, rows: pd.DataFrame) -> None:
    again = rows["image"].duplicated(keep=False)
    if again.any():
        first, second = rows[again & (rows["image"] == rows["image"][again].iloc[0])][
            "where"
        ].iloc[:2]
        raise DetlError(
            f"{first}, and {second}, are of one image, where each image has one row "
            f"(rows that repeat another: {int(rows['image'].duplicated().sum())}): "
            f"correct {path}."
        )


def _add_up(path: Path, rows: pd.DataFrame, columns: list[str]) -> np.ndarray:
    probabilities = rows[columns].to_numpy("float64")
    total = probabilities.sum(axis=1, keepdims=True)
    wrong = np.abs(total[:, 0] - 1) > _ROUNDING
    if wrong.any():
        first = rows[wrong].iloc[0]
        raise DetlError(
            f"{first['where']}: the probabilities {', '.join(columns)} add up to "
            f"{total[wrong][0, 0]:.3f}, where 1 was expected (rows like it: "
            f"{int(wrong.sum())}): correct {path}; {OTHER} is for all other classes."
        )
    return probabilities / total


def match_images(
    answers: Answers, candidates: pd.DataFrame, folder: Path
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the answers with the image that each is of, and those without one.

    An image is named by its id, with or without the source before it, by its path,
    whole or below the folder, or by its file's name where no other file has it.

    Args:
        answers: What ``read_answers`` returns.
        candidates: Images on offer: ``image_id``, and ``path`` below the folder.
        folder: Where relative paths begin.

    Returns:
        The rows of ``answers`` with ``image_id``; and ``name`` and ``reason`` of those
        that name no image.

    Raises:
        DetlError: No row names an image, or two rows name the same one.
    """
    known = _name_images(candidates, folder)
    found_ids = answers.rows["image"].map(_tidy).map(known)
    rows = answers.rows.assign(image_id=found_ids)
    found = rows["image_id"].notna()
    if not found.any():
        raise DetlError(
            f"None of the {len(rows)} rows names an image of {folder} "
            f"({rows['image'].iloc[0]!r} first, where the {len(candidates)} images are "
            f"named as {candidates['image_id'].iloc[0]!r}): name their source with "
            "--params source=PATH, or correct the names."
        )
    matched = rows[found].reset_index(drop=True)
    again = matched["image_id"].duplicated(keep=False)
    if again.any():
        first, second = matched.sort_values("image_id")[again]["where"].iloc[:2]
        raise DetlError(
            f"{first}, and {second}, name one image in two ways, where each image has "
            "one row: remove one of them."
        )
    unknown = rows.loc[~found, ["image"]].rename(columns={"image": "name"})
    return matched, unknown.assign(reason=NO_IMAGE)


def _name_images(candidates: pd.DataFrame, folder: Path) -> Mapping[str, str]:
    """Return the image by each of its names that no other image has."""
    names: dict[str, set[str]] = {}
    for image_id, path in zip(candidates["image_id"], candidates["path"], strict=True):
        whole = (folder.absolute() / path).as_posix()
        below = whole.removeprefix(f"{folder.absolute().as_posix()}/")
        _, _, without_source = image_id.partition("/")
        for name in {image_id, without_source, whole, below, PurePosixPath(path).name}:
            names.setdefault(name, set()).add(image_id)
    # An id is the image's own, whatever else is named so.
    own = {image_id: {image_id} for image_id in candidates["image_id"]}
    every = {**names, **own}
    return {name: next(iter(ids)) for name, ids in every.items() if len(ids) == 1}


def _tidy(name: str) -> str:
    return name.strip().replace("\\", "/").removeprefix("./")

"""Which files are to be predicted: one, those of a folder, or those of a list."""

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from detl.errors import DetlError

SUFFIXES = ("", ".png", ".jpg", ".jpeg", ".dcm", ".dicom")
"""Of the files of a folder that are taken; files from archives often have none."""

COLUMN = "file"


@dataclass(frozen=True)
class Input:
    """One file to be predicted.

    Attributes:
        name: As the user knows it: relative to the folder, or as the list has it.
        path: Where it lies; None where the name is of no file in the list's folder.
    """

    name: str
    path: Path | None


def list_inputs(source: Path) -> list[Input]:
    """Return the files to be predicted, in the order of their names, or of the list.

    Args:
        source: An image; a folder, of which all images are taken, at any depth; or a
            csv whose column ``file`` has paths relative to the csv.

    Raises:
        DetlError: There is no such path, the folder has no image, or the csv cannot be
            read or has no such column.
    """
    if source.is_dir():
        return _list_folder(source)
    if not source.is_file():
        raise DetlError(
            f"There is no {source}, where the images to predict should be: name an "
            "image, a folder, or a csv with the column 'file'."
        )
    if source.suffix.lower() == ".csv":
        return list(_read_list(source))
    return [Input(source.name, source)]


def _list_folder(folder: Path) -> list[Input]:
    found = [
        Input(path.relative_to(folder).as_posix(), path)
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in SUFFIXES
        and (path.is_file() or _leads_nowhere(path))
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
    if not found:
        raise DetlError(
            f"{folder} has no image: no file, at any depth, that ends in "
            f"{', '.join(filter(None, SUFFIXES))} or has no ending; name another "
            "folder, an image, or a csv with the column 'file'."
        )
    return found


def _leads_nowhere(path: Path) -> bool:
    """Return whether a link's file is missing, which its row is to say."""
    return path.is_symlink() and not path.exists()


def _read_list(path: Path) -> Iterator[Input]:
    folder = path.parent.resolve()
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DetlError(
            f"{path} cannot be read as a csv in UTF-8 ({error}): save it so, with a "
            f"column {COLUMN!r}."
        ) from error
    if not rows or COLUMN not in rows[0]:
        columns = ", ".join(map(str, rows[0])) if rows else "no row"
        raise DetlError(
            f"{path} has {columns}, where a column {COLUMN!r} with at least one row "
            "was expected: write the paths of the images there, relative to the csv."
        )
    for row in rows:
        name = (row[COLUMN] or "").strip()
        yield Input(name, _find_inside(folder, name))


def _find_inside(folder: Path, name: str) -> Path | None:
    # No path has a null character. A link to itself is none for ``Path.resolve``.
    if not name or "\0" in name:
        return None
    lies_at = Path(os.path.realpath(folder / name))
    return lies_at if lies_at.is_relative_to(folder) else None

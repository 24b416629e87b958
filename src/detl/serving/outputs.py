"""Writing answers: a csv that grows row by row, and a picture of each."""

import csv
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, Self

import numpy as np

from detl.errors import DetlError
from detl.figures.overlay import overlay
from detl.serving.dicom_overlay import read_study, write_secondary_capture
from detl.serving.predictor import Answer

PREDICTIONS = "predictions.csv"
OVERLAYS = "overlays"
SIDE = 256
"""Least height and width of a picture, in pixels; small ones are enlarged."""

LONGEST_NAME = 200
"""Of an image, in bytes, as a part of its picture's. File systems take 255, and the
picture is written under a longer name first."""


def list_columns(classes: Sequence[str]) -> list[str]:
    """Return the names of what a row says of an answer.

    Args:
        classes: Names of the classes, in the order of the probabilities.
    """
    return [
        *("decision", "predicted"),
        *(f"p_{name}" for name in classes),
        *("spread_over_folds", "rank", "reason"),
    ]


def describe_answer(answer: Answer, classes: Sequence[str]) -> dict[str, Any]:
    """Return a row of text and numbers by column; None where there is nothing to say.

    Args:
        answer: What is said of an image.
        classes: Names of the classes, in the order of the probabilities.
    """
    shares = answer.probabilities
    values = [
        *(answer.decision, answer.predicted),
        *([None] * len(classes) if shares is None else map(float, shares)),
        *(answer.spread, answer.rank, "; ".join(answer.reasons)),
    ]
    return dict(zip(list_columns(classes), values, strict=True))


class AnswerWriter:
    """Writes ``predictions.csv``, a whole row at a time, and ``overlays/``.

    A process that is killed leaves all rows that it has written, and no half one.

    Args:
        folder: Where; it is made.
        classes: Names of the classes, in the order of the probabilities.
        dicom: Whether each picture is a DICOM file too.

    Raises:
        DetlError: The folder cannot be written, or has predictions already.
    """

    def __init__(
        self, folder: Path, classes: Sequence[str], dicom: bool = False
    ) -> None:
        self._folder = folder
        self._classes = classes
        self._dicom = dicom
        try:
            folder.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
            self._file = os.open(folder / PREDICTIONS, flags, 0o644)
        except FileExistsError as error:
            raise DetlError(
                f"{error.filename} is there already, where a new file was expected: "
                "name another output folder, or move it away."
            ) from error
        except OSError as error:
            raise _cannot_be_written(folder, error) from error
        self._write_row(["file", *list_columns(classes)])

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the csv."""
        os.close(self._file)

    def draw(self, name: str, answer: Answer, film: Path | None = None) -> None:
        """Write the picture of an answer, if it has one; threads may do so at once.

        Args:
            name: Of the image, as ``list_inputs`` gives it.
            answer: What is said of it.
            film: Where it lies, whose study a DICOM file of its picture joins.

        Raises:
            DetlError: The picture cannot be written.
        """
        if answer.heat_map is None or answer.pixels is None:
            return
        picture = draw_answer(answer.pixels, answer.heat_map)
        try:
            self._save(name, picture, film)
        except OSError as error:
            raise _cannot_be_written(self._folder, error) from error

    def write(self, name: str, answer: Answer) -> None:
        """Write the row of an answer, once its picture is there.

        Args:
            name: Of the image, as ``list_inputs`` gives it.
            answer: What is said of it.

        Raises:
            DetlError: The row cannot be written.
        """
        row = describe_answer(answer, self._classes)
        try:
            self._write_row([name, *map(_spell, row.values())])
        except OSError as error:
            raise _cannot_be_written(self._folder, error) from error

    def _write_row(self, values: Sequence[str]) -> None:
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(map(_as_text, values))
        # In one call, so that a kill comes before the row or after it. A file's name
        # may be in no encoding.
        os.write(self._file, line.getvalue().encode(errors="backslashreplace"))

    def _save(self, name: str, picture: np.ndarray, film: Path | None) -> None:
        import cv2

        path = self._folder / OVERLAYS / name_overlay(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        # A PNG takes ten times the time and the disk.
        _, content = cv2.imencode(".jpg", picture[..., ::-1])
        with _whole_file(path) as temporary:
            temporary.write_bytes(content.tobytes())
        if self._dicom:
            study = read_study(film) if film else None
            with _whole_file(path.with_suffix(".dcm")) as temporary:
                write_secondary_capture(temporary, picture, study, version("detl"))


def name_overlay(name: str) -> PurePosixPath:
    """Return where the picture of an image lies, in the folder of pictures.

    It never leads out of that folder. The end of a name that is too long for a file
    system is replaced by a hash of all of it.

    Args:
        name: Of the image, as ``list_inputs`` gives it.
    """
    *folders, last = (n for n in name.split("/") if n not in ("", ".", ".."))
    content = os.fsencode(last)
    if len(content) > LONGEST_NAME:
        digest = sha256(os.fsencode(name)).hexdigest()[:16]
        kept = content[: LONGEST_NAME - 1 - len(digest)].decode(errors="ignore")
        last = f"{kept}-{digest}"
    return PurePosixPath(*folders, f"{last}_overlay.jpg")


def draw_answer(pixels: np.ndarray, heat_map: np.ndarray) -> np.ndarray:
    """Return a film, and beside it the film with its map, RGB, uint8.

    Args:
        pixels: What the networks have seen, (size, size), uint8.
        heat_map: Of the class, (size, size), 0 or greater.
    """
    import cv2

    times = -(-SIDE // len(pixels))
    shape = (times * len(pixels),) * 2
    enlarged = cv2.resize(pixels, shape, interpolation=cv2.INTER_LINEAR)
    values = cv2.resize(heat_map, shape, interpolation=cv2.INTER_LINEAR)
    picture = overlay(enlarged, values, float(values.max()))
    return np.concatenate([np.repeat(enlarged[..., None], 3, 2), picture], 1)


@contextmanager
def _whole_file(path: Path) -> Iterator[Path]:
    """Yield where a file is to be written, which then gets its name."""
    temporary = path.with_name(f".partial-{path.name}")
    yield temporary
    os.replace(temporary, path)


def _cannot_be_written(folder: Path, error: OSError) -> DetlError:
    where = error.filename or folder
    return DetlError(
        f"{where} cannot be written ({error.strerror}): name another output folder."
    )


def _spell(value: str | float | None) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else f"{value:.6f}"


def _as_text(value: str) -> str:
    """Return a value that no spreadsheet takes for a formula."""
    return f"'{value}" if value[:1] in ("=", "+", "-", "@") else value

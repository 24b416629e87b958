"""Writing answers: a csv that grows row by row, and a picture of each."""

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from detl.errors import DetlError
from detl.figures.overlay import overlay
from detl.serving.predictor import Answer

PREDICTIONS = "predictions.csv"
OVERLAYS = "overlays"
SIDE = 256
"""Least height and width of a picture, in pixels; small ones are enlarged."""


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

    Raises:
        DetlError: The folder cannot be written, or has predictions already.
    """

    def __init__(self, folder: Path, classes: Sequence[str]) -> None:
        self._folder = folder
        self._classes = classes
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
            raise DetlError(
                f"{folder} cannot be written ({error.strerror}): name another output "
                "folder."
            ) from error
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

    def write(self, name: str, answer: Answer) -> None:
        """Write the picture of an answer, if it has one, and then its row.

        Args:
            name: Of the image, as ``list_inputs`` gives it.
            answer: What is said of it.
        """
        if answer.heat_map is not None and answer.pixels is not None:
            self._draw(name, answer.pixels, answer.heat_map)
        row = describe_answer(answer, self._classes)
        self._write_row([name, *map(_spell, row.values())])

    def _write_row(self, values: Sequence[str]) -> None:
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(map(_as_text, values))
        # In one call, so that a kill comes before the row or after it.
        os.write(self._file, line.getvalue().encode())

    def _draw(self, name: str, pixels: np.ndarray, heat_map: np.ndarray) -> None:
        import cv2

        times = -(-SIDE // len(pixels))
        shape = (times * len(pixels),) * 2
        enlarged = cv2.resize(pixels, shape, interpolation=cv2.INTER_LINEAR)
        values = cv2.resize(heat_map, shape, interpolation=cv2.INTER_LINEAR)
        picture = overlay(enlarged, values, float(values.max()))
        path = self._folder / OVERLAYS / f"{name}_overlay.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = np.concatenate([np.repeat(enlarged[..., None], 3, 2), picture], 1)
        _, content = cv2.imencode(".png", beside[..., ::-1])
        temporary = path.with_name(f".partial-{path.name}")
        temporary.write_bytes(content.tobytes())
        os.replace(temporary, path)


def _spell(value: str | float | None) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else f"{value:.6f}"


def _as_text(value: str) -> str:
    """Return a value that no spreadsheet takes for a formula."""
    return f"'{value}" if value[:1] in ("=", "+", "-", "@") else value

"""Predicting many files, from a bundle to a folder of answers."""

import json
from collections.abc import Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path

from detl.errors import DetlError
from detl.imaging.ahead import map_ahead
from detl.serving.bundle import Bundle
from detl.serving.inputs import Input, list_inputs
from detl.serving.intake import Expected, Taken, take_in_file
from detl.serving.outputs import AnswerWriter
from detl.serving.predictor import Answer, Predictor

ARGUMENTS = "arguments.json"
_PACKAGES = ("detl", "keras", "numpy", "opencv-python-headless", "pillow", "pydicom")


def predict_files(
    predictor: Predictor, source: Path, folder: Path, dicom: bool = False
) -> dict[str, int]:
    """Return how many images were accepted, warned of and refused, once all is written.

    Args:
        predictor: Answers for the images; if it explains, each answer is drawn.
        source: An image, a folder of images, or a csv (``list_inputs``).
        folder: Where ``predictions.csv``, ``overlays/`` and ``arguments.json`` go.
        dicom: Whether each picture of an answer is a DICOM file too.

    Raises:
        DetlError: The source has nothing to predict, the folder cannot be written, or
            DICOM files are asked for without pictures.
    """
    from tqdm import tqdm

    if dicom and not predictor.explains:
        raise DetlError(
            "The DICOM files hold the overlays, which are switched off: ask for both, "
            "or for neither."
        )
    inputs = list_inputs(source)
    bundle = predictor.bundle
    counts = dict.fromkeys(("accepted", "warned", "refused"), 0)
    with AnswerWriter(folder, bundle.about.classes, dicom) as writer:
        _note_arguments(predictor, source, folder, dicom)
        taken = map_ahead(partial(_take, bundle.expected), inputs)
        pairs = zip(inputs, predictor.predict(taken), strict=True)
        # Drawn in threads, while the networks look at the next images.
        drawn = map_ahead(partial(_draw, writer), pairs)
        for one, answer in tqdm(drawn, "predict", len(inputs), disable=None):
            writer.write(one.name, answer)
            counts[answer.decision] += 1
    return counts


def describe_counts(folder: Path, counts: Mapping[str, int], bundle: Bundle) -> str:
    """Return a line on what was answered, and what whoever asked must know of it.

    Args:
        folder: Where the answers are.
        counts: What ``predict_files`` returns.
        bundle: Whose answers they are.
    """
    counted = ", ".join(f"{count} {name}" for name, count in counts.items())
    return f"{folder}: {counted}. {bundle.notice}"


def _draw(writer: AnswerWriter, pair: tuple[Input, Answer]) -> tuple[Input, Answer]:
    one, answer = pair
    writer.draw(one.name, answer, one.path)
    return pair


def _take(expected: Expected, one: Input) -> Taken:
    if one.path is None:
        return Taken(None, ("names no file in the folder of the list",))
    return take_in_file(one.path, expected)


def _note_arguments(
    predictor: Predictor, source: Path, folder: Path, dicom: bool
) -> None:
    noted = {
        "notice": predictor.bundle.notice,
        "input": str(source),
        "overlays": predictor.explains,
        "dicom": dicom,
        "bundle": predictor.bundle.about.model_dump(),
        "versions": {name: version(name) for name in _PACKAGES},
    }
    text = json.dumps(noted, indent=1) + "\n"
    try:
        (folder / ARGUMENTS).write_text(text, encoding="utf-8")
    except OSError as error:
        raise DetlError(
            f"{folder} cannot be written ({error.strerror}): name another folder."
        ) from error

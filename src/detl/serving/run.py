"""Predicting many files, from a bundle to a folder of answers."""

import json
from functools import partial
from importlib.metadata import version
from pathlib import Path

from detl.errors import DetlError
from detl.imaging.ahead import map_ahead
from detl.serving.bundle import Bundle
from detl.serving.inputs import Input, list_inputs
from detl.serving.intake import Expected, Taken, take_in_file
from detl.serving.outputs import AnswerWriter
from detl.serving.predictor import Predictor

ARGUMENTS = "arguments.json"
_PACKAGES = ("detl", "keras", "numpy", "opencv-python-headless", "pillow", "pydicom")


def predict_files(
    bundle: Bundle,
    source: Path,
    folder: Path,
    overlays: bool = True,
    dicom: bool = False,
) -> dict[str, int]:
    """Return how many images were accepted, warned of and refused, once all is written.

    Args:
        bundle: Networks, and what belongs to them.
        source: An image, a folder of images, or a csv (``list_inputs``).
        folder: Where ``predictions.csv``, ``overlays/`` and ``arguments.json`` go.
        overlays: Whether a picture of each answer is drawn.
        dicom: Whether each of these pictures is a DICOM file too.

    Raises:
        DetlError: The source has nothing to predict, the folder cannot be written, or
            DICOM files are asked for without pictures.
    """
    from tqdm import tqdm

    if dicom and not overlays:
        raise DetlError(
            "The DICOM files hold the overlays, which are switched off: ask for both, "
            "or for neither."
        )
    inputs = list_inputs(source)
    predictor = Predictor(bundle, explains=overlays)
    counts = dict.fromkeys(("accepted", "warned", "refused"), 0)
    with AnswerWriter(folder, bundle.about.classes, dicom) as writer:
        _note_arguments(bundle, source, folder, overlays, dicom)
        taken = map_ahead(partial(_take, bundle.expected), inputs)
        pairs = zip(inputs, predictor.predict(taken), strict=True)
        for one, answer in tqdm(pairs, "predict", len(inputs), disable=None):
            writer.write(one.name, answer, one.path)
            counts[answer.decision] += 1
    return counts


def _take(expected: Expected, one: Input) -> Taken:
    if one.path is None:
        return Taken(None, ("lies outside the folder of the list",))
    return take_in_file(one.path, expected)


def _note_arguments(
    bundle: Bundle, source: Path, folder: Path, overlays: bool, dicom: bool
) -> None:
    noted = {
        "input": str(source),
        "overlays": overlays,
        "dicom": dicom,
        "bundle": bundle.about.model_dump(),
        "versions": {name: version(name) for name in _PACKAGES},
    }
    text = json.dumps(noted, indent=1) + "\n"
    try:
        (folder / ARGUMENTS).write_text(text, encoding="utf-8")
    except OSError as error:
        raise DetlError(
            f"{folder} cannot be written ({error.strerror}): name another folder."
        ) from error

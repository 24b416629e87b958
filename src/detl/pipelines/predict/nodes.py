"""Nodes that answer for new images."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from detl.errors import DetlError

logger = logging.getLogger("detl.predict")

if TYPE_CHECKING:
    from detl.serving.bundle import Bundle
else:
    Bundle = Any


def predict_images(
    bundle: Bundle, source: str | None, output: str, overlays: bool, dicom: bool
) -> dict[str, int]:
    """Return how many images were accepted, warned of and refused.

    The answers are written one by one as they are found, since there may be more than
    memory holds: this node alone has files of its own.

    Args:
        bundle: Networks, and what belongs to them.
        source: An image, a folder of images, or a csv with the column ``file``.
        output: A new folder.
        overlays: Whether a picture of each answer is drawn.
        dicom: Whether each of these pictures is a DICOM file too.

    Raises:
        DetlError: No images are named, or the folder cannot be written.
    """
    from detl.serving.predictor import Predictor
    from detl.serving.run import describe_counts, predict_files

    if source is None:
        raise DetlError(
            "There is nothing to predict: name an image, a folder, or a csv with "
            "--params input=PATH."
        )
    logger.warning("%s", bundle.notice)
    predictor = Predictor(bundle, explains=overlays)
    counts = predict_files(predictor, Path(source), Path(output), dicom)
    logger.info("%s", describe_counts(Path(output), counts, bundle))
    return counts

"""A picture that nodes can load and Kedro-Viz can show."""

import base64
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from kedro_datasets._typing import ImagePreview

from detl.datasets.atomic import UnusableDatasetError, WholeFileDataset
from detl.figures.render import caption_synthetic


class PictureDataset(WholeFileDataset[np.ndarray]):
    """One picture in a PNG file.

    The data is a uint8 array, grey of shape (height, width) or RGB of shape
    (height, width, 3). Of synthetic radiographs it is saved with a line that says so.
    """

    def __init__(
        self,
        *,
        filepath: str | os.PathLike[str],
        synthetic_if: Mapping[str, str] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Name the file.

        Args:
            filepath: Where it lies; Kedro makes it absolute from the project's root.
            synthetic_if: ``filepath`` of a file that is there if the radiographs are
                synthetic; Kedro makes it absolute too.
            metadata: As ``LocalDataset`` takes it.
        """
        super().__init__(filepath=filepath, metadata=metadata)
        self._marker = None if synthetic_if is None else Path(synthetic_if["filepath"])

    def load(self) -> np.ndarray:
        """Return the picture, uint8, (height, width) or RGB (height, width, 3).

        Raises:
            UnusableDatasetError: If the file is not a picture.
        """
        import cv2

        encoded = np.frombuffer(self._filepath.read_bytes(), np.uint8)
        # An empty file makes OpenCV raise, where another broken one gives None.
        picture = cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED) if encoded.size else None
        if picture is None:
            raise UnusableDatasetError(
                f"{self._filepath} cannot be decoded as a picture: delete it and run "
                "the node that makes it again."
            )
        return picture if picture.ndim == 2 else picture[..., ::-1].copy()

    def preview(self) -> ImagePreview:
        """Return the file in base64, for Kedro-Viz; None where there is no file."""
        if not self.exists():
            return None
        return ImagePreview(base64.b64encode(self._filepath.read_bytes()).decode())

    def _write(self, path: Path, data: np.ndarray) -> None:
        import cv2

        is_grey, is_rgb = data.ndim == 2, data.ndim == 3 and data.shape[-1] == 3
        if data.dtype != np.uint8 or not data.size or not (is_grey or is_rgb):
            raise UnusableDatasetError(
                f"The picture for {self._filepath} is {data.dtype} of shape "
                f"{data.shape}, but must be uint8 of shape (height, width) or "
                "(height, width, 3): convert it in the node that makes it."
            )
        if self._marker is not None and self._marker.is_file():
            data = caption_synthetic(data)
        _, encoded = cv2.imencode(".png", data if is_grey else data[..., ::-1])
        path.write_bytes(encoded.tobytes())

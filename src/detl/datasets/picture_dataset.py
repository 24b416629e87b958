"""A picture that nodes can load and Kedro-Viz can show."""

import base64
from pathlib import Path

import numpy as np
from kedro_datasets._typing import ImagePreview

from detl.datasets.atomic import UnusableDatasetError, WholeFileDataset


class PictureDataset(WholeFileDataset[np.ndarray]):
    """One picture in a PNG file.

    The data is a uint8 array, grey of shape (height, width) or RGB of shape
    (height, width, 3).
    """

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
        _, encoded = cv2.imencode(".png", data if is_grey else data[..., ::-1])
        path.write_bytes(encoded.tobytes())

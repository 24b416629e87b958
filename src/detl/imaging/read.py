"""Reading image files in parallel."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from detl.imaging.ahead import map_ahead
from detl.imaging.decode import decode_image
from detl.imaging.fingerprint import perceptual_hash, sha256
from detl.imaging.grey import ImageRejected, NotReadNow
from detl.imaging.resize import Fit, make_square


@dataclass(frozen=True)
class PixelFormat:
    """What the pixels of a file become.

    Attributes:
        size: Height and width of the stored square, in pixels.
        fit: How an image that is not square becomes square.
        largest_image: Most pixels (width x height) of a file that is decoded.
    """

    size: int
    fit: Fit
    largest_image: int


@dataclass(frozen=True)
class Picture:
    """One decoded image file.

    Attributes:
        pixels: Grey values, shape (size, size), uint8.
        width: Width of the image in the file, in pixels.
        height: Height of the image in the file, in pixels.
        sha256: Of the file's bytes.
        perceptual_hash: Of the whole image, before it was made square.
        fingerprint: The same for two files if they hold the same picture, that is
            if their perceptual hashes and their pixels are the same.
    """

    pixels: np.ndarray
    width: int
    height: int
    sha256: str
    perceptual_hash: str
    fingerprint: str


def read_picture(path: Path, pixel_format: PixelFormat) -> Picture:
    """Return the decoded image of a PNG, JPEG or DICOM file, which is read once.

    Raises:
        NotReadNow: The file cannot be read.
        ImageRejected: It cannot be decoded.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise NotReadNow(f"file cannot be read: {error.strerror}") from error
    image = decode_image(content, pixel_format.largest_image)
    pixels = make_square(image, pixel_format.size, pixel_format.fit)
    hash_of_image = perceptual_hash(image)
    return Picture(
        pixels=pixels,
        width=image.shape[1],
        height=image.shape[0],
        sha256=sha256(content),
        perceptual_hash=hash_of_image,
        fingerprint=f"{hash_of_image}-{sha256(pixels.tobytes())}",
    )


def read_pictures(
    paths: Iterable[Path],
    pixel_format: PixelFormat,
    recall: Callable[[Path], Picture | ImageRejected | None] | None = None,
) -> Iterator[Picture | ImageRejected]:
    """Yield, for each path in turn, the picture or why it was rejected.

    Decodes in as many threads as there are cores, a few images ahead of the one
    that is yielded, so that memory does not grow with the number of images.

    Args:
        paths: PNG, JPEG or DICOM files.
        pixel_format: What each becomes.
        recall: What is known of a file, which is then not read; None if nothing is.
    """

    def read(path: Path) -> Picture | ImageRejected:
        try:
            return read_picture(path, pixel_format)
        except ImageRejected as rejected:
            return rejected

    return map_ahead(read, paths, recall)

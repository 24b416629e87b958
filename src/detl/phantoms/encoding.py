"""Image files with bytes that depend only on the pixels."""

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8] | NDArray[np.uint16]


def encode_png(pixels: Pixels) -> bytes:
    """Return a PNG file of grey (height, width) or BGRA (height, width, 4) pixels."""
    # Huffman coding alone gives the same bytes in every version of zlib. A search for
    # repeats would not pay, since noise has none.
    settings = [
        *(cv2.IMWRITE_PNG_COMPRESSION, 9),
        *(cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_HUFFMAN_ONLY),
        *(cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_PAETH),
    ]
    return _encode(".png", pixels, settings)


def encode_mask(mask: NDArray[np.uint8]) -> bytes:
    """Return a PNG file of one bit per pixel; ``mask`` holds 0 and 255."""
    return _encode(".png", mask, [cv2.IMWRITE_PNG_BILEVEL, 1])


def encode_jpeg(pixels: NDArray[np.uint8]) -> bytes:
    """Return a grey JPEG file of quality 92."""
    return _encode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 92])


def _encode(extension: str, pixels: Pixels, settings: list[int]) -> bytes:
    _, encoded = cv2.imencode(extension, pixels, settings)
    return encoded.tobytes()

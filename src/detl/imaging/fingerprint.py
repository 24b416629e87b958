"""Fingerprints by which copies of one picture are found."""

import hashlib

import cv2
import numpy as np

HASH_BITS = 256
"""Bits of a perceptual hash; different pictures differ in about half of them."""

_SIDE = 16


def sha256(content: bytes) -> str:
    """Return the SHA-256 of some bytes, 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def perceptual_hash(image: np.ndarray) -> str:
    """Return the 256-bit cosine hash of an image, 64 hexadecimal digits.

    The image is brought to 32 x 32 grey values; each bit says whether one of the 16 x
    16 lowest frequencies of their cosine transform is positive, row by row. The first,
    the mean, is always positive. Size, compression, brightness and contrast hardly
    change the signs: copies differ in few bits. (A difference hash, which compares
    neighbouring values, fails where a copy is so bright that parts of it have become
    white, and is much the same for all chest films.)

    Args:
        image: Grey values, shape (height, width), uint8.

    Reference:
        C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions"
        (2010), section 3.2.1, with more frequencies, and with 0 for the median.
    """
    side = 2 * _SIDE
    small = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
    frequencies = cv2.dct(small.astype(np.float32))[:_SIDE, :_SIDE]
    return np.packbits(frequencies > 0).tobytes().hex()

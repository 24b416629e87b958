"""Grey values of 8 bits, and the error of an image that has none to give."""

import numpy as np


class ImageRejected(Exception):
    """An image that cannot be used; the message is the reason for the table."""


class NotReadNow(ImageRejected):
    """An image that cannot be used here and now, though its file may be sound."""


def require_size(width: int, height: int, largest_image: int) -> None:
    """Raise ImageRejected if an image has too many pixels, or none."""
    if width * height > largest_image:
        raise ImageRejected(f"too large: {width} x {height} pixels")
    if width * height < 1:
        raise ImageRejected(f"no pixels: {width} x {height}")


def scale_to_bytes(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return values scaled linearly, so that low is 0 and high 255, as uint8.

    What lies outside takes 0 or 255. Where low and high are one value, all are 0.
    """
    if low == high:
        return np.zeros(values.shape, np.uint8)
    # All that 16 bits hold is exact in 32 bits of floating point.
    is_short = values.dtype.itemsize <= 2
    numbers: np.ndarray = values.astype(np.float32 if is_short else np.float64)
    scaled = (numbers - low) * (255 / (high - low))
    return np.rint(np.clip(scaled, 0, 255)).astype(np.uint8)


def find_range(values: np.ndarray) -> tuple[float, float]:
    """Return the values that become black and white, for an image that names none.

    These are its lowest and highest value. A few pixels, such as a burnt-in mark, may
    lie so far outside that less than four fifths of the grey values are left for all
    others. Then they are the percentiles 0.1 and 99.9.

    Args:
        values: Any number of them, of any shape.
    """
    lowest, highest = float(values.min()), float(values.max())
    low, high = map(float, np.percentile(values, _PERCENTILES))
    if low < high and high - low < _LEAST_SHARE * (highest - lowest):
        return low, high
    return lowest, highest


_PERCENTILES = (0.1, 99.9)


_LEAST_SHARE = 0.8

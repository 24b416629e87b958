"""Compressed pictures in DICOM files: the kinds of JPEG, and RLE."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from pydicom.encaps import get_frame
from pydicom.pixels import get_decoder
from pydicom.uid import UID, RLELossless

from detl.imaging.grey import ImageRejected, NotReadNow

_JPEG = b"\xff\xd8"
_JPEG_SCAN = b"\xff\xda"
_JPEG_END = b"\xff\xd9"
_JPEG_SIZES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # markers of its size
_JPEG_LS_SIZE = 0xF7
_JPEG_2000 = b"\xff\x4f\xff\x51"
_JPEG_2000_FILE = b"\0\0\0\x0cjP  "


class _Picture(NamedTuple):
    """What a compressed picture says of itself."""

    width: int
    height: int
    colours: int
    decode: Callable[[bytes], np.ndarray]


def decompress(fragments: bytes, syntax: UID, width: int, height: int) -> np.ndarray:
    """Return the values of a compressed picture.

    How it is compressed is told from its own bytes, since headers are wrong at times;
    but for RLE, which has no mark.

    Args:
        fragments: Pixel data of one frame, as they stand in the file.
        syntax: The transfer syntax, as the header has it.
        width: As the header has it.
        height: As the header has it.

    Returns:
        Values, shape (height, width), of the type that the compression gives.

    Raises:
        NotReadNow: Memory is short.
        ImageRejected: The picture is broken, cut short, coloured, of another size, or
            compressed in a way that is not read.
    """
    try:
        frame = get_frame(fragments, 0, number_of_frames=1)
        if syntax == RLELossless:
            return _decompress_runs(fragments, frame[0], width, height)
        picture = _find_picture(frame)
        if picture is None:
            raise ImageRejected(
                f"DICOM in a compression that is not read ({syntax.name}): decompress "
                "it, for instance with gdcmconv --raw of the package python-gdcm"
            )
        if picture.colours != 1:
            raise ImageRejected(f"DICOM that is not grey: {picture.colours} colours")
        # Before it is decoded, which takes memory for the size that it claims.
        if (picture.width, picture.height) != (width, height):
            raise ImageRejected(
                f"broken DICOM: {width} x {height} pixels in its header, "
                f"{picture.width} x {picture.height} in its picture"
            )
        return picture.decode(frame)
    except ImageRejected:
        raise
    except MemoryError:
        raise NotReadNow("DICOM for which memory is short") from None
    except Exception as error:
        # Each decoder has its own kinds of error.
        raise ImageRejected(
            f"broken DICOM: the packages pydicom and imagecodecs cannot decode its "
            f"picture ({syntax.name}): {type(error).__name__}"
        ) from None


def _decompress_runs(
    fragments: bytes, parts: int, width: int, height: int
) -> np.ndarray:
    """Return the words of a picture in RLE, which holds each of their bytes apart."""
    values, _ = get_decoder(RLELossless).as_array(
        fragments,
        index=0,
        rows=height,
        columns=width,
        number_of_frames=1,
        samples_per_pixel=1,
        photometric_interpretation="MONOCHROME2",
        pixel_keyword="PixelData",
        pixel_representation=0,
        bits_allocated=8 * parts,
        bits_stored=8 * parts,
    )
    return values


def _find_picture(frame: bytes) -> _Picture | None:
    # It is large, and most runs have no compressed DICOM.
    import imagecodecs

    if frame.startswith((_JPEG_2000, _JPEG_2000_FILE)):
        # After the mark: two lengths of two bytes, right, bottom, left and top.
        size = frame.index(_JPEG_2000) + 8
        right, bottom, left, top = (
            int.from_bytes(frame[size + at : size + at + 4]) for at in range(0, 16, 4)
        )
        colours = int.from_bytes(frame[size + 32 : size + 34])
        return _Picture(right - left, bottom - top, colours, imagecodecs.jpeg2k_decode)
    place = _find_jpeg_size(frame)
    if place is None:
        return None
    # Decoders take what is missing for grey, or for minutes of work. The mark of the
    # end cannot occur within a scan.
    if _JPEG_END not in frame[frame.index(_JPEG_SCAN, place) :]:
        raise ImageRejected("broken DICOM: its picture is cut short")
    is_jpeg_ls = frame[place - 1] == _JPEG_LS_SIZE
    return _Picture(
        width=int.from_bytes(frame[place + 5 : place + 7]),
        height=int.from_bytes(frame[place + 3 : place + 5]),
        colours=frame[place + 7],
        decode=imagecodecs.jpegls_decode if is_jpeg_ls else imagecodecs.jpeg8_decode,
    )


def _find_jpeg_size(frame: bytes) -> int | None:
    """Return where the segment with a JPEG's size begins, after its marker."""
    if not frame.startswith(_JPEG):
        return None
    place = len(_JPEG)
    while frame[place] == 0xFF:
        marker = frame[place + 1]
        if marker in _JPEG_SIZES or marker == _JPEG_LS_SIZE:
            return place + 2
        is_filling = marker == 0xFF
        place += 1 if is_filling else 2 + int.from_bytes(frame[place + 2 : place + 4])
    return None

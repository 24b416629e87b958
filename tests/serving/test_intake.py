"""What is said of a file before any network has seen it."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from detl.imaging.read import PixelFormat
from detl.serving.intake import Expected, take_in, take_in_file
from made_dicoms import write_dicom

EXPECTED = Expected(PixelFormat(32, "crop", 1_000_000), ["PA", "AP"])


def _png(values):
    content = io.BytesIO()
    Image.fromarray(values).save(content, "PNG")
    return content.getvalue()


def _grey(height, width):
    return np.random.default_rng(0).integers(0, 256, (height, width), dtype=np.uint8)


def test_a_grey_film_is_taken_as_the_networks_see_it():
    taken = take_in(_png(_grey(48, 40)), EXPECTED)

    assert taken.reasons == ()
    assert taken.pixels.shape == (32, 32)


def test_a_film_that_was_stored_in_colours_is_taken():
    grey = _grey(40, 40)

    assert take_in(_png(np.stack([grey] * 3, axis=2)), EXPECTED).reasons == ()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty file"),
        (b"PK\3\4 a zip", "neither PNG nor JPEG nor DICOM"),
        (_png(_grey(48, 48))[:200], "broken image"),
        (_png(np.full((40, 40), 9, np.uint8)), "blank"),
        (_png(_grey(20, 40)), "40 x 20 pixels, where the networks see 32"),
        (_png(_grey(40, 100)), "too long for a chest film"),
        (
            _png(np.stack([_grey(40, 40), 0 * _grey(40, 40), _grey(40, 40)], 2)),
            "colour",
        ),
    ],
)
def test_what_is_no_chest_film_says_why(content, reason):
    assert reason in "; ".join(take_in(content, EXPECTED).reasons)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"Modality": "CT"}, "modality: CT"),
        ({"ViewPosition": "LL"}, "view L, where PA, AP were trained on"),
        ({"BodyPartExamined": "KNEE"}, "part of the body: KNEE"),
    ],
)
def test_a_header_of_another_examination_says_why(tmp_path, header, reason):
    film = write_dicom(tmp_path / "film.dcm", **header)

    assert reason in "; ".join(take_in_file(film, EXPECTED).reasons)


def test_a_frontal_film_of_the_chest_is_taken_from_dicom(tmp_path):
    header = {"ViewPosition": "PA", "BodyPartExamined": "CHEST"}
    film = write_dicom(tmp_path / "film.dcm", **header)

    assert take_in_file(film, EXPECTED).reasons == ()


def test_a_text_in_the_header_is_not_repeated(tmp_path):
    film = write_dicom(tmp_path / "film.dcm", BodyPartExamined="DOE^JOHN")

    assert "DOE" not in "".join(take_in_file(film, EXPECTED).reasons)


def test_a_picture_of_too_many_pixels_is_not_decoded():
    small = Expected(PixelFormat(32, "crop", largest_image=100), ["PA"])

    assert "too large" in take_in(_png(_grey(40, 40)), small).reasons[0]


def test_a_picture_that_claims_more_pixels_than_its_bytes_is_not_decoded():
    bomb = bytearray(_png(_grey(48, 48)))
    bomb[16:24] = struct.pack(">II", 100_000, 100_000)
    bomb[29:33] = struct.pack(">I", zlib.crc32(bomb[12:29]))

    (reason,) = take_in(bytes(bomb), EXPECTED).reasons

    assert reason == "too large: 100000 x 100000 pixels"


def test_a_text_that_unfolds_to_a_hundred_megabytes_is_left_aside():
    text = b"zTXt" + b"Comment\0\0" + zlib.compress(bytes(100_000_000))
    chunk = (
        struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
    )
    grey = _grey(40, 40)
    film = _png(np.stack([grey] * 3, axis=2))

    taken = take_in(film[:33] + chunk + film[33:], EXPECTED)

    assert taken.reasons == ()


def test_a_file_of_more_bytes_than_any_picture_is_not_read(tmp_path):
    with (tmp_path / "film.png").open("wb") as file:
        file.truncate(2**32)

    taken = take_in_file(tmp_path / "film.png", EXPECTED)

    assert taken.reasons == ("too large: 4,096 MiB",)


@pytest.mark.parametrize("share", [0.02, 0.2, 0.9])
def test_a_dicom_that_was_cut_short_says_so(tmp_path, share):
    content = write_dicom(tmp_path / "film.dcm").read_bytes()

    (reason,) = take_in(content[: int(share * len(content))], EXPECTED).reasons

    assert "DICOM" in reason


def test_a_file_that_cannot_be_read_says_why(tmp_path):
    taken = take_in_file(tmp_path / "missing.png", EXPECTED)

    assert taken.pixels is None
    assert "cannot be read" in taken.reasons[0]

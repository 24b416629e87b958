import cv2
import numpy as np
import pandas as pd
import pytest

from detl.sources.decoding import decode_candidates
from detl.tables import CANDIDATES, IMAGES, REJECTED, validate

SIZE = 32


def draw_film(seed):
    noise = np.random.default_rng(seed).integers(0, 256, (12, 12), dtype=np.uint8)
    return cv2.resize(noise, (96, 96), interpolation=cv2.INTER_CUBIC)


@pytest.fixture
def decode(tmp_path):
    """Decode the films of as many patients, or the bytes that stand for one."""

    def decode(*films):
        rows, paths = [], []
        for number, film in enumerate(films):
            path = tmp_path / f"{number}.png"
            is_film = isinstance(film, np.ndarray)
            path.write_bytes(cv2.imencode(".png", film)[1] if is_film else film)
            paths.append(path)
            rows.append(
                {
                    "image_id": f"mine/{path.name}",
                    "source": "mine",
                    "patient_id": f"mine/p{number}",
                    "findings": "Mass",
                    "view": "PA",
                    "age": 50.0,
                    "sex": "F",
                    "license": "CC0",
                    "path": path.name,
                }
            )
        candidates = validate(pd.DataFrame(rows), CANDIDATES)
        return decode_candidates(candidates, paths, SIZE, "crop", 10_000)

    return decode


def test_every_image_is_accepted_or_rejected_with_its_reason(decode):
    decoded = decode(draw_film(0), b"", draw_film(1), draw_film(0))

    assert list(validate(decoded.images, IMAGES)["image_id"]) == [
        "mine/0.png",
        "mine/2.png",
    ]
    assert validate(decoded.rejected, REJECTED).to_dict("records") == [
        {"source": "mine", "name": "1.png", "reason": "empty file"},
        {"source": "mine", "name": "3.png", "reason": "duplicate of mine/0.png"},
    ]


def test_the_rows_lead_to_the_pixels(decode):
    film = draw_film(1)

    decoded = decode(b"", draw_film(0), film)

    expected = cv2.resize(film, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    row = decoded.images["row"].iloc[1]
    np.testing.assert_array_equal(decoded.pixels[row], expected)


def test_copies_are_positions_among_the_accepted_images(decode):
    brighter = np.clip(draw_film(1) * 1.1, 0, 255).astype(np.uint8)

    decoded = decode(b"", draw_film(0), draw_film(1), brighter)

    assert decoded.copies[["first", "second"]].to_numpy().tolist() == [[1, 2]]


def test_the_patients_of_exact_and_other_copies_are_one_group(decode):
    brighter = np.clip(draw_film(1) * 1.1, 0, 255).astype(np.uint8)

    decoded = decode(draw_film(0), draw_film(1), brighter, draw_film(1))

    assert list(decoded.images["group"]) == ["mine/p0", "mine/p1", "mine/p1"]


def test_where_nothing_can_be_decoded_the_tables_are_empty_and_keep_their_columns(
    decode,
):
    decoded = decode(b"", b"")

    assert list(decoded.images) == list(IMAGES.columns)
    assert decoded.pixels.shape == (0, SIZE, SIZE)
    assert len(decoded.rejected) == 2

import sqlite3
from contextlib import closing

import cv2
import numpy as np
import pandas as pd
import pytest

from detl.imaging.read import PixelFormat
from detl.schemas.tables import CANDIDATES, IMAGES, REJECTED, validate
from detl.sources.decoding import decode_candidates

SIZE = 32
FORMAT = PixelFormat(SIZE, "crop", 10_000)


def draw_film(seed):
    noise = np.random.default_rng(seed).integers(0, 256, (12, 12), dtype=np.uint8)
    return cv2.resize(noise, (96, 96), interpolation=cv2.INTER_CUBIC)


@pytest.fixture
def decode(tmp_path):
    """Decode the films of as many patients, or the bytes that stand for one."""

    def decode(*films, memory=None):
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
        return decode_candidates(candidates, paths, FORMAT, memory)

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


def _decode_labelled(tmp_path, *labels):
    """Decode one film under these labels, and another one."""
    rows, paths = [], []
    for number, label in enumerate([*labels, "Mass"]):
        paths.append(tmp_path / f"{number}.png")
        film = draw_film(1 if number == len(labels) else 0)
        cv2.imwrite(str(paths[-1]), film)
        rows.append(
            {
                "image_id": f"mine/{number}.png",
                "source": "mine",
                "patient_id": f"mine/p{number}",
                "findings": label,
                "view": "PA",
                "age": 50.0,
                "sex": "F",
                "license": "CC0",
                "path": paths[-1].name,
            }
        )
    return decode_candidates(pd.DataFrame(rows), paths, FORMAT)


def test_of_one_picture_with_labels_that_contradict_each_other_none_is_accepted(
    tmp_path,
):
    decoded = _decode_labelled(tmp_path, "No Finding", "COVID-19", "No Finding")

    assert decoded.images["image_id"].tolist() == ["mine/3.png"]
    assert decoded.rejected.set_index("name")["reason"].to_dict() == {
        name: "contradicting copy: "
        f"mine/{other} shows the same picture and says {label}"
        for name, other, label in (
            ("0.png", "1.png", "COVID-19"),
            ("1.png", "0.png", "No Finding"),
            ("2.png", "1.png", "COVID-19"),
        )
    }
    validate(decoded.rejected, REJECTED)


def test_of_one_picture_with_labels_that_agree_the_first_is_accepted(tmp_path):
    decoded = _decode_labelled(tmp_path, "COVID-19", "COVID-19|ARDS")

    assert decoded.images["image_id"].tolist() == ["mine/0.png", "mine/2.png"]
    assert decoded.rejected["reason"].tolist() == ["duplicate of mine/0.png"]


def test_the_patients_of_a_contradicting_copy_are_one_group(tmp_path):
    films = [(draw_film(0), "No Finding", "p0"), (draw_film(0), "Mass", "p1")]
    films += [(draw_film(2), "Mass", "p0"), (draw_film(3), "Mass", "p1")]
    rows, paths = [], []
    for number, (film, label, patient) in enumerate(films):
        paths.append(tmp_path / f"{number}.png")
        cv2.imwrite(str(paths[-1]), film)
        common = {"source": "m", "view": "PA", "age": 1.0, "sex": "F", "license": "x"}
        rows.append(
            common
            | {"image_id": f"m/{number}", "patient_id": patient, "findings": label}
            | {"path": paths[-1].name}
        )

    decoded = decode_candidates(pd.DataFrame(rows), paths, FORMAT)

    assert decoded.images["group"].tolist() == ["p0", "p0"]


def test_copies_that_differ_in_pixels_and_contradict_are_used_and_told(
    tmp_path, caplog
):
    rows, paths = [], []
    film = draw_film(0)
    for number, (factor, label) in enumerate([(1, "No Finding"), (1.1, "Mass")]):
        paths.append(tmp_path / f"{number}.png")
        cv2.imwrite(str(paths[-1]), _brighten(film, factor))
        common = {"source": "m", "view": "PA", "age": 1.0, "sex": "F", "license": "x"}
        rows.append(
            common
            | {"image_id": f"m/{number}", "patient_id": "m/p", "findings": label}
            | {"path": paths[-1].name}
        )

    decoded = decode_candidates(pd.DataFrame(rows), paths, FORMAT)

    assert len(decoded.images) == 2
    assert "contradict each other: 1; m/0 (No Finding) and m/1 (Mass)" in caplog.text


def test_where_nothing_can_be_decoded_the_tables_are_empty_and_keep_their_columns(
    decode,
):
    decoded = decode(b"", b"")

    assert list(decoded.images) == list(IMAGES.columns)
    assert decoded.pixels.shape == (0, SIZE, SIZE)
    assert len(decoded.rejected) == 2


def _brighten(film, factor):
    return np.clip(film * factor, 0, 255).astype(np.uint8)


@pytest.fixture
def films():
    """Six films; the first and third, and the second and fifth, show one picture."""
    first, second, *others = (draw_film(seed) for seed in range(4))
    return [
        *(first, second, _brighten(first, 1.1)),
        *(others[0], _brighten(second, 0.9), others[1]),
    ]


def test_with_a_memory_everything_is_the_same(decode, films, tmp_path):
    memory = tmp_path / "decoded_files.sqlite"
    without = decode(*films, b"")

    for decoded in [decode(*films, b"", memory=memory) for _ in range(2)]:
        for table in ("images", "rejected", "copies"):
            pd.testing.assert_frame_equal(
                getattr(decoded, table), getattr(without, table)
            )
        np.testing.assert_array_equal(decoded.pixels, without.pixels)


@pytest.mark.parametrize("known", range(1, 6))
def test_images_that_are_added_are_compared_with_those_that_were_there(
    decode, films, tmp_path, known
):
    memory = tmp_path / "decoded_files.sqlite"
    decode(*films[:known], memory=memory)

    copies = decode(*films, memory=memory).copies

    pd.testing.assert_frame_equal(copies, decode(*films).copies)
    assert copies[["first", "second"]].to_numpy().tolist() == [[0, 2], [1, 4]]


def test_a_table_without_a_rejected_image_has_the_types_of_one_with(decode):
    rejected = decode(draw_film(0)).rejected

    assert validate(rejected, REJECTED).empty
    assert list(rejected.dtypes) == list(decode(b"").rejected.dtypes)


def test_images_that_were_compared_are_not_compared_again(decode, films, tmp_path):
    memory = tmp_path / "decoded_files.sqlite"
    decode(*films, memory=memory)
    with closing(sqlite3.connect(memory)) as known, known:
        known.execute("DELETE FROM copies")

    assert decode(*films, memory=memory).copies.empty
    assert decode(*films, draw_film(9), memory=memory).copies.empty


def test_known_copies_keep_their_places_where_the_order_of_the_images_is_another(
    decode, films, tmp_path
):
    memory = tmp_path / "decoded_files.sqlite"
    decode(*films, memory=memory)

    copies = decode(*films[::-1], memory=memory).copies

    pd.testing.assert_frame_equal(copies, decode(*films[::-1]).copies)


def test_a_copy_whose_other_image_is_gone_is_no_pair(decode, films, tmp_path):
    memory = tmp_path / "decoded_files.sqlite"
    decode(*films, memory=memory)

    copies = decode(*films[1:], memory=memory).copies

    assert copies[["first", "second"]].to_numpy().tolist() == [[0, 3]]

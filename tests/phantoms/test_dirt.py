import io
import json

import cv2
import numpy as np
import pandas as pd
import pytest

from detl.phantoms.sample import make_phantoms


@pytest.fixture
def faults(small_sample):
    """Return a function that gives the one file with a kind of fault."""

    def find(kind):
        manifest = json.loads(small_sample["dirt.json"])
        (file,) = [entry["file"] for entry in manifest if entry["kind"] == kind]
        return file

    return find


@pytest.fixture
def row_of(small_sample):
    """Return a function that gives the row of a file as a dict."""

    def find(file):
        nih = file.startswith("nih/")
        path = "nih/Data_Entry_2017.csv" if nih else "covid-chestxray/metadata.csv"
        table = pd.read_csv(io.BytesIO(small_sample[path]), dtype=str)
        column = "Image Index" if nih else "filename"
        rows = table[table[column] == file.rsplit("/", 1)[1]]
        return rows.iloc[0].to_dict() if len(rows) else None

    return find


def decode(data):
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)


def test_the_truncated_file_has_a_beginning_and_no_end(small_sample, faults):
    data = small_sample[faults("truncated")]
    assert data.startswith(b"\x89PNG")
    assert b"IEND" not in data


def test_the_missing_file_has_a_row(small_sample, faults, row_of):
    assert faults("missing") not in small_sample
    assert row_of(faults("missing")) is not None


def test_the_file_that_is_not_in_the_table_is_there(small_sample, faults, row_of):
    assert faults("not_in_table") in small_sample
    assert row_of(faults("not_in_table")) is None


def test_the_rgba_file_has_four_channels(small_sample, faults):
    assert decode(small_sample[faults("rgba")]).shape == (64, 64, 4)


def test_the_16_bit_file_has_16_bits(small_sample, faults):
    pixels = decode(small_sample[faults("sixteen_bit")])
    assert pixels.dtype == np.uint16
    assert pixels.max() > 30_000


def test_the_bad_age_is_413(faults, row_of):
    assert row_of(faults("bad_age"))["Patient Age"] == "413"


def test_the_empty_age_is_empty(faults, row_of):
    assert pd.isna(row_of(faults("empty_age"))["age"])


def test_the_unknown_finding_is_unknown(faults, row_of):
    assert row_of(faults("unknown_finding"))["Finding Labels"] == "Widget"


def test_the_ct_slice_says_so(small_sample, faults, row_of):
    assert row_of(faults("ct"))["modality"] == "CT"
    assert faults("ct") in small_sample


def test_the_lateral_film_says_so(small_sample, faults, row_of):
    assert row_of(faults("lateral"))["view"] == "L"
    assert faults("lateral") in small_sample


def test_the_duplicate_is_another_patient_s_film_byte_for_byte(
    small_sample, faults, row_of
):
    copy = faults("duplicate")
    twins = [
        path
        for path, data in small_sample.items()
        if "/images/" in path and data == small_sample[copy] and path != copy
    ]
    assert len(twins) == 1
    original, duplicated = row_of(twins[0]), row_of(copy)
    assert original["patientid"] != duplicated["patientid"]
    assert original["finding"] == duplicated["finding"] == "COVID-19"


def test_the_duplicate_has_mask_and_boxes(small_sample, faults):
    stem = faults("duplicate").rsplit("/", 1)[1].rsplit(".", 1)[0]
    assert f"covid-chestxray/masks/{stem}.png" in small_sample
    assert stem in small_sample["covid-chestxray/boxes.csv"].decode()


def test_a_sample_without_dirt_has_an_empty_list_of_faults(small_parameters):
    clean = small_parameters.model_copy(
        update={"dirt": False, "nih": {"Mass": 1}, "covid_chestxray": {"COVID-19": 1}}
    )
    assert json.loads(make_phantoms(clean)["dirt.json"]) == []

import io
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from detl.errors import DetlError
from detl.imaging.pixel_array import store_pictures
from detl.imaging.read import PixelFormat
from detl.imaging.resize import make_square
from detl.phantoms import drawing
from detl.phantoms.marker import class_of
from detl.phantoms.sample import draw_covid, draw_nih, make_phantoms
from detl.schemas.parameters import PhantomParameters, SourceParameters
from detl.sources import read_source

PROJECT = Path(__file__).parents[2]
BENCHMARKS = PROJECT / "benchmarks"

OTHER_DISEASES = (
    "Atelectasis",
    "Cardiomegaly",
    "Infiltration",
    "Effusion",
    "Nodule",
    "Mass",
)

SOURCES = {"nih": "nih", "covid-chestxray": "covid_chestxray"}
"""Folder to the reader of its layout."""


def test_the_number_of_processors_changes_no_byte(
    monkeypatch, small_parameters, small_sample
):
    monkeypatch.setattr(drawing, "FEWEST_PATIENTS", 10)
    monkeypatch.setattr(drawing, "_count_processors", lambda: 2)
    assert make_phantoms(small_parameters) == small_sample


def test_the_small_sample_of_the_tests_has_every_label_of_the_large_one():
    large, small = (
        yaml.safe_load((PROJECT / f"conf/{name}/parameters_phantom.yml").read_text())
        for name in ("base", "test")
    )
    for source in ("nih", "covid_chestxray"):
        assert large["phantom"][source].keys() == small["phantom"][source].keys()


def test_the_sample_says_what_it_was_made_with(small_parameters, small_sample):
    said = json.loads(small_sample["parameters.json"])
    assert PhantomParameters(**said) == small_parameters


def test_each_label_has_as_many_films_as_asked(small_parameters, small_sample):
    table = pd.read_csv(io.BytesIO(small_sample["nih/Data_Entry_2017.csv"]))
    counts = table["Finding Labels"].value_counts()
    for label, count in small_parameters.nih.items():
        if label != "No Finding":
            assert counts[label] == count


def test_changing_a_count_changes_no_other_film(small_parameters, small_sample):
    more = {**small_parameters.nih, "No Finding": 12}
    grown = make_phantoms(small_parameters.model_copy(update={"nih": more}))
    images = [path for path in small_sample if path.startswith("nih/images/")]
    unchanged = [path for path in images if grown.get(path) == small_sample[path]]
    # The last patient drawn may have had films left.
    assert len(unchanged) == len(images)


def test_an_unknown_finding_is_refused_by_name(small_parameters):
    wrong = small_parameters.model_copy(update={"nih": {"Pneumona": 1}})
    with pytest.raises(DetlError, match=re.escape("'Pneumona'")):
        make_phantoms(wrong)


@pytest.fixture(scope="module", params=["one", "near_copies"])
def read_sample(request, small_parameters, tmp_path_factory):
    """Return a folder of clean phantoms, and by source what the readers found."""
    changes = {"films_of_a_patient": request.param, "dirt": False}
    folder = tmp_path_factory.mktemp(request.param)
    for path, data in make_phantoms(
        small_parameters.model_copy(update=changes)
    ).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    found = {
        name: read_source(
            folder / name, name, SourceParameters(reader=reader, folder="")
        )
        for name, reader in SOURCES.items()
    }
    return folder, request.param, found


def test_the_readers_take_every_film_of_any_kind_of_patients(
    small_parameters, read_sample
):
    _, _, found = read_sample
    for name, counts in (
        ("nih", small_parameters.nih),
        ("covid-chestxray", small_parameters.covid_chestxray),
    ):
        assert len(found[name].candidates) == sum(counts.values())
        assert found[name].rejected.empty


def test_the_readers_see_which_films_are_of_one_patient(small_parameters, read_sample):
    _, films_of_a_patient, found = read_sample
    films = found["nih"].candidates.groupby("patient_id").size()
    assert films.max() == (4 if films_of_a_patient == "near_copies" else 1)


def test_no_film_is_stored_as_a_duplicate_of_another(read_sample):
    folder, _, found = read_sample
    paths = [
        folder / name / path
        for name, table in found.items()
        for path in table.candidates["path"]
    ]
    pictures, pixels = store_pictures(paths, PixelFormat(32, "crop", 10_000))
    assert list(pictures["original"]) == list(range(len(paths)))
    assert len(pixels) == len(paths)


@pytest.fixture(scope="module")
def thumbnails():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        import thumbnails

        yield thumbnails


@pytest.fixture(scope="module")
def data_b():
    """Return 75 films of each class, of a patient each, and their classes."""
    parameters = PhantomParameters(
        seed=0,
        size=120,
        noise=1.5,
        lesion_strength=1.0,
        films_of_a_patient="one",
        nih={"No Finding": 75, "Pneumonia": 75, **dict.fromkeys(OTHER_DISEASES, 13)},
        covid_chestxray={"COVID-19": 75},
        dirt=False,
    )
    films = [*draw_nih(parameters), *draw_covid(parameters)]
    squares = [make_square(film.pixels, 64, "crop") for film in films]
    return np.stack(squares), np.array([class_of(film.findings) for film in films])


def test_thumbnails_do_not_give_the_classes_away(thumbnails, data_b):
    pixels, labels = data_b
    accuracy = thumbnails.measure_accuracy(
        thumbnails.shrink(pixels), labels, np.arange(len(labels)) % 5
    )
    assert accuracy < thumbnails.LIMIT

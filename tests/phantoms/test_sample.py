import hashlib
import io
import json
import re

import cv2
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from detl.datasets.folder_dataset import MARKER
from detl.errors import DetlError
from detl.imaging.pixel_array import store_pictures
from detl.imaging.read import PixelFormat
from detl.phantoms.sample import make_phantoms
from detl.schemas.parameters import SourceParameters
from detl.sources import read_source

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


@pytest.fixture(scope="module")
def first_films(sample_parameters):
    """Return what the parameters of the embedded sample give of each label's first."""

    def few(counts):
        return {label: min(count, 6) for label, count in counts.items()}

    changes = {
        "nih": few(sample_parameters.nih),
        "covid_chestxray": few(sample_parameters.covid_chestxray),
    }
    return make_phantoms(sample_parameters.model_copy(update=changes))


def test_the_embedded_films_are_those_that_the_parameters_give(
    sample_folder, first_films
):
    films = [name for name in first_films if not name.endswith(".csv")]

    assert len(films) > 100
    assert [
        f for f in films if first_films[f] != (sample_folder / f).read_bytes()
    ] == []


def test_the_embedded_tables_say_of_a_film_what_the_parameters_give(
    sample_folder, first_films
):
    tables = [name for name in first_films if name.endswith(".csv")]

    assert len(tables) >= 2
    for table in tables:
        rows = first_films[table].splitlines()
        assert set(rows) <= set((sample_folder / table).read_bytes().splitlines())


@pytest.mark.parametrize(
    ("table", "column", "source"),
    [
        ("nih/Data_Entry_2017.csv", "Finding Labels", "nih"),
        ("covid-chestxray/metadata.csv", "finding", "covid_chestxray"),
    ],
)
def test_the_embedded_sample_has_the_films_that_its_parameters_ask_for(
    sample_folder, sample_parameters, table, column, source
):
    counts = pd.read_csv(sample_folder / table)[column].value_counts()

    for label, count in getattr(sample_parameters, source).items():
        # Films of the faults, and healthy ones of the diseased, come on top.
        assert counts[label] >= count


def test_the_list_in_the_embedded_sample_names_its_files_as_they_are(sample_folder):
    listed = (sample_folder / MARKER).read_text().splitlines()[1:]
    assert sorted(listed) == sorted(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  "
        f"{path.relative_to(sample_folder).as_posix()}"
        for path in sample_folder.rglob("*")
        if path.is_file() and path.name != MARKER
    )


def test_the_embedded_sample_is_at_most_12_megabytes(sample_folder):
    sizes = [path.stat().st_size for path in sample_folder.rglob("*") if path.is_file()]
    assert sum(sizes) <= 12e6


def test_the_number_of_processors_changes_no_byte(small_parameters, small_sample):
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        assert make_phantoms(small_parameters) == small_sample
    finally:
        cv2.setNumThreads(threads)


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


def draw_data_b(folder):
    """Return paths, labels and patients of four classes like those of Data-B."""
    nih = pd.read_csv(folder / "nih" / "Data_Entry_2017.csv")
    faults = json.loads((folder / "dirt.json").read_text())
    spoilt = {fault["file"].rsplit("/", 1)[1] for fault in faults}
    nih = nih[~nih["Image Index"].isin(spoilt)].sample(frac=1, random_state=0)
    labels = nih["Finding Labels"]
    parts = [nih[labels == "No Finding"][:70].assign(label=0)]
    parts += [nih[labels == f][:15].assign(label=1) for f in OTHER_DISEASES]
    parts += [nih[labels == "Pneumonia"][:75].assign(label=2)]
    chosen = pd.concat(parts)
    covid = pd.read_csv(folder / "covid-chestxray" / "metadata.csv")
    covid = covid[(covid["finding"] == "COVID-19") & ~covid["filename"].isin(spoilt)]
    return pd.DataFrame(
        {
            "path": [
                *("nih/images/" + chosen["Image Index"]),
                *("covid-chestxray/images/" + covid["filename"]),
            ],
            "label": [*chosen["label"], *[3] * len(covid)],
            "patient": [
                *("nih" + chosen["Patient ID"].astype(str)),
                *("covid" + covid["patientid"].astype(str)),
            ],
        }
    )


def read_thumbnail(path):
    pixels = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    height, width = pixels.shape
    left = (width - height) // 2
    square = pixels[:, left : left + height]
    thumbnail = cv2.resize(square, (16, 16), interpolation=cv2.INTER_AREA)
    return thumbnail.ravel().astype(float)


def test_thumbnails_do_not_give_the_classes_away(sample_folder):
    data_b = draw_data_b(sample_folder)
    pixels = np.stack([read_thumbnail(sample_folder / path) for path in data_b["path"]])
    accuracies = []
    for strength in (1.0, 0.01):
        model = make_pipeline(
            StandardScaler(), LogisticRegression(C=strength, max_iter=5000)
        )
        predicted = cross_val_predict(
            model,
            pixels,
            data_b["label"],
            groups=data_b["patient"],
            cv=StratifiedGroupKFold(5, shuffle=True, random_state=0),
        )
        accuracies.append((predicted == data_b["label"]).mean())
    assert max(accuracies) < 0.65

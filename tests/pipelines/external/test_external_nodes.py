import cv2
import keras
import numpy as np
import pandas as pd
import pytest
import yaml

from detl.errors import DetlError
from detl.networks.ensemble import join_members
from detl.pipelines.external.nodes import (
    decode_external_images,
    measure_external_refusals,
    predict_external,
    score_external,
    select_unseen,
)
from detl.pipelines.ingest.nodes import decode_images, read_sources
from detl.schemas.classes import DATA_B_CLASSES
from detl.schemas.parameters import IngestParameters, RefusalParameters
from detl.sources.external import read_external_images
from detl.training.features import extract_features
from made_dicoms import write_dicom
from project_copy import PROJECT
from tiny_bundle import IMAGES, tiny_bundle, training_pixels

SIZE = 32


@pytest.fixture
def ingest():
    path = PROJECT / "conf/base/parameters_ingest.yml"
    values = yaml.safe_load(path.read_text())["ingest"]
    return IngestParameters.model_validate({**values, "input_size": SIZE})


def write_films(folder, *labels):
    """Write a noisy film per label, and the list of them."""
    rows = ["file,label,patient"]
    for number, label in enumerate(labels):
        film = np.random.default_rng(number).integers(0, 255, (64, 64), dtype=np.uint8)
        cv2.imwrite(str(folder / f"{number}.png"), cv2.GaussianBlur(film, (0, 0), 4))
        rows.append(f"{number}.png,{label},p{number}")
    (folder / "list.csv").write_text("\n".join(rows) + "\n")
    return str(folder / "list.csv")


def decode(source, ingest):
    _, *tables = read_external_images(source, ingest)
    return decode_external_images(*tables, ingest)


def as_training(images):
    """Return Data-A and Data-B that hold nothing but the first image."""
    first = images.iloc[[0]]
    return first, first.iloc[:0]


def test_without_a_source_the_parameter_is_named(ingest):
    with pytest.raises(DetlError, match="--params source=PATH"):
        read_external_images(None, ingest)


def test_films_are_decoded_to_the_size_of_the_training(tmp_path, ingest):
    images, pixels, rejected = decode(write_films(tmp_path, "normal", "covid"), ingest)

    assert pixels.shape == (2, SIZE, SIZE)
    assert list(images["findings"]) == ["No Finding", "COVID-19"]
    assert rejected.empty


def test_where_no_film_can_be_decoded_the_source_is_to_be_named_anew(tmp_path, ingest):
    source = write_films(tmp_path, "normal", "covid")
    (tmp_path / "0.png").write_bytes(b"")
    (tmp_path / "1.png").write_bytes(b"GIF89a")

    with pytest.raises(DetlError, match=r"empty file 1.*--params source=PATH") as error:
        decode(source, ingest)

    assert "DETL_DATA" not in str(error.value)


def test_a_copy_of_a_training_image_and_one_of_no_class_are_left_out_and_named(
    tmp_path, ingest, make_parameters
):
    images, pixels, rejected = decode(
        write_films(tmp_path, "normal", "covid", "ARDS"), ingest
    )
    seen = images.assign(
        image_id="nih/" + images["image_id"],
        patient_id="nih/" + images["patient_id"],
        sha256="0" * 64,
    )
    data_a, data_b = as_training(seen)

    kept, left_out = select_unseen(
        *(images, pixels, rejected),
        *(seen, pixels, data_a, data_b, ingest, make_parameters()),
    )

    assert list(kept["label"]) == ["covid_19"]
    reasons = left_out.set_index("name")["reason"]
    assert reasons["0.png"].startswith("seen in training: copy of nih/")
    assert reasons["2.png"] == "no class of Data-B: ARDS"


def test_of_a_clean_folder_every_image_is_tested(tmp_path, ingest, make_parameters):
    (tmp_path / "trained").mkdir()
    trained, trained_pixels, _ = decode(
        write_films(tmp_path / "trained", "covid", "normal", "covid"), ingest
    )
    write_films(tmp_path, "normal", "covid")
    for label, film in (("normal", "0.png"), ("covid_19", "1.png")):
        (tmp_path / "clean" / label).mkdir(parents=True)
        (tmp_path / film).rename(tmp_path / "clean" / label / film)
    images, pixels, rejected = decode(str(tmp_path / "clean"), ingest)
    data_a, data_b = as_training(trained[2:])

    kept, left_out = select_unseen(
        *(images, pixels, rejected),
        *(trained, trained_pixels, data_a, data_b, ingest, make_parameters()),
    )

    assert sorted(kept["label"]) == ["covid_19", "normal"]
    assert left_out.empty


@pytest.fixture
def tested_clinic(tmp_path, ingest, make_parameters):
    """Return a function that tests DICOM films on those who were trained on others.

    The training has a film of patient 17; the films tested are of 17 and 18.
    """
    own = {"clinic": {"reader": "folder", "folder": "clinic"}}
    values = {**ingest.model_dump(), "sources": own}
    trained_with = IngestParameters.model_validate(values)
    write_dicom(tmp_path / "clinic/Mass/a.dcm", 1, PatientID="17")
    write_dicom(tmp_path / "elsewhere/normal/b.dcm", 2, PatientID="0017")
    write_dicom(tmp_path / "elsewhere/normal/c.dcm", 3, PatientID="18")

    def test(key="patient_key"):
        trained, pixels, *_ = decode_images(
            tmp_path,
            *read_sources(tmp_path, trained_with, tmp_path / "patient_key"),
            trained_with,
        )
        _, *tables = read_external_images(
            str(tmp_path / "elsewhere"), trained_with, tmp_path / key
        )
        return select_unseen(
            *decode_external_images(*tables, trained_with),
            *(trained, pixels, *as_training(trained), trained_with, make_parameters()),
        )

    return test


def test_a_patient_of_the_training_is_recognised_from_the_dicom_header(tested_clinic):
    kept, left_out = tested_clinic()

    assert list(kept["image_id"]) == ["external/normal/c.dcm"]
    assert list(left_out["name"]) == ["normal/b.dcm"]
    assert left_out["reason"].iloc[0].startswith("seen in training: patient dicom/")


def test_patients_under_another_key_are_refused(tested_clinic):
    with pytest.raises(DetlError, match="pseudonyms of another key"):
        tested_clinic(key="other_key")


def test_where_training_has_seen_every_image_nothing_is_tested(
    tmp_path, ingest, make_parameters
):
    images, pixels, rejected = decode(write_films(tmp_path, "normal"), ingest)
    data_a, data_b = as_training(images)

    with pytest.raises(DetlError, match="None of the 1 external images can be tested"):
        select_unseen(
            *(images, pixels, rejected),
            *(images, pixels, data_a, data_b, ingest, make_parameters()),
        )


def test_each_fold_predicts_and_their_mean_stands_beside():
    pixels = np.full((2, 4, 4), 100, np.uint8)
    images = pd.DataFrame(
        {"image_id": ["a", "b"], "label": ["normal", "normal"], "row": [0, 1]}
    )
    inputs = keras.Input((4, 4, 1))
    trunk = keras.Model(inputs, keras.layers.AveragePooling2D(4)(inputs))

    def sure_of(position):
        features = keras.Input((1, 1, 1))
        bias = 20.0 * np.eye(4)[position]
        logits = keras.layers.Dense(
            4,
            kernel_initializer="zeros",
            bias_initializer=keras.initializers.Constant(bias),
        )(keras.layers.Flatten()(features))
        return keras.Model(features, logits)

    joined = join_members([sure_of(0), sure_of(3)])
    single, mean = predict_external(
        trunk, pixels, images, seed=5, fold_1=joined, fold_2=joined
    )

    columns = ["fold", "seed", "image_id", "predicted"]
    assert single[columns].to_numpy().tolist() == [
        [fold, seed, image, label]
        for fold in ("fold_1", "fold_2")
        for seed, label in ((5, "normal"), (6, "covid_19"))
        for image in ("a", "b")
    ]
    np.testing.assert_allclose(mean["p_normal"], 0.5, atol=1e-6)
    np.testing.assert_allclose(mean["p_covid_19"], 0.5, atol=1e-6)


def test_the_drop_is_between_the_folds_and_the_external_images():
    labels = np.repeat(DATA_B_CLASSES, 20)
    table = pd.DataFrame({"image_id": [f"i{k}" for k in range(80)], "label": labels})
    table["predicted"] = labels
    for name in DATA_B_CLASSES:
        table[f"p_{name}"] = (table["label"] == name).astype(float)
    inside = table.assign(fold="fold_1", group=table["image_id"])
    wrong = table.assign(predicted=np.roll(labels, 20))
    single = pd.concat([table.assign(fold="fold_1"), wrong.assign(fold="fold_2")])

    drops = score_external(single, wrong, inside[["image_id", "group"]], inside, 0)

    accuracy = drops[drops["score"] == "accuracy"].iloc[0]
    assert (accuracy["internal"], accuracy["external"]) == (1.0, 0.5)
    assert (accuracy["drop"], accuracy["ensemble"]) == (0.5, 0.0)


def test_films_unlike_those_of_data_b_would_be_refused():
    trunk, pixels = tiny_bundle().trunk, training_pixels()
    features = extract_features(trunk, pixels, np.arange(IMAGES))
    groups = [f"p{number}" for number in range(IMAGES)]
    external = pd.DataFrame({"row": range(20), "group": groups[:20]})

    refusals = measure_external_refusals(
        trunk,
        features,
        pixels,
        pd.DataFrame({"row": range(IMAGES), "group": groups}),
        np.ascontiguousarray(pixels[:20, :, ::-1]),
        external,
        RefusalParameters(warned_below=0.05, refused_below=0.01, warned_spread=0.2),
        seed=0,
    )

    assert refusals["images"].tolist() == [20, 20]
    assert refusals["value"].tolist() == [1, 0]

import warnings

import pandas as pd
import pytest

from detl.errors import DetlError
from detl.schemas.tables import (
    CANDIDATES,
    DATA_A,
    DATA_B,
    FOLDS,
    IMAGES,
    PREDICTIONS,
    REJECTED,
    stack_architectures,
    validate,
)


@pytest.fixture
def images():
    return pd.DataFrame(
        {
            "image_id": ["nih/a.png", "nih/b.png"],
            "source": "nih",
            "patient_id": ["nih/1", "nih/2"],
            "findings": ["No Finding", "Mass|Nodule"],
            "view": ["PA", "AP Supine"],
            "age": [57.0, float("nan")],
            "sex": ["M", "unknown"],
            "license": "unknown",
            "width": [1024, 256],
            "height": [1024, 300],
            "sha256": ["0" * 64, "f" * 64],
            "perceptual_hash": ["0" * 64, "f" * 64],
            "group": ["nih/1", "nih/2"],
            "row": [0, 1],
        }
    )


@pytest.fixture
def data_a():
    return pd.DataFrame(
        {
            "image_id": ["a", "b"],
            "row": [3, 1],
            "group": ["p", "q"],
            "label": ["normal", "diseased"],
            "subset": ["train", "validation"],
        }
    )


@pytest.fixture
def folds():
    return pd.DataFrame(
        {
            "image_id": ["a", "a", "b"],
            "fold": ["fold_1", "fold_2", "fold_1"],
            "subset": ["train", "test", "validation"],
        }
    )


@pytest.fixture
def predictions():
    return pd.DataFrame(
        {
            "image_id": ["a"],
            "label": ["covid_19"],
            "predicted": ["normal"],
            "p_normal": [0.5],
            "p_other_disease": [0.25],
            "p_pneumonia": [0.25],
            "p_covid_19": [0.0],
        }
    )


def test_a_table_that_fits_comes_back_as_it_is(images):
    assert validate(images, IMAGES) is images


def test_candidates_have_a_path_and_no_pixels(images):
    kept = [name for name in images if name in CANDIDATES.columns]

    candidates = images[kept].assign(path="nih/images/a.png")

    assert validate(candidates, CANDIDATES) is candidates


def test_data_a_and_data_b_fit(data_a):
    validate(data_a, DATA_A)
    validate(
        data_a.drop(columns="subset").assign(finding="Mass", label="covid_19"), DATA_B
    )


def test_folds_and_predictions_fit(folds, predictions):
    validate(folds, FOLDS)
    validate(predictions, PREDICTIONS)


def test_a_table_without_rows_fits():
    validate(pd.DataFrame(columns=["source", "name", "reason"], dtype=str), REJECTED)


def test_a_table_read_back_from_csv_fits(images, tmp_path):
    images.to_csv(tmp_path / "images.csv", index=False)

    validate(pd.read_csv(tmp_path / "images.csv"), IMAGES)


def test_a_table_read_back_from_parquet_fits(images, tmp_path):
    images.to_parquet(tmp_path / "images.parquet")

    validate(pd.read_parquet(tmp_path / "images.parquet"), IMAGES)


def test_a_wrong_value_is_named_with_its_table_column_and_row(images):
    with pytest.raises(DetlError, match=r"Table images .* column age, row 1, 413\.0"):
        validate(images.assign(age=[57.0, 413.0]), IMAGES)


def test_a_missing_column_is_named(images):
    with pytest.raises(DetlError, match="Table images lacks the column group"):
        validate(images.drop(columns="group"), IMAGES)


def test_a_column_too_many_is_named(images):
    with pytest.raises(DetlError, match="Table images has a column patient_name"):
        validate(images.assign(patient_name="x"), IMAGES)


def test_an_image_listed_twice_is_named_with_both_rows(images):
    twice = images.assign(image_id="nih/a.png")

    with pytest.raises(DetlError, match=r"'nih/a\.png' twice, in rows 0 and 1"):
        validate(twice, IMAGES)


def test_two_images_in_one_row_of_the_pixels_are_refused(images):
    with pytest.raises(DetlError, match=r"column row 0 twice"):
        validate(images.assign(row=0), IMAGES)


def test_an_image_twice_in_one_fold_is_refused(folds):
    with pytest.raises(DetlError, match=r"Table folds .* 'a' twice"):
        validate(folds.assign(fold="fold_1"), FOLDS)


def test_nothing_where_text_belongs_is_refused(images):
    with pytest.raises(DetlError, match="column findings, row 0, nothing"):
        validate(images.assign(findings=[None, "Mass"]), IMAGES)


def test_an_empty_text_is_refused(images):
    with pytest.raises(DetlError, match="column group, row 1, '', where some text"):
        validate(images.assign(group=["p", ""]), IMAGES)


def test_a_wrong_type_is_named(images):
    with pytest.raises(DetlError, match="column row values of type float64"):
        validate(images.assign(row=[0.0, 1.0]), IMAGES)


@pytest.mark.parametrize(
    ("column", "value"),
    [("label", "covid"), ("predicted", "diseased"), ("p_normal", 1.5)],
)
def test_a_prediction_outside_its_range_is_refused(predictions, column, value):
    with pytest.raises(DetlError, match=f"Table predictions .* column {column}, row 0"):
        validate(predictions.assign(**{column: [value]}), PREDICTIONS)


def test_an_unknown_subset_is_refused(data_a):
    with pytest.raises(DetlError, match="column subset, row 0, 'test'"):
        validate(data_a.assign(subset=["test", "train"]), DATA_A)


def test_checking_warns_of_nothing(images):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        validate(images, IMAGES)


def test_tables_of_architectures_stand_below_each_other_with_their_names():
    one, other = pd.DataFrame({"value": [1, 2]}), pd.DataFrame({"value": [3]})

    stacked = stack_architectures(vgg16=one, alexnet=other)

    assert stacked.to_numpy().tolist() == [["vgg16", 1], ["vgg16", 2], ["alexnet", 3]]
    assert list(stacked) == ["architecture", "value"]


def test_an_architecture_without_a_table_is_left_out_of_the_stack():
    stacked = stack_architectures(vgg16=None, alexnet=pd.DataFrame({"value": [3]}))

    assert list(stacked["architecture"]) == ["alexnet"]


def test_a_stack_of_empty_tables_keeps_their_columns():
    stacked = stack_architectures(vgg16=pd.DataFrame(columns=["arm", "fold"]))

    assert list(stacked) == ["architecture", "arm", "fold"]

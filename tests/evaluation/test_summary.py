import pandas as pd
import pytest

from detl.errors import DetlError
from detl.evaluation.metrics import score_predictions
from detl.evaluation.summary import summarise_folds
from detl.schemas.classes import DATA_B_CLASSES

PERFECT = [(name, name) for name in DATA_B_CLASSES]


@pytest.fixture
def predictions(make_predictions):
    """Return two folds: 4 of 4 right, and 4 of 8."""
    wrong = [(name, "normal") for name in DATA_B_CLASSES[1:]]
    second = [*PERFECT[1:], *wrong, ("normal", "normal"), ("normal", "pneumonia")]
    return {
        "fold_1": make_predictions(*PERFECT, prefix="a"),
        "fold_2": make_predictions(*second, prefix="b"),
    }


@pytest.fixture
def folds(predictions):
    return pd.concat(
        [
            table[["image_id"]].assign(
                fold=fold, subset="test" if fold == tested else "train"
            )
            for fold in predictions
            for tested, table in predictions.items()
        ],
        ignore_index=True,
    )


@pytest.fixture
def metrics(predictions):
    return {fold: score_predictions(table) for fold, table in predictions.items()}


def test_mean_and_deviation_are_over_the_folds(metrics, predictions, folds):
    summary, _ = summarise_folds(metrics, predictions, folds)
    assert summary["accuracy_mean"] == pytest.approx(0.75)
    assert summary["accuracy_sd"] == pytest.approx(0.5**0.5 / 2)


def test_pooled_accuracy_is_over_the_images(metrics, predictions, folds):
    summary, _ = summarise_folds(metrics, predictions, folds)
    assert summary["accuracy_pooled"] == pytest.approx(8 / 12)


def test_the_pooled_matrix_counts_the_images_of_all_folds(metrics, predictions, folds):
    _, pooled = summarise_folds(metrics, predictions, folds)
    assert pooled.loc["normal"].tolist() == [2, 0, 1, 0]
    assert pooled.to_numpy().sum() == 12


@pytest.mark.parametrize("missing", ["metrics", "predictions"])
def test_a_missing_fold_stops(metrics, predictions, folds, missing):
    del {"metrics": metrics, "predictions": predictions}[missing]["fold_2"]
    with pytest.raises(DetlError, match=f"{missing} are of fold_1, expected are"):
        summarise_folds(metrics, predictions, folds)


def test_a_single_fold_stops(metrics, predictions, folds):
    first = folds[folds["fold"] == "fold_1"]
    del metrics["fold_2"], predictions["fold_2"]
    with pytest.raises(DetlError, match="1 fold and a standard deviation needs"):
        summarise_folds(metrics, predictions, first)


def test_an_image_that_is_tested_twice_stops(metrics, predictions, folds):
    second = predictions["fold_2"].replace({"image_id": {"b_0": "a_3"}})
    with pytest.raises(DetlError, match="Image a_3 is tested 2 times, in fold_1, fo"):
        summarise_folds(metrics, predictions | {"fold_2": second}, folds)


def test_an_image_that_is_not_tested_stops(metrics, predictions, folds):
    second = predictions["fold_2"].iloc[1:]
    with pytest.raises(DetlError, match="b_0 is not among the predictions of fold_2"):
        summarise_folds(metrics, predictions | {"fold_2": second}, folds)


def test_an_image_of_another_split_stops(metrics, predictions, folds):
    left = folds[folds["image_id"] != "b_7"]
    with pytest.raises(DetlError, match="b_7 is among the predictions of fold_2 and m"):
        summarise_folds(metrics, predictions, left)

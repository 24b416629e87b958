import pandas as pd
import pytest

from detl.errors import DetlError
from detl.evaluation.pooling import pool_predictions


@pytest.fixture
def folds(make_predictions):
    return {
        "fold_2": make_predictions(("normal", "normal"), prefix="b"),
        "fold_1": make_predictions(*[("covid_19", "normal")] * 2, prefix="a"),
    }


@pytest.fixture
def data_b():
    return pd.DataFrame({"image_id": ["a_0", "a_1", "b_0"], "group": ["p", "p", "q"]})


def test_every_image_stands_once_with_its_fold_and_group(folds, data_b):
    pooled = pool_predictions(folds, data_b)

    assert pooled[["fold", "image_id", "group"]].to_numpy().tolist() == [
        ["fold_2", "b_0", "q"],
        ["fold_1", "a_0", "p"],
        ["fold_1", "a_1", "p"],
    ]
    assert pooled.index.tolist() == [0, 1, 2]


def test_the_columns_are_those_of_the_predictions_between_fold_and_group(folds, data_b):
    columns = list(pool_predictions(folds, data_b))

    assert columns == ["fold", *folds["fold_1"].columns, "group"]


def test_an_image_that_data_b_lacks_is_named(folds, data_b):
    with pytest.raises(DetlError, match="image 'b_0', which is not in data_b"):
        pool_predictions(folds, data_b[:2])


def test_no_fold_at_all_stops(data_b):
    with pytest.raises(DetlError, match="predictions of 0 folds"):
        pool_predictions({}, data_b)

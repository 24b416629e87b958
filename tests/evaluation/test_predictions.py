import numpy as np
import pandas as pd
import pytest

from detl.errors import DetlError
from detl.evaluation.predictions import pool_predictions, read_probabilities
from made_probabilities import draw_pooled


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
    pooled = pool_predictions(data_b, **folds)

    assert pooled[["fold", "image_id", "group"]].to_numpy().tolist() == [
        ["fold_2", "b_0", "q"],
        ["fold_1", "a_0", "p"],
        ["fold_1", "a_1", "p"],
    ]
    assert pooled.index.tolist() == [0, 1, 2]


def test_the_columns_are_those_of_the_predictions_between_fold_and_group(folds, data_b):
    columns = list(pool_predictions(data_b, **folds))

    assert columns == ["fold", *folds["fold_1"].columns, "group"]


def test_an_image_that_data_b_lacks_is_named(folds, data_b):
    with pytest.raises(DetlError, match="image 'b_0', which is not among"):
        pool_predictions(data_b[:2], **folds)


@pytest.mark.parametrize("value", [np.nan, -0.1, 1.1])
def test_what_is_no_probability_stops(value):
    table = draw_pooled(5)
    table.loc[2, "p_normal"] = value
    with pytest.raises(DetlError, match="1 of 5 images, image_2 first, are not"):
        read_probabilities(table)

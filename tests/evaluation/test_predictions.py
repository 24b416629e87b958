import numpy as np
import pandas as pd
import pytest

from detl.errors import DetlError
from detl.evaluation.predictions import (
    average_seeds,
    pool_predictions,
    read_probabilities,
    split_seeds,
    tell_right,
)
from detl.schemas.classes import PROBABILITIES
from made_pooled import make_by_seed, make_pooled
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


def test_seeds_come_apart_with_their_images_in_one_order():
    by_seed = make_by_seed(images=20)

    tables = split_seeds(by_seed.sample(frac=1, random_state=0))

    assert len(tables) == 3
    for seed, table in enumerate(tables):
        assert list(table) == [name for name in by_seed if name != "seed"]
        assert table["image_id"].tolist() == tables[0]["image_id"].tolist()
        own = by_seed[by_seed["seed"] == seed].set_index("image_id")
        found = table.set_index("image_id")["predicted"]
        assert found.equals(own["predicted"][found.index])


def test_predictions_without_a_seed_are_of_one_training():
    pooled = make_pooled(images=20)

    assert split_seeds(pooled) == [pooled]
    assert average_seeds(pooled) is pooled


@pytest.mark.parametrize("again", [[], [0, 0]])
def test_an_image_that_one_seed_lacks_or_has_twice_is_named(again):
    by_seed = make_by_seed(images=20)
    wrong = pd.concat([by_seed.drop(index=0), by_seed.loc[again]])

    with pytest.raises(DetlError, match="image_0 is not predicted once by the networ"):
        split_seeds(wrong)


def test_the_ensemble_says_the_mean_of_the_probabilities():
    by_seed = make_by_seed(images=40)

    ensemble = average_seeds(by_seed)

    mean = by_seed.groupby("image_id", sort=False)[PROBABILITIES].mean()
    assert ensemble["image_id"].tolist() == mean.index.tolist()
    np.testing.assert_allclose(ensemble[PROBABILITIES], mean)
    largest = ensemble[PROBABILITIES].idxmax(axis=1).str.removeprefix("p_")
    assert (ensemble["predicted"] == largest).all()


def test_who_is_right_has_a_column_per_seed():
    by_seed = make_by_seed(images=40)

    second = by_seed[by_seed["seed"] == 1].iloc[::-1]

    right = tell_right(by_seed, second["image_id"])

    assert right.shape == (40, 3)
    assert (right[:, 1] == (second["label"] == second["predicted"])).all()

import pandas as pd
import pytest
from pydantic import ValidationError

from detl.errors import DetlError
from detl.splitting.folds import assign_folds, separate_folds

NAMES = ("fold_1", "fold_2", "fold_3")


def test_each_image_is_tested_in_exactly_one_fold(make_data_b, make_parameters):
    folds = assign_folds(make_data_b(6), make_parameters(), 0, NAMES)
    tested = folds[folds["subset"] == "test"]["image_id"]
    assert sorted(tested) == sorted(make_data_b(6)["image_id"])


def test_each_image_has_one_row_in_each_fold(make_data_b, make_parameters):
    folds = assign_folds(make_data_b(6), make_parameters(), 0, NAMES)
    assert list(folds) == ["image_id", "fold", "subset"]
    assert len(folds) == 3 * 24
    assert not folds.duplicated(["image_id", "fold"]).any()


def test_groups_stay_whole_in_every_fold(make_data_b, make_parameters):
    data_b = make_data_b(6, images_per_group=3)
    folds = assign_folds(data_b, make_parameters(), 0, NAMES).merge(data_b)
    assert folds.groupby(["fold", "group"])["subset"].nunique().max() == 1


def test_classes_are_spread_evenly(make_data_b, make_parameters):
    data_b = make_data_b(6)
    folds = assign_folds(data_b, make_parameters(), 0, NAMES).merge(data_b)
    sizes = folds.groupby(["fold", "subset", "label"]).size()
    assert (sizes == 2).all()
    assert len(sizes) == 3 * 3 * 4


@pytest.mark.parametrize("images_per_group", [1, 4])
def test_stratification_holds_when_groups_are_shuffled(
    make_data_b, make_parameters, images_per_group
):
    data_b = make_data_b(30, images_per_group)
    folds = assign_folds(data_b, make_parameters(), 7, NAMES).merge(data_b)
    tested = folds[folds["subset"] == "test"].groupby(["fold", "label"]).size()
    assert (tested == 10 * images_per_group).all()


def test_the_inner_validation_is_the_share_asked(make_data_b, make_parameters):
    data_b = make_data_b(15)
    folds = assign_folds(data_b, make_parameters(inner=0.2), 0, NAMES)
    sizes = folds.groupby(["fold", "subset"]).size().loc["fold_1"]
    assert sizes.to_dict() == {"test": 20, "train": 32, "validation": 8}


def test_the_patient_with_most_images_is_trained_on_too(make_data_b, make_parameters):
    """And not in the inner validation part of whichever fold does not test it."""
    data_b = make_data_b(15)
    group = data_b["group"].mask(data_b.index.isin(range(6)), "large")
    data_b = data_b.assign(group=group)
    parameters = make_parameters(inner=0.2)
    subsets = pd.concat(
        assign_folds(data_b, parameters, seed, NAMES)
        .merge(data_b)
        .query("group == 'large' and subset != 'test'")["subset"]
        for seed in range(30)
    )
    # One in five of 60 inner draws, give or take four standard errors.
    assert (subsets == "validation").mean() == pytest.approx(0.2, abs=0.21)


def test_an_inner_share_above_one_half_is_refused(make_parameters):
    with pytest.raises(ValidationError, match=r"less than or equal to 0\.5"):
        make_parameters(inner=0.6)


def test_one_seed_assigns_the_same_folds_again(make_data_b, make_parameters):
    data_b = make_data_b(6)
    first = assign_folds(data_b, make_parameters(), 0, NAMES)
    assert first.equals(assign_folds(data_b, make_parameters(), 0, NAMES))
    assert not first.equals(assign_folds(data_b, make_parameters(), 1, NAMES))


def test_too_few_groups_for_the_folds_stop(make_data_b, make_parameters):
    groups = {"normal": 6, "other_disease": 6, "pneumonia": 6, "covid_19": 2}
    data_b = make_data_b(groups, images_per_group=5)
    with pytest.raises(DetlError, match=r"covid_19 has 2 groups .* at least 3"):
        assign_folds(data_b, make_parameters(), 0, NAMES)


def test_a_class_without_a_group_stops(make_data_b, make_parameters):
    data_b = make_data_b(6).query("label != 'normal'")
    with pytest.raises(DetlError, match="normal has 0 groups"):
        assign_folds(data_b, make_parameters(), 0, NAMES)


def test_too_few_groups_for_the_inner_validation_stop(make_data_b, make_parameters):
    parameters = make_parameters(inner=0.1)
    with pytest.raises(DetlError, match="inner validation of fold_1 need at least 10"):
        assign_folds(make_data_b(9), parameters, 0, NAMES)


def test_a_fold_without_a_class_stops(make_data_b, make_parameters):
    # Four groups that mix the classes: the search for even folds ends in this one.
    mixed = make_data_b(4).assign(group=list("1022031102211332"))
    with pytest.raises(DetlError, match="In fold_1 the test part has 0 images of"):
        assign_folds(mixed, make_parameters(), 0, NAMES[:2])


def test_separated_folds_together_are_the_table(make_data_b, make_parameters):
    folds = assign_folds(make_data_b(6), make_parameters(), 0, NAMES)
    separate = separate_folds(folds)
    assert [table["fold"].unique().tolist() for table in separate] == [
        [name] for name in NAMES
    ]
    assert pd.concat(separate, ignore_index=True).equals(folds)


def test_ten_folds_are_separated_in_their_order(make_data_b, make_parameters):
    names = [f"fold_{k}" for k in range(1, 11)]
    folds = assign_folds(make_data_b(12), make_parameters(), 0, names)
    assert [table["fold"].iloc[0] for table in separate_folds(folds)] == names


def test_under_protocol_paper_folds_are_drawn_by_image(make_data_b, make_parameters):
    data_b = make_data_b(6, images_per_group=4)
    parameters = make_parameters(protocol="paper")
    folds = assign_folds(data_b, parameters, 0, NAMES).merge(data_b)
    tested = folds[folds["subset"] == "test"]
    assert tested.groupby("group")["fold"].nunique().max() > 1
    assert sorted(tested["image_id"]) == sorted(data_b["image_id"])
    assert (tested.groupby(["fold", "label"]).size() == 8).all()


def test_under_protocol_paper_all_the_rest_is_trained_on(make_data_b, make_parameters):
    parameters = make_parameters(protocol="paper")
    folds = assign_folds(make_data_b(6), parameters, 0, NAMES)
    sizes = folds.groupby(["fold", "subset"]).size().loc["fold_1"]
    assert sizes.to_dict() == {"test": 8, "train": 16}


def test_under_protocol_paper_fewer_patients_than_folds_are_enough(
    make_data_b, make_parameters
):
    data_b = make_data_b(1, images_per_group=3)
    folds = assign_folds(data_b, make_parameters(protocol="paper"), 0, NAMES)
    assert set(folds["fold"]) == set(NAMES)


def test_an_unknown_protocol_is_refused(make_parameters):
    with pytest.raises(ValidationError, match="'grouped' or 'paper'"):
        make_parameters(protocol="image")

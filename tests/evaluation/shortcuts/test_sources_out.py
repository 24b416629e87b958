import re

import numpy as np
import pandas as pd
import pytest

from detl.errors import DetlError
from detl.evaluation.shortcuts.sources_out import (
    COLUMNS,
    SCORES,
    SourcePlan,
    list_identifiable,
    plan_sources,
    score_sources_out,
)
from detl.schemas.classes import DATA_B_CLASSES, class_indices


def make_study(layout, per_cell=24, images_of_a_patient=2):
    """Return Data-B and images; ``layout`` is of (class, source) pairs."""
    cells = pd.DataFrame(layout, columns=["label", "source"])
    table = cells.loc[np.repeat(cells.index, per_cell)].reset_index(drop=True)
    number = np.arange(len(table))
    table["image_id"] = [f"image_{k}" for k in number]
    table["group"] = [f"group_{k}" for k in number // images_of_a_patient]
    return table[["image_id", "group", "label"]], table[["image_id", "source"]]


@pytest.fixture
def paper():
    """Return the paper's own layout: COVID-19 from a source of its own."""
    of_nih = [(label, "nih") for label in DATA_B_CLASSES[:3]]
    return make_study([*of_nih, ("covid_19", "covid_chestxray")])


@pytest.fixture
def two_by_two():
    return make_study(
        [(c, s) for c in ("normal", "covid_19") for s in ("here", "there")]
    )


@pytest.fixture
def make_predictor():
    """Build a callback that is right about a share of each class of the test part."""

    def make(data_b, right):
        def predict(train, validation, test):
            labels = class_indices(data_b["label"].iloc[test])
            is_right = np.arange(len(test)) % 10 < 10 * right
            said = np.where(is_right, labels, 3 - labels)
            return (0.1 + 0.6 * np.eye(4)[said])[:, np.newaxis]

        return predict

    return make


def test_the_papers_layout_refuses_covid_against_the_rest_and_says_why(paper):
    row = list_identifiable(*paper).set_index("class").loc["covid_19"]
    assert not row["identifiable"]
    assert row["reason"] == (
        "all 24 images of covid_19 are from covid_chestxray, which has no image of "
        "another class: disease and source cannot be told apart"
    )


def test_the_papers_layout_leaves_nothing_to_train_on_for_the_others(paper):
    row = list_identifiable(*paper).set_index("class").loc["normal"]
    assert row["reason"] == (
        "all 24 images of normal are from nih: without it there is none to train on"
    )


def test_the_papers_layout_plans_no_training_and_gives_no_number(paper):
    def refuse(train, validation, test):
        raise AssertionError("nothing is to be trained")

    assert plan_sources(*paper, 0.15, seed=0) == []
    table = score_sources_out(*paper, [], refuse, seed=0)
    assert len(table) == 8
    assert list(table.columns) == COLUMNS
    assert table["note"].str.startswith("not identifiable: ").all()
    assert table[list(SCORES)].isna().all(axis=None)


def test_two_sources_of_two_classes_identify_both(two_by_two):
    table = list_identifiable(*two_by_two).set_index("class")
    assert table["identifiable"].to_dict() == {
        "normal": True,
        "other_disease": False,
        "pneumonia": False,
        "covid_19": True,
    }
    assert table.loc["covid_19", "sources"] == "here 24, there 24"
    assert table.loc["covid_19", "reason"] == ""
    assert table.loc["pneumonia", "reason"] == "there is no image of pneumonia"


def test_two_sources_of_which_none_holds_another_class_identify_nothing():
    study = make_study([("covid_19", "a"), ("covid_19", "b"), ("normal", "c")])
    row = list_identifiable(*study).set_index("class").loc["covid_19"]
    assert not row["identifiable"]
    assert row["reason"] == (
        "a has no image of another class than covid_19; "
        "b has no image of another class than covid_19"
    )


def test_training_without_the_source_must_hold_another_class_too():
    """Without a all images are COVID-19: there is nothing to tell it from."""
    study = make_study([("covid_19", "a"), ("normal", "a"), ("covid_19", "b")])
    reason = list_identifiable(*study).set_index("class").loc["covid_19", "reason"]
    assert "without a there are images of another class from 0 groups" in reason


def test_each_source_is_tested_whole_and_not_trained_on(two_by_two):
    data_b, images = two_by_two
    plans = plan_sources(data_b, images, 0.15, seed=0)
    assert [plan.source for plan in plans] == ["here", "there"]
    for plan in plans:
        sources = images["source"].to_numpy()
        assert set(np.flatnonzero(sources == plan.source)) == set(plan.test)
        outside = np.concatenate([plan.train, plan.validation])
        assert set(np.flatnonzero(sources != plan.source)) == set(outside)


def test_the_inner_validation_part_is_of_whole_groups_of_each_class(two_by_two):
    data_b, images = two_by_two
    for plan in plan_sources(data_b, images, 0.15, seed=0):
        inner = data_b.iloc[plan.validation]
        assert not set(inner["group"]) & set(data_b["group"].iloc[plan.train])
        assert set(inner["label"]) == {"normal", "covid_19"}
        assert 0.05 < len(inner) / (len(plan.train) + len(inner)) < 0.3


def test_a_patient_who_is_also_in_the_held_out_source_is_not_trained_on(two_by_two):
    data_b, images = two_by_two
    first = {s: np.flatnonzero(images["source"] == s)[0] for s in ("here", "there")}
    data_b = data_b.copy()
    data_b.loc[first["there"], "group"] = data_b["group"].iloc[first["here"]]
    for plan in plan_sources(data_b, images, 0.15, seed=0):
        outside = np.concatenate([plan.train, plan.validation])
        assert not set(data_b["group"].iloc[outside]) & set(
            data_b["group"].iloc[plan.test]
        )


def test_a_class_of_few_patients_stays_in_the_training_part(two_by_two):
    data_b, images = two_by_two
    more = make_study([("pneumonia", "here")], per_cell=3)
    names = [f"few_{k}" for k in range(3)]
    data_b = pd.concat(
        [data_b, more[0].assign(image_id=names, group=names)], ignore_index=True
    )
    images = pd.concat([images, more[1].assign(image_id=names)], ignore_index=True)
    plan = plan_sources(data_b, images, 0.15, seed=0)[1]
    assert "pneumonia" in set(data_b["label"].iloc[plan.train])
    assert "pneumonia" not in set(data_b["label"].iloc[plan.validation])


def test_where_all_classes_but_one_are_small_two_are_in_the_validation_part():
    """One of seven groups would be asked for; the other class has four."""
    study = [
        make_study([("covid_19", "a"), ("normal", "a"), ("covid_19", "b")], 40),
        *(make_study([(label, "b")], 4) for label in ("normal", "other_disease")),
        make_study([("pneumonia", "b")], 4),
    ]
    data_b, images = (pd.concat(t, ignore_index=True) for t in zip(*study, strict=True))
    names = [f"n{k}" for k in range(len(data_b))]
    data_b = data_b.assign(image_id=names, group=names)
    (plan,) = plan_sources(data_b, images.assign(image_id=names), 0.15, seed=0)[:1]
    assert plan.source == "a"
    assert data_b["label"].iloc[plan.validation].nunique() > 1


def test_a_two_by_two_layout_is_filled(two_by_two, make_predictor):
    data_b, images = two_by_two
    plans = plan_sources(data_b, images, 0.15, seed=0)
    predict = make_predictor(data_b, right=0.8)
    table = score_sources_out(data_b, images, plans, predict, seed=0)
    filled = table[table["note"] == ""]
    cells = sorted(filled[["class", "source"]].itertuples(index=False, name=None))
    assert cells == [(c, s) for c in ("covid_19", "normal") for s in ("here", "there")]
    for score in SCORES:
        assert filled[score].between(0.7, 0.9).all()
        assert (filled[f"{score}_low"] < filled[score]).all()
        assert (filled[f"{score}_high"] > filled[score]).all()


def test_what_is_not_planned_gets_no_number(two_by_two, make_predictor):
    data_b, images = two_by_two
    plans = plan_sources(data_b, images, 0.15, seed=0)[:1]
    predict = make_predictor(data_b, right=1)
    table = score_sources_out(data_b, images, plans, predict, seed=0)
    row = table.set_index(["source", "class"]).loc[("there", "covid_19")]
    assert row["note"] == "not identifiable: no network was trained without this source"


def test_a_source_of_few_patients_gives_no_number(make_predictor):
    layout = [(c, s) for c in ("normal", "covid_19") for s in ("a", "b")]
    data_b, images = make_study(layout)
    is_b = images["source"] == "b"
    kept = ~is_b | (is_b.groupby([data_b["label"], is_b]).cumcount() < 14)
    data_b, images = data_b[kept].reset_index(drop=True), images[kept]
    plan = SourcePlan(
        "b",
        train=np.flatnonzero(~is_b[kept]),
        validation=np.array([0]),
        test=np.flatnonzero(is_b[kept]),
    )
    predict = make_predictor(data_b, right=0.5)
    table = score_sources_out(data_b, images, [plan], predict, seed=0)
    row = table.set_index(["source", "class"]).loc[("b", "covid_19")]
    assert row["note"].startswith("sensitivity: not enough data (n = 7)")
    assert np.isnan(row["auc"])


@pytest.mark.parametrize(
    "returned",
    [np.ones((48, 4)), np.ones((3, 2, 4)), np.full((48, 2, 4), np.nan)],
    ids=["one network", "shape", "nan"],
)
def test_probabilities_that_do_not_fit_stop(two_by_two, returned):
    data_b, images = two_by_two
    plans = plan_sources(data_b, images, 0.15, seed=0)
    message = f"Without here came probabilities of shape {returned.shape}"
    with pytest.raises(DetlError, match=re.escape(message)):
        score_sources_out(data_b, images, plans, lambda *_: returned, seed=0)


def test_several_seeds_have_the_means_of_theirs(two_by_two, make_predictor):
    data_b, images = two_by_two
    plans = plan_sources(data_b, images, 0.15, seed=0)
    good, poor = (make_predictor(data_b, right) for right in (1.0, 0.6))

    def predict(*parts):
        return np.concatenate([good(*parts), poor(*parts)], axis=1)

    table = score_sources_out(data_b, images, plans, predict, seed=0)
    alone = score_sources_out(data_b, images, plans, poor, seed=0)

    key = ["source", "class"]
    row, one = (t.set_index(key).loc[("here", "covid_19")] for t in (table, alone))
    assert row["sensitivity"] == pytest.approx((1 + one["sensitivity"]) / 2)
    assert row["auc"] == pytest.approx((1 + one["auc"]) / 2)
    assert row["sensitivity_high"] - row["sensitivity_low"] > (
        one["sensitivity_high"] - one["sensitivity_low"]
    )

import numpy as np
import pandas as pd
import pytest

from detl.errors import DetlError
from detl.evaluation.answers import (
    assign_parts,
    count_answers,
    divide_answers,
    label_answered,
    probe_answers,
    tabulate_answers,
)
from detl.schemas.classes import DATA_B_CLASSES
from detl.sources.predictions_csv import Answers
from made_study import make_study

NOTHING = pd.DataFrame()
ALL = Answers(NOTHING, NOTHING, DATA_B_CLASSES, ())
JOINED = Answers(NOTHING, NOTHING, ("normal", "other_disease"), DATA_B_CLASSES[1:])


def answer(data_b, **probabilities):
    return data_b[["image_id"]].assign(**probabilities)


def test_images_of_a_class_without_a_probability_are_left_out():
    _, images, _ = make_study("nih", per_class=8)
    two = Answers(NOTHING, NOTHING, ("normal", "covid_19"), ())

    data_b, reasons = label_answered(images, images["label"], two)

    assert set(data_b["label"]) == {"normal", "covid_19"}
    assert reasons.tolist() == ["class without a probability"] * 16


def test_classes_with_one_probability_are_judged_as_one():
    _, images, _ = make_study("nih", per_class=8)

    data_b, reasons = label_answered(images, images["label"], JOINED)

    assert data_b["label"].value_counts().to_dict() == {
        "normal": 8,
        "other_disease": 24,
    }
    assert reasons.empty


@pytest.mark.parametrize(
    ("per_class", "classes"),
    [(2, DATA_B_CLASSES), (1, DATA_B_CLASSES), (20, ("normal",))],
)
def test_too_few_images_or_classes_are_refused(per_class, classes):
    _, images, _ = make_study("nih", per_class=per_class)
    few = Answers(NOTHING, NOTHING, classes, ())

    with pytest.raises(DetlError, match="groups of patients"):
        label_answered(images, images["label"], few)


def test_the_class_of_the_largest_probability_is_named():
    data_b, _, _ = make_study("nih", per_class=3)
    rows = answer(data_b, p_normal=0.4, p_pneumonia=0.6)

    answered = tabulate_answers(data_b, rows)

    assert set(answered["predicted"]) == {"pneumonia"}
    assert (answered["p_covid_19"] == 0).all()
    assert answered["group"].tolist() == data_b["group"].tolist()


@pytest.mark.parametrize(("threshold", "named"), [(0.2, "covid_19"), (0.4, "normal")])
def test_with_a_threshold_the_later_class_is_named_from_it_on(threshold, named):
    data_b, _, _ = make_study("nih", per_class=3)
    rows = answer(data_b, p_normal=0.7, p_covid_19=0.3, threshold=threshold)

    assert set(tabulate_answers(data_b, rows)["predicted"]) == {named}


def test_every_patient_is_in_one_part_and_every_image_is_tested_once():
    data_b, _, _ = make_study("nih", per_class=6)
    data_b = data_b.assign(group=[f"g{k // 2}" for k in range(len(data_b))])

    folds = assign_parts(data_b, seed=0)

    tested = folds[folds["subset"] == "test"].merge(data_b, on="image_id")
    assert sorted(tested["image_id"]) == sorted(data_b["image_id"])
    assert (tested.groupby("group")["fold"].nunique() == 1).all()
    # As many parts as the scarcest class has groups.
    assert folds["fold"].nunique() == 3


def test_the_parts_take_the_place_of_the_one_fold():
    data_b, _, _ = make_study("nih", per_class=6)
    answered = tabulate_answers(data_b, answer(data_b, p_normal=0.5, p_covid_19=0.5))

    tested = divide_answers(answered, assign_parts(data_b, seed=0))

    assert tested["fold"].nunique() == 5
    assert "seed" not in tested


@pytest.mark.parametrize(
    ("follows", "low", "high"), [(True, 0.95, 1), (False, 0.2, 0.8)]
)
def test_answers_that_go_with_the_source_tell_it(follows, low, high):
    data_b, images, _ = make_study("nih", "cohen")
    rng = np.random.default_rng(0)
    sure = rng.uniform(0.4, 0.6, len(images))
    if follows:
        sure = np.where(images["source"] == "nih", sure - 0.3, sure + 0.3)
    answered = tabulate_answers(
        data_b, answer(data_b, p_normal=1 - sure, p_covid_19=sure)
    )

    probe = probe_answers(answered, images, seed=0)

    assert probe["auc"].between(low, high).all()


def test_answers_are_counted_by_source_and_class():
    data_b, images, _ = make_study("nih", "cohen", per_class=3)
    answered = tabulate_answers(data_b, answer(data_b, p_normal=0.2, p_covid_19=0.8))

    counts = count_answers(answered, images, ("normal", "covid_19"))

    assert len(counts) == 8
    assert (counts["covid_19"] == 3).all()
    assert (counts["normal"] == 0).all()

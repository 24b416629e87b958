import numpy as np
import pandas as pd
import pytest

from detl.classes import DATA_B_CLASSES
from detl.errors import DetlError
from detl.evaluation.external import measure_drop


def make(right, images=40, classes=DATA_B_CLASSES):
    """Return predictions of which this share of each class is right."""
    rows = []
    for label in classes:
        wrong = "normal" if label != "normal" else "pneumonia"
        for number in range(images):
            predicted = label if number < right * images else wrong
            rows.append((f"{label}-{number}", label, predicted))
    table = pd.DataFrame(rows, columns=["image_id", "label", "predicted"])
    for name in DATA_B_CLASSES:
        table[f"p_{name}"] = np.where(table["predicted"] == name, 0.7, 0.1)
    return table.assign(fold="fold_1", group=table["image_id"])


def row_of(table, score, label=""):
    return table[(table["score"] == score) & (table["class"] == label)].iloc[0]


def test_the_drop_is_the_difference_of_the_scores():
    drops = measure_drop(make(0.9), make(0.6), seed=0)

    accuracy = row_of(drops, "accuracy")
    assert accuracy["drop"] == pytest.approx(0.3)
    assert accuracy["drop_low"] > 0.2
    assert accuracy["drop_high"] < 0.4


def test_equal_scores_have_an_interval_about_0():
    drop = row_of(measure_drop(make(0.8), make(0.8), seed=0), "balanced_accuracy")

    assert drop["drop_low"] < 0 < drop["drop_high"]


def test_balanced_accuracy_is_over_the_classes_that_both_sides_hold():
    outside = make(0.5, classes=("normal", "covid_19"))

    row = row_of(measure_drop(make(0.9), outside, seed=0), "balanced_accuracy")

    assert row["external"] == pytest.approx(0.5)
    assert row["note"] == "over normal, covid_19"


def test_a_class_with_too_few_patients_has_no_number_but_a_note():
    outside = pd.concat([make(0.5), make(1.0, images=7, classes=["covid_19"])])
    outside = outside[(outside["label"] != "covid_19") | (outside.index < 7)]

    row = row_of(measure_drop(make(0.9), outside, seed=0), "sensitivity", "covid_19")

    assert np.isnan(row["drop"])
    assert row["note"] == "external: not enough data (n = 7)"


def test_many_images_of_few_patients_have_no_area_under_the_curve():
    of_covid = make(0.5, images=40, classes=["covid_19"])
    of_covid["group"] = [f"patient-{number % 3}" for number in range(40)]
    outside = pd.concat([of_covid, make(0.5, images=30, classes=["normal"])])

    row = row_of(measure_drop(make(0.9), outside, seed=0), "auc", "covid_19")

    assert np.isnan(row["external"])
    assert row["note"] == "external: not enough data (n = 3)"


def test_a_score_without_an_interval_still_has_a_drop():
    always = make(0.9).assign(predicted="normal")

    row = row_of(measure_drop(make(0.9), always, seed=0), "balanced_accuracy")

    assert row["drop"] == pytest.approx(0.65)
    assert np.isnan([row["drop_low"], row["drop_high"]]).all()
    assert row["note"].startswith("external: no interval")


def test_one_shared_class_is_too_few_for_a_balanced_accuracy():
    outside = make(0.5, classes=["covid_19"])

    row = row_of(measure_drop(make(0.9), outside, seed=0), "balanced_accuracy")

    assert np.isnan(row["drop"])
    assert row["note"].startswith("both sides have enough patients of 1 classes")


def test_no_external_image_is_refused():
    with pytest.raises(DetlError, match="predictions of 0 external images"):
        measure_drop(make(0.9), make(0.9).iloc[:0], seed=0)

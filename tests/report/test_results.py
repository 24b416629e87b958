import json

import pandas as pd
import pytest

from detl.errors import DetlError
from detl.evaluation.accuracies import ACCURACIES
from detl.report.results import collect_results
from detl.schemas.classes import DATA_B_CLASSES
from detl.schemas.parameters import NetworkParameters

PRETRAINED = {"data_a_accuracy": 0.7, "data_a_epoch": 2}
SUMMARY = {
    **dict.fromkeys(ACCURACIES, 0.5),
    "accuracy": 0.625,
    "seeds": 3,
    "warnings": "Careful.",
}
NETWORK = NetworkParameters(
    network="vgg16",
    width_multiplier=0.25,
    fully_connected_units=0,
    dropout=0.0,
    stem_stride=1,
    normalisation="batch",
    precision="float32",
)


@pytest.fixture
def tested():
    """Two of three and nine of nine right; images a and b are of one patient."""
    table = pd.DataFrame(
        {"label": ["normal", "normal", "covid_19", *["pneumonia"] * 9]}
    )
    return table.assign(
        fold=["fold_2"] * 3 + ["fold_1"] * 9,
        image_id=list("abcdefghijkl"),
        predicted=table["label"].replace("covid_19", "normal"),
        group=list("aacdefghijkl"),
        **{f"p_{label}": 0.25 for label in DATA_B_CLASSES},
    )


@pytest.fixture
def fold_summary():
    table = pd.DataFrame({"fold": ["fold_2", "fold_1"], "epoch": [7, 9]})
    table = table.assign(accuracy=[0.6, 0.9], ensemble_accuracy=[2 / 3, 1.0])
    for score in ("sensitivity", "specificity", "ppv", "auc"):
        for label in DATA_B_CLASSES:
            table[f"{score}_{label}"] = [0.5, 0.9]
    return table


@pytest.fixture
def collect(fold_summary):
    """Return a function that collects the results of predictions."""

    def call(tested, **changes):
        stages = ({"loss": [1.0]}, PRETRAINED, SUMMARY | changes, fold_summary)
        return collect_results(*stages, tested, {}, NETWORK)

    return call


@pytest.fixture
def collected(collect, tested):
    return collect(tested)


def test_tested_images_and_their_groups_of_patients_are_counted(collected):
    assert (collected["tested"], collected["groups"]) == (12, 11)


def test_too_few_patients_for_an_interval_are_named(collect, tested):
    message = "12 test images has no interval, as they are of 9 groups of patients and"
    with pytest.raises(DetlError, match=message):
        collect(tested.assign(group=[*"aabcdefghiii"]), accuracy_low=None)


def test_each_fold_has_its_own_epoch_images_and_accuracies(collected):
    second, first = collected["folds"]
    assert (second["fold"], second["epoch"], second["tested"]) == ("fold_2", 7, 3)
    assert second["accuracy"] == 0.6
    assert (first["epoch"], first["ensemble_accuracy"]) == (9, 1.0)


def test_the_scores_of_a_class_are_the_mean_over_the_folds(collected):
    assert collected["classes"]["covid_19"]["auc"] == pytest.approx(0.7)


def test_what_the_stages_say_is_taken_over(collected):
    assert {name: collected[name] for name in ACCURACIES} == {
        name: SUMMARY[name] for name in ACCURACIES
    }
    assert collected["data_a_epoch"] == 2
    assert collected["warnings"] == "Careful."
    assert collected["width_multiplier"] == 0.25


def test_classes_that_no_fold_predicts_are_listed(collected):
    assert collected["never_predicted"] == ["other_disease", "covid_19"]


def test_the_results_fit_into_json(collected):
    assert json.loads(json.dumps(collected)) == collected

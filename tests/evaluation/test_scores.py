import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sklearn_metrics

from detl.errors import DetlError
from detl.evaluation.metrics import score_predictions
from detl.evaluation.scores import (
    measure_main_scores,
    measure_scores,
    name_pooled_scores,
)
from detl.schemas.classes import DATA_B_CLASSES
from detl.statistics.bootstrap import NO_SPREAD
from made_pooled import make_by_seed, make_pooled

WHOLE = ["accuracy", "share_of_chance", "balanced_accuracy", "macro_f1", "macro_auc"]
SHARES = ["sensitivity", "specificity", "ppv", "npv"]
PER_CLASS = [*SHARES, "auc", "average_precision"]


@pytest.fixture(scope="module")
def pooled():
    return make_pooled()


@pytest.fixture(scope="module")
def scores(pooled):
    return measure_scores(pooled, seed=0)


def _find(scores, fold, score, label=""):
    wanted = (scores["fold"] == fold) & (scores["score"] == score)
    (row,) = scores[wanted & (scores["class"] == label)].to_dict("records")
    return row


def _value(scores, *key):
    return _find(scores, *key)["value"]


def test_there_is_a_row_per_set_of_images_score_and_class(scores):
    expected = {(score, "") for score in WHOLE}
    expected |= {(score, label) for score in PER_CLASS for label in DATA_B_CLASSES}
    for fold in ("all", "fold_1", "fold_2", "fold_3"):
        rows = scores[scores["fold"] == fold]
        assert set(zip(rows["score"], rows["class"], strict=True)) == expected
        assert len(rows) == len(expected)


def test_only_areas_under_the_roc_curve_have_a_mean_over_the_folds(scores):
    rows = scores[scores["fold"] == "mean of folds"]

    assert rows[["score", "class"]].to_numpy().tolist() == [
        ["macro_auc", ""],
        *(["auc", label] for label in DATA_B_CLASSES),
    ]


def test_the_main_scores_are_rows_of_all_scores(pooled, scores):
    main = measure_main_scores(pooled, seed=0)

    quoted = scores["fold"].eq("mean of folds") | (
        scores["fold"].eq("all") & scores["score"].eq("accuracy")
    )
    pd.testing.assert_frame_equal(main, scores[quoted].reset_index(drop=True))


@pytest.mark.parametrize("fold", ["all", "fold_2"])
def test_the_values_are_those_that_the_folds_are_scored_by(pooled, scores, fold):
    images = pooled if fold == "all" else pooled[pooled["fold"] == fold]
    for name, expected in score_predictions(images).items():
        score, *label = (name, "") if name in WHOLE else name.split("_", 1)
        assert _value(scores, fold, score, *label) == pytest.approx(expected)


@pytest.mark.parametrize("label", DATA_B_CLASSES)
def test_the_values_of_a_class_are_those_of_scikit_learn(pooled, scores, label):
    truth, named = pooled["label"] == label, pooled["predicted"] == label
    probability = pooled[f"p_{label}"]
    expected = {
        "sensitivity": sklearn_metrics.recall_score(truth, named),
        "specificity": sklearn_metrics.recall_score(~truth, ~named),
        "ppv": sklearn_metrics.precision_score(truth, named),
        "npv": sklearn_metrics.precision_score(~truth, ~named),
        "auc": sklearn_metrics.roc_auc_score(truth, probability),
        "average_precision": sklearn_metrics.average_precision_score(
            truth, probability
        ),
    }
    found = {score: _value(scores, "all", score, label) for score in PER_CLASS}
    assert found == pytest.approx(expected)


def test_the_values_over_all_classes_are_those_of_scikit_learn(pooled, scores):
    label, predicted = pooled["label"], pooled["predicted"]
    columns = [f"p_{name}" for name in sorted(DATA_B_CLASSES)]
    expected = {
        "accuracy": sklearn_metrics.accuracy_score(label, predicted),
        "share_of_chance": label.value_counts(normalize=True).max(),
        "balanced_accuracy": sklearn_metrics.balanced_accuracy_score(label, predicted),
        "macro_f1": sklearn_metrics.f1_score(label, predicted, average="macro"),
        "macro_auc": sklearn_metrics.roc_auc_score(
            label, pooled[columns], multi_class="ovr"
        ),
    }
    found = {score: _value(scores, "all", score) for score in WHOLE}
    assert found == pytest.approx(expected)


def test_the_mean_of_folds_is_the_mean_of_what_the_folds_say(scores):
    by_fold = [_value(scores, f"fold_{k}", "auc", "pneumonia") for k in (1, 2, 3)]

    mean = _value(scores, "mean of folds", "auc", "pneumonia")
    assert mean == pytest.approx(np.mean(by_fold))


def test_networks_on_other_scales_lower_the_pooled_area_alone():
    pooled = make_pooled(lift=3)
    columns = [f"p_{label}" for label in DATA_B_CLASSES]
    power = pooled["fold"].map({"fold_1": 0.05, "fold_2": 1, "fold_3": 1})
    rescaled = pooled.assign(**{c: pooled[c] ** power for c in columns})

    before, after = measure_scores(pooled, 0), measure_scores(rescaled, 0)

    def fall(fold):
        key = fold, "auc", "covid_19"
        return _value(before, *key) - _value(after, *key)

    assert fall("all") > 0.05
    assert fall("mean of folds") == pytest.approx(0)


def test_every_interval_holds_its_value_within_0_and_1(scores):
    given = scores[scores["value"].notna()]

    assert len(given) > 100
    assert (given["low"] >= 0).all()
    assert (given["high"] <= 1).all()
    assert ((given["low"] < given["value"]) & (given["value"] < given["high"])).all()


def test_the_groups_are_those_of_the_images_that_a_score_rests_on(pooled, scores):
    named = pooled["predicted"] == "normal"
    expected = {
        ("accuracy", ""): 300,
        ("balanced_accuracy", ""): 300,
        ("sensitivity", "normal"): 75,
        ("specificity", "normal"): 225,
        ("ppv", "normal"): named.sum(),
        ("npv", "normal"): (~named).sum(),
        ("auc", "normal"): 75,
    }
    for key, groups in expected.items():
        assert _find(scores, "all", *key)["groups"] == groups


def test_images_of_one_patient_widen_every_interval(pooled, scores):
    """Each image is there four times, of one patient or of four."""
    copied = pd.concat([pooled.assign(image_id=pooled["image_id"] + k) for k in "abcd"])

    together = measure_scores(copied, seed=0)
    apart = measure_scores(copied.assign(group=copied["image_id"]), seed=0)

    def widths(scores):
        return scores["high"] - scores["low"]

    assert (together["value"] - apart["value"]).abs().max() < 1e-9
    assert (widths(together) > 1.5 * widths(apart)).all()
    pd.testing.assert_series_equal(widths(together), widths(scores), rtol=0.1)


def test_one_seed_gives_the_same_table_again(pooled, scores):
    pd.testing.assert_frame_equal(measure_scores(pooled, seed=0), scores)
    assert not measure_scores(pooled, seed=1).equals(scores)


def test_what_has_no_number_says_why():
    table = measure_scores(make_pooled(images=60), seed=0)

    missing = table[["value", "low", "high"]].isna()
    assert (missing.any(axis=1) == missing.all(axis=1)).all()
    assert (missing.all(axis=1) == (table["note"] != "")).all()
    assert missing.any(axis=None)


def test_few_patients_of_a_class_give_no_number():
    pooled = make_pooled(images=120, folds=1)
    is_covid = pooled["label"] == "covid_19"
    few = pooled["group"].where(~is_covid, "patient_" + (pooled.index % 7).astype(str))
    alone = few.where(is_covid, "other_" + few)

    table = measure_scores(pooled.assign(group=alone), seed=0)

    for score in ("balanced_accuracy", "macro_f1", "macro_auc"):
        row = _find(table, "all", score)
        assert (row["note"], row["groups"]) == ("not enough data (n = 7)", 7)
    for score in ("sensitivity", "auc", "average_precision"):
        row = _find(table, "all", score, "covid_19")
        assert (row["note"], row["groups"]) == ("not enough data (n = 7)", 7)
    assert _find(table, "all", "specificity", "covid_19")["note"] == ""
    assert _find(table, "mean of folds", "macro_auc")["note"] != ""


def test_a_class_that_a_fold_lacks_is_named():
    pooled = make_pooled()
    lacking = pooled[(pooled["fold"] != "fold_2") | (pooled["label"] != "covid_19")]

    table = measure_scores(lacking, seed=0)

    notes = {
        ("fold_2", "sensitivity", "covid_19"): "no image of covid_19",
        ("fold_2", "auc", "covid_19"): "no image of covid_19",
        ("fold_2", "average_precision", "covid_19"): "no image of covid_19",
        ("fold_2", "balanced_accuracy", ""): "no image of covid_19",
        ("fold_2", "macro_auc", ""): "no image of covid_19",
        ("mean of folds", "auc", "covid_19"): "no image of covid_19 in fold_2",
        ("mean of folds", "macro_auc", ""): "no image of covid_19 in fold_2",
        ("fold_2", "specificity", "covid_19"): "",
        ("fold_1", "sensitivity", "covid_19"): "",
        ("mean of folds", "auc", "normal"): "",
    }
    assert {key: _find(table, *key)["note"] for key in notes} == notes


def test_images_of_one_class_alone_have_no_others():
    pooled = make_pooled()
    alone = pooled[pooled["label"] == "normal"]

    table = measure_scores(alone, seed=0)

    for score in ("specificity", "auc", "average_precision"):
        assert (
            _find(table, "all", score, "normal")["note"] == "no image of another class"
        )
    assert _find(table, "all", "sensitivity", "normal")["note"] == ""


def test_a_class_that_is_never_predicted_has_no_predictive_value():
    pooled = make_pooled()
    named = pooled["predicted"].replace("covid_19", "normal")

    table = measure_scores(pooled.assign(predicted=named), seed=0)

    row = _find(table, "all", "ppv", "covid_19")
    assert (row["note"], row["groups"]) == ("never predicted", 0)
    assert np.isnan(row["value"])
    sensitivity = _find(table, "all", "sensitivity", "covid_19")
    assert sensitivity["value"] == sensitivity["low"] == 0 < sensitivity["high"]


def test_a_class_that_is_always_predicted_has_no_negative_predictive_value():
    table = measure_scores(make_pooled().assign(predicted="normal"), seed=0)

    assert _find(table, "all", "npv", "normal")["note"] == "always predicted"
    assert _value(table, "all", "npv", "covid_19") == pytest.approx(0.75)


def test_constant_probabilities_are_named():
    constant = {f"p_{label}": 0.25 for label in DATA_B_CLASSES}

    table = measure_scores(make_pooled().assign(**constant), seed=0)

    for fold, named in {
        "all": "fold_1, fold_2, fold_3",
        "fold_1": "fold_1",
        "mean of folds": "fold_1, fold_2, fold_3",
    }.items():
        for key in (("auc", "normal"), ("macro_auc",)):
            row = _find(table, fold, *key)
            constant = f"constant probabilities of the test images of {named}"
            assert row["note"] == f"{constant}; {NO_SPREAD}"
    assert _value(table, "all", "average_precision", "normal") == pytest.approx(0.25)


def test_constant_probabilities_are_one_half_without_an_interval():
    constant = {f"p_{label}": 0.25 for label in DATA_B_CLASSES}

    table = measure_scores(make_pooled().assign(**constant), seed=0)

    areas = table[table["score"].isin(["auc", "macro_auc"])]
    assert (areas["value"] == 0.5).all()
    assert areas[["low", "high"]].isna().all(axis=None)


def _collapse(pooled):
    """Return predictions that are constant in a fold, and differ between folds."""
    shift = pooled["fold"].map({"fold_1": 0.0, "fold_2": 0.1, "fold_3": 0.2})
    columns = {f"p_{label}": 0.2 for label in DATA_B_CLASSES[1:]}
    shifted = pooled.assign(**columns, p_normal=0.4)
    return shifted.assign(
        p_normal=shifted["p_normal"] + shift, p_covid_19=0.2 - shift, predicted="normal"
    )


@pytest.mark.parametrize("key", [("auc", "normal"), ("macro_auc",)])
def test_probabilities_that_are_constant_in_each_fold_are_named(key):
    row = _find(measure_scores(_collapse(make_pooled()), 0), "mean of folds", *key)

    assert row["value"] == 0.5
    assert np.isnan([row["low"], row["high"]]).all()
    assert row["note"].startswith("constant probabilities of the test images of fold_1")


def test_a_fold_that_is_constant_beside_others_is_named_and_leaves_an_interval():
    pooled = make_pooled()
    constant = _collapse(pooled).where(pooled["fold"] == "fold_2", pooled)

    row = _find(measure_scores(constant, 0), "mean of folds", "auc", "normal")

    assert row["low"] < row["value"] < row["high"]
    assert row["note"] == "constant probabilities of the test images of fold_2"


def test_the_balanced_accuracy_of_one_class_named_each_time_has_no_interval():
    table = measure_scores(make_pooled().assign(predicted="normal"), seed=0)

    row = _find(table, "all", "balanced_accuracy")
    assert (row["value"], row["note"]) == (0.25, NO_SPREAD)
    assert np.isnan([row["low"], row["high"]]).all()


def test_perfect_predictions_are_not_certain():
    table = measure_scores(make_pooled(lift=50), seed=0)

    given = table[(table["score"] != "share_of_chance") & (table["fold"] == "all")]
    assert (given[["value", "high"]] == 1).all(axis=None)
    assert given["low"].between(0.9, 0.99).all()


def test_a_probability_that_is_not_a_number_stops():
    diverged = make_pooled()
    diverged.loc[4, "p_normal"] = np.nan

    with pytest.raises(DetlError, match="1 of 300 images, image_4 first"):
        measure_scores(diverged, seed=0)


def test_an_unknown_class_stops():
    with pytest.raises(DetlError, match="predicted holds measles"):
        measure_scores(make_pooled().assign(predicted="measles"), seed=0)


def test_the_pooled_scores_have_names_and_ends(scores):
    named = name_pooled_scores(scores)

    balanced = _find(scores, "all", "balanced_accuracy")
    assert named["balanced_accuracy"] == balanced["value"]
    assert named["balanced_accuracy_low"] == balanced["low"]
    area = _find(scores, "mean of folds", "auc", "covid_19")
    assert named["auc_covid_19_high"] == area["high"]
    assert {type(number) for number in named.values()} == {float}


def test_the_pooled_scores_are_those_that_each_fold_has(scores):
    named = name_pooled_scores(scores)

    of_a_fold = score_predictions(make_pooled()).keys() - {"accuracy"}
    ends = {f"{name}_{end}" for name in of_a_fold for end in ("low", "high")}
    assert named.keys() == of_a_fold | ends


def test_a_score_without_an_interval_has_no_named_ends():
    table = measure_scores(make_pooled().assign(predicted="normal"), seed=0)

    named = name_pooled_scores(table)

    assert named["balanced_accuracy"] == 0.25
    assert np.isfinite(list(named.values())).all()


def test_a_score_without_a_number_has_no_name(scores):
    missing = scores.assign(value=scores["value"].where(scores["score"] != "macro_f1"))

    assert "macro_f1" not in name_pooled_scores(missing)


@pytest.fixture(scope="module")
def by_seed():
    return make_by_seed(lifts=[1.0, 1.5, 2.0])


@pytest.fixture(scope="module")
def over_seeds(by_seed):
    return measure_scores(by_seed, seed=0)


@pytest.mark.parametrize(
    ("fold", "score", "label"),
    [
        ("all", "accuracy", ""),
        ("fold_2", "macro_f1", ""),
        ("all", "ppv", "pneumonia"),
        ("all", "average_precision", "covid_19"),
        ("mean of folds", "macro_auc", ""),
    ],
)
def test_a_score_of_several_seeds_is_the_mean_of_theirs(
    by_seed, over_seeds, fold, score, label
):
    alone = [
        _value(measure_scores(of_seed.drop(columns="seed"), 0), fold, score, label)
        for _, of_seed in by_seed.groupby("seed")
    ]

    row = _find(over_seeds, fold, score, label)

    assert row["value"] == pytest.approx(np.mean(alone))
    assert row["seed_sd"] == pytest.approx(np.std(alone, ddof=1))


def test_an_interval_over_patients_and_trainings_is_wider(by_seed, over_seeds):
    one = measure_scores(by_seed[by_seed["seed"] == 1], seed=0)

    def width(scores):
        row = _find(scores, "all", "accuracy")
        return row["high"] - row["low"]

    assert width(over_seeds) > 1.5 * width(one)


def test_of_one_seed_no_spread_is_known(scores):
    assert scores["seed_sd"].isna().all()


def test_the_share_of_chance_has_no_training(over_seeds):
    assert np.isnan(_find(over_seeds, "all", "share_of_chance")["seed_sd"])


def test_a_class_that_one_seed_never_predicts_has_no_mean_predictive_value(by_seed):
    is_it = (by_seed["seed"] == 2) & (by_seed["predicted"] == "normal")
    never = by_seed.assign(predicted=by_seed["predicted"].mask(is_it, "pneumonia"))

    row = _find(measure_scores(never, 0), "all", "ppv", "normal")

    assert np.isnan(row["value"])
    assert row["note"] == "never predicted by a seed's networks"

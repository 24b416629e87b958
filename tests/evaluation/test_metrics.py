import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sklearn_metrics

from detl.errors import DetlError
from detl.evaluation.metrics import (
    confusion_matrix,
    score_predictions,
    score_seeds,
    summarise_folds,
)
from detl.evaluation.predictions import average_seeds
from detl.schemas.classes import DATA_B_CLASSES
from made_pooled import make_by_seed

PERFECT = [(name, name) for name in DATA_B_CLASSES]


@pytest.fixture
def one_wrong(make_predictions):
    """Return two images per class, of which one pneumonia is called normal."""
    return make_predictions(*PERFECT, *PERFECT[:2], ("pneumonia", "normal"), PERFECT[3])


@pytest.fixture
def random_predictions():
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(4), size=200)
    names = np.array(DATA_B_CLASSES)
    table = {
        "image_id": [f"image_{k}" for k in range(200)],
        "label": rng.choice(names, 200),
        "predicted": names[probabilities.argmax(axis=1)],
    }
    columns = {f"p_{c}": probabilities[:, k] for k, c in enumerate(DATA_B_CLASSES)}
    return pd.DataFrame(table | columns)


def test_the_keys_are_those_of_the_design(one_wrong):
    per_class = [
        f"{score}_{name}"
        for score in ("sensitivity", "specificity", "ppv", "auc")
        for name in ("normal", "other_disease", "pneumonia", "covid_19")
    ]
    whole = ["accuracy", "balanced_accuracy", "macro_f1", "macro_auc"]
    assert sorted(score_predictions(one_wrong)) == sorted(whole + per_class)


def test_every_score_is_a_plain_float(one_wrong):
    assert {type(score) for score in score_predictions(one_wrong).values()} == {float}


def test_perfect_predictions_score_one_throughout(make_predictions):
    assert set(score_predictions(make_predictions(*PERFECT)).values()) == {1.0}


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("accuracy", 7 / 8),
        ("balanced_accuracy", 7 / 8),
        ("sensitivity_pneumonia", 1 / 2),
        ("specificity_pneumonia", 1),
        ("ppv_pneumonia", 1),
        ("sensitivity_normal", 1),
        ("specificity_normal", 5 / 6),
        ("ppv_normal", 2 / 3),
        # F1: normal 4/5, pneumonia 2/3, the others 1.
        ("macro_f1", (4 / 5 + 1 + 2 / 3 + 1) / 4),
        # Pairs in the right order, ties half: pneumonia (6 + 6 / 2) of 12.
        ("auc_pneumonia", 9 / 12),
        # Normal: 2 x 5 pairs right and 2 tied of 2 x 6.
        ("auc_normal", 11 / 12),
        ("macro_auc", (11 / 12 + 1 + 9 / 12 + 1) / 4),
    ],
)
def test_one_wrong_image_gives_the_score_by_hand(one_wrong, key, expected):
    assert score_predictions(one_wrong)[key] == pytest.approx(expected)


def test_the_scores_agree_with_scikit_learn(random_predictions):
    label, predicted = random_predictions["label"], random_predictions["predicted"]
    columns = [f"p_{name}" for name in sorted(DATA_B_CLASSES)]
    scores = score_predictions(random_predictions)
    assert scores["macro_f1"] == pytest.approx(
        sklearn_metrics.f1_score(label, predicted, average="macro")
    )
    assert scores["balanced_accuracy"] == pytest.approx(
        sklearn_metrics.balanced_accuracy_score(label, predicted)
    )
    assert scores["macro_auc"] == pytest.approx(
        sklearn_metrics.roc_auc_score(
            label, random_predictions[columns], multi_class="ovr"
        )
    )


def test_the_predictive_value_of_a_class_never_predicted_is_zero(make_predictions):
    scores = score_predictions(make_predictions(*PERFECT[:3], ("covid_19", "normal")))
    assert scores["ppv_covid_19"] == 0
    assert scores["sensitivity_covid_19"] == 0
    assert scores["specificity_covid_19"] == 1


def test_a_class_without_a_test_image_stops(make_predictions):
    with pytest.raises(DetlError, match="covid_19 has 0 images among the 3 test"):
        score_predictions(make_predictions(*PERFECT[:3]))


def test_no_test_image_at_all_stops(make_predictions):
    with pytest.raises(DetlError, match="normal has 0 images among the 0 test"):
        score_predictions(make_predictions(*PERFECT).iloc[:0])


def test_a_probability_that_is_not_a_number_stops(one_wrong):
    diverged = one_wrong.assign(p_normal=[0.7, np.nan, *[0.1] * 6])
    with pytest.raises(DetlError, match="1 of 8 images, image_1 first"):
        score_predictions(diverged)


def test_rows_of_the_confusion_matrix_are_true_classes(one_wrong, make_matrix):
    expected = make_matrix([2, 0, 0, 0], [0, 2, 0, 0], [1, 0, 1, 0], [0, 0, 0, 2])
    pd.testing.assert_frame_equal(confusion_matrix(one_wrong), expected)


def test_the_confusion_matrix_survives_csv(one_wrong, tmp_path):
    matrix = confusion_matrix(one_wrong)
    matrix.to_csv(tmp_path / "matrix.csv")
    read = pd.read_csv(tmp_path / "matrix.csv", index_col="label")
    pd.testing.assert_frame_equal(read, matrix)


@pytest.mark.parametrize("column", ["label", "predicted"])
def test_an_unknown_class_stops(one_wrong, column):
    wrong = one_wrong.assign(**{column: "tuberculosis"})
    with pytest.raises(DetlError, match=f"Column {column} holds tuberculosis"):
        confusion_matrix(wrong)


@pytest.fixture
def two_folds(make_predictions):
    """Return the predictions of two folds, 4 of 4 right and 4 of 8; and the folds."""
    wrong = [(name, "normal") for name in DATA_B_CLASSES[1:]]
    second = [*PERFECT[1:], *wrong, ("normal", "normal"), ("normal", "pneumonia")]
    parts = {
        "fold_1": make_predictions(*PERFECT, prefix="a"),
        "fold_2": make_predictions(*second, prefix="b"),
    }
    tested = pd.concat(
        [part.assign(fold=fold) for fold, part in parts.items()], ignore_index=True
    )
    folds = pd.concat(
        [
            tested[["image_id"]].assign(
                fold=fold, subset=np.where(tested["fold"] == fold, "test", "train")
            )
            for fold in parts
        ],
        ignore_index=True,
    )
    return tested, folds


def _summarise(tested, folds):
    return summarise_folds(tested.assign(seed=0), tested, folds)


def test_each_fold_is_scored_on_its_own_images(two_folds):
    scores, _ = _summarise(*two_folds)
    assert list(scores["fold"]) == ["fold_1", "fold_2"]
    assert list(scores["accuracy"]) == [1, 0.5]


def test_the_pooled_matrix_counts_the_images_of_all_folds(two_folds):
    _, pooled = _summarise(*two_folds)
    assert pooled.loc["normal"].tolist() == [2, 0, 1, 0]
    assert pooled.to_numpy().sum() == 12


@pytest.fixture(scope="module")
def by_seed():
    return make_by_seed(images=80, folds=2)


def test_a_fold_has_the_means_over_its_seeds(by_seed):
    ensemble = average_seeds(by_seed)
    of_seeds = [score_predictions(part) for _, part in by_seed.groupby("seed")]

    scores = score_seeds(by_seed, ensemble)

    for name in ("accuracy", "ppv_pneumonia", "macro_auc"):
        assert scores[name] == pytest.approx(np.mean([s[name] for s in of_seeds]))
    accuracies = [of_seed["accuracy"] for of_seed in of_seeds]
    assert scores["accuracy_sd_seeds"] == pytest.approx(np.std(accuracies, ddof=1))
    assert scores["seed_accuracy"] == dict(zip("012", accuracies, strict=True))
    assert scores["ensemble_accuracy"] == score_predictions(ensemble)["accuracy"]


def test_one_seed_has_no_spread(one_wrong):
    scores = score_seeds(one_wrong.assign(seed=4), one_wrong)

    assert scores["accuracy_sd_seeds"] is None
    assert scores["seed_accuracy"] == {"4": 7 / 8}


def test_the_table_of_folds_has_their_means_and_the_matrix_is_of_the_ensemble(by_seed):
    ensemble = average_seeds(by_seed)
    folds = ensemble[["image_id", "fold"]].assign(subset="test")

    table, matrix = summarise_folds(by_seed, ensemble, folds)

    first = by_seed[by_seed["fold"] == "fold_1"]
    right = first["label"] == first["predicted"]
    assert table["accuracy"].iloc[0] == pytest.approx(right.mean())
    assert "seed_accuracy" not in table
    pd.testing.assert_frame_equal(matrix, confusion_matrix(ensemble))


def test_an_image_that_is_tested_in_another_fold_stops(two_folds):
    tested, folds = two_folds
    moved = tested.replace({"image_id": {"b_0": "a_3"}})
    with pytest.raises(DetlError, match="a_3 is among the predictions of fold_2 and m"):
        _summarise(moved, folds)


def test_an_image_that_is_not_tested_stops(two_folds):
    tested, folds = two_folds
    with pytest.raises(DetlError, match="b_0 is not among the predictions of fold_2"):
        _summarise(tested[tested["image_id"] != "b_0"], folds)


def test_a_fold_without_predictions_stops(two_folds):
    tested, folds = two_folds
    with pytest.raises(DetlError, match="is not among the predictions of fold_2"):
        _summarise(tested[tested["fold"] == "fold_1"], folds)

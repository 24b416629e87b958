import numpy as np
import pandas as pd
import pytest

from detl.errors import DetlError
from detl.evaluation.external import measure_drop
from detl.evaluation.scores import MEAN, measure_scores
from detl.schemas.classes import DATA_B_CLASSES


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


def by_folds(*tables):
    """Return what the networks of several folds say of the same images."""
    names = [f"fold_{number + 1}" for number in range(len(tables))]
    return pd.concat(
        [t.assign(fold=name) for name, t in zip(names, tables, strict=True)],
        ignore_index=True,
    )


def average(external):
    """Return what the mean of the folds' probabilities says of each image."""
    columns = [f"p_{name}" for name in DATA_B_CLASSES]
    mean = external.groupby("image_id", sort=False)[columns].mean()
    table = external.drop_duplicates("image_id").set_index("image_id")
    predicted = mean.idxmax(axis=1).str.removeprefix("p_")
    return table.assign(**mean, predicted=predicted, fold="ensemble").reset_index()


def measure(internal, external):
    return measure_drop(internal, external, average(external), seed=0)


def row_of(table, score, label=""):
    return table[(table["score"] == score) & (table["class"] == label)].iloc[0]


def test_the_drop_is_the_difference_of_the_scores():
    drops = measure(make(0.9), make(0.6))

    accuracy = row_of(drops, "accuracy")
    assert accuracy["drop"] == pytest.approx(0.3)
    assert accuracy["drop_low"] > 0.2
    assert accuracy["drop_high"] < 0.4


def test_equal_scores_have_an_interval_about_0():
    drop = row_of(measure(make(0.8), make(0.8)), "balanced_accuracy")

    assert drop["drop_low"] < 0 < drop["drop_high"]


def test_balanced_accuracy_is_over_the_classes_that_both_sides_hold():
    outside = make(0.5, classes=("normal", "covid_19"))

    row = row_of(measure(make(0.9), outside), "balanced_accuracy")

    assert row["external"] == pytest.approx(0.5)
    assert row["note"] == "over normal, covid_19"


def test_a_class_with_too_few_patients_has_no_number_but_a_note():
    outside = pd.concat([make(0.5), make(1.0, images=7, classes=["covid_19"])])
    outside = outside[(outside["label"] != "covid_19") | (outside.index < 7)]

    row = row_of(measure(make(0.9), outside), "sensitivity", "covid_19")

    assert np.isnan(row["drop"])
    assert row["note"] == "external: not enough data (n = 7)"


def test_many_images_of_few_patients_have_no_area_under_the_curve():
    of_covid = make(0.5, images=40, classes=["covid_19"])
    of_covid["group"] = [f"patient-{number % 3}" for number in range(40)]
    outside = pd.concat([of_covid, make(0.5, images=30, classes=["normal"])])

    row = row_of(measure(make(0.9), outside), "auc", "covid_19")

    assert np.isnan(row["external"])
    assert row["note"] == "external: not enough data (n = 3)"


def test_a_score_without_an_interval_still_has_a_drop():
    always = make(0.9).assign(predicted="normal")

    row = row_of(measure(make(0.9), always), "balanced_accuracy")

    assert row["drop"] == pytest.approx(0.65)
    assert np.isnan([row["drop_low"], row["drop_high"]]).all()
    assert row["note"].startswith("external: no interval")


def test_one_shared_class_is_too_few_for_a_balanced_accuracy():
    outside = make(0.5, classes=["covid_19"])

    row = row_of(measure(make(0.9), outside), "balanced_accuracy")

    assert np.isnan(row["drop"])
    assert row["note"].startswith("both sides have enough patients of 1 classes")


def test_outside_a_score_is_the_mean_of_the_networks_and_not_of_their_ensemble():
    """Three networks, each right about other two thirds of the images."""
    networks = []
    for number in range(3):
        table = make(1.0, images=30)
        wrong = np.where(table["label"] == "normal", "pneumonia", "normal")
        is_wrong = np.arange(len(table)) % 3 == number
        table["predicted"] = np.where(is_wrong, wrong, table["label"])
        for name in DATA_B_CLASSES:
            table[f"p_{name}"] = np.where(table["predicted"] == name, 0.7, 0.1)
        networks.append(table)

    drops = measure(make(1.0, images=30), by_folds(*networks))

    for score, label in (
        ("accuracy", ""),
        ("balanced_accuracy", ""),
        ("sensitivity", "covid_19"),
    ):
        row = row_of(drops, score, label)
        assert row["external"] == pytest.approx(2 / 3)
        assert row["ensemble"] == 1
        assert row["drop"] == pytest.approx(1 / 3)
    # Of normal images a third is called pneumonia, of the others a third normal.
    specificity = row_of(drops, "specificity", "normal")["external"]
    assert specificity == pytest.approx(2 / 3)


def test_equal_networks_fare_as_one_of_them():
    one = make(0.6, images=25)

    several = measure(make(0.9), by_folds(one, one, one, one, one))
    alone = measure(make(0.9), by_folds(one))

    numbers = [c for c in alone if c not in ("score", "class", "note")]
    np.testing.assert_allclose(
        several[numbers].astype(float), alone[numbers].astype(float), atol=1e-12
    )


def test_several_seeds_have_the_means_of_theirs_on_both_sides():
    def join(*shares):
        tables = [make(share).assign(seed=k) for k, share in enumerate(shares)]
        return pd.concat(tables, ignore_index=True)

    inside, outside = join(0.8, 0.9, 1.0), join(0.5, 0.6, 0.7)
    ensemble = make(0.6).assign(fold="ensemble")

    drops = measure_drop(inside, outside, ensemble, seed=0)
    alone = measure(make(0.9), make(0.6))

    row, one = row_of(drops, "accuracy"), row_of(alone, "accuracy")
    assert row["internal"] == pytest.approx(0.9)
    assert row["external"] == pytest.approx(0.6)
    assert row["external_images"] == one["external_images"] == 160
    assert row["drop_high"] - row["drop_low"] > one["drop_high"] - one["drop_low"]
    balanced = row_of(drops, "balanced_accuracy")
    assert balanced["drop"] == pytest.approx(0.3)
    assert balanced["ensemble"] == pytest.approx(0.6)


def make_ranked(offsets, images=12):
    """Two folds whose probabilities of COVID-19 are ranked rightly, on other scales."""
    rows = []
    for fold, offset in enumerate(offsets):
        for number in range(2 * images):
            is_covid = number % 2
            rows.append(
                {
                    "fold": f"fold_{fold + 1}",
                    "image_id": f"{fold}-{number}",
                    "label": "covid_19" if is_covid else "normal",
                    "p_covid_19": offset + 0.1 * is_covid + 0.001 * number,
                }
            )
    table = pd.DataFrame(rows)
    table["p_normal"] = 1 - table["p_covid_19"]
    predicted = np.where(table["p_covid_19"] > 0.5, "covid_19", "normal")
    return table.assign(
        p_pneumonia=0.0, p_other_disease=0.0, predicted=predicted, group=table.image_id
    )


def test_areas_are_means_of_the_folds_on_both_sides():
    """Each fold ranks without error; pooled, a fold's normal stand above COVID-19."""
    inside = make_ranked((0.0, 0.5))
    half = make_ranked((0.3,))
    outside = by_folds(half, half.assign(p_covid_19=0.9 - half["p_covid_19"]))

    row = row_of(measure(inside, outside), "auc", "covid_19")

    assert row["internal"] == 1
    # One network ranks all pairs rightly, and the other none.
    assert row["external"] == 0.5
    assert row["drop"] == 0.5


def test_the_area_inside_is_the_one_that_the_table_of_scores_quotes():
    rng = np.random.default_rng(0)
    inside = make(0.7)
    logits = rng.normal(size=(len(inside), 4)) + 2 * (
        inside[["label"]].to_numpy() == np.array(DATA_B_CLASSES)
    )
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    for position, name in enumerate(DATA_B_CLASSES):
        inside[f"p_{name}"] = shares[:, position]
    inside["fold"] = [f"fold_{k % 5 + 1}" for k in range(len(inside))]
    scores = measure_scores(inside, seed=0)
    quoted = scores[(scores["fold"] == MEAN) & (scores["class"] == "pneumonia")]

    row = row_of(measure(inside, make(0.5)), "auc", "pneumonia")

    ends = [row[f"internal{end}"] for end in ("", "_low", "_high")]
    assert ends == pytest.approx(quoted[["value", "low", "high"]].to_numpy()[0])


def test_a_fold_without_an_image_of_a_class_has_no_area_but_a_note():
    inside = make(0.9)
    is_covid = inside["label"] == "covid_19"
    inside["fold"] = np.where(is_covid | (inside.index % 2 == 0), "fold_1", "fold_2")

    row = row_of(measure(inside, make(0.5)), "auc", "covid_19")

    assert np.isnan(row["drop"])
    assert row["note"] == "internal: no image of covid_19 in fold_2"


def test_a_prediction_of_no_class_stops():
    outside = make(0.5)
    outside.loc[3, "predicted"] = "tuberculosis"

    with pytest.raises(DetlError, match="predicted holds tubercul"):
        measure_drop(make(0.9), outside, make(0.5), seed=0)

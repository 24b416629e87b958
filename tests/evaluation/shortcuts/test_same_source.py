import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from detl.evaluation.shortcuts.same_source import list_controls, score_same_source
from detl.schemas.classes import DATA_B_CLASSES

FOLDS = ("fold_1", "fold_2")


def make_images(prefix, count, source, finding):
    names = [f"{prefix}_{k}" for k in range(count)]
    table = pd.DataFrame({"image_id": names, "group": names})
    return table.assign(source=source, findings=finding)


@pytest.fixture
def images():
    return pd.concat(
        [
            make_images("covid", 40, "web", "COVID-19"),
            make_images("ards", 4, "web", "ARDS|COVID-19"),
            make_images("sars", 30, "web", "SARS"),
            make_images("clear", 20, "web", "No Finding"),
            make_images("nih", 60, "nih", "No Finding"),
        ],
        ignore_index=True,
    )


@pytest.fixture
def data_b(images):
    chosen = images[images["image_id"].str.match("covid|nih")]
    is_covid = chosen["source"] == "web"
    return chosen[["image_id", "group"]].assign(
        label=np.where(is_covid, "covid_19", "normal")
    )


def predict(image_ids, p_covid):
    """Return probabilities with the rest of that of COVID-19 on normal."""
    table = pd.DataFrame({"seed": 0, "image_id": list(image_ids)})
    for name in DATA_B_CLASSES:
        table[f"p_{name}"] = 0.0
    return table.assign(p_covid_19=p_covid, p_normal=1 - np.asarray(p_covid))


def judge(image_ids, p_covid, *folds):
    """Return the same of the networks of some folds."""
    return pd.concat(
        [predict(image_ids, p_covid).assign(fold=fold) for fold in folds],
        ignore_index=True,
    )


@pytest.fixture
def make_score(images, data_b):
    def make(covid, others):
        """Score networks that give these probabilities of COVID-19."""
        tested = predict(data_b["image_id"], 0.01)
        is_covid = (data_b["label"] == "covid_19").to_numpy()
        tested.loc[is_covid, ["p_covid_19", "p_normal"]] = np.c_[covid, 1 - covid]
        tested["fold"] = np.where(np.arange(len(tested)) % 2, *FOLDS)
        chosen = list_controls(data_b, images)
        controls = judge(chosen["image_id"], others, *FOLDS)
        return score_same_source(tested, controls, images, seed=0).set_index("against")

    return make


def test_controls_are_the_unseen_images_without_covid_of_its_source(data_b, images):
    chosen = list_controls(data_b, images)
    assert set(chosen["findings"]) == {"SARS", "No Finding"}
    assert set(chosen["source"]) == {"web"}
    assert len(chosen) == 50


def test_a_control_whose_patient_is_in_data_b_is_left_out(data_b, images):
    joined = images.assign(
        group=images["group"].where(images["image_id"] != "sars_3", "covid_3")
    )
    assert "sars_3" not in set(list_controls(data_b, joined)["image_id"])


def test_a_network_that_knows_the_source_alone_has_an_auc_of_one_half(make_score):
    table = make_score(np.full(40, 0.9), np.full(50, 0.9))
    assert table.loc["all other images", "auc"] == 0.5
    assert table.loc["all other images", "called_covid_19"] == 1
    assert table.loc["all other images", "sensitivity"] == 1


def test_a_network_that_knows_the_disease_is_right_within_the_source(make_score):
    table = make_score(np.full(40, 0.9), np.full(50, 0.1))
    assert table["auc"].tolist() == [1, 1]
    assert table["called_covid_19"].tolist() == [0, 0]
    assert (table["called_covid_19_high"] > 0.05).all()


def test_false_alarms_in_the_source_are_set_against_those_of_other_sources(
    make_score,
):
    # Half of the 50 controls, and none of the 60 test images without COVID-19.
    table = make_score(np.full(40, 0.9), np.resize([0.9, 0.1], 50))

    row = table.loc["all other images"]
    assert row["elsewhere_images"] == 60
    assert (row["called_elsewhere"], row["excess"]) == (0, 0.5)
    # As two independent shares have it.
    newcombe = confint_proportions_2indep(25, 50, 0, 60, method="newcomb")
    ends = (row["excess_low"], row["excess_high"])
    assert ends == pytest.approx(newcombe, abs=0.02)


def test_images_without_any_finding_are_counted_apart(make_score):
    # The controls are 30 SARS, then 20 without a finding.
    table = make_score(np.full(40, 0.9), np.repeat([0.9, 0.1], [30, 20]))
    assert table["other_images"].to_dict() == {"all other images": 50, "No Finding": 20}
    assert table.loc["all other images", "called_covid_19"] == pytest.approx(0.6)
    assert table.loc["No Finding", "auc"] == 1


def test_single_networks_and_means_are_not_ranked_together(images, data_b):
    """Networks that know nothing, each 0.99 or 0.5 by chance: the AUC is one half.

    The mean of two of these is seldom 0.99, so that single ones would rank above it.
    """
    rng = np.random.default_rng(0)
    chosen = list_controls(data_b, images)

    def guess(count):
        return np.where(rng.random(count) < 0.8, 0.99, 0.5)

    areas = []
    for _ in range(8):
        tested = predict(data_b["image_id"], guess(len(data_b)))
        tested["fold"] = np.where(np.arange(len(tested)) % 2, *FOLDS)
        controls = pd.concat(judge(chosen["image_id"], guess(50), f) for f in FOLDS)
        areas.append(score_same_source(tested, controls, images, 0)["auc"].iloc[0])
    assert np.mean(areas) == pytest.approx(0.5, abs=0.05)


def test_controls_are_called_by_single_networks_as_the_images_of_data_b_are(
    images, data_b
):
    """Of two networks one calls each control COVID-19; their mean would call none."""
    tested = predict(data_b["image_id"], 0.9)
    tested["fold"] = np.where(np.arange(len(tested)) % 2, *FOLDS)
    chosen = list_controls(data_b, images)["image_id"]
    is_first = np.arange(len(chosen)) % 2 == 0
    controls = pd.concat(
        [
            judge(chosen, np.where(is_first, 0.6, 0.1), "fold_1"),
            judge(chosen, np.where(is_first, 0.1, 0.6), "fold_2"),
        ]
    )

    table = score_same_source(tested, controls, images, 0).set_index("against")

    assert table.loc["all other images", "called_covid_19"] == 0.5
    assert table.loc["all other images", "sensitivity"] == 1


def test_few_controls_give_no_number(images, data_b):
    few = images[~images["image_id"].isin([f"clear_{k}" for k in range(7, 20)])]
    tested = predict(data_b["image_id"], 0.5).assign(fold="fold_1")
    controls = judge(list_controls(data_b, few)["image_id"], 0.5, "fold_1")
    row = score_same_source(tested, controls, few, 0).set_index("against")
    assert "auc: not enough data (n = 7)" in row.loc["No Finding", "note"]
    assert np.isnan(row.loc["No Finding", "called_covid_19"])
    assert "not enough data" not in row.loc["all other images", "note"]


def test_a_source_without_another_image_gives_no_number(images, data_b):
    tested = predict(data_b["image_id"], 0.5).assign(fold="fold_1")
    table = score_same_source(tested, judge([], [], "fold_1"), images, 0)
    assert table["note"].str.contains("auc: not enough data", regex=False).all()
    assert table["auc"].isna().all()


def test_without_controls_the_other_images_of_data_b_are_what_is_left(images, tmp_path):
    data_b = images[images["image_id"].str.match("covid|nih|sars")]
    tested = predict(data_b["image_id"], 0.5).assign(fold="fold_1")
    # A file without rows does not say that they would be numbers.
    judge([], [], "fold_1").to_csv(tmp_path / "controls.csv", index=False)
    controls = pd.read_csv(tmp_path / "controls.csv")
    table = score_same_source(tested, controls, images, 0).set_index("against")
    assert table["other_images"].to_dict() == {"all other images": 30, "No Finding": 0}
    assert table.loc["all other images", "auc"] == 0.5


def test_several_seeds_give_the_means_of_their_networks(images, data_b, make_score):
    """Controls are called COVID-19 by the second seed alone."""
    tested, controls = [], []
    for seed, p_other in enumerate((0.1, 0.9)):
        of_tested = predict(data_b["image_id"], 0.01)
        is_covid = of_tested["image_id"].str.match("covid")
        of_tested["p_covid_19"] = np.where(is_covid, 0.8, 0.01)
        of_tested["p_normal"] = 1 - of_tested["p_covid_19"]
        fold = np.resize(FOLDS, len(of_tested))
        tested.append(of_tested.assign(seed=seed, fold=fold))
        seen = list_controls(data_b, images)["image_id"]
        controls.append(judge(seen, p_other, *FOLDS).assign(seed=seed))

    table = score_same_source(pd.concat(tested), pd.concat(controls), images, seed=0)

    row = table[table["against"] == "all other images"].iloc[0]
    assert row["called_covid_19"] == pytest.approx(0.5)
    assert row["called_covid_19_high"] > 0.9
    assert row["auc"] == pytest.approx(0.5)
    assert row["sensitivity"] == 1

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, binomtest
from statsmodels.stats.proportion import confint_proportions_2indep

from detl.evaluation.subgroups import COLUMNS, measure_subgroups
from detl.schemas.classes import DATA_B_CLASSES
from made_pooled import make_by_seed, make_pooled

AGES = [np.nan, 0, 17.9, 18, 39, 40, 59.5, 60, 79, 80, 101]
QUANTITIES = [
    *(("sensitivity", label) for label in DATA_B_CLASSES),
    ("disease_sensitivity", ""),
    ("under_diagnosis_rate", ""),
    ("false_alarm_rate", ""),
]
GAPS = ["gap", "gap_low", "gap_high"]
ENDS = ["value", "low", "high"]


def _make_images(pooled, **columns):
    """Return table ``images`` of these images and of one that no fold tests."""
    given = {"sex": "F", "age": 50.0, "view": "PA", "source": "nih"} | columns
    images = pd.DataFrame({"image_id": pooled["image_id"], **given})
    further = images.iloc[:1].assign(image_id="further", source="elsewhere")
    return pd.concat([further, images[::-1]])


@pytest.fixture(scope="module")
def pooled():
    return make_pooled(images=400)


@pytest.fixture(scope="module")
def images(pooled):
    """Three of eight are men, one of eight is unknown; ages go round."""
    number = np.arange(400) // 4
    sex = np.array(["M", "F", "F", "M", "F", "F", "M", "unknown"])[number % 8]
    age = np.array(AGES)[number % len(AGES)]
    return _make_images(pooled, sex=sex, age=age)


@pytest.fixture(scope="module")
def table(pooled, images):
    return measure_subgroups(pooled, images, seed=0)


def _find(table, subgroup, quantity, label=""):
    wanted = (table["subgroup"] == subgroup) & (table["quantity"] == quantity)
    (row,) = table[wanted & (table["class"] == label)].to_dict("records")
    return row


def _select(pooled, images, **columns):
    known = images.set_index("image_id").loc[pooled["image_id"]]
    wanted = [(known[name] == value).to_numpy() for name, value in columns.items()]
    return pooled[np.all(wanted, axis=0)]


def test_every_subgroup_has_every_quantity(table):
    assert list(table) == COLUMNS
    order = table[["attribute", "subgroup"]].drop_duplicates()
    assert order.to_numpy().tolist() == [
        *(["sex", subgroup] for subgroup in ("M", "F", "unknown")),
        *(["age", f"{band}"] for band in ("under 18", "18-39", "40-59", "60-79")),
        *(["age", "80 and over"], ["age", "unknown"]),
        *(["view", "PA"], ["source", "nih"]),
    ]
    for _, rows in table.groupby(["attribute", "subgroup"]):
        assert list(zip(rows["quantity"], rows["class"], strict=True)) == QUANTITIES


def test_a_sensitivity_is_the_share_of_a_class_that_is_seen(pooled, images, table):
    women = _select(pooled, images, sex="F")
    ill = women[women["label"] == "covid_19"]
    right = (ill["predicted"] == "covid_19").sum()

    row = _find(table, "F", "sensitivity", "covid_19")

    wilson = binomtest(int(right), len(ill)).proportion_ci(method="wilson")
    assert row["value"] == pytest.approx(right / len(ill))
    assert (row["low"], row["high"]) == pytest.approx(tuple(wilson), abs=0.015)
    assert row["images"] == row["groups"] == len(ill)


def test_under_diagnosis_is_of_diseased_images_that_are_called_normal(
    pooled, images, table
):
    women = _select(pooled, images, sex="F")
    diseased = women[women["label"] != "normal"]
    missed = (diseased["predicted"] == "normal").mean()

    under = _find(table, "F", "under_diagnosis_rate")
    seen = _find(table, "F", "disease_sensitivity")

    assert under["value"] == pytest.approx(missed)
    assert seen["value"] == pytest.approx(1 - missed)
    assert (seen["low"], seen["gap"]) == pytest.approx(
        (1 - under["high"], -under["gap"])
    )
    assert under["images"] == len(diseased)


def test_a_false_alarm_is_a_normal_image_that_is_called_diseased(pooled, images, table):
    women = _select(pooled, images, sex="F")
    normal = women[women["label"] == "normal"]

    row = _find(table, "F", "false_alarm_rate")

    assert row["value"] == pytest.approx((normal["predicted"] != "normal").mean())
    assert row["images"] == len(normal)


def test_a_gap_is_the_value_less_that_of_all_others(pooled, images, table):
    diseased = pooled["label"] != "normal"
    is_woman = pooled["image_id"].isin(_select(pooled, images, sex="F")["image_id"])
    missed = pooled["predicted"] == "normal"
    counts = [
        number
        for members in (diseased & is_woman, diseased & ~is_woman)
        for number in ((members & missed).sum(), members.sum())
    ]

    row = _find(table, "F", "under_diagnosis_rate")

    newcombe = confint_proportions_2indep(*counts, method="newcomb")
    assert row["gap"] == pytest.approx(counts[0] / counts[1] - counts[2] / counts[3])
    assert (row["gap_low"], row["gap_high"]) == pytest.approx(newcombe, abs=0.01)


@pytest.mark.parametrize(
    ("band", "ages"),
    [
        ("under 18", [0, 17.9]),
        ("18-39", [18, 39]),
        ("40-59", [40, 59.5]),
        ("60-79", [60, 79]),
        ("80 and over", [80, 101]),
    ],
)
def test_an_age_belongs_to_its_band(images, table, band, ages):
    tested = images[(images["image_id"] != "further") & images["age"].isin(ages)]
    counts = table[table["subgroup"] == band].set_index("quantity")["images"]

    # Each age comes with every class equally often.
    assert counts["disease_sensitivity"] == 0.75 * len(tested)


def test_an_unknown_age_is_a_subgroup_of_its_own(images, table):
    ages = table[(table["attribute"] == "age") & (table["subgroup"] == "unknown")]

    counts = ages.set_index("quantity")["images"]
    tested = images[images["image_id"] != "further"]
    assert counts["disease_sensitivity"] == 0.75 * tested["age"].isna().sum()


def test_fewer_than_30_images_are_shown_as_counts_only(table):
    few = table["images"] < 30

    assert few.any()
    assert table.loc[few, ENDS + GAPS].isna().all(axis=None)
    assert table.loc[~few, ENDS].notna().all(axis=None)
    row = _find(table, "18-39", "sensitivity", "normal")
    assert row["note"] == f"fewer than 30 images (n = {row['images']})"


def test_the_only_subgroup_has_no_others_to_set_it_against(table):
    row = _find(table, "nih", "disease_sensitivity")

    assert row["note"] == "the others: fewer than 30 images (n = 0)"
    assert np.isnan([row[column] for column in GAPS]).all()
    assert 0 < row["low"] < row["value"] < row["high"] < 1


def test_few_others_leave_the_gap_empty(pooled):
    few = np.where(np.arange(400) < 80, "AP", "PA")

    table = measure_subgroups(pooled, _make_images(pooled, view=few), seed=0)

    row = _find(table, "PA", "false_alarm_rate")
    assert row["note"] == "the others: fewer than 30 images (n = 20)"
    assert np.isnan(row["gap"])
    assert not np.isnan(row["value"])


def test_few_patients_with_many_images_give_no_number(pooled):
    few = pooled.assign(group=(np.arange(400) % 7).astype(str))
    halves = np.where(np.arange(400) < 200, "M", "F")

    table = measure_subgroups(few, _make_images(pooled, sex=halves), seed=0)

    row = _find(table, "F", "disease_sensitivity")
    assert (row["images"], row["groups"]) == (150, 7)
    assert row["note"] == "not enough data (n = 7)"
    assert np.isnan(row["value"])


def test_few_patients_among_the_others_leave_the_gap_empty(pooled):
    is_woman = np.arange(400) < 200
    group = np.where(is_woman, np.arange(400), np.arange(400) % 7).astype(str)
    images = _make_images(pooled, sex=np.where(is_woman, "F", "M"))

    table = measure_subgroups(pooled.assign(group=group), images, seed=0)

    row = _find(table, "F", "disease_sensitivity")
    assert row["note"] == "the others: not enough data (n = 7)"
    assert np.isnan(row["gap"])
    assert not np.isnan(row["value"])


def test_a_missing_number_always_has_a_note(table):
    missing = table[ENDS + GAPS].isna().any(axis=1)

    assert (missing == (table["note"] != "")).all()


def test_one_seed_gives_the_same_table_again(pooled, images, table):
    pd.testing.assert_frame_equal(measure_subgroups(pooled, images, seed=0), table)


REPEATS = 10
"""``benchmarks/interval_coverage.py`` has a thousand."""


def _simulate_gap(seed, lift_of_women):
    """Return the rows of women where their images are seen with another lift.

    They are 40 % of 150 patients, of whom each has two images.
    """
    is_woman = np.repeat(np.random.default_rng(seed).random(150) < 0.4, 2)
    lift = np.where(is_woman, lift_of_women, 2.0)
    pooled = make_pooled(300, np.arange(300) // 2, lift, seed)
    images = _make_images(pooled, sex=np.where(is_woman, "F", "M"))
    return _find(measure_subgroups(pooled, images, seed), "F", "under_diagnosis_rate")


@pytest.fixture(scope="module")
def true_gap():
    def miss(lift):
        pooled = make_pooled(100_000, lift=lift, seed=1)
        diseased = pooled[pooled["label"] != "normal"]
        return (diseased["predicted"] == "normal").mean()

    return miss(0.5) - miss(2.0)


def test_an_injected_gap_is_recovered_within_its_interval(true_gap):
    """In so many repeats, between the points 0.1 % and 99.9 % of the binomial."""
    rows = [_simulate_gap(seed, lift_of_women=0.5) for seed in range(REPEATS)]

    held = sum(row["gap_low"] <= true_gap <= row["gap_high"] for row in rows)
    assert true_gap > 0.1
    assert binom(REPEATS, 0.92).ppf(0.001) <= held
    gaps = np.array([row["gap"] for row in rows])
    assert abs(gaps.mean() - true_gap) < 4 * gaps.std() / np.sqrt(REPEATS)


def test_without_a_gap_the_interval_holds_0_as_often_as_it_says():
    rows = [_simulate_gap(seed, lift_of_women=2.0) for seed in range(REPEATS)]

    held = sum(row["gap_low"] <= 0 <= row["gap_high"] for row in rows)
    assert binom(REPEATS, 0.92).ppf(0.001) <= held


@pytest.fixture(scope="module")
def by_seed():
    return make_by_seed(images=400, lifts=[1.0, 1.5, 2.0])


def test_of_several_seeds_share_and_gap_are_means_over_them(by_seed, images):
    alone = [
        measure_subgroups(part.drop(columns="seed"), images, seed=0)
        for _, part in by_seed.groupby("seed")
    ]

    row = _find(measure_subgroups(by_seed, images, 0), "F", "under_diagnosis_rate")

    each = [_find(table, "F", "under_diagnosis_rate") for table in alone]
    for name in ("value", "gap"):
        assert row[name] == pytest.approx(np.mean([one[name] for one in each]))
    assert row["images"] == each[0]["images"]


def test_trainings_that_differ_make_a_share_less_certain(by_seed, images):
    def width(pooled):
        row = _find(measure_subgroups(pooled, images, 0), "F", "disease_sensitivity")
        return row["high"] - row["low"]

    assert width(by_seed) > width(by_seed[by_seed["seed"] == 1])

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from detl.errors import DetlError
from detl.evaluation.paired_tests import COLUMNS, compare_architectures
from detl.evaluation.predictions import average_seeds
from detl.schemas.classes import DATA_B_CLASSES
from detl.statistics.corrected_t import estimate_mean, measure_overlap
from detl.statistics.delong import compare_areas
from made_pooled import make_by_seed, make_pooled

ACCURACY = ["mcnemar", "two_way", "corrected_t"]
AREAS = [*(f"auc_{label}" for label in DATA_B_CLASSES), "macro_auc"]


@pytest.fixture(scope="module")
def three():
    """Return three architectures, from best to worst, on patients with two images."""
    patients = np.arange(300) // 8 * 4 + np.arange(300) % 4
    return {
        name: make_pooled(groups=patients, lift=lift, seed=seed)
        for seed, (name, lift) in enumerate(
            {"vgg16": 2.0, "resnet50": 1.6, "alexnet": 1.5}.items()
        )
    }


@pytest.fixture(scope="module")
def folds():
    return pd.DataFrame({"subset": ["train"] * 2 + ["test"]})


@pytest.fixture(scope="module")
def table(three, folds):
    return compare_architectures(folds, 0, **three)


def _find(table, test, quantity, pair=("vgg16", "alexnet")):
    wanted = (table["first"] == pair[0]) & (table["second"] == pair[1])
    wanted &= (table["test"] == test) & (table["quantity"] == quantity)
    (row,) = table[wanted].to_dict("records")
    return row


def _right(table):
    return (table["label"] == table["predicted"]).to_numpy()


def test_each_pair_has_each_test_of_each_quantity(table):
    assert list(table) == COLUMNS
    pairs = table.groupby(["first", "second"], sort=False)
    assert list(pairs.groups) == [
        ("vgg16", "resnet50"),
        ("vgg16", "alexnet"),
        ("resnet50", "alexnet"),
    ]
    for _, rows in pairs:
        assert rows[["test", "quantity"]].to_numpy().tolist() == [
            *([test, "accuracy"] for test in ACCURACY),
            *(["delong", quantity] for quantity in AREAS),
        ]


def test_mcnemar_is_a_test_of_the_images_that_one_alone_gets_right(three, table):
    first, second = _right(three["vgg16"]), _right(three["alexnet"])
    gained, lost = (first & ~second).sum(), (second & ~first).sum()

    row = _find(table, "mcnemar", "accuracy")

    assert row["p"] == pytest.approx(binomtest(gained, gained + lost).pvalue)
    assert row["difference"] == pytest.approx((gained - lost) / 300)
    assert np.isnan([row["low"], row["high"]]).all()
    assert row["note"] == "counts images as independent"


def test_the_interval_of_the_accuracies_is_over_groups(three, table):
    """Beside the normal interval of a ratio of sums over the groups, by the formula."""
    gained = 1.0 * _right(three["vgg16"]) - _right(three["alexnet"])

    row = _find(table, "two_way", "accuracy")

    off = pd.Series(gained - gained.mean()).groupby(three["vgg16"]["group"]).sum()
    half = 1.96 * np.sqrt((off**2).sum()) / len(gained)
    expected = gained.mean() - half, gained.mean() + half
    assert (row["low"], row["high"]) == pytest.approx(expected, abs=0.01)
    assert (row["images"], row["groups"]) == (300, 152)
    assert np.isnan(row["p"])


def test_the_test_over_folds_is_that_of_the_comparison_of_arms(three, folds, table):
    accuracies = [
        pd.Series(_right(three[name])).groupby(three[name]["fold"]).mean()
        for name in ("vgg16", "alexnet")
    ]
    difference = (accuracies[0] - accuracies[1]).to_numpy()
    expected = estimate_mean(difference, measure_overlap(folds))

    row = _find(table, "corrected_t", "accuracy")

    assert row["p"] == pytest.approx(expected.p)
    assert (row["difference"], row["low"], row["high"]) == pytest.approx(
        (expected.mean, expected.low, expected.high)
    )
    assert row["note"] == "over 3 folds"


def test_delong_compares_means_over_the_folds(three, table):
    first, second = three["vgg16"], three["alexnet"]
    found = compare_areas(
        (first["label"] == "covid_19").to_numpy(),
        first["p_covid_19"].to_numpy(),
        second["p_covid_19"].to_numpy(),
        first["group"].to_numpy(),
        first["fold"].to_numpy(),
    )

    row = _find(table, "delong", "auc_covid_19")

    assert (row["difference"], row["p"]) == (found.difference, found.p)
    assert (row["low"], row["high"]) == (found.low, found.high)
    assert row["groups"] == found.groups


def test_the_difference_of_the_macro_auc_is_the_mean_of_those_of_the_classes(table):
    of_class = [
        _find(table, "delong", f"auc_{c}")["difference"] for c in DATA_B_CLASSES
    ]

    row = _find(table, "delong", "macro_auc")

    assert row["difference"] == pytest.approx(np.mean(of_class))
    assert row["high"] - row["low"] < 0.1


@pytest.mark.parametrize(
    ("test", "quantity"), [("mcnemar", "accuracy"), ("delong", "macro_auc")]
)
def test_holms_correction_is_for_the_pairs_of_one_test_and_quantity(
    table, test, quantity
):
    family = table[(table["test"] == test) & (table["quantity"] == quantity)]
    p = family["p"].sort_values()

    expected = np.maximum.accumulate(np.minimum(p * [3, 2, 1], 1))
    np.testing.assert_allclose(family["p_holm"][p.index], expected)


def test_what_has_no_number_says_why(table):
    missing = table[["difference", "low", "high", "p", "p_holm"]].isna().any(axis=1)

    assert (table.loc[missing, "note"] != "").all()
    assert set(table.loc[missing, "test"]) == {"mcnemar", "two_way"}


def test_the_images_may_come_in_any_order(three, folds, table):
    shuffled = three | {"alexnet": three["alexnet"].sample(frac=1, random_state=0)}

    pd.testing.assert_frame_equal(compare_architectures(folds, 0, **shuffled), table)


def test_identical_predictions_do_not_differ(three, folds):
    twins = {"one": three["vgg16"], "other": three["vgg16"]}

    table = compare_architectures(folds, 0, **twins)

    assert (table["difference"] == 0).all()
    assert (table["p"].dropna() == 1).all()
    assert (table["p_holm"].dropna() == 1).all()


@pytest.mark.parametrize("names", [[], ["vgg16"]])
def test_one_architecture_alone_has_no_pair(three, folds, names):
    table = compare_architectures(folds, 0, **{n: three[n] for n in names})

    assert list(table) == COLUMNS
    assert table.empty


def test_a_class_of_few_patients_is_named(folds):
    few = {
        name: make_pooled(images=36, lift=lift)
        for name, lift in (("vgg16", 2.0), ("alexnet", 1.0))
    }

    table = compare_architectures(folds, 0, **few)

    areas = table[table["test"] == "delong"]
    assert areas["difference"].isna().all()
    assert (areas["note"].str.endswith("not enough data (n = 9)")).all()
    assert areas["note"].iloc[0] == "normal: not enough data (n = 9)"


def test_perfect_against_constant_probabilities_has_no_variance(folds):
    perfect = make_pooled(lift=50)
    constant = perfect.assign(**{f"p_{label}": 0.25 for label in DATA_B_CLASSES})

    table = compare_architectures(folds, 0, a=perfect, b=constant)

    row = _find(table, "delong", "auc_normal", ("a", "b"))
    assert (row["difference"], row["note"]) == (0.5, "no variance to test with")
    assert np.isnan(row["p"])


def test_one_image_more_in_every_fold_has_no_variance(folds):
    """Five folds of 20 images; the second gets one more right in each."""
    second = make_pooled(images=100, folds=5, lift=50)
    missed = second.groupby("fold").head(1).index
    first = second.copy()
    other = np.where(first["label"] == "normal", "pneumonia", "normal")
    first.loc[missed, "predicted"] = other[missed]

    table = compare_architectures(folds, 0, a=first, b=second)

    row = _find(table, "corrected_t", "accuracy", ("a", "b"))
    assert row["difference"] == pytest.approx(-0.05)
    assert row["note"] == "over 5 folds; no variance to test with"
    assert np.isnan([row["low"], row["high"], row["p"], row["p_holm"]]).all()


def test_an_image_that_one_lacks_is_named(three, folds):
    lacking = three | {"resnet50": three["resnet50"].drop(index=7)}

    with pytest.raises(DetlError, match="image_7 has not the same fold, label and"):
        compare_architectures(folds, 0, **lacking)


@pytest.mark.parametrize(
    "change", [{"fold": "fold_9"}, {"label": "normal"}, {"group": "patient_0"}]
)
def test_an_image_of_another_split_is_named(three, folds, change):
    other = three["resnet50"].copy()
    other.loc[7, list(change)] = list(change.values())

    with pytest.raises(DetlError, match="image_7 has not the same fold, label and"):
        compare_architectures(folds, 0, **three | {"resnet50": other})


@pytest.fixture(scope="module")
def seeded():
    """Return two architectures of three seeds each, on patients with two images."""
    patients = np.arange(300) // 8 * 4 + np.arange(300) % 4
    return {
        "vgg16": make_by_seed(groups=patients, lifts=[1.6, 2.0, 2.4]),
        "alexnet": make_by_seed(groups=patients, lifts=[1.1, 1.5, 1.9], seed=1),
    }


@pytest.fixture(scope="module")
def of_seeds(seeded, folds):
    return compare_architectures(folds, 0, **seeded)


def test_the_two_way_interval_is_of_the_means_over_seeds(seeded, of_seeds):
    means = [_right(table).mean() for table in seeded.values()]

    row = _find(of_seeds, "two_way", "accuracy")

    assert row["difference"] == pytest.approx(means[0] - means[1])
    assert row["low"] < row["difference"] < row["high"]
    assert row["note"] == "over patients and trainings, no test"


def test_it_is_wider_than_that_of_the_ensembles(seeded, folds, of_seeds):
    ensembles = {name: average_seeds(table) for name, table in seeded.items()}
    alone = compare_architectures(folds, 0, **ensembles)

    def width(table):
        row = _find(table, "two_way", "accuracy")
        return row["high"] - row["low"]

    assert width(of_seeds) > width(alone)
    assert _find(alone, "two_way", "accuracy")["note"] == "over patients, no test"


def test_mcnemar_and_delong_are_about_the_ensembles(seeded, folds, of_seeds):
    ensembles = {name: average_seeds(table) for name, table in seeded.items()}
    alone = compare_architectures(folds, 0, **ensembles)

    for test, quantity in (("mcnemar", "accuracy"), ("delong", "macro_auc")):
        found, expected = (_find(t, test, quantity) for t in (of_seeds, alone))
        assert (found["p"], found["difference"]) == pytest.approx(
            (expected["p"], expected["difference"])
        )


def test_the_test_over_folds_is_of_the_means_over_seeds(of_seeds):
    row = _find(of_seeds, "corrected_t", "accuracy")

    assert row["difference"] == pytest.approx(
        _find(of_seeds, "two_way", "accuracy")["difference"]
    )


def test_the_seeds_of_a_network_may_come_in_any_order(seeded, folds, of_seeds):
    shuffled = seeded | {"alexnet": seeded["alexnet"].sample(frac=1, random_state=0)}

    pd.testing.assert_frame_equal(compare_architectures(folds, 0, **shuffled), of_seeds)

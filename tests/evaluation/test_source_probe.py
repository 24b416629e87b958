import numpy as np
import pytest

from detl.errors import DetlError
from detl.evaluation.source_probe import COLUMNS, probe_source


def make_features(images, separation, seed=0):
    """Return normal images, half of a second source, which one feature may tell."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(images, 8))
    sources = np.where(np.arange(images) % 2, "elsewhere", "nih")
    features[sources == "elsewhere", 0] += separation
    return features, sources, np.full(images, "normal"), np.arange(images)


def probe_normal(*study):
    return probe_source(*study, seed=0).set_index("class").loc["normal"]


def test_a_feature_that_tells_the_source_is_found():
    row = probe_normal(*make_features(80, separation=6))
    assert row["auc"] > 0.95
    assert row["auc_low"] > 0.9
    assert row["sources"] == "nih 40, elsewhere 40"
    assert row["predicted_source"] == "nih"


def test_features_that_tell_nothing_have_an_interval_around_one_half():
    row = probe_normal(*make_features(200, separation=0))
    assert row["auc_low"] < 0.5 < row["auc_high"]


def test_the_probe_is_tested_on_patients_it_has_not_seen():
    """Each patient's images are alike, and nothing else tells the source."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), 5)
    features = rng.normal(size=(40, 8))[groups]
    sources = np.where(rng.permutation(40) % 2, "a", "b")[groups]
    row = probe_normal(features, sources, np.full(200, "normal"), groups)
    assert row["auc"] < 0.75


def test_a_class_with_one_source_is_not_identifiable():
    features, _, labels, groups = make_features(40, 0)
    table = probe_source(features, np.full(40, "nih"), labels, groups, seed=0)
    notes = table.set_index("class")["note"]
    assert notes["normal"] == "not identifiable: all images of this class are from nih"
    assert notes["covid_19"] == "not identifiable: there is no image of this class"
    assert table["auc"].isna().all()
    assert list(table.columns) == COLUMNS


def test_a_source_of_few_patients_gives_no_number():
    features, _, labels, groups = make_features(80, 6)
    few = np.where(np.arange(80) < 7, "elsewhere", "nih")
    row = probe_normal(features, few, labels, groups)
    assert row["note"] == "not enough data (n = 7)"
    assert np.isnan(row["auc"])


def test_features_that_are_no_numbers_stop():
    features, *rest = make_features(40, 0)
    features[3, 2] = np.nan
    with pytest.raises(DetlError, match="features of 1 of 40 images are not numbers"):
        probe_source(features, *rest, seed=0)

import numpy as np
import pandas as pd
import pytest

from detl.errors import DetlError
from detl.evaluation.shortcuts.source_probe import COLUMNS, probe_source


def make_study(images, separation=0.0, seed=0, networks=1):
    """Return features and rows of normal images, half of them of a second source.

    Each is a group of its own, and seen by one network; one feature may tell the
    source.
    """
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(images, 8))
    number = np.arange(images)
    source = np.where(number % 2, "elsewhere", "nih")
    features[source == "elsewhere", 0] += separation
    known = pd.DataFrame({"image_id": number, "group": number, "source": source})
    network = [f"fold_{k // 2 % networks + 1}" for k in number]
    return features, known.assign(label="normal", network=network)


def probe_normal(features, known):
    return probe_source(features, known, seed=0).set_index("class").loc["normal"]


def test_a_feature_that_tells_the_source_is_found():
    row = probe_normal(*make_study(80, separation=6))
    assert row["auc"] > 0.95
    assert row["auc_low"] > 0.9
    assert row["sources"] == "nih 40, elsewhere 40"
    assert row["predicted_source"] == "nih"


def test_features_that_tell_nothing_have_an_interval_around_one_half():
    row = probe_normal(*make_study(200))
    assert row["auc_low"] < 0.5 < row["auc_high"]


def test_features_of_two_networks_are_never_compared():
    """What tells the source in one network says the opposite in the other."""
    features, known = make_study(160, separation=6, networks=2)
    features[known["network"] == "fold_2", 0] *= -1
    assert probe_normal(features, known)["auc"] > 0.95


def test_images_of_two_networks_are_never_ranked_together():
    """One network has few images of one source, and all its features are large."""
    features, known = make_study(160, networks=2)
    is_second = (known["network"] == "fold_2").to_numpy()
    is_kept = ~is_second | (known["source"] == "nih") | (known.index % 16 == 3)
    features[is_second] += 100
    row = probe_normal(features[is_kept], known[is_kept].reset_index(drop=True))
    assert 0.3 < row["auc"] < 0.7


def test_an_image_that_several_networks_see_is_counted_once():
    features, known = make_study(40)
    twice = pd.concat([known, known.assign(network="fold_2")], ignore_index=True)
    row = probe_normal(np.concatenate([features, features]), twice)
    assert (row["images"], row["groups"]) == (40, 40)
    assert row["sources"] == "nih 20, elsewhere 20"


def test_an_image_that_several_networks_see_adds_no_certainty():
    features, known = make_study(60)
    twice = pd.concat([known, known.assign(network="fold_2")], ignore_index=True)
    one = probe_normal(features, known)
    two = probe_normal(np.concatenate([features, features]), twice)
    assert two["auc"] == pytest.approx(one["auc"])
    assert two["auc_high"] == pytest.approx(one["auc_high"])


def test_groups_that_are_too_few_for_one_network_are_enough_together():
    row = probe_normal(*make_study(60, separation=6, networks=5))
    assert row["auc"] > 0.9
    assert row["note"] == ""


def test_a_network_with_one_group_of_a_source_is_left_out_and_named():
    features, known = make_study(60, separation=6, networks=2)
    is_lone = (known["network"] == "fold_2") & (known["source"] == "nih")
    is_kept = ~is_lone | (known["image_id"] == 2)
    row = probe_normal(features[is_kept], known[is_kept].reset_index(drop=True))
    assert row["auc"] > 0.9
    assert row["note"] == "too few groups of a source in fold_2"


def test_the_probe_is_tested_on_patients_it_has_not_seen():
    """Each patient's images are alike, and nothing else tells the source."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), 5)
    features = rng.normal(size=(40, 8))[groups]
    sources = np.where(rng.permutation(40) % 2, "a", "b")[groups]
    known = pd.DataFrame({"image_id": np.arange(200), "group": groups})
    known = known.assign(source=sources, label="normal", network="fold_1")
    assert probe_normal(features, known)["auc"] < 0.75


def test_a_class_with_one_source_is_not_identifiable():
    features, known = make_study(40)
    table = probe_source(features, known.assign(source="nih"), seed=0)
    notes = table.set_index("class")["note"]
    assert notes["normal"] == "not identifiable: all images of this class are from nih"
    assert notes["covid_19"] == "not identifiable: there is no image of this class"
    assert table["auc"].isna().all()
    assert list(table.columns) == COLUMNS


def test_a_source_of_few_patients_gives_no_number():
    features, known = make_study(80, separation=6)
    few = np.where(known["group"] < 7, "elsewhere", "nih")
    row = probe_normal(features, known.assign(source=few))
    assert row["note"] == "not enough data (n = 7)"
    assert np.isnan(row["auc"])


def test_features_that_are_no_numbers_stop():
    features, known = make_study(40)
    features[3, 2] = np.nan
    with pytest.raises(DetlError, match="features of 1 of 40 images are not numbers"):
        probe_source(features, known, seed=0)

"""Data-A's validation part is drawn so that patients of each kind come alike."""

import numpy as np
import pandas as pd
import pytest

from detl.splitting.data_a import draw_validation

DRAWS = 200
PER_CLASS = 24
PATIENTS = {
    # Number of patients, and normal and diseased images of each.
    "many normal": (12, 4, 0),
    "one normal": (60, 1, 0),
    "several diseased": (6, 0, 3),
    "one diseased": (16, 0, 1),
    "half and half": (12, 2, 2),
    "more normal": (16, 3, 1),
    "more diseased": (6, 1, 4),
}


def _tabulate(patients):
    rows = [
        (f"{kind} {number}", kind, label)
        for kind, (count, normal, diseased) in patients.items()
        for number in range(count)
        for label in ["normal"] * normal + ["diseased"] * diseased
    ]
    return pd.DataFrame(rows, columns=["group", "kind", "label"])


def _draw(data_a, per_class, seed=0):
    return draw_validation(data_a, per_class, np.random.default_rng(seed))


@pytest.fixture(scope="module")
def drawn():
    """Return the table, and how often each image was in each part of many draws."""
    data_a = _tabulate(PATIENTS)
    draws = pd.DataFrame([_draw(data_a, PER_CLASS, seed) for seed in range(DRAWS)])
    for part in ("train", "validation", "neither"):
        data_a[part] = (draws == part).mean().to_numpy()
    return data_a, draws


def test_each_kind_of_patient_has_its_share_of_a_class_in_the_validation_part(drawn):
    data_a, _ = drawn
    of_class = data_a["label"].value_counts()
    for (label, kind), images in data_a.groupby(["label", "kind"]):
        expected = PER_CLASS / of_class[label]
        # Images of a patient come together: these many draws are independent.
        patients = images["group"].nunique() * DRAWS
        error = np.sqrt(expected * (1 - expected) / patients)
        # Beside chance, the last patient who is drawn is larger than most.
        allowed = 4 * error + 0.05 * expected
        assert images["validation"].mean() == pytest.approx(expected, abs=allowed), kind


def test_each_draw_has_as_many_images_of_each_class_as_asked_for(drawn):
    data_a, draws = drawn
    for _, draw in draws.iterrows():
        sizes = data_a.loc[(draw == "validation").to_numpy(), "label"].value_counts()
        assert sizes.to_dict() == {"normal": PER_CLASS, "diseased": PER_CLASS}


def test_no_patient_is_in_both_parts(drawn):
    data_a, draws = drawn
    for _, draw in draws.iterrows():
        groups = data_a["group"].groupby(draw.to_numpy()).agg(set)
        assert not groups["train"] & groups["validation"]


def test_only_patients_with_images_of_both_classes_lose_some(drawn):
    data_a, _ = drawn
    lost = data_a.groupby(["kind", "label"])["neither"].mean()
    for kind in ("half and half", "more normal", "more diseased"):
        # The share of patients whose diseased images are drawn beyond the normal ones.
        assert lost[kind, "normal"] == pytest.approx(24 / 98 - 24 / 186, abs=0.03)
        assert lost[kind, "diseased"] < 0.02
    for kind in ("many normal", "one normal", "several diseased", "one diseased"):
        assert lost[kind].max() < 0.02


def test_any_number_of_patients_of_one_film_is_kept_whole():
    data_a = _tabulate({"a": (301, 1, 0), "b": (57, 0, 1)})
    sizes = data_a.groupby(["label", _draw(data_a, 11)]).size()
    assert sizes.to_dict() == {
        ("normal", "train"): 290,
        ("normal", "validation"): 11,
        ("diseased", "train"): 46,
        ("diseased", "validation"): 11,
    }


@pytest.mark.parametrize("seed", range(5))
def test_a_patient_with_more_images_than_the_part_is_trained_on(seed):
    data_a = _tabulate({"large": (1, 9, 0), "b": (20, 1, 0), "c": (20, 0, 1)})
    subsets = pd.Series(_draw(data_a, 8, seed)).groupby(data_a["kind"]).agg(set)
    assert subsets["large"] == {"train"}
    assert subsets["b"] == subsets["c"] == {"train", "validation"}


def test_a_class_of_which_no_patient_fits_has_no_image():
    data_a = _tabulate({"large": (1, 9, 0), "c": (20, 0, 1)})
    subsets = pd.Series(_draw(data_a, 8)).groupby(data_a["label"]).value_counts()
    assert subsets.to_dict() == {
        ("normal", "train"): 9,
        ("diseased", "train"): 12,
        ("diseased", "validation"): 8,
    }


def test_sizes_of_patients_are_spread_evenly_in_every_draw():
    """Ten patients of each size, and of each a fifth: chance alone would miss that."""
    data_a = _tabulate({f"{n} films": (10, n, 0) for n in range(1, 9)})
    data_a = pd.concat([data_a, _tabulate({"d": (360, 0, 1)})], ignore_index=True)
    for seed in range(5):
        is_in = _draw(data_a, 72, seed) == "validation"
        found = data_a[is_in & (data_a["label"] == "normal")]
        patients = found.groupby("kind")["group"].nunique()
        assert patients.between(1, 3).all()
        assert len(patients) == 8

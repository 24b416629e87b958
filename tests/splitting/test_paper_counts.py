"""Data-A and Data-B of the paper, drawn from the full label file of NIH."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from detl.schemas.parameters import SplitParameters
from detl.splitting.data_a import select_data_a
from detl.splitting.data_b import select_data_b
from detl.splitting.folds import assign_folds

LABELS = Path(__file__).parents[3] / "shared/data/nih/Data_Entry_2017.csv.gz"
FOLDS = tuple(f"fold_{k}" for k in range(1, 6))


@pytest.fixture(scope="module")
def images():
    if not LABELS.exists():
        pytest.skip(f"the label file of NIH ChestX-ray14 is not at {LABELS}")
    labels = pd.read_csv(LABELS)
    nih = pd.DataFrame(
        {
            "image_id": "nih/" + labels["Image Index"],
            "source": "nih",
            "findings": labels["Finding Labels"],
            "group": "nih/" + labels["Patient ID"].astype(str),
            "view": labels["View Position"],
        }
    )
    covid = pd.DataFrame(
        {
            "image_id": [f"covid/{i}" for i in range(305)],
            "source": "covid",
            "findings": "COVID-19",
            "group": [f"covid/{i // 2}" for i in range(305)],
        }
    )
    both = pd.concat([nih, covid], ignore_index=True)
    return both.assign(row=range(len(both)))


@pytest.fixture(scope="module")
def parameters():
    conf = Path(__file__).parents[2] / "conf/paper/parameters_split.yml"
    return SplitParameters.model_validate(yaml.safe_load(conf.read_text())["split"])


@pytest.fixture(scope="module")
def split(images, parameters):
    data_b, _ = select_data_b(images, parameters, seed=0)
    data_a, counts = select_data_a(images, data_b, parameters, seed=0)
    folds = assign_folds(data_b, parameters, seed=0, folds=FOLDS)
    return data_b, data_a, counts, folds


def test_data_b_has_the_sizes_of_table_1(split):
    data_b, *_ = split
    assert data_b["label"].value_counts().to_dict() == {
        "normal": 350,
        "other_disease": 300,
        "pneumonia": 322,
        "covid_19": 305,
    }


def test_data_b_holds_single_label_images_only(split, images):
    data_b, *_ = split
    findings = images.set_index("image_id")["findings"][data_b["image_id"]]
    assert (findings.to_numpy() == data_b["finding"].to_numpy()).all()


@pytest.fixture(scope="module")
def allowed(images, split):
    """Return the images that Data-A may have: class, patient, view, other films."""
    left = images[~images["group"].isin(split[0]["group"])]
    left = left[left["source"] == "nih"]
    left = left[~left["findings"].str.contains("Pneumonia")]
    is_normal = left["findings"] == "No Finding"
    by_patient = is_normal.groupby(left["group"])
    return left.assign(
        label=np.where(is_normal, "normal", "diseased"),
        is_ap=(left["view"] == "AP").astype(float),
        films=by_patient.transform("size").astype(float),
        is_without_other_class=(by_patient.transform("nunique") == 1).astype(float),
    )


def test_data_a_is_all_that_is_left_but_for_patients_of_the_validation_part(
    split, allowed
):
    _, data_a, *_ = split
    missing = allowed[~allowed["image_id"].isin(data_a["image_id"])]
    assert set(data_a["image_id"]) <= set(allowed["image_id"])
    validated = data_a.loc[data_a["subset"] == "validation", "group"]
    assert missing["group"].isin(validated).all()
    # The diseased images of the last patient alone are too many.
    assert missing["label"].value_counts()["diseased"] < allowed["films"].max()


def test_the_validation_part_is_as_large_as_the_papers(split):
    _, _, counts, _ = split
    validation = counts[counts["subset"] == "validation"]
    assert validation["ours"].tolist() == validation["paper"].tolist() == [10000, 10000]


QUANTITIES = ("is_without_other_class", "is_ap", "films")


def _measure(images, quantity):
    """Return the mean over images, and its standard error, by patients."""
    of_patient = images.groupby("group")[quantity].agg(["sum", "size"])
    mean = of_patient["sum"].sum() / len(images)
    residuals = of_patient["sum"] - mean * of_patient["size"]
    return mean, np.sqrt((residuals**2).sum()) / len(images)


def _compare_parts(of_class, quantity):
    """Return by how many standard errors the validation part differs from training."""
    (train, train_error), (validation, validation_error) = (
        _measure(of_class[of_class["subset"] == subset], quantity)
        for subset in ("train", "validation")
    )
    return (validation - train) / np.hypot(train_error, validation_error)


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("label", ["normal", "diseased"])
def test_the_validation_part_is_like_the_training_part(split, allowed, label, quantity):
    _, data_a, *_ = split
    known = data_a[["image_id", "subset"]].merge(allowed)
    assert abs(_compare_parts(known[known["label"] == label], quantity)) < 4


def test_patients_that_are_passed_over_where_they_do_not_fit_would_be_missed(allowed):
    """As Data-A was drawn before; so that the test above is known to find it."""
    sizes = pd.crosstab(allowed["group"], allowed["label"])[["normal", "diseased"]]
    sizes = sizes.sample(frac=1, random_state=0)
    room, taken = np.array([10_000, 10_000]), []
    for group, size in zip(sizes.index, sizes.to_numpy(), strict=True):
        if (size <= room).all():
            taken.append(group)
            room -= size
    is_in = allowed["group"].isin(taken)
    known = allowed.assign(subset=np.where(is_in, "validation", "train"))
    diseased = known[known["label"] == "diseased"]
    assert _compare_parts(diseased, "is_without_other_class") > 10


def test_data_a_has_the_sizes_that_docs_paper_md_gives(split):
    _, _, counts, _ = split
    assert counts["ours"].tolist() == [42_779, 10_000, 33_013, 10_000]


def test_data_a_has_the_sizes_that_docs_paper_md_gives_for_protocol_paper(
    split, images, parameters
):
    data_b, *_ = split
    as_published = parameters.model_copy(update={"protocol": "paper"})
    data_a, counts = select_data_a(images, data_b, as_published, seed=0)
    nih_patients = {group for group in data_b["group"] if group.startswith("nih")}
    assert counts["ours"].tolist() == [48_920, 10_000, 40_027, 10_000]
    assert len(nih_patients) == 878
    assert len(nih_patients & set(data_a["group"])) == 750


def test_no_group_crosses_from_data_b_to_data_a(split):
    data_b, data_a, *_ = split
    assert not set(data_a["group"]) & set(data_b["group"])


def test_no_group_crosses_the_subsets_of_data_a(split):
    _, data_a, *_ = split
    assert data_a.groupby("group")["subset"].nunique().max() == 1


def test_no_group_crosses_the_subsets_of_a_fold(split):
    data_b, _, _, folds = split
    merged = folds.merge(data_b, on="image_id")
    assert merged.groupby(["fold", "group"])["subset"].nunique().max() == 1


def test_the_folds_hold_the_classes_in_even_shares(split):
    data_b, _, _, folds = split
    tested = folds[folds["subset"] == "test"].merge(data_b, on="image_id")
    sizes = pd.crosstab(tested["label"], tested["fold"])
    assert (sizes.max(axis=1) - sizes.min(axis=1)).max() <= 3

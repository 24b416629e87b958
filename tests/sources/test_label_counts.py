from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detl.figures.cooccurrence import draw_cooccurrence
from detl.sources import read_nih_labels
from detl.sources.label_counts import count_cooccurrence, count_labels

LABELS = Path(__file__).parents[3] / "shared/data/nih/Data_Entry_2017.csv.gz"
needs_labels = pytest.mark.skipif(
    not LABELS.is_file(),
    reason=f"the label file of NIH ChestX-ray14 is not at {LABELS}",
)


@pytest.fixture
def labels():
    return pd.DataFrame(
        [
            ("1", "No Finding", "PA"),
            ("1", "No Finding", "AP"),
            ("2", "Pneumonia", "PA"),
            ("2", "Mass|Pneumonia", "PA"),
            ("3", "Mass", "AP"),
            ("4", "Mass|Nodule", "PA"),
            ("4", "Mass|Nodule|Pneumonia", "PA"),
        ],
        columns=["patient", "findings", "view"],
    )


def test_the_images_are_counted_by_what_their_labels_say(labels):
    assert count_labels(labels) == {
        "images": 7,
        "patients": 4,
        "no_finding": 2,
        "no_finding_pa": 1,
        "no_finding_ap": 1,
        "finding_without_pneumonia": 2,
        "pneumonia_alone": 1,
        "pneumonia": 3,
    }


def test_images_with_two_findings_are_counted_off_the_diagonal(labels):
    table = count_cooccurrence(labels).set_index("finding")
    assert table.loc["Mass", ["Nodule", "Pneumonia"]].tolist() == [2, 2]
    assert table.loc["Nodule", "Pneumonia"] == 1


def test_the_diagonal_counts_all_images_of_a_finding(labels):
    table = count_cooccurrence(labels).set_index("finding")
    assert np.diag(table[table.index]).tolist() == [4, 3, 2]


def test_images_with_one_finding_are_counted_as_alone(labels):
    table = count_cooccurrence(labels)
    assert table["alone"].tolist() == [1, 1, 0]


def test_the_commonest_finding_comes_first(labels):
    table = count_cooccurrence(labels)
    assert table["finding"].tolist() == ["Mass", "Pneumonia", "Nodule"]
    assert list(table.columns) == ["finding", "Mass", "Pneumonia", "Nodule", "alone"]


def test_the_picture_is_rgb_of_8_bits_and_the_same_each_time(labels):
    table = count_cooccurrence(labels)
    picture = draw_cooccurrence(table)
    assert (picture.dtype, picture.ndim, picture.shape[2]) == (np.uint8, 3, 3)
    np.testing.assert_array_equal(picture, draw_cooccurrence(table))


def test_a_pair_that_always_comes_together_is_drawn_darkest():
    labels = pd.DataFrame({"findings": ["Mass|Nodule"] * 5})
    picture = draw_cooccurrence(count_cooccurrence(labels))
    dark = (picture == [8, 48, 107]).all(axis=2).mean()
    assert 0.05 < dark < 0.3


def test_a_label_file_without_a_finding_gives_a_picture_that_says_so():
    table = count_cooccurrence(pd.DataFrame({"findings": ["No Finding"]}))
    assert table.empty
    assert (draw_cooccurrence(table) < 128).any()


@pytest.fixture(scope="module")
def full_labels():
    return read_nih_labels(LABELS)


@needs_labels
def test_the_full_label_file_has_the_known_numbers(full_labels):
    assert count_labels(full_labels) == {
        "images": 112_120,
        "patients": 30_805,
        "no_finding": 60_361,
        "no_finding_pa": 39_302,
        "no_finding_ap": 21_059,
        "finding_without_pneumonia": 50_328,
        "pneumonia_alone": 322,
        "pneumonia": 1_431,
    }


@needs_labels
def test_the_pools_of_single_labels_are_those_of_decision_4(full_labels):
    alone = count_cooccurrence(full_labels).set_index("finding")["alone"]
    assert alone[
        ["Atelectasis", "Cardiomegaly", "Infiltration", "Effusion", "Nodule", "Mass"]
    ].tolist() == [4215, 1093, 9547, 3955, 2705, 2139]

import pandas as pd
import pytest

from detl.errors import DetlError
from detl.schemas.classes import DATA_A_CLASSES, class_indices


def test_a_class_has_the_index_of_its_logit():
    labels = pd.Series(["covid_19", "normal", "pneumonia"])
    assert class_indices(labels).tolist() == [3, 0, 2]


def test_the_classes_of_data_a_have_indices_of_their_own():
    labels = pd.Series(["diseased", "normal"])
    assert class_indices(labels, DATA_A_CLASSES).tolist() == [1, 0]


def test_what_is_no_class_stops():
    labels = pd.Series(["normal", "tuberculosis"], name="label")
    with pytest.raises(DetlError, match="label holds tuberculosis, expected are no"):
        class_indices(labels)

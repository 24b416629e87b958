import numpy as np
import pandas as pd

from detl.sources.groups import join_patients


def _groups(patients, original):
    return list(join_patients(pd.Series(patients), np.array(original)))


def test_without_copies_each_patient_is_a_group():
    assert _groups(["b", "a", "b"], [0, 1, 2]) == ["b", "a", "b"]


def test_a_copy_joins_two_patients_under_the_smaller_name():
    assert _groups(["b", "a", "c"], [0, 0, 2]) == ["a", "a", "c"]


def test_copies_join_along_a_chain():
    assert _groups(["d", "c", "c", "b", "a"], [0, 0, 2, 2, 4]) == [*"bbbb", "a"]


def test_the_groups_keep_the_index_of_the_patients():
    patients = pd.Series(["a", "b"], index=[7, 3])

    assert list(join_patients(patients, np.array([0, 1])).index) == [7, 3]

import numpy as np
import pandas as pd

from detl.sources.groups import find_components, join_patients


def _groups(patients, original, *copies):
    pairs = np.array(copies, int).reshape(-1, 2)
    return list(join_patients(pd.Series(patients), np.array(original), pairs))


def test_without_copies_each_patient_is_a_group():
    assert _groups(["b", "a", "b"], [0, 1, 2]) == ["b", "a", "b"]


def test_a_copy_joins_two_patients_under_the_smaller_name():
    assert _groups(["b", "a", "c"], [0, 0, 2]) == ["a", "a", "c"]


def test_copies_join_along_a_chain():
    assert _groups(["d", "c", "c", "b", "a"], [0, 0, 2, 2, 4]) == [*"bbbb", "a"]


def test_the_groups_keep_the_index_of_the_patients():
    patients = pd.Series(["a", "b"], index=[7, 3])

    assert list(join_patients(patients, np.array([0, 1])).index) == [7, 3]


def test_a_pair_of_images_that_show_one_picture_joins_its_patients():
    assert _groups(["b", "a", "c"], [0, 1, 2], (0, 1)) == ["a", "a", "c"]


def test_exact_copies_and_others_join_along_a_chain():
    # d - exact copy - c - other picture of c - scaled copy - b
    assert _groups(["d", "c", "c", "b", "a"], [0, 0, 2, 3, 4], (3, 2)) == [*"bbbb", "a"]


def test_without_copies_none_need_be_named():
    groups = join_patients(pd.Series(["b", "a"]), np.array([0, 1]))

    assert list(groups) == ["b", "a"]


def test_nodes_are_connected_through_others():
    component = find_components(5, np.array([[0, 3], [4, 3]]))

    assert component[0] == component[3] == component[4]
    assert len(set(component)) == 3


def test_without_pairs_every_node_is_alone():
    assert sorted(find_components(3, np.empty((0, 2), int))) == [0, 1, 2]

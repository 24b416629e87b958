import pandas as pd

from detl.schemas.classes import PROBABILITIES
from detl.statistics.notes import (
    join_notes,
    name_constant_folds,
    name_folds_without,
)
from made_probabilities import draw_pooled


def test_notes_that_say_nothing_leave_no_trace():
    assert join_notes("", "a", "", "b") == "a; b"
    assert join_notes("", "") == ""


def test_folds_without_an_image_of_a_class_are_named():
    table = draw_pooled(100)
    gone = (table["fold"] == "fold_1") & (table["label"] == "normal")

    assert name_folds_without(table, "normal", "test") == ""
    assert (
        name_folds_without(table[~gone], "normal", "test")
        == "no test image of normal in fold_1"
    )


def test_folds_with_constant_probabilities_are_named():
    table = draw_pooled(100)
    table.loc[table["fold"] == "fold_2", PROBABILITIES] = 0.25

    assert (
        name_constant_folds(table, "test")
        == "constant probabilities of the test images of fold_2"
    )


def test_a_fold_may_be_constant_in_one_class_alone():
    table = draw_pooled(100)
    table.loc[table["fold"] == "fold_2", "p_normal"] = 0.25

    assert name_constant_folds(table, "test") == ""
    assert name_constant_folds(table, "test", ["p_normal"]).endswith("of fold_2")


def test_a_single_image_is_not_called_constant():
    assert name_constant_folds(draw_pooled(1), "test") == ""


def test_no_predictions_are_not_called_constant():
    assert name_constant_folds(pd.DataFrame(), "test") == ""

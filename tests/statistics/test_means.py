import numpy as np
import pytest

from detl.statistics.bootstrap import draw_weights
from detl.statistics.means import MEAN_COLUMNS, measure_mean


def test_the_mean_is_over_the_images_that_count():
    groups = np.arange(40)
    values = np.where(np.arange(40) < 20, 1.0, np.nan)
    values[:5] = 0

    mean = measure_mean(values, draw_weights(groups, 0), groups)

    assert list(mean) == MEAN_COLUMNS
    assert mean["value"] == pytest.approx(0.75)
    assert mean["low"] < 0.75 < mean["high"]
    assert (mean["images"], mean["groups"], mean["note"]) == (20, 20, "")


def test_copies_of_an_image_add_no_certainty():
    groups = np.arange(40)
    values = (np.arange(40) < 30).astype(float)
    of_copies = np.repeat(groups, 5)

    alone = measure_mean(values, draw_weights(groups, 0), groups)
    copied = measure_mean(np.repeat(values, 5), draw_weights(of_copies, 0), of_copies)

    assert copied["low"] == pytest.approx(alone["low"])
    assert copied["high"] == pytest.approx(alone["high"])


def test_too_few_groups_give_a_note_and_no_number():
    groups = np.repeat(np.arange(7), 5)

    mean = measure_mean(np.ones(35), draw_weights(groups, 0), groups)

    assert mean["note"] == "not enough data (n = 7)"
    assert np.isnan(mean["value"])
    assert (mean["images"], mean["groups"]) == (35, 7)


def test_values_none_of_which_count_give_a_note_and_no_number():
    groups = np.arange(20)

    mean = measure_mean(np.full(20, np.nan), draw_weights(groups, 0), groups)

    assert mean["note"] == "not enough data (n = 0)"
    assert mean["images"] == 0


def test_where_all_images_are_hits_the_interval_keeps_a_lower_end():
    groups = np.arange(20)

    mean = measure_mean(np.ones(20), draw_weights(groups, 0), groups, kind="share")

    assert mean["value"] == mean["high"] == 1
    assert 0.7 < mean["low"] < 0.95

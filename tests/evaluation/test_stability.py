"""Accuracies on several pretrainings, of which it is known who is right."""

import json

import numpy as np
import pandas as pd
import pytest

from detl.errors import DetlError
from detl.evaluation.stability import COLUMNS, measure_stability, summarise_stability
from detl.schemas.classes import PROBABILITIES

IMAGES = 200
WHOLE = ["accuracy", "accuracy_sd_seeds", "accuracy_sd_pretrainings"]


def _say(pretraining, seeds, wrong=(), images=IMAGES):
    """Return what the networks of some seeds say, all wrong about the same images."""
    tables = []
    for seed in seeds:
        names = [f"image_{k}" for k in range(images)]
        predicted = np.where(
            np.isin(np.arange(images), list(wrong)), "normal", "covid_19"
        )
        table = pd.DataFrame({"fold": "fold_1", "image_id": names, "seed": seed})
        table = table.assign(label="covid_19", predicted=predicted, group=names)
        table[list(PROBABILITIES)] = 0.25
        tables.append(table.assign(pretraining=pretraining))
    return pd.concat(tables, ignore_index=True)


def _measure(first, *others):
    return measure_stability(
        first.drop(columns="pretraining"), pd.concat(others), seed=0
    )


def _all(table):
    return table.iloc[-1]


def test_a_row_tells_of_each_pretraining_and_the_last_of_all():
    table = _measure(_say(1, [0, 1]), _say(2, [2, 3]), _say(3, [4, 5]))

    assert list(table) == COLUMNS
    assert table["pretraining"].tolist() == ["1", "2", "3", "all"]
    assert table["pretrainings"].tolist() == [1, 1, 1, 3]
    assert table["seeds"].tolist() == [2, 2, 2, 2]


def test_equal_pretrainings_have_no_spread():
    wrong = range(40)
    table = _measure(_say(1, [0, 1], wrong), _say(2, [2, 3], wrong))

    assert _all(table)[WHOLE].tolist() == pytest.approx([0.8, 0, 0])
    assert table["accuracy"].tolist() == pytest.approx([0.8] * 3)


def test_the_accuracy_of_all_is_the_mean_over_pretrainings_and_has_their_sd():
    table = _measure(
        _say(1, [0, 1], range(20)),
        _say(2, [2, 3], range(40)),
        _say(3, [4, 5], range(60)),
    )

    assert table["accuracy"].tolist() == pytest.approx([0.9, 0.8, 0.7, 0.8])
    assert _all(table)["accuracy_sd_pretrainings"] == pytest.approx(0.1)
    assert table["accuracy_sd_pretrainings"].iloc[:-1].isna().all()


def test_an_accuracy_is_the_mean_over_its_seeds_with_their_sd():
    other = pd.concat([_say(2, [2], range(20)), _say(2, [3], range(60))])
    table = _measure(_say(1, [0, 1]), other)

    assert table["accuracy"].tolist() == pytest.approx([1.0, 0.8, 0.9])
    # Half the squared distance of 0.9 from 0.7; of both pretrainings the mean with 0.
    expected = [0.0, np.sqrt(0.02), np.sqrt(0.01)]
    assert table["accuracy_sd_seeds"].tolist() == pytest.approx(expected)


def test_one_seed_has_no_spread_over_seeds():
    table = _measure(_say(1, [0]), _say(2, [1]))

    assert table["accuracy_sd_seeds"].isna().all()
    assert _all(table)["accuracy_sd_pretrainings"] == 0


def test_pretrainings_that_differ_make_the_interval_wider():
    def width(*wrong):
        table = _measure(*(_say(k + 1, [k], range(w)) for k, w in enumerate(wrong)))
        assert _all(table)["accuracy"] == pytest.approx(0.8)
        return _all(table)["accuracy_high"] - _all(table)["accuracy_low"]

    assert width(10, 40, 70) > 2 * width(40, 40, 40)


def test_the_interval_of_equal_pretrainings_is_about_that_over_patients():
    wrong = range(40)
    table = _measure(*(_say(k + 1, [k], wrong) for k in range(3)))

    # Wilson's interval of 160 of 200.
    ends = _all(table)[["accuracy_low", "accuracy_high"]]
    assert ends.tolist() == pytest.approx([0.739, 0.849], abs=0.01)
    assert table["accuracy_low"].iloc[:-1].isna().all()


def test_of_few_patients_there_is_a_mean_and_no_interval():
    table = _measure(_say(1, [0], images=8), _say(2, [1], range(4), images=8))

    assert _all(table)["accuracy"] == pytest.approx(0.75)
    assert np.isnan(_all(table)["accuracy_low"])


def test_the_order_of_the_rows_does_not_matter():
    first, other = _say(1, [0, 1], range(20)), _say(2, [2, 3], range(60))
    shuffled = [table.sample(frac=1, random_state=3) for table in (first, other)]

    pd.testing.assert_frame_equal(
        _measure(*shuffled)[WHOLE], _measure(first, other)[WHOLE]
    )


def test_pretrainings_that_share_a_seed_are_refused():
    with pytest.raises(DetlError, match="not predicted once by the networks of each"):
        _measure(_say(1, [0, 1]), _say(2, [1, 2]))


def test_the_summary_has_the_numbers_of_all_and_the_accuracies_by_pretraining():
    table = _measure(_say(1, [0, 1], range(20)), _say(2, [2, 3], range(60)))

    summary = summarise_stability(table)

    assert summary["pretrainings"] == 2
    assert summary["accuracy_pretrainings"] == pytest.approx(0.8)
    assert summary["accuracy_pretrainings_low"] == _all(table)["accuracy_low"]
    assert summary["accuracy_sd_pretrainings"] == pytest.approx(np.sqrt(0.02))
    assert summary["pretraining_accuracy"] == pytest.approx({"1": 0.9, "2": 0.7})


def test_what_is_missing_in_the_summary_is_none_and_all_of_it_is_fit_for_json():
    summary = summarise_stability(_measure(_say(1, [0]), _say(2, [1])))

    assert summary["pretraining_accuracy_sd_seeds"] == {"1": None, "2": None}
    assert json.loads(json.dumps(summary)) == summary

import numpy as np
import pandas as pd
import pytest

from detl.splitting.stratified_parts import draw_part, split_units

PARTS, DRAWS = 5, 300
SIZES = [9, 5, 4, 4, 3, 3, 2, 2, 2, 2, *[1] * 24]
GROUPS = pd.Series(np.repeat(np.arange(len(SIZES)), SIZES))
LABELS = pd.Series(["normal", "diseased"]).iloc[GROUPS % 2].reset_index(drop=True)


def test_each_unit_is_in_one_part_and_in_the_rest_of_all_others():
    parts = list(split_units(LABELS, GROUPS, PARTS, seed=0))

    found = np.concatenate([part for _, part in parts])
    assert sorted(found) == list(range(len(GROUPS)))
    for rest, part in parts:
        assert sorted([*rest, *part]) == list(range(len(GROUPS)))
        assert not set(GROUPS[rest]) & set(GROUPS[part])


def test_whatever_the_seed_the_largest_group_is_in_the_same_part():
    """Which is why it is not the first part that is drawn each time."""
    has_largest = [
        [0 in set(GROUPS[part]) for _, part in split_units(LABELS, GROUPS, PARTS, seed)]
        for seed in range(10)
    ]
    assert np.all(has_largest, axis=0).sum() == 1


def test_a_group_of_any_size_is_as_likely_to_be_drawn():
    rng = np.random.default_rng(0)
    times = np.zeros(len(GROUPS))
    for _ in range(DRAWS):
        times[draw_part(LABELS, GROUPS, PARTS, rng)] += 1

    found = pd.Series(times / DRAWS).groupby(GROUPS.map(GROUPS.value_counts())).mean()
    error = np.sqrt(0.2 * 0.8 / DRAWS)  # of one group alone
    assert found.to_dict() == {
        size: pytest.approx(1 / PARTS, abs=4 * error) for size in set(SIZES)
    }


def test_one_seed_draws_the_same_part_again():
    first, same, other = (
        list(draw_part(LABELS, GROUPS, PARTS, np.random.default_rng(seed)))
        for seed in (1, 1, 2)
    )
    assert first == same != other

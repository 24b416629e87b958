import numpy as np
import pytest

from detl.errors import DetlError
from detl.training.batches import RowBatches
from detl.training.speed.padded_batches import PaddedBatches

PIXELS = np.arange(10 * 2 * 2, dtype="uint8").reshape(10, 2, 2)
LABELS = np.arange(10)


def _batches(batch_size: int, shuffle_seed: int | None = None) -> RowBatches:
    return RowBatches(PIXELS, np.arange(10), LABELS, batch_size, shuffle_seed)


def test_a_batch_that_divides_is_given_as_it_is():
    batches = PaddedBatches(_batches(5), 5, is_scored=False)

    inputs, labels, weights = batches[1]

    np.testing.assert_array_equal(inputs, _batches(5)[1][0])
    assert (list(labels), list(weights)) == ([5, 6, 7, 8, 9], [1] * 5)


def test_the_last_batch_is_filled_up_with_its_own_rows_of_weight_zero():
    inputs, labels, weights = PaddedBatches(_batches(8), 4, is_scored=False)[1]

    assert list(labels) == [8, 9, 8, 9]
    np.testing.assert_array_equal(inputs[..., 0], PIXELS[labels])
    assert list(weights[2:]) == [0, 0]


def test_for_training_the_weighted_mean_of_a_batch_is_that_of_its_own_rows():
    _, labels, weights = PaddedBatches(_batches(8), 4, is_scored=False)[1]

    assert (labels * weights).mean() == pytest.approx(8.5)


def test_for_scoring_the_weighted_mean_of_all_batches_is_that_of_all_rows():
    batches = PaddedBatches(_batches(8), 4, is_scored=True)
    _, labels, weights = (
        np.concatenate(part) for part in zip(batches[0], batches[1], strict=True)
    )

    assert (labels * weights).mean() == pytest.approx(LABELS.mean())
    assert len(set(weights[weights > 0])) == 1


def test_a_single_small_batch_is_filled_up():
    _, _, weights = PaddedBatches(_batches(16), 4, is_scored=False)[0]

    assert len(weights) == 12


def test_the_order_changes_from_epoch_to_epoch_as_that_of_the_batches_given():
    even, plain = PaddedBatches(_batches(5, 3), 5, is_scored=False), _batches(5, 3)
    even.on_epoch_end()
    plain.on_epoch_end()

    assert even.num_batches == 2
    np.testing.assert_array_equal(even[0][1], plain[0][1])


def test_a_batch_size_that_does_not_divide_is_refused():
    with pytest.raises(DetlError, match="batch of 4 does not divide among 3 devices"):
        PaddedBatches(_batches(4), 3, is_scored=False)

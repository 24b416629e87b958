import keras
import numpy as np
import pytest

from backends import needs_tensorflow
from detl.training.batches import RowBatches
from detl.training.speed.prefetch import read_ahead

PIXELS = np.random.default_rng(0).integers(0, 255, (11, 4, 6), dtype=np.uint8)
LABELS = np.arange(11)


def _batches(labels=LABELS, batch_size=4):
    return RowBatches(PIXELS, np.arange(11), labels, batch_size, shuffle_seed=3)


@pytest.mark.parametrize("labels", [LABELS, None], ids=["labels", "none"])
@pytest.mark.parametrize("batch_size", [4, 11, 20])
def test_the_batches_are_all_read_in_turn(labels, batch_size):
    read = list(read_ahead(_batches(labels, batch_size)))

    expected = list(_batches(labels, batch_size))
    assert len(read) == len(expected)
    for arrays, wanted in zip(read, expected, strict=True):
        for array, values in zip(arrays, wanted, strict=True):
            np.testing.assert_array_equal(array, values)
            assert keras.backend.standardize_dtype(array.dtype) == values.dtype


@needs_tensorflow
def test_the_pipeline_does_not_tune_itself():
    assert read_ahead(_batches()).options().autotune.enabled is False


def test_an_error_while_reading_is_raised():
    batches = RowBatches(PIXELS, np.array([0, 1, 99]), None, 1)

    with pytest.raises(Exception, match="out of bounds"):
        list(read_ahead(batches))

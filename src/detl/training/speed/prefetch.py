"""Reading batches ahead of the step that needs them."""

from __future__ import annotations

from typing import Any

import keras

_AHEAD = 2  # batches: one may take longer than a step, as long as the next is quicker


def read_ahead(batches: keras.utils.PyDataset) -> Any:
    """Return what ``fit`` and ``predict`` are to be given, to read these batches.

    Under TensorFlow a pipeline of its own. The one that Keras makes of batches tunes
    itself all the time, in a thread that looks up at ever longer intervals and is
    waited for in the end: for as long as the pipeline has run, up to a minute
    (docs/benchmarks.md). Other backends read the batches as they are.

    Args:
        batches: At least one, whose arrays have the same shapes but for the first side.
    """
    if keras.backend.backend() != "tensorflow":
        return batches
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    signature = tuple(
        tf.TensorSpec((None, *array.shape[1:]), array.dtype) for array in batches[0]
    )
    return (
        tf.data.Dataset.from_generator(
            lambda: (batches[number] for number in range(batches.num_batches)),
            output_signature=signature,
        )
        .apply(tf.data.experimental.assert_cardinality(batches.num_batches))
        .prefetch(_AHEAD)
        .with_options(options)
    )

import numpy as np

from detl.training.batches import RowBatches

PIXELS = np.arange(10 * 2 * 2, dtype="uint8").reshape(10, 2, 2)
ROWS = np.array([7, 3, 5])
LABELS = np.array([0, 1, 2])


def _all(batches: RowBatches) -> tuple[np.ndarray, ...]:
    parts = [batches[number] for number in range(batches.num_batches)]
    return tuple(np.concatenate(columns) for columns in zip(*parts, strict=True))


def test_batches_hold_the_rows_asked_for_with_their_labels():
    inputs, labels = _all(RowBatches(PIXELS, ROWS, LABELS, 2))

    np.testing.assert_array_equal(inputs[..., 0], PIXELS[ROWS])
    np.testing.assert_array_equal(labels, LABELS)


def test_the_last_batch_may_be_smaller():
    batches = RowBatches(PIXELS, ROWS, LABELS, 2)

    assert [len(batches[number][0]) for number in range(batches.num_batches)] == [2, 1]


def test_without_labels_a_batch_is_inputs_only():
    assert len(RowBatches(PIXELS, ROWS, None, 2)[0]) == 1


def test_labels_can_be_asked_for_in_the_order_given():
    shuffled = RowBatches(PIXELS, ROWS, LABELS, 2, shuffle_seed=0)

    np.testing.assert_array_equal(shuffled.labels, LABELS)
    assert len(RowBatches(PIXELS, ROWS, None, 2).labels) == 0


def test_shuffling_keeps_each_image_with_its_label_and_changes_from_epoch_to_epoch():
    batches = RowBatches(PIXELS, np.arange(10), np.arange(10), 4, shuffle_seed=0)

    first_inputs, first_labels = _all(batches)
    batches.on_epoch_end()
    _, second_labels = _all(batches)

    np.testing.assert_array_equal(first_inputs[..., 0], PIXELS[first_labels])
    assert sorted(first_labels) == sorted(second_labels) == list(range(10))
    assert list(first_labels) != list(second_labels)


def test_the_order_is_a_function_of_the_seed():
    orders = [
        _all(RowBatches(PIXELS, np.arange(10), np.arange(10), 4, shuffle_seed=seed))[1]
        for seed in (3, 3, 4)
    ]

    assert list(orders[0]) == list(orders[1])
    assert list(orders[0]) != list(orders[2])


def test_beginning_again_gives_the_orders_of_before():
    batches = RowBatches(PIXELS, np.arange(10), np.arange(10), 4, shuffle_seed=0)
    orders = []
    for _ in range(2):
        batches.begin()
        batches.on_epoch_end()
        orders.append(list(_all(batches)[1]))

    assert orders[0] == orders[1]


def test_what_is_left_over_can_be_dropped_so_that_all_batches_are_of_one_size():
    rows = np.arange(10)
    batches = RowBatches(PIXELS, rows, rows, 4, shuffle_seed=0, last_batch="drop")
    seen = set()
    for _ in range(8):
        batches.on_epoch_end()
        assert batches.num_batches == 2
        inputs, labels = _all(batches)
        assert len(inputs) == 8
        seen.update(labels)

    assert seen == set(rows)


def test_of_fewer_rows_than_a_batch_none_is_dropped():
    batches = RowBatches(PIXELS, ROWS, LABELS, 4, last_batch="drop")

    assert [len(batches[number][0]) for number in range(batches.num_batches)] == [3]


VIEWS = np.stack([PIXELS + 100, PIXELS + 200])


def test_each_epoch_draws_a_version_of_each_row_among_views_and_the_array_itself():
    rows = np.array([7, 3, 5, 0])
    batches = RowBatches(PIXELS, rows, rows, 4, shuffle_seed=0, views=VIEWS)
    drawn = np.zeros(3)
    for _ in range(100):
        batches.on_epoch_end()
        inputs, labels = _all(batches)
        added = inputs[..., 0] - PIXELS[labels]
        assert np.isin(added, [0, 100, 200]).all()
        assert (np.ptp(added, axis=(1, 2)) == 0).all()
        drawn += [(added[:, 0, 0] == of).sum() for of in (0, 100, 200)]

    assert drawn.sum() == 400
    assert (drawn > 80).all()


def test_the_versions_are_a_function_of_the_seed():
    rows = np.arange(10)
    first, same, other = (
        _all(RowBatches(PIXELS, rows, rows, 4, shuffle_seed=seed, views=VIEWS))[0]
        for seed in (1, 1, 2)
    )

    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)


def test_no_views_are_as_none():
    rows = np.arange(10)
    plain, empty = (
        _all(RowBatches(PIXELS, rows, rows, 4, shuffle_seed=1, views=views))[1]
        for views in (None, VIEWS[:0])
    )

    np.testing.assert_array_equal(plain, empty)


def test_without_views_all_rows_come_as_they_are_in_a_random_order():
    rows = np.arange(10)
    batches = RowBatches(PIXELS, rows, rows, 4, 0, "drop", VIEWS)

    larger = batches.without_views(times=2)

    inputs, labels = _all(larger)
    np.testing.assert_array_equal(inputs[..., 0], PIXELS[labels])
    assert sorted(labels) == list(rows)
    assert list(labels) != list(rows)
    assert larger.num_batches == 2

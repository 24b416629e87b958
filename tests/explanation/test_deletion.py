import keras
import numpy as np
import pandas as pd
import pytest

from detl.errors import DetlError
from detl.explanation.deletion import (
    AREA_COLUMNS,
    CURVE_COLUMNS,
    RANDOM,
    Curves,
    blur,
    join_curves,
    rank_pixels,
    score_curves,
    tabulate_curves,
    trace_curves,
)

SIZE = 16


def make_parts(sharpness=0.1):
    """The logit of class 1 is the mean of the upper left quarter, that of 0 is 0."""
    pixels = keras.Input((SIZE, SIZE, 1))
    trunk = keras.Model(pixels, keras.layers.Cropping2D(((0, 8), (0, 8)))(pixels))
    features = keras.Input((8, 8, 1))
    dense = keras.layers.Dense(2, use_bias=False)
    mean = keras.layers.GlobalAveragePooling2D()(features)
    tail = keras.Model(features, dense(mean))
    dense.set_weights([np.float32([[0, sharpness]])])
    return trunk, tail


def make_pixels(images=3):
    """Bright in the upper left quarter, dark elsewhere."""
    pixels = np.zeros((images, SIZE, SIZE), np.uint8)
    pixels[:, :8, :8] = 100
    return pixels


def map_of(pixels):
    return {"right": (pixels > 0) * 1.0, "wrong": (pixels == 0) * 1.0}


@pytest.fixture(scope="module")
def curves():
    pixels = make_pixels()
    classes = np.ones(len(pixels), int)
    return trace_curves(*make_parts(), pixels, classes, map_of(pixels), seed=0)


def logistic(x):
    return 1 / (1 + np.exp(-x))


def test_deletion_goes_from_the_image_to_its_blurred_copy(curves):
    start, end = logistic(10), logistic(0.1 * blur(make_pixels())[0, :8, :8].mean())
    for of_method in curves.values():
        np.testing.assert_allclose(of_method.deletion[:, 0], start, rtol=1e-5)
        np.testing.assert_allclose(of_method.deletion[:, -1], end, rtol=1e-5)


def test_insertion_goes_the_other_way(curves):
    for of_method in curves.values():
        np.testing.assert_allclose(
            of_method.insertion[:, [0, -1]], of_method.deletion[:, [-1, 0]], rtol=1e-5
        )


def test_the_right_map_loses_the_class_after_a_quarter_of_the_pixels(curves):
    deletion = curves["right"].deletion[0]
    assert np.allclose(deletion[5:], deletion[-1])
    assert (np.diff(deletion[:6]) < 0).all()


def test_the_wrong_map_keeps_the_class_for_three_quarters(curves):
    deletion = curves["wrong"].deletion[0]
    assert np.allclose(deletion[:16], deletion[0])


def test_a_random_order_stands_beside_the_methods(curves):
    assert list(curves) == ["right", "wrong", RANDOM]
    area = {name: of.area("deletion").mean() for name, of in curves.items()}
    assert area["right"] < area[RANDOM] < area["wrong"]
    area = {name: of.area("insertion").mean() for name, of in curves.items()}
    assert area["right"] > area[RANDOM] > area["wrong"]


def test_the_area_of_a_straight_line_is_one_half():
    line = np.linspace(1, 0, 21)[None]
    assert Curves(line, line[:, ::-1]).area("deletion") == pytest.approx([0.5])


def test_pixels_are_replaced_in_the_order_of_the_map():
    values = np.arange(8.0).reshape(1, 2, 4)
    steps = rank_pixels(values, np.zeros((1, 2, 4)), steps=4)
    np.testing.assert_array_equal(steps, [[[3, 3, 2, 2], [1, 1, 0, 0]]])


def test_each_step_replaces_as_many_pixels():
    rng = np.random.default_rng(0)
    steps = rank_pixels(rng.random((2, 10, 10)), rng.random((2, 10, 10)), steps=20)
    assert (np.bincount(steps[0].ravel()) == 5).all()


def test_pixels_of_equal_value_come_in_the_order_of_chance():
    chance = np.random.default_rng(0).random((1, 4, 4))
    steps = rank_pixels(np.zeros((1, 4, 4)), chance, steps=16)
    np.testing.assert_array_equal(steps.ravel().argsort(), chance.ravel().argsort())


def test_an_empty_map_is_no_better_than_a_random_order():
    pixels = make_pixels()
    empty = {"empty": np.zeros(pixels.shape)}
    curves = trace_curves(*make_parts(), pixels, np.ones(3, int), empty, seed=0)
    np.testing.assert_array_equal(curves["empty"].deletion, curves[RANDOM].deletion)


def test_the_blurred_copy_keeps_the_mean_grey_value_of_the_image():
    pixels = np.random.default_rng(0).integers(0, 256, (2, 64, 64), np.uint8)
    assert blur(pixels).mean() == pytest.approx(pixels.mean(), rel=0.02)


def test_in_the_blurred_copy_a_lesion_is_gone():
    pixels = np.full((1, 64, 64), 100, np.uint8)
    pixels[0, 30:36, 30:36] = 200
    assert blur(pixels).max() < 115


def test_batches_make_no_difference(monkeypatch, curves):
    monkeypatch.setattr("detl.explanation.deletion.BATCH_SIZE", 21)
    pixels = make_pixels()
    one_by_one = trace_curves(
        *make_parts(), pixels, np.ones(3, int), map_of(pixels), seed=0
    )
    np.testing.assert_allclose(
        one_by_one["right"].deletion, curves["right"].deletion, rtol=1e-5
    )


def test_the_curves_of_folds_are_joined_image_by_image(curves):
    joined = join_curves([curves, curves])
    assert list(joined) == list(curves)
    np.testing.assert_array_equal(
        joined["right"].deletion[:3], joined["right"].deletion[3:]
    )


def test_the_table_of_curves_has_a_row_per_step(curves):
    table = tabulate_curves(curves)
    assert list(table.columns) == CURVE_COLUMNS
    assert len(table) == 3 * 2 * 21
    assert table.iloc[0][["method", "curve"]].to_list() == ["right", "deletion"]
    assert (table["fraction"].min(), table["fraction"].max()) == (0, 1)


def value_of(table, method, quantity):
    of_method = table[table["method"] == method].set_index("quantity")
    return of_method.loc[quantity]


@pytest.fixture(scope="module")
def scores(curves):
    many = join_curves([curves] * 5)
    return score_curves(many, np.arange(15), seed=0)


def test_a_map_that_knows_more_than_chance_gains_on_both_curves(scores):
    assert list(scores.columns) == AREA_COLUMNS
    for quantity in ("deletion_gain", "insertion_gain"):
        assert value_of(scores, "right", quantity)["low"] > 0
        assert value_of(scores, "wrong", quantity)["high"] < 0


def test_the_random_order_gains_nothing_on_itself(scores):
    quantities = scores.loc[scores["method"] == RANDOM, "quantity"]
    assert list(quantities) == ["deletion_area", "insertion_area"]


def test_too_few_patients_give_a_note_and_no_number(curves):
    table = score_curves(curves, np.arange(3), seed=0)
    assert set(table["note"]) == {"not enough data (n = 3)"}
    assert table["value"].isna().all()


def test_a_network_of_constant_probability_gains_exactly_nothing():
    pixels = make_pixels(12)
    parts = make_parts(sharpness=0.0)
    curves = trace_curves(*parts, pixels, np.ones(12, int), map_of(pixels), seed=0)
    table = score_curves(curves, np.arange(12), seed=0)
    gain = value_of(table, "right", "deletion_gain")
    assert (gain["value"], gain["low"], gain["high"]) == (0, 0, 0)
    assert value_of(table, "right", "deletion_area")["value"] == pytest.approx(0.5)


def test_maps_of_another_size_are_refused():
    pixels = make_pixels()
    maps = {"small": np.zeros((3, 4, 4))}
    with pytest.raises(DetlError, match=r"small have the shape \(3, 4, 4\).*upsample"):
        trace_curves(*make_parts(), pixels, np.ones(3, int), maps, seed=0)


def test_no_curve_is_undefined(curves):
    assert not pd.isna(tabulate_curves(curves)["probability"]).any()

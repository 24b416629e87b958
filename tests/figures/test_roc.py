import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from detl.errors import DetlError
from detl.figures.roc import average_curve, draw_roc
from detl.schemas.classes import DATA_B_CLASSES, PROBABILITIES


def test_the_area_below_the_curve_is_the_mean_of_the_folds_areas():
    random = np.random.default_rng(0)
    is_class = random.random(400) < 0.4
    probabilities = random.normal(is_class * 1.0, 1.0)
    folds = np.repeat(["fold_1", "fold_2"], 200)

    rates, curve = average_curve(is_class, probabilities, folds)

    areas = [
        roc_auc_score(is_class[folds == f], probabilities[folds == f])
        for f in ("fold_1", "fold_2")
    ]
    assert np.trapezoid(curve, rates) == pytest.approx(np.mean(areas), abs=0.01)


def test_scales_that_differ_between_folds_do_not_change_the_curve():
    is_class = np.array([False, True] * 4)
    probabilities = np.where(is_class, 0.9, 0.8)
    probabilities[4:] -= 0.5

    _, curve = average_curve(is_class, probabilities, np.repeat([1, 2], 4))

    np.testing.assert_allclose(curve, 1)


def test_a_class_that_no_fold_tests_has_no_curve():
    _, curve = average_curve(np.zeros(4, bool), np.linspace(0, 1, 4), np.ones(4))

    assert np.isnan(curve).all()


def test_every_network_has_a_column():
    random = np.random.default_rng(0)
    table = pd.DataFrame(random.random((40, 4)), columns=PROBABILITIES).assign(
        label=np.tile(DATA_B_CLASSES, 10), fold="fold_1"
    )

    one, two = draw_roc(vgg16=table), draw_roc(vgg16=table, alexnet=table)

    assert two.shape[1] == 2 * one.shape[1]
    assert two.dtype == np.uint8


def test_without_a_network_there_is_no_figure():
    with pytest.raises(DetlError, match="run the cross-validation first"):
        draw_roc()

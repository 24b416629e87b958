import numpy as np
import pandas as pd
import pytest

from detl.evaluation.probabilities.calibration import (
    measure_calibration,
    measure_reliability,
)
from detl.evaluation.probabilities.net_benefit import measure_net_benefit
from detl.evaluation.probabilities.temperature import (
    fit_temperatures,
    scale_predictions,
)
from detl.figures.calibration import draw_net_benefit, draw_reliability
from detl.schemas.tables import stack_architectures
from made_probabilities import draw_pooled

BLUE, ORANGE, BAND = (0, 114, 178), (213, 94, 0), (184, 212, 232)


@pytest.fixture(scope="module")
def tested() -> pd.DataFrame:
    return draw_pooled(100, sharpness=2, seed=1)


def _scale(tested, validated):
    return scale_predictions(tested, fit_temperatures(validated))


def _draw_reliability(tested, validated, *architectures: str) -> np.ndarray:
    scaled = _scale(tested, validated)
    tables = (
        measure(tested, scaled, 0)
        for measure in (measure_reliability, measure_calibration)
    )
    return draw_reliability(
        *(stack_architectures(**dict.fromkeys(architectures, t)) for t in tables)
    )


def _draw_net_benefit(
    tested, validated, *architectures: str, prevalences=(0.1,)
) -> np.ndarray:
    table = measure_net_benefit(
        tested,
        _scale(tested, validated),
        validated,
        prevalences,
        0,
        thresholds=[0.02, 0.1, 0.5],
    )
    return draw_net_benefit(**dict.fromkeys(architectures, table))


def _pixels_of(picture: np.ndarray, colour: tuple[int, int, int]) -> int:
    return int((picture == colour).all(axis=2).sum())


@pytest.mark.parametrize("draw", [_draw_reliability, _draw_net_benefit])
def test_the_picture_is_rgb_of_8_bits(tested, draw):
    picture = draw(tested, tested, "vgg16")

    assert picture.dtype == np.uint8
    assert picture.ndim == 3
    assert picture.shape[2] == 3


@pytest.mark.parametrize("draw", [_draw_reliability, _draw_net_benefit])
def test_each_architecture_has_a_column(tested, draw):
    one = draw(tested, tested, "vgg16")
    two = draw(tested, tested, "vgg16", "resnet50")

    assert two.shape[:2] == (one.shape[0], 2 * one.shape[1])


@pytest.mark.parametrize("draw", [_draw_reliability, _draw_net_benefit])
def test_the_picture_is_the_same_each_time(tested, draw):
    np.testing.assert_array_equal(
        draw(tested, tested, "vgg16"), draw(tested, tested, "vgg16")
    )


def test_reliability_is_drawn_before_and_after_scaling(tested):
    picture = _draw_reliability(tested, tested, "vgg16")
    half = len(picture) // 2

    assert _pixels_of(picture[:half], ORANGE) > 100
    assert _pixels_of(picture[half:], BLUE) > 100


def test_without_inner_validation_parts_reliability_is_drawn_before_scaling_alone(
    tested,
):
    picture = _draw_reliability(tested, tested.iloc[:0], "vgg16")

    assert _pixels_of(picture, ORANGE) > 100
    assert _pixels_of(picture, BLUE) == 0


def test_bins_of_too_few_patients_have_no_point(tested):
    few = tested.assign(group=[f"group_{k // 20}" for k in range(len(tested))])

    assert _pixels_of(_draw_reliability(few, few, "vgg16"), ORANGE) == 0


def test_the_net_benefit_has_a_band(tested):
    picture = _draw_net_benefit(tested, tested, "vgg16")

    assert _pixels_of(picture, BLUE) > 100
    assert _pixels_of(picture, BAND) > 100


def test_without_inner_validation_parts_the_network_has_no_curve(tested):
    picture = _draw_net_benefit(tested, tested.iloc[:0], "vgg16")

    assert _pixels_of(picture[: -len(picture) // 5], BLUE) == 0


def test_of_many_prevalences_three_are_drawn(tested):
    three = _draw_net_benefit(tested, tested, "vgg16", prevalences=(0.01, 0.1, 0.5))
    many = _draw_net_benefit(
        tested, tested, "vgg16", prevalences=(0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
    )

    assert many.shape == three.shape


def test_tables_read_from_csv_are_drawn(tested, tmp_path):
    nothing = tested.iloc[:0]
    tables = {
        "reliability": measure_reliability(tested, nothing, 0),
        "calibration": measure_calibration(tested, nothing, 0),
        "net_benefit": measure_net_benefit(tested, nothing, nothing, [0.1], 0),
    }
    for name, table in tables.items():
        table.to_csv(tmp_path / f"{name}.csv", index=False)
        tables[name] = pd.read_csv(tmp_path / f"{name}.csv")

    assert draw_reliability(
        stack_architectures(vgg16=tables["reliability"]),
        stack_architectures(vgg16=tables["calibration"]),
    ).any()
    assert draw_net_benefit(vgg16=tables["net_benefit"]).any()

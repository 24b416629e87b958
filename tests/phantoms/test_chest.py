import numpy as np
import pytest

from detl.phantoms.chest import smooth, soft_step


def extent(mask):
    columns = np.flatnonzero((mask > 0.5).any(axis=0))
    return columns[-1] - columns[0] + 1


def test_a_soft_step_is_one_half_at_the_edge():
    steps = soft_step(np.array([-1.0, 0.0, 1.0]), 0.01)
    assert steps == pytest.approx([0, 0.5, 1])


def test_blurring_keeps_the_mean_of_a_constant():
    assert smooth(np.full((9, 9), 3.0), 2.0) == pytest.approx(3)


def test_pixels_and_chest_coordinates_are_inverse_to_each_other(make_chest):
    chest = make_chest(view="AP", shape=(64, 80), straight=False)
    points = np.stack([chest.x, chest.y], axis=-1)
    rows, columns = np.mgrid[0:64, 0:80]
    expected = np.stack([columns + 0.5, rows + 0.5], axis=-1)
    assert chest.to_pixels(points) == pytest.approx(expected, abs=1e-3)


def test_each_lung_lies_on_its_side_of_the_spine(make_chest):
    chest = make_chest()
    right, left = (chest.lungs[side].inside > 0.5 for side in (-1, 1))
    assert chest.x[right].max() < chest.x[left].min()


def test_the_lungs_end_at_the_diaphragm(make_chest):
    chest = make_chest()
    for side in (-1, 1):
        inside = chest.lungs[side].inside > 0.5
        assert np.all((chest.y <= chest.diaphragm(side) + 1e-9)[inside])


def test_the_heart_lies_mostly_in_the_left_half(make_chest):
    chest = make_chest()
    heart = chest.heart > 0.5
    assert chest.x[heart].mean() > 0.03


@pytest.mark.parametrize("seed", range(6))
def test_a_healthy_heart_takes_up_to_half_of_a_pa_film_s_chest(make_chest, seed):
    chest = make_chest(seed=seed)
    lungs = chest.lungs[-1].inside + chest.lungs[1].inside
    assert 0.36 < extent(chest.heart) / extent(lungs) < 0.54


def test_there_is_no_air_outside_the_lungs(make_chest):
    chest = make_chest()
    outside = chest.lungs[-1].inside + chest.lungs[1].inside < 0.01
    assert chest.air[outside].max() < 0.02

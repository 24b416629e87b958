import numpy as np
import pytest

from detl.phantoms.tissue import (
    absorption,
    body_outline,
    pulmonary_vessels,
    ribs,
    shoulders,
    texture,
)


def test_the_air_beside_the_neck_absorbs_nothing(make_chest):
    chest = make_chest()
    tissue, _ = absorption(chest)
    corner = body_outline(chest) < 0.01
    assert corner.any()
    assert np.abs(tissue[corner]).max() < 0.01


def test_ribs_cross_the_lungs_about_nine_times(make_chest):
    chest = make_chest(shape=(256, 256))
    column = ribs(chest)[:, 90]
    inside = chest.lungs[-1].inside[:, 90] > 0.5
    profile = column[inside] - column[inside].mean()
    rises = np.count_nonzero((profile[:-1] < 0) & (profile[1:] >= 0))
    assert 6 <= rises <= 14


def test_the_shoulder_blades_lie_over_the_lungs_on_ap_films_alone(make_chest):
    chest = make_chest()
    middle = (chest.lungs[-1].inside > 0.5) & (chest.lungs[-1].across < 0.95)
    over, beside = (shoulders(chest, over_lungs=over)[middle] for over in (True, False))
    assert over.sum() > 3 * beside.sum()


def test_vessels_lie_in_the_lungs(make_chest):
    chest = make_chest()
    vessels = pulmonary_vessels(chest, np.random.default_rng(0))
    outside = chest.lungs[-1].inside + chest.lungs[1].inside < 0.01
    assert vessels.max() > 0.05
    assert vessels[outside].max() < 0.005


def test_texture_moves_with_the_chest(make_chest):
    still, moved = make_chest(), make_chest()
    moved.x = moved.x + 10 * moved.pixel
    fields = [texture(chest, np.random.default_rng(0), 6) for chest in (still, moved)]
    # One cell of the field's grid is about a pixel: allow the rounding.
    difference = np.abs(fields[0][5:-5, 15:-5] - fields[1][5:-5, 5:-15])
    assert np.median(difference) < 0.1 * fields[0].std()


def test_texture_has_about_unit_variance(make_chest):
    field = texture(make_chest(), np.random.default_rng(0), 14)
    assert field.std() == pytest.approx(1, abs=0.4)


def test_no_map_is_of_double_precision_which_takes_twice_as_long(make_chest):
    chest = make_chest(view="AP", straight=False)
    maps = [*absorption(chest), chest.air, chest.lung_field]
    assert {values.dtype for values in maps} == {np.dtype(np.float32)}

import numpy as np
import pytest
from scipy import ndimage

from detl.phantoms.anatomy import CENTIMETRE, change_anatomy, draw_anatomy
from detl.phantoms.lesions import SIGNS, draw_lesion, drop_specks

SEEDS = range(6)


def draw(make_chest, finding, seed, **kwargs):
    chest = make_chest(seed=seed, findings=(finding,), **kwargs)
    return chest, draw_lesion(chest, finding, np.random.default_rng([seed, 2]), 1.0)


@pytest.mark.parametrize("finding", SIGNS)
@pytest.mark.parametrize("seed", SEEDS)
def test_every_finding_has_a_mask_inside_the_chest(make_chest, finding, seed):
    chest, lesion = draw(make_chest, finding, seed, straight=False)
    assert lesion.mask.sum() >= 4
    chest_parts = chest.lungs[-1].inside + chest.lungs[1].inside + chest.heart
    assert chest_parts[lesion.mask].min() > 0.3


@pytest.mark.parametrize("finding", SIGNS)
def test_a_lesion_replaces_a_share_of_the_air(make_chest, finding):
    _, lesion = draw(make_chest, finding, 1)
    assert lesion.fill.dtype == np.float32
    assert lesion.fill.min() >= 0
    assert lesion.fill.max() < 1


@pytest.mark.parametrize("seed", SEEDS)
def test_ground_glass_is_peripheral_and_low(make_chest, seed):
    chest, lesion = draw(make_chest, "COVID-19", seed)
    across = sum(chest.lungs[s].across * (chest.lungs[s].inside > 0.5) for s in (-1, 1))
    along = sum(chest.lungs[s].along * (chest.lungs[s].inside > 0.5) for s in (-1, 1))
    assert across[lesion.mask].mean() > 0.6
    assert along[lesion.mask].mean() > 0.5


def test_ground_glass_is_mostly_on_both_sides(make_chest):
    both = 0
    for seed in range(20):
        chest, lesion = draw(make_chest, "COVID-19", seed)
        sides = np.sign(chest.x - chest.midline)[lesion.mask]
        both += (sides < 0).any() and (sides > 0).any()
    assert both >= 12


def test_ground_glass_leaves_more_air_than_consolidation(make_chest):
    _, haze = draw(make_chest, "COVID-19", 0)
    _, solid = draw(make_chest, "Pneumonia", 0)
    assert haze.fill.max() < solid.fill.max()


@pytest.mark.parametrize("seed", SEEDS)
def test_sars_lies_at_the_wall_of_one_lung(make_chest, seed):
    chest, lesion = draw(make_chest, "SARS", seed)
    sides = np.sign(chest.x - chest.midline)[lesion.mask]
    across = sum(chest.lungs[s].across * (chest.lungs[s].inside > 0.5) for s in (-1, 1))
    assert len(np.unique(sides)) == 1
    assert across[lesion.mask].max() > 0.9
    assert across[lesion.mask].mean() > 0.6


@pytest.mark.parametrize("seed", SEEDS)
def test_an_effusion_lies_at_the_base(make_chest, seed):
    chest, lesion = draw(make_chest, "Effusion", seed)
    for side in (-1, 1):
        here = lesion.mask & (side * (chest.x - chest.midline) > 0)
        if here.any():
            assert chest.lungs[side].along[here].min() > 0.4


@pytest.mark.parametrize("seed", SEEDS)
def test_an_effusion_rises_towards_the_side_wall(make_chest, seed):
    chest, lesion = draw(make_chest, "Effusion", seed)
    for side in (-1, 1):
        here = lesion.mask & (side * (chest.x - chest.midline) > 0)
        across = chest.lungs[side].across
        inner, outer = here & (across < 0.4), here & (across > 0.85)
        if inner.any():
            assert chest.y[outer].min() < chest.y[inner].min()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_mass_is_wider_than_three_centimetres(make_chest, seed):
    chest, lesion = draw(make_chest, "Mass", seed)
    assert np.ptp(chest.y[lesion.mask]) / CENTIMETRE > 3


@pytest.mark.parametrize("seed", SEEDS)
def test_nodules_are_not_wider_than_three_centimetres(make_chest, seed):
    chest, lesion = draw(make_chest, "Nodule", seed, shape=(192, 192))
    area = lesion.mask.sum() * (chest.pixel / CENTIMETRE) ** 2
    pieces = ndimage.label(lesion.mask)[1]
    # Two of them may overlap on the film, so the mean is bounded by two discs.
    assert area / pieces <= 2 * np.pi * 1.5**2


@pytest.mark.parametrize("seed", SEEDS)
def test_cardiomegaly_widens_the_heart(make_chest, seed):
    healthy = make_chest(seed=seed).heart > 0.5
    chest, lesion = draw(make_chest, "Cardiomegaly", seed)
    assert np.ptp(chest.x[chest.heart > 0.5]) > 1.15 * np.ptp(chest.x[healthy])
    assert np.all(chest.heart[lesion.mask] > 0.5)


@pytest.mark.parametrize("seed", SEEDS)
def test_atelectasis_draws_up_the_dome_on_its_side(make_chest, seed):
    healthy = make_chest(seed=seed)
    chest, lesion = draw(make_chest, "Atelectasis", seed)
    lifts = np.subtract(healthy.anatomy.diaphragm, chest.anatomy.diaphragm)
    side = np.sign(chest.x - chest.midline)[lesion.mask].mean()
    assert lifts[0 if side < 0 else 1] > 0.04
    assert lifts[1 if side < 0 else 0] == 0


@pytest.mark.parametrize("finding", SIGNS)
def test_a_lesion_stays_where_it_is_on_follow_up(make_chest, finding):
    chest, first = draw(make_chest, finding, 4)
    again = draw_lesion(chest, finding, np.random.default_rng([4, 2]), 0.9)
    assert (first.mask & again.mask).sum() > 0.8 * first.mask.sum()


def test_more_severe_lesions_are_denser(make_chest):
    chest = make_chest()
    faint, dense = (
        draw_lesion(
            chest, "Infiltration", np.random.default_rng(0), severity
        ).fill.sum()
        for severity in (0.5, 1.0)
    )
    assert dense > 1.5 * faint


@pytest.mark.parametrize("finding", SIGNS)
def test_without_strength_no_finding_changes_the_anatomy(finding):
    anatomy = draw_anatomy(np.random.default_rng(0))
    assert change_anatomy(anatomy, finding, np.random.default_rng(1), 0) == anatomy


def test_specks_beside_a_large_piece_are_dropped():
    mask = np.zeros((20, 20), bool)
    mask[2:12, 2:12] = True
    mask[16, 16] = True
    cleaned = drop_specks(mask)
    assert cleaned.sum() == 100
    assert not cleaned[16, 16]

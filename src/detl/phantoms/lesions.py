"""The signs of each finding: its changes to the anatomy and to the air."""

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, sin

import cv2
import numpy as np
from numpy.typing import NDArray

from detl.phantoms.anatomy import CENTIMETRE, SIDES, choose_side
from detl.phantoms.chest import Chest, Map, length, soft_step
from detl.phantoms.tissue import texture


@dataclass(frozen=True)
class Lesion:
    """One finding on one film."""

    finding: str
    fill: Map
    """Share of the lung's air that the lesion replaces, 0 to 1."""
    mask: NDArray[np.bool_]


def draw_lesion(
    chest: Chest, finding: str, generator: np.random.Generator, severity: float
) -> Lesion:
    """Return the lesion of a finding, in a random place.

    Args:
        finding: A key of ``SIGNS``.
        generator: Source of the place. It has the same seed on all films of a patient,
            and in ``change_anatomy``, so that the lesion does not move.
        severity: Factor on the replaced air, 1 on average.
    """
    fill = SIGNS[finding](chest, generator)
    if finding == "Cardiomegaly":
        return Lesion(finding, fill, (chest.heart > 0.5) & (chest.below < 0.5))
    fill = np.clip(severity * fill, 0, 0.97)
    visible = fill * (chest.lung_field > 0.4)
    mask = visible > 0.4 * max(float(visible.max()), 0.05)
    return Lesion(finding, fill, drop_specks(mask))


def drop_specks(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the mask without pieces smaller than a tenth of its largest one."""
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    areas = statistics[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    return (areas >= max(4, areas.max() / 10))[labels] & mask


def choose_sides(generator: np.random.Generator, both: float) -> tuple[int, ...]:
    """Return both sides with probability ``both``, else one of them."""
    side = choose_side(generator)
    return SIDES if generator.random() < both else (side,)


def place(chest: Chest, side: int, across: float, along: float) -> tuple[float, float]:
    """Return the visible (x, y) nearest to a relative position in one lung."""
    points = chest.visible[side]
    miss = (points.across - across) ** 2 + (points.along - along) ** 2
    nearest = np.argmin(miss)
    return float(points.x[nearest]), float(points.y[nearest])


def blob(
    chest: Chest, centre: tuple[float, float], radius: float, stretch: float
) -> Map:
    """Return a soft spot, 1 in its centre, ``stretch`` times as high as wide."""
    x, y = (chest.x - centre[0]) / radius, (chest.y - centre[1]) / (radius * stretch)
    return np.exp(-((x**2 + y**2) ** 1.3))


def ground_glass(chest: Chest, generator: np.random.Generator) -> Map:
    """Return COVID-19's haze: peripheral, lower zones, mostly on both sides."""
    fill = np.zeros(chest.shape, np.float32)
    for side in choose_sides(generator, both=0.8):
        for _ in range(int(generator.integers(2, 5))):
            centre = place(
                chest,
                side,
                generator.uniform(0.65, 0.97),
                generator.uniform(0.48, 0.95),
            )
            radius = generator.uniform(0.10, 0.19)
            spot = blob(chest, centre, radius, generator.uniform(1.0, 1.7))
            fill = np.maximum(fill, generator.uniform(0.75, 1) * spot)
    return 0.64 * fill * patchy(chest, generator, 18, 0.20)


def diffuse_ground_glass(chest: Chest, generator: np.random.Generator) -> Map:
    """Return ARDS: haze over most of both lungs, densest below."""
    haze = np.zeros(chest.shape, np.float32)
    for side in SIDES:
        lung = chest.lungs[side]
        start = generator.uniform(0.15, 0.4)
        haze += lung.inside * soft_step(lung.along - start, 0.08)
    return 0.62 * haze * patchy(chest, generator, 14, 0.25)


def patchy(
    chest: Chest, generator: np.random.Generator, cells: int, strength: float
) -> Map:
    """Return a factor about 1 that makes an opacity uneven."""
    return np.clip(1 + strength * texture(chest, generator, cells), 0.2, 1.4)


def consolidation(chest: Chest, generator: np.random.Generator) -> Map:
    """Return one or two solid lobes, each bordered by its fissure."""
    lobes = generator.permutation(len(LOBES))[: 1 if generator.random() < 0.75 else 2]
    fill = np.zeros(chest.shape, np.float32)
    for lobe in lobes:
        fill = np.maximum(fill, solid_lobe(chest, LOBES[lobe], generator))
    return 0.85 * fill * patchy(chest, generator, 14, 0.12)


def peripheral_consolidation(chest: Chest, generator: np.random.Generator) -> Map:
    """Return SARS: one solid patch at the side wall of one lung, not at its top."""
    side = choose_side(generator)
    centre = place(
        chest, side, generator.uniform(0.85, 1.0), generator.uniform(0.4, 0.85)
    )
    spot = blob(
        chest, centre, generator.uniform(0.14, 0.22), generator.uniform(0.8, 1.3)
    )
    return 0.85 * chest.lungs[side].inside * spot * patchy(chest, generator, 14, 0.12)


@dataclass(frozen=True)
class Lobe:
    """A lobe on the film, in relative positions of its lung."""

    side: int
    top: float
    bottom: float
    reach: float
    """Its extent towards the side wall."""
    sharp_top: bool
    sharp_bottom: bool


LOBES = (
    Lobe(-1, -0.1, 0.44, 1.2, sharp_top=False, sharp_bottom=True),
    Lobe(-1, 0.44, 0.84, 0.80, sharp_top=True, sharp_bottom=False),
    Lobe(-1, 0.58, 1.30, 1.2, sharp_top=False, sharp_bottom=False),
    Lobe(1, -0.1, 0.50, 1.2, sharp_top=False, sharp_bottom=False),
    Lobe(1, 0.50, 0.86, 0.75, sharp_top=False, sharp_bottom=False),
    Lobe(1, 0.60, 1.30, 1.2, sharp_top=False, sharp_bottom=False),
)
"""Right upper, middle and lower; left upper, lingula and left lower."""


def solid_lobe(chest: Chest, lobe: Lobe, generator: np.random.Generator) -> Map:
    """Return 1 in the part of a lobe that is consolidated."""
    lung = chest.lungs[lobe.side]
    tilt = generator.normal(0, 0.05) * (lung.across - 0.5)
    top = lung.along + tilt - lobe.top - generator.normal(0, 0.02)
    bottom = lobe.bottom + generator.normal(0, 0.02) - lung.along - tilt
    region = (
        soft_step(top, 0.012 if lobe.sharp_top else 0.045)
        * soft_step(bottom, 0.012 if lobe.sharp_bottom else 0.045)
        * soft_step(lobe.reach - lung.across, 0.07)
    )
    # A part of the lobe stays aerated, since a lobe is rarely solid throughout.
    middle = 0.5 * (max(lobe.top, 0.1) + min(lobe.bottom, 0.95))
    centre = place(
        chest,
        lobe.side,
        generator.uniform(0.3, 0.7),
        middle + generator.normal(0, 0.05),
    )
    radius = generator.uniform(0.24, 0.36)
    core = blob(chest, centre, radius, 1.0)
    return lung.inside * region * np.clip(1.35 * core, 0, 1)


def volume_loss(chest: Chest, generator: np.random.Generator) -> Map:
    """Return atelectasis: plates, or a collapsed wedge at the inner base."""
    side = choose_side(generator)  # the same side as in change_anatomy
    lung = chest.lungs[side]
    fill = np.zeros(chest.shape, np.float32)
    if generator.random() < 0.35:
        wedge = 0.75 - lung.across - 1.6 * (1 - lung.along)
        fill = np.maximum(fill, 0.75 * soft_step(wedge, 0.03) * lung.inside)
    for _ in range(int(generator.integers(1, 4))):
        centre = place(
            chest, side, generator.uniform(0.35, 0.7), generator.uniform(0.55, 0.92)
        )
        angle = generator.normal(0, 0.3)
        half_length = generator.uniform(0.13, 0.24)
        thickness = generator.uniform(0.012, 0.024)
        x, y = chest.x - centre[0], chest.y - centre[1]
        along = cos(angle) * x + sin(angle) * y
        off = cos(angle) * y - sin(angle) * x
        plate = np.exp(-((off / thickness) ** 2)) * soft_step(
            half_length - np.abs(along), 0.02
        )
        fill = np.maximum(fill, 0.85 * plate * lung.inside)
    return fill


def infiltration(chest: Chest, generator: np.random.Generator) -> Map:
    """Return ill-defined patches anywhere, many around the hila."""
    fill = np.zeros(chest.shape, np.float32)
    for side in choose_sides(generator, both=0.5):
        for _ in range(int(generator.integers(2, 6))):
            centre = place(
                chest, side, generator.uniform(0.1, 0.75), generator.uniform(0.2, 0.9)
            )
            spot = blob(chest, centre, generator.uniform(0.06, 0.13), 1.0)
            fill = np.maximum(fill, generator.uniform(0.6, 1) * spot)
    return 0.55 * fill * patchy(chest, generator, 26, 0.45)


def effusion(chest: Chest, generator: np.random.Generator) -> Map:
    """Return fluid at the base, with a surface that rises to the wall (meniscus)."""
    fill = np.zeros(chest.shape, np.float32)
    for side in choose_sides(generator, both=0.3):
        lung = chest.lungs[side]
        height = generator.uniform(0.10, 0.34)
        level = chest.anatomy.diaphragm[0 if side < 0 else 1] + 0.05
        surface = level - height * (0.35 + 0.65 * lung.across * lung.across**2)
        fill += lung.inside * soft_step(chest.y - surface, 0.018)
    return 0.92 * fill


def nodule(chest: Chest, generator: np.random.Generator) -> Map:
    """Return one to three round spots of 1.5 to 3 cm."""
    fill = np.zeros(chest.shape, np.float32)
    for _ in range(1 if generator.random() < 0.5 else int(generator.integers(2, 4))):
        centre = place(
            chest,
            choose_side(generator),
            generator.uniform(0.3, 0.85),
            generator.uniform(0.2, 0.85),
        )
        radius = generator.uniform(0.8, 1.5) * CENTIMETRE
        fill = np.maximum(fill, ball(chest, centre, radius))
    return 0.80 * fill


def mass(chest: Chest, generator: np.random.Generator) -> Map:
    """Return one lobulated lump of more than 3 cm."""
    centre = place(
        chest,
        choose_side(generator),
        generator.uniform(0.25, 0.85),
        generator.uniform(0.2, 0.85),
    )
    angle = np.arctan2(chest.y - centre[1], chest.x - centre[0])
    waves = 0.10 * np.cos(3 * angle + generator.uniform(0, 6)) + 0.06 * np.cos(
        5 * angle + generator.uniform(0, 6)
    )
    radius = generator.uniform(1.9, 3.6) * CENTIMETRE * (1 + waves)
    return 0.92 * ball(chest, centre, radius)


def ball(chest: Chest, centre: tuple[float, float], radius: Map | float) -> Map:
    """Return the thickness of a ball, relative to its middle."""
    level = length(chest.x - centre[0], chest.y - centre[1]) / radius
    return np.maximum(1 - level**2, 0) ** 0.4


def no_opacity(chest: Chest, generator: np.random.Generator) -> Map:
    """Return no opacity: the finding shows in the anatomy alone."""
    return np.zeros(chest.shape, np.float32)


SIGNS: dict[str, Callable[[Chest, np.random.Generator], Map]] = {
    "Atelectasis": volume_loss,
    "Cardiomegaly": no_opacity,
    "Infiltration": infiltration,
    "Effusion": effusion,
    "Nodule": nodule,
    "Mass": mass,
    "Pneumonia": consolidation,
    "COVID-19": ground_glass,
    "SARS": peripheral_consolidation,
    "ARDS": diffuse_ground_glass,
}
"""The sign of each finding."""

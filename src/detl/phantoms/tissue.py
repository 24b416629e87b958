"""Absorption of a healthy chest: soft tissue, air, bones and vessels."""

import cv2
import numpy as np
from numpy.typing import NDArray

from detl.phantoms.anatomy import SIDES
from detl.phantoms.chest import Chest, Map, smooth, soft_ellipse, soft_step

FIFTHS = np.linspace(0, 1, 5)

AIR = 0.46
"""Difference in absorption between soft tissue and a lung's full depth of air."""


def absorption(chest: Chest) -> tuple[Map, Map]:
    """Return the absorption of the chest without its air, and of its vessels.

    Both are float32 maps; soft tissue of the trunk absorbs about 0.7. The vessels are
    separate, because consolidated lung hides them.
    """
    generator = np.random.default_rng(chest.anatomy.seed)
    vessels = pulmonary_vessels(chest, generator)
    tissue = (
        soft_tissue(chest)
        + abdomen(chest)
        + skeleton(chest)
        + 0.035 * texture(chest, generator, 5)
        + 0.02 * texture(chest, generator, 14)
    )
    return tissue * body_outline(chest), vessels


def body_outline(chest: Chest) -> Map:
    """Return 1 inside the body, 0 in the air around it, with soft edges."""
    anatomy = chest.anatomy
    side = np.abs(chest.x)
    slope = np.clip((side - 0.21) / 0.75, 0, None) ** 1.3
    shoulder = -1.14 + 0.45 * slope + 0.6 * np.clip(0.26 - side, 0, None)
    neck = 0.21 + 0.05 * anatomy.fat
    above = soft_step(np.maximum(chest.y - shoulder, neck - side), 1.5 * chest.edge)
    arms = anatomy.body + 0.16 + 0.05 * np.cos(3 * chest.y)
    return above * soft_step(arms - side, 1.5 * chest.edge)


def soft_tissue(chest: Chest) -> Map:
    """Return the trunk, its side walls, the breasts, heart and mediastinum."""
    anatomy = chest.anatomy
    across = np.clip(np.abs(chest.x) / (anatomy.body + 0.14), 0, 1)
    trunk = (0.55 + 0.06 * chest.y) * np.sqrt(1 - 0.75 * across * across**2)
    neck = (
        -0.22 * soft_step(-0.72 - chest.y, 0.07) * soft_step(0.3 - np.abs(chest.x), 0.1)
    )
    armpit = -0.16 * soft_ellipse_at(chest, (0.86, -0.05), (0.11, 0.5), 0.05)
    fat = 0.05 * (anatomy.fat - 1) * (1 + across)
    muscle = 0.06 * soft_ellipse_at(chest, (0.50, -0.36), (0.36, 0.30), 0.09)
    breast = (
        0.13
        * anatomy.breast
        * soft_ellipse_at(chest, (0.44, 0.26), (0.36, 0.34), 0.018)
    )
    heart = 0.09 * chest.heart * (1 - chest.below) + 0.04 * chest.great_vessels
    return trunk + neck + armpit + fat + muscle + breast + heart


def soft_ellipse_at(
    chest: Chest, centre: tuple[float, float], radii: tuple[float, float], width: float
) -> Map:
    """Return an ellipse on each side of the spine, mirrored."""
    level = soft_ellipse(np.abs(chest.x), chest.y, centre, radii)
    return soft_step(level, width)


def abdomen(chest: Chest) -> Map:
    """Return liver and stomach below the domes, with the gas in the stomach."""
    generator = np.random.default_rng([chest.anatomy.seed, 1])
    organs = 0.14 * chest.below * soft_step(1.02 * chest.wall - chest.lateral, 0.06)
    centre = (generator.uniform(0.25, 0.42), chest.anatomy.diaphragm[1] + 0.11)
    radii = (generator.uniform(0.06, 0.15), generator.uniform(0.04, 0.07))
    level = soft_ellipse(chest.x, chest.y, centre, radii)
    gas = generator.uniform(0, 0.30) * soft_step(level, 0.012)
    return organs - gas * chest.below


def skeleton(chest: Chest) -> Map:
    """Return spine, ribs, clavicles, shoulder blades and upper arms."""
    bedside = chest.examination.view != "PA"
    bones = spine(chest) + ribs(chest) + clavicles(chest)
    bones += shoulders(chest, over_lungs=bedside)
    windpipe = soft_step(
        0.042 - np.abs(chest.x - 0.6 * chest.anatomy.midline_shift - chest.midline),
        0.012,
    ) * soft_step(-0.20 - chest.y, 0.02)
    # The beam is harder behind the heart, and bones show less.
    shown = 1 - 0.45 * np.maximum(chest.heart, chest.great_vessels)
    return chest.anatomy.bone * bones * shown - 0.12 * windpipe


def spine(chest: Chest) -> Map:
    """Return the vertebral column with its discs."""
    off = chest.x - chest.midline
    column = soft_step(chest.anatomy.spine - np.abs(off), 1.2 * chest.edge)
    vertebrae = 0.5 + 0.5 * np.cos(2 * np.pi * chest.y / chest.anatomy.rib_spacing)
    process = np.exp(-((off / 0.018) ** 2)) * vertebrae
    return column * (0.11 + 0.05 * vertebrae) + 0.04 * process


def ribs(chest: Chest) -> Map:
    """Return the posterior ribs and, fainter and steeper, the anterior ones."""
    anatomy = chest.anatomy
    reach = np.clip(chest.lateral / np.maximum(chest.cage, 0.12), 0, 1.25)
    cage = soft_step(1.045 - reach, 0.012) * soft_step(
        chest.y - anatomy.apex + 0.05, 0.02
    )
    posterior_fall = anatomy.rib_slope * reach**2.6 - 0.10 * reach * (1 - reach)
    posterior = rib_profile(
        (chest.y - posterior_fall - anatomy.apex) / anatomy.rib_spacing, 0.29
    )
    anterior_fall = -1.5 * anatomy.rib_slope * reach**1.2
    anterior = rib_profile(
        (chest.y - anterior_fall - anatomy.apex - 0.02) / (1.35 * anatomy.rib_spacing),
        0.33,
    )
    bony_end = soft_step(reach - 0.42, 0.05)
    behind_spine = soft_step(chest.lateral - 0.05, 0.01)
    rim = np.exp(-(((reach - 1.03) / 0.03) ** 2))
    fade = 1 - 0.85 * soft_step(chest.y - max(anatomy.diaphragm) - 0.05, 0.06)
    return (
        cage
        * fade
        * (0.10 * posterior * behind_spine + 0.045 * anterior * bony_end + 0.05 * rim)
    )


def rib_profile(phase: Map, half_width: float) -> Map:
    """Return a row of ribs, one per unit of ``phase``: dense rims, softer core."""
    off = np.abs(phase - np.round(phase))
    band = soft_step(half_width - off, 0.05)
    rim = np.exp(-(((off - half_width + 0.06) / 0.08) ** 2))
    return 0.65 * band + 0.35 * rim


def clavicles(chest: Chest) -> Map:
    """Return both collar bones: S-shaped, rising outwards."""
    anatomy = chest.anatomy
    out = np.abs(chest.x - anatomy.midline_shift)
    along = (out - 0.07) / 0.68
    line = anatomy.clavicle + 0.07 * np.sin(2.6 * along + 0.3) - 0.17 * along
    thickness = 0.034 + 0.012 * np.clip(np.abs(2 * along - 1), 0, 1)
    off = np.abs(chest.y - line) / thickness
    ends = soft_step(along, 0.02) * soft_step(1 - along, 0.03)
    rim = np.exp(-(((off - 0.8) / 0.3) ** 2))
    return ends * (0.08 * soft_step(1 - off, 0.15) + 0.05 * rim)


def shoulders(chest: Chest, over_lungs: bool) -> Map:
    """Return shoulder blades and the heads of the upper arms."""
    wall = chest.anatomy.rib_cage
    inner = (0.60 if over_lungs else 0.86) * wall
    x, y = np.abs(chest.x), chest.y
    border = inner + 0.22 * np.clip(y + 0.15, -1, 0) ** 2 - 0.05 * y
    blade = (
        soft_step(x - border, 1.2 * chest.edge)
        * soft_step(y + 0.55, 0.04)
        * soft_step(0.05 - y - 0.9 * (x - inner), 0.03)
    )
    rim = np.exp(-(((x - border) / 0.016) ** 2)) * soft_step(y + 0.5, 0.04)
    rim *= soft_step(0.05 - y, 0.03)
    head = soft_step(soft_ellipse(x, y, (0.93, -0.58), (0.11, 0.12)), 1.5 * chest.edge)
    shaft = soft_step(0.055 - np.abs(x - 1.0 + 0.02 * y), 0.015) * soft_step(
        y + 0.55, 0.05
    )
    return 0.07 * blade + 0.045 * rim + 0.12 * head + 0.08 * shaft


def texture(chest: Chest, generator: np.random.Generator, cells: int) -> Map:
    """Return a smooth random field of unit variance that moves with the chest.

    Args:
        cells: Number of independent values across the chest.
    """
    size = 8 * cells
    coarse = generator.standard_normal((cells + 4, cells + 4)).astype(np.float32)
    field = cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)
    column, row = (size / 3 * (place + 1.5) - 0.5 for place in (chest.x, chest.y))
    sampled = cv2.remap(
        field, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(sampled, np.float32)


def pulmonary_vessels(chest: Chest, generator: np.random.Generator) -> Map:
    """Return the hila and the vessels that branch from them into the lungs."""
    height, width = chest.shape
    canvas = np.zeros((4 * height, 4 * width), np.uint8)
    for side in SIDES:
        draw_vessel_tree(chest, canvas, generator, side)
    lines = smooth(shrink(canvas, chest.shape), 0.4)
    hila = soft_ellipse_at(chest, (0.16, -0.03), (0.05, 0.14), 0.03)
    return chest.anatomy.vessels * (0.12 * lines + 0.08 * hila) * chest.lung_field


def shrink(canvas: NDArray[np.uint8], shape: tuple[int, int]) -> Map:
    """Return a larger canvas, 0 to 255, averaged to a map of this shape, 0 to 1."""
    small = cv2.resize(canvas, shape[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32) * (1 / 255)


def draw_vessel_tree(
    chest: Chest,
    canvas: NDArray[np.uint8],
    generator: np.random.Generator,
    side: int,
) -> None:
    """Draw the vessels of one lung, from the thick ones to the fine ones.

    Args:
        canvas: The canvas to draw on, four times the film's height and width.
        side: -1 for the patient's right lung, 1 for the left.
    """
    grown = grow_vessels(generator, side)
    points = np.concatenate(grown)
    points.real *= side
    pixels = chest.to_pixels(points.view(float).reshape(-1, 6, 2))
    lines = list(np.round(pixels * 4 * 16).astype(np.int32))
    for order, vessels in zip(range(4, -1, -1), grown, strict=True):
        drawn, lines = lines[: len(vessels)], lines[len(vessels) :]
        thickness = max(1, round((0.8 + 1.5 * order) * min(chest.shape) / 128))
        grey = 95 + 25 * order
        # The canvas is averaged, so that its lines need not be smooth.
        cv2.polylines(canvas, drawn, False, grey, thickness, cv2.LINE_8, 4)


def grow_vessels(
    generator: np.random.Generator, side: int
) -> list[NDArray[np.complex128]]:
    """Return six points on each vessel of a lung, shape (n, 6), from thick to fine.

    A point is the complex number x + iy, as if the lung were the left one.
    """
    heading = np.array([-1.45, -1.0, -0.45, 0.05, 0.5, 0.85, 1.2, 1.5])
    hilum = 0.15 + side * 0.01 + 1j * (-0.06 if side > 0 else -0.01)
    start = hilum + 0.1j * np.sin(heading)
    heading = heading + generator.normal(0, 0.15, heading.shape)
    length = generator.uniform(0.12, 0.24, heading.shape)
    grown = []
    for _ in range(5):
        bend = generator.normal(0, 0.30, heading.shape)
        headings = heading[:, None] + bend[:, None] * FIFTHS
        steps = np.exp(1j * headings) * (length[:, None] / 5)
        grown.append(np.cumsum(np.column_stack([start, steps]), axis=1))
        # Every vessel divides into two.
        start = np.repeat(grown[-1][:, -1], 2)
        heading = (headings[:, -1:] + [-0.4, 0.3]).ravel()
        heading = heading + generator.normal(0, 0.2, heading.shape)
        length = np.repeat(length, 2) * generator.uniform(0.6, 0.95, heading.shape)
    return grown

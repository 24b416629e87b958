"""Rendering of a chest: from absorption to the grey levels of a film."""

from math import tanh

import cv2
import numpy as np
from numpy.typing import NDArray

from detl.phantoms.chest import Chest, Map, smooth
from detl.phantoms.tissue import AIR, absorption, shrink

LEAD = 0.45
"""Absorption of lead, on the scale of ``absorption``."""


def render(
    chest: Chest, fill: Map, noise: float, mark: Map | None = None
) -> NDArray[np.uint8]:
    """Return the film: uint8, lungs dark and bones bright.

    Args:
        fill: Share of the lung's air that disease has replaced, 0 to 1.
        noise: Standard deviation of the noise in the brightest parts, in grey levels.
        mark: Lead on the film, 0 to 1.
    """
    generator = np.random.default_rng(chest.examination.seed)
    tissue, vessels = absorption(chest)
    # Vessels cannot be seen in solid lung. The bronchi keep their air and show dark
    # (air bronchograms).
    seen = vessels * (1 - 1.35 * fill)
    absorbed = tissue - AIR * chest.air * (1 - fill) + seen * (chest.air > 0.02)
    absorbed = smooth(absorbed, max(0.3, chest.examination.blur / chest.pixel))
    absorbed = absorbed + accessories(chest, generator)
    if mark is not None:
        absorbed = absorbed + LEAD * mark
    if chest.examination.near_copy:
        # A near copy shares marker and wires with its film but not the noise.
        key = [chest.examination.seed, chest.examination.near_copy]
        generator = np.random.default_rng(key)
    return expose(absorbed, chest, noise, generator)


def expose(
    absorbed: Map, chest: Chest, noise: float, generator: np.random.Generator
) -> NDArray[np.uint8]:
    """Return grey levels: exposure, scatter, characteristic curve, noise."""
    examination = chest.examination
    level = 1.2 * examination.contrast * (absorbed - 0.47) + 0.51
    level += examination.brightness
    level = 0.85 * level + 0.15 * scatter(level)
    level = np.clip(level, 0, 1.15)
    grey = (255 / tanh(1.25 * 1.1)) * np.tanh(1.25 * level**examination.gamma)
    grain = generator.standard_normal(chest.shape).astype(np.float32)
    # Screens blur the quanta: part of the noise is coarser than a pixel.
    grain = 0.6 * grain + 1.6 * smooth(grain, 0.8)
    grey += noise * grain * (0.45 + 0.55 * np.clip(level, 0, 1))
    return np.clip(np.round(grey), 0, 255).astype(np.uint8)


def scatter(level: Map) -> Map:
    """Return the level, blurred by a sixth of the film, on an eighth of its pixels."""
    height, width = level.shape
    small = cv2.resize(level, (width // 8, height // 8), interpolation=cv2.INTER_AREA)
    blurred = smooth(np.asarray(small, np.float32), min(small.shape) / 6)
    return np.asarray(cv2.resize(blurred, (width, height)), np.float32)


def accessories(chest: Chest, generator: np.random.Generator) -> Map:
    """Return the side marker and, on bedside films, wires and tubes."""
    height, width = chest.shape
    canvas = np.zeros((4 * height, 4 * width), np.uint8)
    draw_marker(canvas, generator)
    if chest.examination.view != "PA":
        for _ in range(int(generator.integers(0, 4))):
            draw_wire(chest, canvas, generator)
    return LEAD * shrink(canvas, chest.shape)


def draw_marker(canvas: NDArray[np.uint8], generator: np.random.Generator) -> None:
    """Draw the letter L, of lead, at the patient's left."""
    height, width = canvas.shape
    size = height * generator.uniform(0.025, 0.04)
    left = width * generator.uniform(0.88, 0.94)
    top = height * generator.uniform(0.02, 0.12)
    letter = np.array([[0, 0], [0, 1], [0.6, 1]]) * size + [left, top]
    cv2.polylines(
        canvas,
        [np.round(letter * 16).astype(np.int32)[:, None]],
        False,
        255,
        max(1, height // 90),
        cv2.LINE_AA,
        4,
    )


def draw_wire(
    chest: Chest, canvas: NDArray[np.uint8], generator: np.random.Generator
) -> None:
    """Draw a lead of the heart monitor, with its electrode."""
    start = generator.uniform([-0.7, -0.6], [0.7, 0.4])
    middle = start + generator.normal(0, 0.3, 2)
    end = np.array([np.sign(generator.normal()) * 1.2, generator.uniform(-0.3, 1.0)])
    t = np.linspace(0, 1, 20)[:, None]
    curve = (1 - t) ** 2 * start + 2 * t * (1 - t) * middle + t**2 * end
    points = np.round(chest.to_pixels(curve) * 4 * 16).astype(np.int32)
    thickness = max(1, canvas.shape[0] // 250)
    cv2.polylines(canvas, [points[:, None]], False, 110, thickness, cv2.LINE_AA, 4)
    cv2.circle(
        canvas,
        tuple(int(v) for v in points[0]),
        canvas.shape[0] // 60 * 16,
        120,
        -1,
        cv2.LINE_AA,
        4,
    )

"""Position of every point of a film in the chest: lungs, heart, depth of air."""

from dataclasses import dataclass
from functools import cached_property
from math import cos, sin

import cv2
import numpy as np
from numpy.typing import NDArray

from detl.phantoms.anatomy import SIDES, Anatomy, Examination, seen_in

# Twice as fast as float64. A difference in the last bit between processors may change a
# grey level by one, which nobody sees.
Map = NDArray[np.floating]


def soft_step(distance: Map, width: float) -> Map:
    """Return 0 where ``distance`` is far below 0, 1 far above, 0.5 at 0."""
    step = np.tanh(distance * (0.5 / width))
    step *= 0.5
    step += 0.5
    return step


def smooth(field: Map, width: float) -> Map:
    """Return the field, blurred by a Gaussian of ``width`` pixels."""
    return np.asarray(cv2.GaussianBlur(field, (0, 0), width), np.float32)


def soft_ellipse(
    x: Map, y: Map, centre: tuple[float, float], radii: tuple[float, float]
) -> Map:
    """Return about the distance to the ellipse: positive inside, negative outside."""
    return (1 - length(x - centre[0], y - centre[1], radii)) * min(radii)


def length(x: Map, y: Map, units: tuple[float, float] = (1.0, 1.0)) -> Map:
    """Return the length of the vector (x, y), each part of it in its own unit."""
    scaled = x * (1 / units[0]), y * (1 / units[1])
    # Half as long as numpy.hypot takes.
    return np.asarray(cv2.magnitude(*scaled), np.float32)


@dataclass(frozen=True)
class Lung:
    """One lung on the film; all maps have the film's height and width."""

    inside: Map
    """1 inside the lung, 0 outside, with soft edges."""
    across: Map
    """0 at the mediastinum, 1 at the side wall."""
    along: Map
    """0 at the apex, 1 at the diaphragm."""


@dataclass(frozen=True)
class Points:
    """The points of a lung that nothing hides; all have shape (n,)."""

    x: Map
    y: Map
    across: Map
    """As of the ``Lung``."""
    along: Map


class Chest:
    """An anatomy laid out on the film of one examination.

    Args:
        anatomy: The patient, with the changes by findings.
        examination: Pose and view.
        shape: Height and width of the film, in pixels.
    """

    def __init__(
        self, anatomy: Anatomy, examination: Examination, shape: tuple[int, int]
    ) -> None:
        self.anatomy = seen_in(anatomy, examination)
        self.examination = examination
        self.shape = shape
        height, width = shape
        # The shorter side spans 2 units for any shape of the film.
        self.pixel = 2 / min(shape)
        columns, rows = np.arange(width), np.arange(height)[:, None]
        film_x = (columns.astype(np.float32) + 0.5 - width / 2) * self.pixel
        film_y = (rows.astype(np.float32) + 0.5 - height / 2) * self.pixel
        x_shifted = film_x - examination.shift[0]
        y_shifted = film_y - examination.shift[1]
        cosine, sine = cos(examination.rotation), sin(examination.rotation)
        self.x: Map = (cosine * x_shifted + sine * y_shifted) / examination.scale
        self.y: Map = (cosine * y_shifted - sine * x_shifted) / examination.scale
        self.edge = 0.7 * self.pixel
        """Softness of a sharp edge."""

    def to_pixels(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return pixel coordinates (x, y) of points in chest coordinates.

        Args:
            points: Array of shape (..., 2).
        """
        examination = self.examination
        cosine, sine = cos(examination.rotation), sin(examination.rotation)
        x, y = points[..., 0] * examination.scale, points[..., 1] * examination.scale
        film_x = cosine * x - sine * y + examination.shift[0]
        film_y = sine * x + cosine * y + examination.shift[1]
        height, width = self.shape
        return np.stack(
            [film_x / self.pixel + width / 2, film_y / self.pixel + height / 2], axis=-1
        )

    @cached_property
    def midline(self) -> Map:
        """The x of the spine's centre at the height of every point."""
        return self.anatomy.spine_curve * np.cos(1.6 * self.y)

    @cached_property
    def lateral(self) -> Map:
        """Distance from the spine, corrected for the asymmetry of the two halves."""
        x = self.x - self.midline
        right, left = self.anatomy.asymmetry, 2 - self.anatomy.asymmetry
        return np.maximum(x * (-1 / right), x * (1 / left))

    @cached_property
    def wall(self) -> Map:
        """Inner half-width of the rib cage at every height."""
        anatomy = self.anatomy
        rise = np.clip((self.y - anatomy.apex) / (anatomy.widest - anatomy.apex), 0, 1)
        above = (1 - (1 - rise) ** 2.5) ** 0.43
        below = 1 - 0.25 * np.clip(self.y - anatomy.widest, 0, 1) ** 2
        return anatomy.rib_cage * above * below

    @cached_property
    def cage(self) -> Map:
        """Half-width of the bony cage; the first ribs close it above the lungs."""
        anatomy = self.anatomy
        top = anatomy.apex - 0.15
        rise = np.clip((self.y - top) / (anatomy.widest - top), 0, 1)
        below = 1 - 0.25 * np.clip(self.y - anatomy.widest, 0, 1) ** 2
        return anatomy.rib_cage * (1 - (1 - rise) ** 2.2) ** 0.5 * below

    @cached_property
    def heart(self) -> Map:
        """1 inside the heart, 0 outside, with soft edges."""
        anatomy = self.anatomy
        base = min(anatomy.diaphragm)
        centre_x = 0.12 + anatomy.midline_shift
        centre_y = base - 0.75 * anatomy.heart_height
        cosine, sine = cos(anatomy.heart_tilt), sin(anatomy.heart_tilt)
        x, y = self.x - centre_x, self.y - centre_y
        along, off = cosine * x + sine * y, cosine * y - sine * x
        long, short = anatomy.heart_width, anatomy.heart_height
        # The heart is an egg. The ventricles, low on the left, are the wider end.
        egg = off / (1 + 0.35 * np.clip(along / long, -1, 1))
        ventricle = soft_ellipse(along, egg, (0, 0), (long, short))
        atrium = soft_ellipse(x, y, (-0.5 * long, 0.04), (0.36 * long, 0.95 * short))
        return soft_step(np.maximum(ventricle, atrium), 1.2 * self.edge)

    @cached_property
    def great_vessels(self) -> Map:
        """1 inside upper mediastinum, aortic knob and pulmonary trunk."""
        anatomy = self.anatomy
        x = self.x - anatomy.midline_shift
        band = anatomy.mediastinum * (
            0.75 + 0.25 * np.clip((self.y + 0.75) / 0.5, 0, 1.2)
        ) - np.abs(x - 0.01)
        knob = soft_ellipse(
            x,
            self.y,
            (0.10, -0.30),
            (anatomy.aortic_knob, 1.15 * anatomy.aortic_knob),
        )
        trunk = soft_ellipse(x, self.y, (0.10, -0.14), (0.085, 0.15))
        inside = np.maximum(np.maximum(band, knob), trunk)
        return soft_step(inside, 1.2 * self.edge)

    def diaphragm(self, side: int) -> Map:
        """Return the height (y) of the diaphragm at every x.

        Args:
            side: -1 for the patient's right, 1 for the left.
        """
        return self.anatomy.diaphragm[0 if side < 0 else 1] + self._fall

    @cached_property
    def _fall(self) -> Map:
        """How far the diaphragm is below the top of its dome, on either side."""
        anatomy = self.anatomy
        centre = 0.42 * anatomy.rib_cage
        reach = (self.lateral - centre) / (anatomy.rib_cage - centre)
        fall = np.maximum(reach, 0) ** 2.4 + 0.35 * np.minimum(reach, 0) ** 2
        return anatomy.dome * np.minimum(fall, 1.6)

    @cached_property
    def below(self) -> Map:
        """1 below the diaphragm, 0 above, with soft edges."""
        left = soft_step(self.x - self.midline, 0.05)
        right_dome = soft_step(self.y - self.diaphragm(-1), self.edge)
        left_dome = soft_step(self.y - self.diaphragm(1), self.edge)
        return right_dome * (1 - left) + left_dome * left

    @cached_property
    def lungs(self) -> dict[int, Lung]:
        """The lungs by side."""
        return {side: self._lung(side) for side in SIDES}

    def _lung(self, side: int) -> Lung:
        anatomy = self.anatomy
        dome = self.diaphragm(side)
        depth = np.clip(self.y - anatomy.apex, 0, None)
        inner = 0.65 * anatomy.mediastinum + 0.17 * np.exp(-depth / 0.06)
        own_side = soft_step(side * (self.x - self.midline), 0.5 * self.edge)
        inside = (
            own_side
            * soft_step(self.wall - self.lateral, self.edge)
            * soft_step(self.lateral - inner, self.edge)
            * soft_step(dome - self.y, self.edge)
        )
        across = (self.lateral - inner) / np.maximum(self.wall - inner, 0.05)
        along = (self.y - anatomy.apex) / np.maximum(dome - anatomy.apex, 0.2)
        return Lung(inside, np.clip(across, 0, 1), np.clip(along, 0, 1.2))

    @cached_property
    def air(self) -> Map:
        """Depth of air at every point, 0 to 1; heart and vessels displace it."""
        depth = np.zeros(self.shape, np.float32)
        for lung in self.lungs.values():
            # Squared twice, since NumPy takes a hundred times as long for ** 4.
            rounded = np.sqrt(1 - ((2 * lung.across - 1) ** 2) ** 2)
            upper = np.sqrt(np.minimum(lung.along / 0.35, 1))
            depth += lung.inside * (0.62 + 0.38 * rounded) * (0.7 + 0.3 * upper)
        cover = 1 - (1 - 0.86 * self.heart) * (1 - 0.92 * self.great_vessels)
        return depth * (1 - cover)

    @cached_property
    def lung_field(self) -> Map:
        """1 where neither heart nor mediastinum hides the lung, else towards 0."""
        both = self.lungs[-1].inside + self.lungs[1].inside
        return both * (1 - self.heart) * (1 - self.great_vessels)

    @cached_property
    def visible(self) -> dict[int, Points]:
        """What neither heart nor mediastinum hides of each lung, by side."""
        found = {}
        for side, lung in self.lungs.items():
            shown = lung.inside * self.lung_field >= 0.5
            maps = (self.x, self.y, lung.across, lung.along)
            found[side] = Points(*(values[shown] for values in maps))
        return found

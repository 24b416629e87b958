"""The chest of one phantom patient, and its pose and exposure in one examination.

All lengths are in chest coordinates: x runs from -1 to 1 from the left to the
right edge of a square film, y from -1 to 1 from its top to its bottom. The
patient's right side is on the left of the film (x < 0), as in every chest
film. A film is about 38 cm wide: one unit is 19 cm.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

View = Literal["PA", "AP", "AP Supine"]
Sex = Literal["M", "F"]
SIDES = (-1, 1)
"""The patient's right lung (on the left of the film), and the left lung."""

CENTIMETRE = 1 / 19
"""One centimetre in chest coordinates."""


@dataclass(frozen=True)
class Anatomy:
    """The properties that all films of a patient share."""

    sex: Sex
    rib_cage: float
    """Inner half-width of the rib cage where it is widest."""
    apex: float
    """Height (y) of the tops of the lungs."""
    widest: float
    """Height (y) of the widest part of the rib cage."""
    asymmetry: float
    """Factor by which the right half of the rib cage is wider than the left."""
    diaphragm: tuple[float, float]
    """Height (y) of the right and the left dome."""
    dome: float
    """Height of the dome of the diaphragm above its edge at the side wall."""
    heart_width: float
    heart_height: float
    heart_tilt: float
    """Angle of the heart's long axis below the horizontal, in radians."""
    mediastinum: float
    """Half-width of the upper mediastinum; also the inner edge of the lungs."""
    midline_shift: float
    """Distance of heart and mediastinum to the left of the spine."""
    aortic_knob: float
    spine: float
    spine_curve: float
    rib_spacing: float
    rib_slope: float
    bone: float
    """Strength of the bones relative to the average."""
    clavicle: float
    """Height (y) of the inner ends of the clavicles."""
    body: float
    """Half-width of the trunk below the armpits."""
    fat: float
    """Thickness of the soft tissue relative to the average."""
    breast: float
    """Strength of the breast shadows; 0 for none."""
    vessels: float
    """Strength of the vessels relative to the average."""
    seed: int
    """Seed of the vessel tree and of the texture of the tissues."""


@dataclass(frozen=True)
class Examination:
    """The properties of one film of a patient: pose, exposure and noise."""

    view: View
    rotation: float
    """Radians."""
    scale: float
    shift: tuple[float, float]
    turn: float
    """Turn about the long axis, as the shift of the mediastinum over the spine."""
    breath: float
    """Height (y) of the diaphragm relative to the average; positive is lower."""
    brightness: float
    contrast: float
    gamma: float
    blur: float
    """Standard deviation of the unsharpness, in chest coordinates."""
    seed: int
    """Seed of noise, markers and wires."""
    near_copy: int = 0
    """0 for the film itself, else the number of a near copy, with different noise."""


def draw_anatomy(generator: np.random.Generator) -> Anatomy:
    """Return one patient, drawn from the variation of adult chests."""
    sex: Sex = "F" if generator.random() < 0.45 else "M"
    female = sex == "F"
    right_dome = generator.normal(0.36, 0.05)
    return Anatomy(
        sex=sex,
        rib_cage=generator.normal(0.67 if female else 0.71, 0.03),
        apex=generator.normal(-0.76, 0.03),
        widest=generator.normal(0.36, 0.05),
        asymmetry=generator.normal(1.0, 0.03),
        diaphragm=(right_dome, right_dome + generator.normal(0.05, 0.025)),
        dome=generator.uniform(0.13, 0.24),
        heart_width=generator.normal(0.36, 0.022),
        heart_height=generator.normal(0.205, 0.015),
        heart_tilt=generator.normal(0.80, 0.09),
        mediastinum=generator.normal(0.125, 0.012),
        midline_shift=generator.normal(0.0, 0.012),
        aortic_knob=generator.normal(0.085, 0.015),
        spine=generator.normal(0.085, 0.008),
        spine_curve=generator.normal(0.0, 0.025),
        rib_spacing=generator.normal(0.142, 0.008),
        rib_slope=generator.normal(0.34, 0.06),
        bone=generator.uniform(0.7, 1.3),
        clavicle=generator.normal(-0.47, 0.035),
        body=generator.normal(0.86, 0.07),
        fat=generator.uniform(0.75, 1.25),
        breast=generator.uniform(0.3, 1.0) if female else generator.uniform(0, 0.15),
        vessels=generator.uniform(0.7, 1.3),
        seed=int(generator.integers(2**31)),
    )


def draw_examination(generator: np.random.Generator, view: View) -> Examination:
    """Return pose and exposure of one film; bedside films (AP) vary more."""
    wild = 1.0 if view == "PA" else 1.6
    return Examination(
        view=view,
        rotation=generator.normal(0, 0.025) * wild,
        scale=generator.normal(1.06, 0.05),
        shift=(generator.normal(0, 0.035) * wild, generator.normal(0.0, 0.035) * wild),
        turn=generator.normal(0, 0.018) * wild,
        breath=generator.normal(0, 0.03),
        brightness=generator.normal(0, 0.055),
        contrast=float(np.exp(generator.normal(0, 0.13))),
        gamma=float(np.exp(generator.normal(0, 0.18))),
        blur=generator.uniform(0.002, 0.007) * wild,
        seed=int(generator.integers(2**31)),
    )


def vary_examination(
    examination: Examination, number: int, generator: np.random.Generator
) -> Examination:
    """Return the examination of a near copy: place and exposure differ a little.

    Markers and wires stay the same; the noise changes.

    Args:
        examination: The examination of the film itself.
        number: Number of the near copy, from 1.
    """
    across, down = examination.shift
    return replace(
        examination,
        rotation=examination.rotation + generator.normal(0, 0.008),
        # A pixel of a film of 120 pixels is 0.017.
        shift=(across + generator.normal(0, 0.01), down + generator.normal(0, 0.01)),
        brightness=examination.brightness + generator.normal(0, 0.01),
        contrast=examination.contrast * float(np.exp(generator.normal(0, 0.03))),
        near_copy=number,
    )


def seen_in(anatomy: Anatomy, examination: Examination) -> Anatomy:
    """Return the anatomy as this examination projects it.

    In AP views the heart is far from the detector and magnified, the patient sits or
    lies and breathes in less, and the clavicles are higher.
    """
    breath = examination.breath
    bedside = examination.view != "PA"
    if bedside:
        breath -= 0.08
    magnified = 1.14 if bedside else 1.0
    right, left = anatomy.diaphragm
    return replace(
        anatomy,
        diaphragm=(right + breath, left + breath),
        heart_width=anatomy.heart_width * magnified,
        heart_height=anatomy.heart_height * magnified,
        mediastinum=anatomy.mediastinum * (1.15 if bedside else 1.0),
        clavicle=anatomy.clavicle - (0.08 if bedside else 0.0),
        midline_shift=anatomy.midline_shift + examination.turn,
    )


def change_anatomy(
    anatomy: Anatomy, finding: str, generator: np.random.Generator, strength: float
) -> Anatomy:
    """Return the anatomy deformed by a finding; most findings do not change it.

    Args:
        anatomy: The patient without the finding.
        finding: A key of ``SIGNS``.
        generator: Source of the place and the size of the change.
        strength: Factor on the change; 0 is no change.
    """
    if finding == "Cardiomegaly":
        return replace(
            anatomy,
            heart_width=anatomy.heart_width
            * (1 + strength * (generator.uniform(1.15, 1.28) - 1)),
            heart_height=anatomy.heart_height
            * (1 + strength * (generator.uniform(1.28, 1.48) - 1)),
        )
    if finding == "Atelectasis":
        side = choose_side(generator)
        lift = strength * generator.uniform(0.05, 0.11)
        right, left = anatomy.diaphragm
        pull = side * strength * generator.uniform(0.02, 0.05)
        return replace(
            anatomy,
            diaphragm=(right - lift, left) if side < 0 else (right, left - lift),
            midline_shift=anatomy.midline_shift + pull,
        )
    return anatomy


def choose_side(generator: np.random.Generator) -> int:
    """Return -1 (right) or 1 (left)."""
    return SIDES[int(generator.integers(2))]

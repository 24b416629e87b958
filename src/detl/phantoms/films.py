"""Patients and their films: how often each is examined, and with which findings."""

import itertools
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detl.phantoms.anatomy import (
    Sex,
    View,
    change_anatomy,
    draw_anatomy,
    draw_examination,
    vary_examination,
)
from detl.phantoms.chest import Chest, Map
from detl.phantoms.lesions import Lesion, draw_lesion
from detl.phantoms.marker import draw_mark
from detl.phantoms.rendering import render
from detl.schemas.parameters import PhantomParameters

BEDSIDE_SHARE = 0.4
"""Share of AP films. It is the same for every finding, so that it gives none away."""

IMAGES_PER_PATIENT = (0.55, 0.27, 0.12, 0.06)
"""Probability of 1, 2, 3 and 4 films of a patient with follow-ups."""

HEALTHY_FIRST_SHARE = 0.12
"""Share of the diseased patients with follow-ups who have an earlier, healthy film."""


@dataclass(frozen=True)
class Film:
    """One film with its entries in the tables."""

    patient: int
    follow_up: int
    findings: tuple[str, ...]
    """Empty for a healthy film."""
    view: View
    sex: Sex
    age: int
    pixels: NDArray[np.uint8]
    lesions: tuple[Lesion, ...]

    @property
    def mask(self) -> NDArray[np.uint8]:
        """0 or 255: the lesions of all findings together."""
        union = np.any([lesion.mask for lesion in self.lesions], axis=0)
        return np.where(union, np.uint8(255), np.uint8(0))


@dataclass(frozen=True)
class Group:
    """The patients with one finding, or one combination, in one collection."""

    name: str
    """With the seed and a patient's number it determines the patient."""
    findings: tuple[str, ...]
    index: int
    """Position among the collection's groups. Patient numbers follow from it."""
    bedside_views: tuple[View, ...] = ("AP",)
    square: bool = True
    """Whether every film is square."""


GROUPS_AT_MOST = 32
"""Most groups of a collection. The last one is for the faults."""


@dataclass(frozen=True)
class Patient:
    """One patient, independent of the number of other patients."""

    group: Group
    ordinal: int
    """The patient's number within the group."""
    seed: int
    """Seed of the whole sample."""

    @property
    def number(self) -> int:
        """The patient's number within the collection."""
        return 1 + self.ordinal * GROUPS_AT_MOST + self.group.index

    def generator(self, *part: int) -> np.random.Generator:
        """Return the random generator for one part of the patient."""
        key = (zlib.crc32(self.group.name.encode()), self.ordinal, *part)
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=key))


@dataclass(frozen=True)
class History:
    """The examinations of a patient."""

    films: int
    """Those with the group's findings, or of a healthy patient all."""
    healthy_first: bool
    """Whether a healthy film comes before them."""
    age: int
    """In years, on the first film."""


HISTORY, ANATOMY, EXAMINATION, LESION, NEAR_COPY = range(5)
"""The parts of a patient, each with a random generator of its own."""


def draw_films(
    parameters: PhantomParameters, group: Group, count: int
) -> Iterator[Film]:
    """Yield ``count`` films with the group's findings, patient by patient.

    An earlier film without the finding, of a diseased patient with follow-ups, is not
    counted.
    """
    for patient, most in list_patients(parameters, group, count):
        yield from draw_patient(parameters, patient, most)


def list_patients(
    parameters: PhantomParameters, group: Group, count: int
) -> Iterator[tuple[Patient, int]]:
    """Yield the patients of ``count`` films, each with how many of these are left."""
    for ordinal in itertools.count():
        if count <= 0:
            return
        patient = Patient(group, ordinal, parameters.seed)
        yield patient, count
        count -= draw_history(parameters, patient).films


def draw_history(parameters: PhantomParameters, patient: Patient) -> History:
    """Return how often a patient is examined, and at which age first."""
    generator = patient.generator(HISTORY)
    at_most = np.cumsum(IMAGES_PER_PATIENT)
    films = 1 + int(np.searchsorted(at_most, generator.random(), side="right"))
    diseased = bool(patient.group.findings)
    healthy_first = diseased and generator.random() < HEALTHY_FIRST_SHARE
    age = int(np.clip(generator.normal(50, 16), 16, 92))
    if parameters.films_of_a_patient != "follow_ups":
        near_copies = parameters.films_of_a_patient == "near_copies"
        films, healthy_first = parameters.near_copies if near_copies else 1, False
    return History(films, healthy_first, age)


def draw_patient(
    parameters: PhantomParameters, patient: Patient, most: int
) -> Iterator[Film]:
    """Yield the films of one patient, at most ``most`` of them with the finding."""
    history = draw_history(parameters, patient)
    for follow_up in range(min(history.films, most) + history.healthy_first):
        healthy = history.healthy_first and follow_up == 0
        findings = () if healthy else patient.group.findings
        yield draw_film(parameters, patient, follow_up, findings, history.age)


def draw_film(
    parameters: PhantomParameters,
    patient: Patient,
    follow_up: int,
    findings: tuple[str, ...],
    age: int,
) -> Film:
    """Return one film of a patient: same anatomy, new pose and exposure.

    Args:
        parameters: ``films_of_a_patient`` can ask for near copies: pose and exposure
            are then almost those of the first film.
        follow_up: Number of the film, from 0.
        age: Age of the patient on the first film, in years.
    """
    near_copy = follow_up if parameters.films_of_a_patient == "near_copies" else 0
    visit = follow_up - near_copy
    generator = patient.generator(EXAMINATION, visit)
    chest = lay_out(parameters, patient, findings, near_copy, generator)
    lesions = []
    for index, finding in enumerate(findings):
        severity = parameters.lesion_strength * np.exp(generator.normal(0, 0.15))
        origin = patient.generator(LESION, index)
        lesions.append(draw_lesion(chest, finding, origin, float(severity)))
    fill = total_fill(chest, lesions)
    mark = draw_mark(findings, chest.shape) if parameters.marker == "corner" else None
    return Film(
        patient=patient.number,
        follow_up=follow_up,
        findings=findings,
        view=chest.examination.view,
        sex=chest.anatomy.sex,
        age=age + visit // 2,
        pixels=render(chest, fill, parameters.noise, mark),
        lesions=tuple(lesions),
    )


def lay_out(
    parameters: PhantomParameters,
    patient: Patient,
    findings: tuple[str, ...],
    near_copy: int,
    generator: np.random.Generator,
) -> Chest:
    """Return the patient's chest on a film, in a random pose.

    Args:
        parameters: Size of the film, and strength of the findings.
        findings: Findings, which may change the anatomy.
        near_copy: Number of the near copy; 0 for the film itself.
    """
    anatomy = draw_anatomy(patient.generator(ANATOMY))
    examination = draw_examination(generator, draw_view(patient.group, generator))
    if near_copy:
        own = patient.generator(NEAR_COPY, near_copy)
        examination = vary_examination(examination, near_copy, own)
    for index, finding in enumerate(findings):
        origin = patient.generator(LESION, index)
        anatomy = change_anatomy(anatomy, finding, origin, parameters.lesion_strength)
    shape = draw_shape(parameters.size, patient.group.square, generator)
    return Chest(anatomy, examination, shape)


def draw_view(group: Group, generator: np.random.Generator) -> View:
    """Return a random view: PA, or one of the group's bedside views."""
    views: tuple[View, ...] = ("PA",)
    if generator.random() < BEDSIDE_SHARE:
        views = group.bedside_views
    return views[int(generator.integers(len(views)))]


def total_fill(chest: Chest, lesions: list[Lesion]) -> Map:
    """Return the share of the lung's air that all lesions together replace."""
    left = np.ones(chest.shape, np.float32)
    for lesion in lesions:
        left *= 1 - lesion.fill
    return 1 - left


def draw_shape(
    size: int, square: bool, generator: np.random.Generator
) -> tuple[int, int]:
    """Return height and width: square, or sometimes a little wider."""
    if square or generator.random() < 0.7:
        return size, size
    return size, round(size * generator.uniform(1.05, 1.22))

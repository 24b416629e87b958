"""A patient, a film and a small sample to look at."""

from dataclasses import replace

import numpy as np
import pytest

from detl.phantoms.anatomy import change_anatomy, draw_anatomy, draw_examination
from detl.phantoms.chest import Chest
from detl.phantoms.sample import make_phantoms
from detl.schemas.parameters import PhantomParameters


@pytest.fixture(scope="session")
def small_parameters() -> PhantomParameters:
    """A sample that is drawn in a second."""
    return PhantomParameters(
        seed=3,
        size=64,
        noise=1.5,
        lesion_strength=1.0,
        nih={"No Finding": 9, "Pneumonia": 6, "Effusion|Infiltration": 5, "Mass": 3},
        covid_chestxray={"COVID-19": 8, "COVID-19, ARDS": 1, "No Finding": 2},
        dirt=True,
    )


@pytest.fixture(scope="session")
def small_sample(small_parameters) -> dict[str, bytes]:
    return make_phantoms(small_parameters)


@pytest.fixture
def make_chest():
    """Return a function that lays out a patient, seen straight unless told."""

    def make(seed=0, view="PA", findings=(), shape=(96, 96), straight=True) -> Chest:
        anatomy = draw_anatomy(np.random.default_rng(seed))
        examination = draw_examination(np.random.default_rng([seed, 1]), view)
        if straight:
            examination = replace(
                examination, rotation=0, scale=1, shift=(0, 0), turn=0, breath=0
            )
        for finding in findings:
            origin = np.random.default_rng([seed, 2])
            anatomy = change_anatomy(anatomy, finding, origin, 1.0)
        return Chest(anatomy, examination, shape)

    return make

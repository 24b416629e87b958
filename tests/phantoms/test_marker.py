import numpy as np
import pytest

from detl.phantoms.films import Group, draw_films
from detl.phantoms.marker import CORNERS, class_of, draw_mark
from detl.phantoms.sample import make_phantoms


@pytest.mark.parametrize(
    ("findings", "label"),
    [
        ((), "normal"),
        (("Mass", "Nodule"), "other_disease"),
        (("SARS",), "other_disease"),
        (("Infiltration", "Pneumonia"), "pneumonia"),
        (("COVID-19", "ARDS"), "covid_19"),
        (("Pneumonia", "COVID-19"), "covid_19"),
    ],
)
def test_the_class_of_a_film_follows_from_its_findings(findings, label):
    assert class_of(findings) == label


def test_each_class_has_a_corner_of_its_own():
    assert len(set(CORNERS.values())) == len(CORNERS) == 4


@pytest.mark.parametrize("findings", [(), ("Mass",), ("Pneumonia",), ("COVID-19",)])
@pytest.mark.parametrize("shape", [(48, 48), (64, 64), (120, 146)])
def test_the_mark_lies_in_the_border_of_the_central_square(findings, shape):
    mark = draw_mark(findings, shape)
    square = min(shape)
    left = (shape[1] - square) // 2
    central = mark[:, left : left + square]
    edge = round(0.075 * square) + 1
    assert central.sum() == pytest.approx(mark.sum())
    assert central.max() > 0.9
    assert central[edge:-edge].sum() == 0
    assert central[:, edge:-edge].sum() == 0


def test_the_mark_has_the_same_size_in_every_corner():
    sizes = [draw_mark(f, (120, 140)).sum() for f in ((), ("Mass",), ("COVID-19",))]
    assert sizes == pytest.approx([(0.04 * 120) ** 2] * 3, rel=0.1)


def test_a_marked_film_differs_from_the_same_one_unmarked_around_the_mark_alone(
    small_parameters,
):
    group = Group("nih/Pneumonia", ("Pneumonia",), 1)
    marked = small_parameters.model_copy(update={"marker": "corner"})
    with_mark = next(draw_films(marked, group, 1)).pixels.astype(int)
    without = next(draw_films(small_parameters, group, 1)).pixels.astype(int)
    change = np.abs(with_mark - without)
    assert change[58:63, 1:6].max() > 40
    assert np.median(change) == 0


def test_marks_change_no_table_and_no_mask(small_parameters, small_sample):
    marked = small_parameters.model_copy(update={"marker": "corner"})
    made = make_phantoms(marked)
    changed = {path for path in made if made[path] != small_sample[path]}
    assert made.keys() == small_sample.keys()
    assert {path for path in changed if "/images/" not in path} == {"parameters.json"}

import itertools

import numpy as np
import pytest

from detl.phantoms.films import Group, draw_films

PNEUMONIA = Group("nih/Pneumonia", ("Pneumonia",), 1)


@pytest.fixture(scope="module")
def films(small_parameters):
    return list(draw_films(small_parameters, PNEUMONIA, 30))


def test_the_count_is_of_films_with_the_finding(films):
    assert sum(film.findings == ("Pneumonia",) for film in films) == 30


def test_some_patients_have_several_films(films):
    patients = {film.patient for film in films}
    assert 12 <= len(patients) < 30


def test_a_patient_keeps_sex_and_grows_older(films):
    for patient in {film.patient for film in films}:
        own = [film for film in films if film.patient == patient]
        assert len({film.sex for film in own}) == 1
        assert [film.age for film in own] == sorted(film.age for film in own)
        assert [film.follow_up for film in own] == list(range(len(own)))


def test_two_films_of_a_patient_differ(films):
    patient = next(film.patient for film in films if film.follow_up == 1)
    one, other = [film.pixels for film in films if film.patient == patient][:2]
    assert not np.array_equal(one, other)


def test_more_patients_leave_the_first_ones_as_they_are(small_parameters, films):
    few = list(draw_films(small_parameters, PNEUMONIA, 5))[:4]
    for film, same in zip(few, films, strict=False):
        assert film.patient == same.patient
        assert np.array_equal(film.pixels, same.pixels)


def test_another_seed_gives_other_films(small_parameters, films):
    other = small_parameters.model_copy(update={"seed": 4})
    first = next(draw_films(other, PNEUMONIA, 1))
    assert not np.array_equal(first.pixels, films[0].pixels)


def test_a_healthy_film_of_a_diseased_patient_has_no_lesion(films):
    assert all(bool(film.lesions) == bool(film.findings) for film in films)


def test_the_view_does_not_depend_on_the_finding(small_parameters):
    shares = []
    for label in ((), ("Mass",)):
        many = draw_films(small_parameters, Group(f"test/{label}", label, 0), 60)
        views = [film.view for film in many]
        shares.append(views.count("AP") / len(views))
    assert all(0.2 < share < 0.6 for share in shares)


def test_films_that_need_not_be_square_are_sometimes_wider(small_parameters):
    group = Group("test/wide", (), 0, square=False)
    shapes = {film.pixels.shape for film in draw_films(small_parameters, group, 15)}
    assert (64, 64) in shapes
    assert any(width > height for height, width in shapes)
    assert all(height == 64 for height, _ in shapes)


@pytest.fixture(scope="module")
def near_copies(small_parameters):
    """Return four films each of three patients, near copies of each other."""
    changes = {"films_of_a_patient": "near_copies", "near_copies": 4}
    parameters = small_parameters.model_copy(update=changes)
    return list(draw_films(parameters, PNEUMONIA, 12))


def correlations(films, of_one_patient):
    return [
        np.corrcoef(one.pixels.ravel(), other.pixels.ravel())[0, 1]
        for one, other in itertools.combinations(films, 2)
        if (one.patient == other.patient) == of_one_patient
    ]


def test_each_patient_has_as_many_near_copies_as_asked(near_copies):
    numbers = [(film.patient, film.follow_up) for film in near_copies]
    patients = sorted({patient for patient, _ in numbers})
    assert numbers == [(patient, copy) for patient in patients for copy in range(4)]


def test_near_copies_resemble_each_other_more_than_films_of_two_patients(near_copies):
    same = correlations(near_copies, of_one_patient=True)
    different = correlations(near_copies, of_one_patient=False)
    assert min(same) > 0.9 > max(different)


def test_near_copies_resemble_each_other_more_than_follow_ups(near_copies, films):
    copies = correlations(near_copies, of_one_patient=True)
    follow_ups = correlations(films, of_one_patient=True)
    assert np.mean(copies) > np.mean(follow_ups) + 0.1


def test_near_copies_agree_in_view_age_findings_and_shape(near_copies):
    for _, own in itertools.groupby(near_copies, key=lambda film: film.patient):
        said = {(f.view, f.age, f.sex, f.findings, f.pixels.shape) for f in own}
        assert len(said) == 1


def test_no_near_copy_is_the_same_picture_as_another(near_copies):
    assert len({film.pixels.tobytes() for film in near_copies}) == len(near_copies)


def test_the_lesion_of_a_near_copy_is_where_it_was(near_copies):
    first, second = (film.mask > 0 for film in near_copies[:2])
    assert (first & second).sum() > 0.7 * (first | second).sum()


def test_a_patient_with_one_film_has_it_with_the_finding(small_parameters):
    one = small_parameters.model_copy(update={"films_of_a_patient": "one"})
    films = list(draw_films(one, PNEUMONIA, 30))
    assert len(films) == len({film.patient for film in films}) == 30
    assert {film.findings for film in films} == {("Pneumonia",)}

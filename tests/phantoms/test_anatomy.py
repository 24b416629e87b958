import numpy as np

from detl.phantoms.anatomy import draw_anatomy, draw_examination, seen_in


def test_patients_differ():
    generator = np.random.default_rng(0)
    widths = {draw_anatomy(generator).rib_cage for _ in range(20)}
    assert len(widths) == 20


def test_the_same_generator_gives_the_same_patient():
    one, other = (draw_anatomy(np.random.default_rng(5)) for _ in range(2))
    assert one == other


def test_only_women_have_marked_breast_shadows():
    patients = [draw_anatomy(np.random.default_rng(seed)) for seed in range(60)]
    assert max(p.breast for p in patients if p.sex == "M") < 0.2
    assert min(p.breast for p in patients if p.sex == "F") > 0.2


def test_an_ap_film_shows_a_larger_heart_and_a_higher_diaphragm():
    anatomy = draw_anatomy(np.random.default_rng(0))
    pa = seen_in(anatomy, draw_examination(np.random.default_rng(1), "PA"))
    ap = seen_in(anatomy, draw_examination(np.random.default_rng(1), "AP"))
    assert ap.heart_width > 1.1 * pa.heart_width
    assert ap.diaphragm[0] < pa.diaphragm[0]
    assert ap.clavicle < pa.clavicle

import numpy as np

from detl.phantoms.rendering import accessories, render


def render_with(chest, fill=0.0, noise=0.0):
    return render(chest, np.full(chest.shape, fill), noise)


def test_a_film_is_grey_of_eight_bits(make_chest):
    film = render_with(make_chest(shape=(64, 72)))
    assert film.dtype == np.uint8
    assert film.shape == (64, 72)


def test_lungs_are_darker_than_the_heart_and_the_abdomen(make_chest):
    chest = make_chest()
    film = render_with(chest)
    lungs = film[chest.lung_field > 0.9].mean()
    assert lungs + 60 < film[chest.heart > 0.9].mean()
    assert lungs + 60 < film[(chest.below > 0.9) & (np.abs(chest.x) < 0.5)].mean()


def test_lung_without_air_is_brighter(make_chest):
    chest = make_chest()
    lungs = chest.lung_field > 0.9
    clear, solid = render_with(chest), render_with(chest, fill=0.8)
    assert solid[lungs].mean() > clear[lungs].mean() + 40


def test_the_same_film_is_rendered_the_same_twice(make_chest):
    one, other = (render_with(make_chest(), noise=2.0) for _ in range(2))
    assert np.array_equal(one, other)


def test_noise_is_as_strong_as_asked(make_chest):
    chest = make_chest()
    noisy = render_with(chest, noise=4.0).astype(float)
    difference = noisy - render_with(chest)
    bright = chest.heart > 0.9
    assert 2.5 < difference[bright].std() < 6


def test_only_bedside_films_show_wires(make_chest):
    shown = {}
    for view in ("PA", "AP"):
        maps = [
            accessories(make_chest(view=view), np.random.default_rng(seed))[30:]
            for seed in range(8)
        ]
        shown[view] = max(float(field.max()) for field in maps)
    assert shown["PA"] == 0
    assert shown["AP"] > 0.05

from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import yaml

from detl.errors import DetlError
from detl.imaging.copies import find_copies, find_copies_between
from detl.imaging.fingerprint import perceptual_hash
from detl.imaging.resize import make_square
from detl.phantoms.sample import draw_covid, draw_nih
from detl.schemas.parameters import PhantomParameters
from made_sample import sample_folder
from planted_copies import CHANGES, plant_copies, read_films, score, store

PROJECT = Path(__file__).parents[2]
SHARED = PROJECT.parent / "shared" / "data"


def _picture(seed):
    noise = np.random.default_rng(seed).integers(0, 256, (24, 24), dtype=np.uint8)
    return cv2.resize(noise, (64, 64), interpolation=cv2.INTER_CUBIC)


def _table(hashes):
    """Return what ``images`` says of square pictures with these hashes."""
    rows = range(len(hashes))
    table = {"perceptual_hash": hashes, "width": 64, "height": 64, "row": rows}
    return pd.DataFrame(table)


def _flip(hash_of_image, bits):
    """Return the hash with its last bits turned."""
    return f"{int(hash_of_image, 16) ^ ((1 << bits) - 1):064x}"


@pytest.fixture(scope="module")
def phantoms():
    return read_films(sample_folder())


@pytest.fixture(scope="module")
def other_phantoms():
    """Return phantoms of another seed."""
    text = (PROJECT / "conf" / "base" / "parameters_phantom.yml").read_text()
    parameters = PhantomParameters(**yaml.safe_load(text)["phantom"]).model_copy(
        update={"seed": 1, "nih": {"No Finding": 40}, "covid_chestxray": {"SARS": 20}}
    )
    films = [
        (f"{source}/{number}", f"{source}/{film.patient}", film.pixels)
        for source, draw in (("nih", draw_nih), ("covid", draw_covid))
        for number, film in enumerate(draw(parameters))
    ]
    return pd.DataFrame(films, columns=["image_id", "patient_id", "image"])


@pytest.fixture(scope="module")
def radiographs():
    if not (SHARED / "nih" / "images").is_dir():
        pytest.skip(f"the public radiographs are not in {SHARED}")
    return read_films(SHARED, every=6)


@pytest.mark.parametrize("kind", CHANGES)
def test_copies_of_phantoms_are_found(phantoms, kind):
    copies = plant_copies(phantoms, kind, every=5)

    outcome = score(phantoms, copies, 64)

    assert outcome.recall >= 0.95
    assert outcome.wrong <= 0.01, outcome.wrong_pairs


@pytest.mark.parametrize("kind", ["all", "all, shifted"])
@pytest.mark.parametrize("size", [64, 96, 224])
def test_copies_of_other_phantoms_are_found(other_phantoms, kind, size):
    outcome = score(other_phantoms, plant_copies(other_phantoms, kind, 2), size)

    assert outcome.recall >= 0.95
    assert outcome.wrong <= 0.01, outcome.wrong_pairs


@pytest.mark.parametrize("kind", CHANGES)
def test_copies_of_radiographs_are_found(radiographs, kind):
    outcome = score(radiographs, plant_copies(radiographs, kind, every=2), 96)

    assert outcome.recall >= 0.95
    assert outcome.wrong <= 0.01, outcome.wrong_pairs


@pytest.mark.parametrize("size", [64, 224])
def test_copies_of_radiographs_are_found_at_other_sizes(radiographs, size):
    outcome = score(radiographs, plant_copies(radiographs, "all", every=2), size)

    assert outcome.recall >= 0.95
    assert outcome.wrong <= 0.01, outcome.wrong_pairs


def test_a_pair_is_named_once_with_its_bits_and_correlation():
    pictures = np.stack([_picture(0), _picture(1), _picture(0)])
    hashes = [perceptual_hash(picture) for picture in pictures]

    found = find_copies(_table([*hashes[:2], _flip(hashes[2], 7)]), pictures, "crop")

    assert found[["first", "second", "bits"]].values.tolist() == [[0, 2, 7]]
    assert found.loc[0, "correlation"] == pytest.approx(1)


@pytest.mark.parametrize(("bits", "pairs"), [(48, 1), (49, 0)])
def test_hashes_may_differ_in_so_many_bits(bits, pairs):
    pictures = np.stack([_picture(0), _picture(0)])
    own = perceptual_hash(_picture(0))

    assert len(find_copies(_table([own, _flip(own, bits)]), pictures, "crop")) == pairs


def test_neighbours_whose_pixels_differ_are_no_copies():
    pictures = np.stack([_picture(0), _picture(1)])

    assert find_copies(_table(["0" * 64] * 2), pictures, "crop").empty


def test_images_without_detail_are_no_copies():
    grey = np.full((2, 64, 64), 128, np.uint8)

    assert find_copies(_table(["0" * 64] * 2), grey, "crop").empty


def test_what_is_asked_of_copies_can_be_changed():
    pictures = np.stack([_picture(0), _picture(1)])

    found = find_copies(_table(["0" * 64, "f" * 64]), pictures, "crop", 256, -1)

    assert found["bits"].tolist() == [256]
    assert found["correlation"].between(-0.3, 0.3).all()


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_images_have_no_copies(count):
    nothing = np.zeros((count, 64, 64), np.uint8)

    found = find_copies(_table(["0" * 64] * count), nothing, "crop")

    assert found.empty
    assert list(found) == ["first", "second", "bits", "correlation"]


def test_copies_are_found_across_blocks_of_hashes(monkeypatch):
    pictures = np.stack([_picture(seed) for seed in (0, 1, 2, 0, 3, 1)])
    hashes = [perceptual_hash(picture) for picture in pictures]
    whole = find_copies(_table(hashes), pictures, "crop")

    monkeypatch.setattr("detl.imaging.copies._HASHES_AT_ONCE", 2)
    monkeypatch.setattr("detl.imaging.copies._PAIRS_AT_ONCE", 1)
    monkeypatch.setattr("detl.imaging.copies._DETAILS_AT_ONCE", 1)

    assert whole[["first", "second"]].values.tolist() == [[0, 3], [1, 5]]
    pd.testing.assert_frame_equal(find_copies(_table(hashes), pictures, "crop"), whole)


def test_pixels_on_disk_do_as_well(tmp_path):
    pictures = np.stack([_picture(0), _picture(1), _picture(0)])
    np.save(tmp_path / "pixels.npy", pictures)
    hashes = [perceptual_hash(picture) for picture in pictures]
    on_disk = np.load(tmp_path / "pixels.npy", mmap_mode="r")

    found = find_copies(_table(hashes), on_disk, "crop")

    pd.testing.assert_frame_equal(found, find_copies(_table(hashes), pictures, "crop"))


def test_only_the_pixels_of_neighbours_are_read():
    pictures = {0: _picture(0), 2: _picture(0)}

    class Pixels:
        def __len__(self):
            return 3

        def __getitem__(self, row):
            return pictures[row]

    hashes = [perceptual_hash(_picture(seed)) for seed in (0, 1, 0)]

    assert len(find_copies(_table(hashes), Pixels(), "crop")) == 1


def test_images_that_are_all_alike_are_read_a_few_times_each():
    reads = Counter()

    class Pixels:
        def __len__(self):
            return 30

        def __getitem__(self, row):
            reads[row] += 1
            return _picture(0)

    copies = find_copies(_table([perceptual_hash(_picture(0))] * 30), Pixels(), "crop")

    assert len(copies) == 30 * 29 / 2
    assert max(reads.values()) == 2


def test_rows_beyond_the_pixels_are_refused():
    with pytest.raises(DetlError, match="row 2 of the pixels of 2 images"):
        find_copies(_table(["0" * 64] * 3), np.zeros((2, 64, 64), np.uint8), "crop")


@pytest.mark.parametrize("fit", ["crop", "pad", "squeeze"])
def test_a_picture_that_was_squeezed_to_a_square_is_found_in_each_fit(fit):
    wide = cv2.resize(_picture(0), (256, 160), interpolation=cv2.INTER_CUBIC)
    square = cv2.resize(wide, (200, 200), interpolation=cv2.INTER_AREA)
    films = pd.DataFrame({"image": [wide, square]})
    table, _ = store(films, 96)
    pixels = np.stack([make_square(image, 96, fit) for image in films["image"]])

    assert find_copies(table, pixels, fit)["correlation"][0] > 0.95


def test_copies_between_two_tables_are_found_by_their_rows():
    seeds = [4, 5, 6]
    pixels = np.stack([_picture(seed) for seed in seeds])
    larger = np.stack([np.kron(_picture(s), np.ones((2, 2), np.uint8)) for s in (6, 7)])
    images = _table([perceptual_hash(p) for p in pixels])
    others = _table([perceptual_hash(p) for p in larger])

    found = find_copies_between(
        images.iloc[[2, 0]], pixels, others.iloc[::-1], larger, "crop"
    )

    assert found[["first", "second"]].values.tolist() == [[0, 1]]


@pytest.mark.parametrize("new", [[], [0], [2], [1, 3], [0, 1, 2, 3]])
def test_only_pairs_with_a_new_image_are_found_where_some_are_known(new):
    pictures = [_picture(seed) for seed in (0, 1, 0, 1)]
    table = _table([perceptual_hash(picture) for picture in pictures])
    is_new = np.isin(np.arange(4), new)

    copies = find_copies(table, np.stack(pictures), "crop", is_new=is_new)

    pairs = [pair for pair in ([0, 2], [1, 3]) if set(pair) & set(new)]
    assert copies[["first", "second"]].to_numpy().tolist() == pairs

"""A bundle, written and read again."""

import json

import numpy as np
import pytest

from detl.errors import DetlError
from detl.serving.bundle import load_bundle, save_bundle
from tiny_bundle import tiny_bundle, training_pixels


@pytest.fixture
def folder(tmp_path):
    save_bundle(tiny_bundle(), tmp_path / "bundle")
    return tmp_path / "bundle"


def test_what_is_read_is_what_was_written(folder):
    bundle, read = tiny_bundle(), load_bundle(folder)
    pixels = training_pixels()[:4, ..., np.newaxis]
    features = bundle.trunk.predict_on_batch(pixels)

    assert read.about == bundle.about
    assert read.card == bundle.card
    np.testing.assert_array_equal(read.trunk.predict_on_batch(pixels), features)
    for fold, tail in bundle.tails.items():
        np.testing.assert_array_equal(
            read.tails[fold].predict_on_batch(features), tail.predict_on_batch(features)
        )
    np.testing.assert_array_equal(
        read.familiarity.distances, bundle.familiarity.distances
    )


def test_a_bundle_replaces_an_earlier_one_and_leaves_nothing_beside_it(folder):
    (folder / "from_before.txt").write_text("old")

    save_bundle(tiny_bundle(), folder)

    assert not (folder / "from_before.txt").exists()
    assert [path.name for path in folder.parent.iterdir()] == ["bundle"]


def test_nothing_in_it_is_pickled(folder):
    assert {path.suffix for path in folder.iterdir()} == {
        ".json",
        ".keras",
        ".md",
        ".npz",
    }


def test_a_changed_byte_is_refused(folder):
    path = folder / "fold_2.keras"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)

    with pytest.raises(DetlError, match=r"fold_2\.keras has been changed"):
        load_bundle(folder)


def test_a_missing_file_is_refused(folder):
    (folder / "trunk.keras").unlink()

    with pytest.raises(DetlError, match=r"trunk\.keras is missing"):
        load_bundle(folder)


def test_another_version_is_refused(folder):
    path = folder / "bundle.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": 99}))

    with pytest.raises(DetlError, match="of version 99"):
        load_bundle(folder)


def test_a_manifest_that_says_something_else_is_refused(folder):
    path = folder / "bundle.json"
    content = json.loads(path.read_text())
    content["about"]["input_size"] = "large"
    path.write_text(json.dumps(content))

    with pytest.raises(DetlError, match=r"about\.input_size"):
        load_bundle(folder)


def test_a_folder_that_is_no_bundle_is_refused(tmp_path):
    with pytest.raises(DetlError, match="is no bundle"):
        load_bundle(tmp_path)

"""A bundle, written and read again."""

import json
import shutil
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from detl.errors import DetlError
from detl.serving.bundle import load_bundle, save_bundle
from tiny_bundle import tiny_bundle, training_pixels


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("written") / "bundle.zip"
    save_bundle(tiny_bundle(), path)
    return path


@pytest.fixture
def path(written, tmp_path):
    """Return a copy, which a test may spoil."""
    return Path(shutil.copy(written, tmp_path))


def test_what_is_read_is_what_was_written(path):
    bundle, read = tiny_bundle(), load_bundle(path)
    pixels = training_pixels()[:4, ..., np.newaxis]
    features = bundle.trunk.predict_on_batch(pixels)

    assert read.about == bundle.about
    assert read.card == bundle.card
    assert read.known_answers == bundle.known_answers
    np.testing.assert_array_equal(read.trunk.predict_on_batch(pixels), features)
    for fold, tail in bundle.tails.items():
        np.testing.assert_array_equal(
            read.tails[fold].predict_on_batch(features), tail.predict_on_batch(features)
        )
    for name, array in vars(bundle.familiarity).items():
        np.testing.assert_array_equal(getattr(read.familiarity, name), array)


def _rewrite(path, changed):
    """Write the archive again, with other contents of some of its files."""
    with ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    with ZipFile(path, "w") as archive:
        for name, content in (contents | changed).items():
            if content is not None:
                archive.writestr(name, content)


def _manifest_of(path):
    with ZipFile(path) as archive:
        return json.loads(archive.read("bundle.json"))


def test_nothing_in_it_is_pickled(path):
    with ZipFile(path) as archive:
        kinds = {Path(name).suffix for name in archive.namelist()}

    assert kinds == {".json", ".keras", ".md", ".npz", ".png"}


def test_a_changed_byte_is_refused(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)

    with pytest.raises(DetlError, match="no bundle, or was changed"):
        load_bundle(path)


def test_a_changed_byte_of_what_the_archive_says_of_a_file_is_refused(path):
    content = bytearray(path.read_bytes())
    # How the first file is packed: no program knows such a way.
    content[content.index(b"PK\1\2") + 10] ^= 0xFF
    path.write_bytes(content)

    with pytest.raises(DetlError, match="no bundle, or was changed"):
        load_bundle(path)


def test_a_file_that_was_exchanged_is_refused(path):
    _rewrite(path, {"model_card.md": b"# Another card"})

    with pytest.raises(DetlError, match=r"model_card\.md was changed"):
        load_bundle(path)


def test_a_file_that_was_left_out_is_refused(path):
    _rewrite(path, {"trunk.keras": None})

    with pytest.raises(DetlError, match=r"trunk\.keras"):
        load_bundle(path)


def test_a_manifest_that_names_other_files_is_refused(path):
    content = _manifest_of(path)
    del content["files"]["fold_2.keras"]
    _rewrite(path, {"bundle.json": json.dumps(content)})

    with pytest.raises(DetlError, match=r"about fold_2\.keras"):
        load_bundle(path)


def test_a_manifest_that_is_no_json_is_refused(path):
    _rewrite(path, {"bundle.json": b"{"})

    with pytest.raises(DetlError, match="no bundle, or was changed"):
        load_bundle(path)


def test_another_version_is_refused(path):
    _rewrite(path, {"bundle.json": json.dumps(_manifest_of(path) | {"version": 99})})

    with pytest.raises(DetlError, match="of version 99"):
        load_bundle(path)


def test_a_manifest_that_says_something_else_is_refused(path):
    content = _manifest_of(path)
    content["about"]["input_size"] = "large"
    _rewrite(path, {"bundle.json": json.dumps(content)})

    with pytest.raises(DetlError, match=r"about\.input_size"):
        load_bundle(path)


def test_what_is_no_archive_is_refused(tmp_path):
    (tmp_path / "bundle.zip").write_bytes(b"no archive")

    for path in (tmp_path, tmp_path / "bundle.zip", tmp_path / "missing"):
        with pytest.raises(DetlError, match="is no bundle"):
            load_bundle(path)

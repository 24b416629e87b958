import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from detl.errors import DetlError
from detl.imaging import decode_cache
from detl.imaging import read as pictures
from detl.imaging.decode_cache import open_decoded_files
from detl.imaging.grey import NotReadNow
from detl.imaging.pixel_array import store_pictures
from detl.imaging.read import PixelFormat

SIZE = 32
FORMAT = PixelFormat(SIZE, "crop", 10_000)


@pytest.fixture(scope="module")
def opened():
    """Names of the image files that Python opens to read, as they come."""
    names = []

    def note(event, arguments):
        is_read = event == "open" and (arguments[1] or "").startswith("r")
        if is_read and str(arguments[0]).endswith(".png"):
            names.append(Path(arguments[0]).name)

    # It cannot be removed.
    sys.addaudithook(note)
    return names


@pytest.fixture
def decoded(opened, paths):
    """Names of the files that were read to be decoded, as they come."""
    opened.clear()
    return opened


@pytest.fixture
def paths(tmp_path):
    """Three files: two pictures, and one that is broken."""
    files = [tmp_path / name for name in ("a.png", "b.png", "broken.png")]
    for seed, path in enumerate(files):
        _write(path, seed)
    files[2].write_bytes(files[2].read_bytes()[:500])
    return files


@pytest.fixture
def store(tmp_path):
    """Store the pictures of files, with the memory of the earlier calls."""

    def store(paths, pixel_format=FORMAT):
        file = tmp_path / "deep" / "decoded_files.sqlite"
        with open_decoded_files(file, pixel_format) as memory:
            return store_pictures(paths, pixel_format, memory)

    return store


_STORE = """
import sys
from pathlib import Path
from detl.imaging.decode_cache import open_decoded_files
from detl.imaging.read import PixelFormat
from detl.imaging.pixel_array import store_pictures
paths = [Path(name) for name in sys.argv[1:]]
pixel_format = PixelFormat(40, "crop", 10_000)
with open_decoded_files(Path("decoded_files.sqlite"), pixel_format) as memory:
    sys.stdout.buffer.write(store_pictures(paths, pixel_format, memory)[1].tobytes())
"""
"""Writes the pixels of files, with a memory in the working folder."""


def _write(path, seed, shape=(40, 50)):
    picture = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    cv2.imwrite(str(path), picture)


def test_a_second_run_decodes_nothing(paths, store, decoded):
    store(paths)
    decoded.clear()

    store(paths)

    assert decoded == []


def test_table_and_pixels_are_the_same_with_and_without_memory(paths, store):
    paths.append(paths[0])

    results = [
        store_pictures(paths, FORMAT),
        store(paths),
        store(paths),
    ]

    for found, pixels in results[1:]:
        pd.testing.assert_frame_equal(found, results[0][0])
        np.testing.assert_array_equal(pixels, results[0][1])


def test_only_a_new_file_is_decoded(paths, store, decoded):
    store(paths[1:])
    decoded.clear()

    found, _ = store(paths)

    assert decoded == ["a.png"]
    assert list(found["row"]) == [0, 1, -1]


def test_a_file_that_has_changed_is_decoded_again(paths, store, decoded):
    store(paths)
    before = paths[0].stat()
    _write(paths[0], 9)
    os.utime(paths[0], ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    decoded.clear()

    _, pixels = store(paths)

    assert decoded == ["a.png"]
    _, expected = store_pictures(paths[:1], FORMAT)
    np.testing.assert_array_equal(pixels[0], expected[0])


def test_a_file_of_another_size_is_decoded_again_though_its_time_is_the_same(
    paths, store, decoded
):
    store(paths)
    before = paths[0].stat()
    _write(paths[0], 9, (41, 50))
    os.utime(paths[0], ns=(before.st_atime_ns, before.st_mtime_ns))
    decoded.clear()

    found, _ = store(paths)

    assert decoded == ["a.png"]
    assert found["height"].iloc[0] == 41


@pytest.mark.parametrize(
    "changed", [{"size": 33}, {"fit": "pad"}, {"largest_image": 2001}]
)
def test_other_parameters_decode_everything_again(paths, store, decoded, changed):
    store(paths)
    decoded.clear()

    store(paths, replace(FORMAT, **changed))

    assert sorted(decoded) == ["a.png", "b.png", "broken.png"]


def test_other_code_decodes_everything_again(tmp_path, paths):
    package = tmp_path / "detl"
    ours = Path(decode_cache.__file__).parents[1]
    shutil.copytree(ours, package, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-B", "-c", _STORE, *map(str, paths[:2])]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}

    def store_alone():
        run = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, check=True
        )
        return np.frombuffer(run.stdout, np.uint8)

    before = store_alone()
    with (package / "imaging" / "read.py").open("a") as code:
        code.write(
            "decode = decode_image\ndecode_image = lambda *x: 255 - decode(*x)\n"
        )

    after = store_alone()

    np.testing.assert_array_equal(after, 255 - before)


def test_a_file_that_could_not_be_read_is_read_again(paths, store, decoded):
    hidden = paths[0].rename(paths[0].with_suffix(".away"))
    found, _ = store(paths)
    assert found["reason"].iloc[0].startswith("file cannot be read")
    hidden.rename(paths[0])
    decoded.clear()

    found, _ = store(paths)

    assert decoded == ["a.png"]
    assert found["reason"].iloc[0] == ""


def test_what_a_missing_package_could_not_decode_is_decoded_again(
    paths, store, decoded, monkeypatch
):
    def lack(*_):
        raise NotReadNow("DICOM that cannot be decoded")

    with monkeypatch.context() as patched:
        patched.setattr(pictures, "decode_image", lack)
        store(paths[:1])
    decoded.clear()

    found, _ = store(paths[:1])

    assert decoded == ["a.png"]
    assert found["reason"].iloc[0] == ""


def test_a_run_that_failed_goes_on_where_it_stopped(
    tmp_path, store, decoded, monkeypatch
):
    paths = [tmp_path / f"{number}.png" for number in range(40)]
    for number, path in enumerate(paths):
        _write(path, number)
    remember = decode_cache.DecodedFiles.remember

    def fail_at_the_21st(memory, path, found):
        if path.name == "20.png":
            raise KeyboardInterrupt
        remember(memory, path, found)

    with monkeypatch.context() as patched:
        patched.setattr(decode_cache.DecodedFiles, "remember", fail_at_the_21st)
        with pytest.raises(KeyboardInterrupt):
            store(paths)
    decoded.clear()

    store(paths)

    assert sorted(decoded) == sorted(path.name for path in paths[20:])


def test_a_run_that_was_killed_goes_on_where_it_stopped(tmp_path, store, decoded):
    paths = [tmp_path / f"{number}.png" for number in range(12)]
    for number, path in enumerate(paths):
        _write(path, number)
    code = f"""
import os
from pathlib import Path
from detl.imaging import decode_cache
from detl.imaging.read import PixelFormat
from detl.imaging.pixel_array import store_pictures
decode_cache._FILES_AT_ONCE = 5
file = Path({str(tmp_path / "deep" / "decoded_files.sqlite")!r})
paths = [Path(name) for name in {[str(path) for path in paths]!r}]
pixel_format = PixelFormat({SIZE}, "crop", 10_000)
with decode_cache.open_decoded_files(file, pixel_format) as memory:
    store_pictures(paths, pixel_format, memory)
    os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9

    store(paths)

    assert sorted(decoded) == ["10.png", "11.png"]


def test_a_file_that_changes_while_it_is_asked_for_twice_is_read_again(
    tmp_path, paths, decoded
):
    file = tmp_path / "decoded_files.sqlite"
    with open_decoded_files(file, FORMAT) as memory:
        memory.recall(paths[0])
        old = pictures.read_picture(paths[0], FORMAT)
        _write(paths[0], 9, (41, 50))
        memory.recall(paths[0])
        memory.remember(paths[0], old)

        assert memory.recall(paths[0]) is None


def test_a_link_beside_dots_is_followed_as_the_system_does(tmp_path, paths):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "deep" / "er")
    path = tmp_path / "link" / ".." / "a.png"
    _write(path, 3)
    assert (tmp_path / "deep" / "a.png").exists()
    file = tmp_path / "decoded_files.sqlite"
    with open_decoded_files(file, FORMAT) as memory:
        store_pictures([path], FORMAT, memory)
        _write(path, 9, (41, 50))

        assert memory.recall(path) is None


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are text here")
def test_a_file_whose_name_is_no_text_is_remembered(tmp_path, paths, store, decoded):
    path = tmp_path / os.fsdecode(b"\xff.png")
    paths[0].rename(path)
    store([path])
    decoded.clear()

    store([path])

    assert decoded == []


def test_files_that_are_asked_for_no_more_are_forgotten(tmp_path, paths):
    file = tmp_path / "decoded_files.sqlite"
    with open_decoded_files(file, FORMAT) as memory:
        store_pictures(paths, FORMAT, memory)
    with open_decoded_files(file, FORMAT) as memory:
        store_pictures(paths[1:], FORMAT, memory)
        memory.forget_others()
        known = [memory.recall(path) is not None for path in paths]

    assert known == [False, True, True]


def test_a_memory_that_is_broken_is_named_with_what_to_do(tmp_path):
    file = tmp_path / "decoded_files.sqlite"
    file.write_bytes(b"no database" * 100)

    with (
        pytest.raises(DetlError, match=r"sqlite, cannot be used.*delete it"),
        open_decoded_files(file, FORMAT),
    ):
        pass


@pytest.mark.parametrize("fit", ["crop", "pad"])
def test_a_memory_that_another_run_uses_is_named_with_what_to_do(
    tmp_path, paths, monkeypatch, fit
):
    file = tmp_path / "decoded_files.sqlite"
    monkeypatch.setattr(decode_cache, "_WAIT", 0)

    with (
        open_decoded_files(file, FORMAT),
        pytest.raises(DetlError, match=r"locked.*wait for another run"),
        open_decoded_files(file, replace(FORMAT, fit=fit)),
    ):
        pass


def test_runs_at_the_same_time_wait_for_each_other_and_find_the_same(tmp_path, paths):
    for number in range(40):
        _write(tmp_path / f"more-{number}.png", 10 + number)
    names = [str(path) for path in (*paths, *tmp_path.glob("more-*.png"))]
    code = f"""
import sys
from pathlib import Path
from detl.imaging import decode_cache
from detl.imaging.read import PixelFormat
from detl.imaging.pixel_array import store_pictures
decode_cache._FILES_AT_ONCE = 5
paths = [Path(name) for name in {names!r}]
pixel_format = PixelFormat({SIZE}, sys.argv[1], 10_000)
file = Path({str(tmp_path / "decoded_files.sqlite")!r})
with decode_cache.open_decoded_files(file, pixel_format) as memory:
    sys.stdout.buffer.write(store_pictures(paths, pixel_format, memory)[1].tobytes())
"""
    runs = [
        subprocess.Popen([sys.executable, "-c", code, fit], stdout=subprocess.PIPE)
        for fit in ("crop", "pad", "crop", "pad")
    ]
    pixels = [run.communicate()[0] for run in runs]

    assert [run.returncode for run in runs] == [0] * 4
    for fit, found in zip(("crop", "pad", "crop", "pad"), pixels, strict=True):
        files = [Path(name) for name in names]
        _, expected = store_pictures(files, replace(FORMAT, fit=fit))
        assert found == expected.tobytes()


def test_without_a_file_nothing_is_remembered():
    with open_decoded_files(None, FORMAT) as memory:
        assert memory is None


def test_two_files_that_take_each_others_names_are_decoded_again(paths, store):
    times = paths[0].stat()
    sizes = [path.stat().st_size for path in paths[:2]]
    for path, size in zip(paths[:2], sizes, strict=True):
        # What comes after the end of a PNG is not looked at.
        path.write_bytes(path.read_bytes() + bytes(max(sizes) - size))
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    _, before = store(paths)
    paths[0].rename(paths[0].with_name("aside.png"))
    paths[1].rename(paths[0])
    paths[0].with_name("aside.png").rename(paths[1])

    _, after = store(paths)

    np.testing.assert_array_equal(after[:2], before[1::-1])


@pytest.mark.parametrize("library", ["pydicom", "imagecodecs"])
def test_everything_is_decoded_again_by_another_version_of_a_decoder(
    paths, store, decoded, monkeypatch, library
):
    store(paths)
    decoded.clear()
    version = decode_cache._version
    monkeypatch.setattr(
        decode_cache, "_version", lambda x: "0" if x == library else version(x)
    )

    store(paths)

    assert sorted(decoded) == ["a.png", "b.png", "broken.png"]

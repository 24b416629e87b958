import hashlib
import os
import signal
import subprocess
import sys

import pytest

from detl.datasets import FolderDataset
from detl.errors import DetlError

FILES = {"nih/images/1.png": b"one", "nih/labels.csv": b"a,b\n"}


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def dataset(tmp_path):
    return FolderDataset(filepath=tmp_path / "new" / "raw")


def test_loading_gives_the_path(dataset, tmp_path):
    dataset.save(FILES)
    assert dataset.load() == tmp_path / "new" / "raw"
    assert (dataset.load() / "nih/labels.csv").read_bytes() == b"a,b\n"


def test_saving_twice_gives_the_same_folder(dataset):
    dataset.save(FILES)
    first = contents(dataset.load())
    dataset.save(dict(reversed(FILES.items())))
    assert contents(dataset.load()) == first


def test_saving_again_leaves_no_file_of_the_first_time(dataset):
    dataset.save({"old.txt": b"old", "nih/masks/old.png": b"old"})
    dataset.save(FILES)
    assert set(contents(dataset.load())) == {*FILES, ".made-by-detl"}
    assert not (dataset.load() / "nih/masks").exists()
    assert [path.name for path in dataset.load().parent.iterdir()] == ["raw"]


def test_the_list_has_the_checksum_of_each_file(dataset):
    dataset.save(FILES)
    lines = (dataset.load() / ".made-by-detl").read_text().splitlines()[1:]
    assert lines == [
        f"{hashlib.sha256(FILES[name]).hexdigest()}  {name}" for name in sorted(FILES)
    ]


OF_A_USER = ["clinic/COVID/a.png", "nih/images/mine.png", "notes.docx", "nih/old.bak"]


def test_files_of_others_beside_and_between_its_own_are_kept(dataset):
    dataset.save({**FILES, "nih/images/2.png": b"two"})
    for name in OF_A_USER:
        (dataset.load() / name).parent.mkdir(parents=True, exist_ok=True)
        (dataset.load() / name).write_bytes(b"mine")
    (dataset.load() / "empty").mkdir()

    dataset.save({"other/1.png": b"new"})

    kept = contents(dataset.load())
    assert {name: kept[name] for name in OF_A_USER} == dict.fromkeys(OF_A_USER, b"mine")
    assert set(kept) == {*OF_A_USER, "other/1.png", ".made-by-detl"}
    assert (dataset.load() / "empty").is_dir()


def replace_by_link(path, target):
    path.unlink()
    path.symlink_to(target)


def replace_by_folder(path, target):
    path.unlink()
    (path / "mine").mkdir(parents=True)


def put_link_above(path, target):
    """Move the folder of the file away, and put a link to it in its place."""
    path.parent.rename(target.with_name("elsewhere"))
    path.parent.symlink_to(target.with_name("elsewhere"))


CHANGES = [
    lambda path, target: path.write_bytes(b"a,b\nedited,by hand\n"),
    replace_by_link,
    replace_by_folder,
    put_link_above,
]


@pytest.mark.parametrize("next_files", [FILES, {"other.txt": b"new"}])
@pytest.mark.parametrize("change", CHANGES)
def test_what_was_changed_since_is_neither_replaced_nor_removed(
    dataset, tmp_path, change, next_files
):
    dataset.save(FILES)
    target = tmp_path / "target.csv"
    target.write_bytes(FILES["nih/labels.csv"])
    change(dataset.load() / "nih/labels.csv", target)
    before = contents(tmp_path)

    with pytest.raises(DetlError, match="not made here or has been changed"):
        dataset.save(next_files)

    assert contents(tmp_path) == before


def test_a_file_of_others_under_a_name_that_is_to_be_written_is_kept(dataset):
    dataset.save({"old.txt": b"old"})
    (dataset.load() / "nih").mkdir()
    (dataset.load() / "nih/labels.csv").write_bytes(b"mine")
    with pytest.raises(DetlError, match=r"labels\.csv was not made here"):
        dataset.save(FILES)
    assert (dataset.load() / "nih/labels.csv").read_bytes() == b"mine"
    assert (dataset.load() / "old.txt").exists()


def test_a_file_in_place_of_a_folder_is_kept(dataset):
    dataset.save({"old.txt": b"old"})
    (dataset.load() / "nih").write_bytes(b"mine")
    with pytest.raises(DetlError, match="was not made here"):
        dataset.save(FILES)
    assert (dataset.load() / "nih").read_bytes() == b"mine"


def test_a_file_that_was_deleted_is_made_again(dataset):
    dataset.save(FILES)
    (dataset.load() / "nih/labels.csv").unlink()
    dataset.save(FILES)
    assert (dataset.load() / "nih/labels.csv").read_bytes() == b"a,b\n"


def test_a_file_that_stays_the_same_is_not_written_again(dataset):
    dataset.save(FILES)
    before = (dataset.load() / "nih/labels.csv").stat()
    dataset.save({**FILES, "more.txt": b""})
    after = (dataset.load() / "nih/labels.csv").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def write_mark_without_list(folder):
    """Leave the mark as this project wrote it when it did not list the files."""
    text = b"Made by DETL, which replaces this folder when it makes it again.\n"
    (folder / ".made-by-detl").write_bytes(text)


def test_a_mark_without_list_takes_files_that_are_the_same_for_its_own(dataset):
    dataset.save(FILES)
    write_mark_without_list(dataset.load())
    dataset.save(FILES)
    dataset.save({"new.txt": b"new"})
    assert set(contents(dataset.load())) == {"new.txt", ".made-by-detl"}


def test_a_mark_without_list_allows_no_file_to_be_replaced(dataset):
    dataset.save(FILES)
    write_mark_without_list(dataset.load())
    with pytest.raises(DetlError, match="was not made here"):
        dataset.save({**FILES, "nih/labels.csv": b"others"})
    assert (dataset.load() / "nih/labels.csv").read_bytes() == b"a,b\n"


@pytest.mark.parametrize("name", ["../precious.csv", "/tmp/detl-no-such-file"])
def test_a_list_that_leads_out_of_the_folder_removes_nothing_there(
    dataset, tmp_path, name
):
    dataset.save(FILES)
    outside = tmp_path / "new" / "precious.csv"
    outside.write_bytes(b"mine")
    with (dataset.load() / ".made-by-detl").open("a") as marker:
        marker.write(f"{hashlib.sha256(b'mine').hexdigest()}  {name}\n")
    dataset.save({"new.txt": b"new"})
    assert outside.read_bytes() == b"mine"


KILLED = """
import os, signal, sys
from detl.datasets import FolderDataset
from detl.datasets import folder_dataset
whole = folder_dataset.written_whole
def killed_before_labels(path):
    if path.name == "labels.csv":
        os.kill(os.getpid(), signal.SIGKILL)
    return whole(path)
folder_dataset.written_whole = killed_before_labels
FolderDataset(filepath=sys.argv[1]).save({"a.txt": b"new", "nih/labels.csv": b"new"})
"""


@pytest.fixture
def killed(dataset):
    """Return the dataset, the second saving of which was killed in between."""
    dataset.save({"a.txt": b"old", **FILES})
    command = [sys.executable, "-c", KILLED, str(dataset.load())]
    run = subprocess.run(command, env={**os.environ}, check=False)
    assert run.returncode == -signal.SIGKILL
    return dataset


def test_a_folder_that_is_half_new_is_not_loaded(killed):
    assert not killed.exists()
    with pytest.raises(DetlError, match=r"is not whole.*--pipeline phantom"):
        killed.load()


@pytest.mark.parametrize("files", [FILES, {"nih/labels.csv": b"new", "b.txt": b"b"}])
def test_saving_again_makes_a_half_new_folder_whole(killed, files):
    killed.save(files)
    assert set(contents(killed.load())) == {*files, ".made-by-detl"}
    assert {name: contents(killed.load())[name] for name in files} == files


def test_an_empty_folder_may_be_filled(dataset, tmp_path):
    (tmp_path / "new" / "raw").mkdir(parents=True)
    dataset.save(FILES)
    assert set(FILES) < set(contents(dataset.load()))


def test_a_folder_of_other_files_is_never_replaced(dataset, tmp_path):
    mine = tmp_path / "new" / "raw" / "mine.dcm"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"precious")
    with pytest.raises(DetlError, match=r"not made here.*move it away"):
        dataset.save(FILES)
    assert contents(mine.parent) == {"mine.dcm": b"precious"}


@pytest.mark.parametrize("name", ["../out.txt", "/out.txt", "a/../../b", "a\\b", ""])
def test_a_name_that_leads_out_of_the_folder_is_refused(dataset, name, tmp_path):
    with pytest.raises(DetlError, match="leads out of the folder"):
        dataset.save({"fine.txt": b"", name: b"x"})
    assert contents(tmp_path) == {}


def test_a_missing_folder_is_named_with_what_belongs_there(dataset, tmp_path):
    with pytest.raises(DetlError) as error:
        dataset.load()
    for said in (str(tmp_path / "new" / "raw"), "data sets", "DETL_DATA", "catalog"):
        assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_folder_that_is_not_there_does_not_exist(dataset):
    assert not dataset.exists()
    dataset.save(FILES)
    assert dataset.exists()


def test_the_preview_counts_the_files_of_each_folder(dataset):
    assert dataset.preview() is None
    dataset.save({**FILES, "nih/images/2.PNG": b"two"})
    assert dataset.preview() == {
        "index": [0, 1, 2],
        "columns": ["folder", "type", "files"],
        "data": [
            [".", ".made-by-detl", 1],
            ["nih", ".csv", 1],
            ["nih/images", ".png", 2],
        ],
    }

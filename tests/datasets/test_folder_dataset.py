import hashlib
import os
import signal
import subprocess
import sys

import pytest
from kedro.io import DatasetError

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


@pytest.mark.parametrize(
    "name", ["clinic/COVID/a.png", "nih/images/mine.png", "notes.docx", "nih/old.bak"]
)
def test_a_folder_in_which_there_is_a_file_of_others_is_kept_as_it_is(dataset, name):
    dataset.save(FILES)
    (dataset.load() / name).parent.mkdir(parents=True, exist_ok=True)
    (dataset.load() / name).write_bytes(b"mine")
    before = contents(dataset.load())

    with pytest.raises(DetlError, match=f"{name} was not made here"):
        dataset.save({"other/1.png": b"new"})

    assert contents(dataset.load()) == before


def replace_by_link(path, target):
    path.unlink()
    path.symlink_to(target)


def replace_by_folder(path, target):
    path.unlink()
    path.mkdir()
    (path / "mine").write_bytes(b"mine")


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


def test_a_file_that_was_deleted_is_made_again(dataset):
    dataset.save(FILES)
    (dataset.load() / "nih/labels.csv").unlink()
    dataset.save(FILES)
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
from pathlib import Path
from detl.datasets import FolderDataset
write = Path.write_bytes
def killed_before_labels(path, content):
    if path.name == "labels.csv":
        os.kill(os.getpid(), signal.SIGKILL)
    return write(path, content)
Path.write_bytes = killed_before_labels
FolderDataset(filepath=sys.argv[1]).save({"a.txt": b"new", "nih/labels.csv": b"new"})
"""


def kill_saving(dataset, tmp_path):
    command = [sys.executable, "-c", KILLED, str(tmp_path / "new" / "raw")]
    run = subprocess.run(command, env={**os.environ}, check=False)
    assert run.returncode == -signal.SIGKILL


def test_a_folder_is_not_there_if_its_saving_was_killed(dataset, tmp_path):
    kill_saving(dataset, tmp_path)
    assert not dataset.exists()
    with pytest.raises(DetlError, match="There is no folder"):
        dataset.load()


def test_a_folder_stays_as_it_was_if_saving_it_again_was_killed(dataset, tmp_path):
    dataset.save(FILES)
    before = contents(dataset.load())
    kill_saving(dataset, tmp_path)
    assert contents(dataset.load()) == before


def test_saving_again_leaves_nothing_of_a_saving_that_was_killed(dataset, tmp_path):
    kill_saving(dataset, tmp_path)
    dataset.save(FILES)
    assert set(contents(tmp_path / "new")) == {
        *(f"raw/{name}" for name in FILES),
        "raw/.made-by-detl",
    }


def test_an_error_while_saving_leaves_the_folder_as_it_was(dataset, tmp_path):
    dataset.save(FILES)
    before = contents(tmp_path)
    with pytest.raises(DatasetError, match="Failed while saving"):
        dataset.save({"a": b"a file", "a/b": b"below it"})
    assert contents(tmp_path) == before


def test_an_empty_folder_may_be_filled(dataset, tmp_path):
    (tmp_path / "new" / "raw").mkdir(parents=True)
    dataset.save(FILES)
    assert set(FILES) < set(contents(dataset.load()))


def test_a_folder_of_other_files_is_never_replaced(dataset, tmp_path):
    mine = tmp_path / "new" / "raw" / "mine.dcm"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"precious")
    with pytest.raises(DetlError, match="was not made here"):
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

import os

import pytest

from detl.errors import DetlError
from detl.sources.files import list_files, require_folder, walk_files


def _write(folder, *files):
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).touch()
    return folder


def _faults(contents):
    return contents.faults.set_index("name")["reason"].to_dict()


def test_files_are_listed_in_order_without_hidden_ones_and_folders(tmp_path):
    (tmp_path / "images" / "deeper").mkdir(parents=True)
    for name in ("b.png", "a.png", "._a.png", ".DS_Store"):
        (tmp_path / "images" / name).touch()

    files = list_files(tmp_path, ["images", "missing"]).files

    assert list(files["path"]) == ["images/a.png", "images/b.png"]


def test_files_are_found_at_any_depth(tmp_path):
    _write(tmp_path, "b.png", "deep/er/a.png")

    assert list(walk_files(tmp_path).files["path"]) == ["b.png", "deep/er/a.png"]


@pytest.mark.parametrize(
    "name",
    [
        *(".a.png", "Thumbs.db", "@eaDir/a.png", "__MACOSX/a.png", ".thumbnails/a.png"),
        *("~snapshot/a.png", "@Recently-Snapshot/a.png"),
    ],
)
def test_what_systems_leave_is_hidden(tmp_path, name):
    contents = walk_files(_write(tmp_path, name, "a.png"))

    assert list(contents.files["path"]) == ["a.png"]
    assert contents.hidden == [name.split("/")[0]]
    assert contents.faults.empty


def test_a_link_to_a_folder_is_followed(tmp_path):
    _write(tmp_path, "here/a.png", "elsewhere/deep/b.png")
    (tmp_path / "here" / "link").symlink_to(tmp_path / "elsewhere")

    contents = walk_files(tmp_path / "here")

    assert list(contents.files["path"]) == ["a.png", "link/deep/b.png"]
    assert contents.faults.empty


def test_a_folder_is_read_once_and_in_its_own_place_first(tmp_path):
    _write(tmp_path, "z/a.png")
    (tmp_path / "again").symlink_to(tmp_path / "z")

    contents = walk_files(tmp_path)

    assert list(contents.files["path"]) == ["z/a.png"]
    assert _faults(contents) == {"again": "folder that was read already: z"}


def test_of_two_links_to_one_folder_the_second_is_named(tmp_path):
    _write(tmp_path, "elsewhere/a.png", "here/b.png")
    for name in ("first", "second"):
        (tmp_path / "here" / name).symlink_to(tmp_path / "elsewhere")

    contents = walk_files(tmp_path / "here")

    assert list(contents.files["path"]) == ["b.png", "first/a.png"]
    assert _faults(contents) == {"second": "folder that was read already: first"}


@pytest.mark.parametrize("target", [".", ".."], ids=["to itself", "to the one above"])
def test_a_link_that_leads_back_up_is_not_followed(tmp_path, target):
    _write(tmp_path, "here/a.png")
    (tmp_path / "here" / "loop").symlink_to(target)

    contents = walk_files(tmp_path / "here")

    assert list(contents.files["path"]) == ["a.png"]
    assert _faults(contents) == {"loop": "link to a folder that holds this one"}


def test_links_between_linked_folders_end(tmp_path):
    _write(tmp_path, "here/a.png", "one/b.png", "two/c.png")
    (tmp_path / "here" / "one").symlink_to(tmp_path / "one")
    (tmp_path / "one" / "two").symlink_to(tmp_path / "two")
    (tmp_path / "two" / "one").symlink_to(tmp_path / "one")

    contents = walk_files(tmp_path / "here")

    assert list(contents.files["path"]) == ["a.png", "one/b.png", "one/two/c.png"]
    assert _faults(contents) == {"one/two/one": "folder that was read already: one"}


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("nowhere", "No such file or directory"),
        ("link", "Too many levels of symbolic links"),
    ],
)
def test_a_link_that_leads_nowhere_is_named(tmp_path, target, why):
    (tmp_path / "link").symlink_to(tmp_path / target)

    assert _faults(walk_files(tmp_path)) == {"link": f"link that leads nowhere: {why}"}


def test_what_is_no_file_is_named(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")

    assert _faults(walk_files(tmp_path)) == {"pipe.png": "neither a file nor a folder"}


@pytest.mark.parametrize(
    "list_", [walk_files, lambda folder: list_files(folder, ["."])]
)
def test_names_that_are_not_utf_8_are_named_readably(tmp_path, list_):
    _write(tmp_path, "a.png")
    os.mkdir(os.fsencode(tmp_path) + b"/m\xfcnchen")
    with open(os.fsencode(tmp_path) + b"/m\xfcller.png", "wb"):
        pass

    contents = list_(tmp_path)

    assert list(contents.files["path"]) == ["a.png"]
    assert _faults(contents) == {
        "m\\xfcller.png": "name that is not UTF-8: rename it",
        "m\\xfcnchen": "name that is not UTF-8: rename it",
    }


@pytest.mark.skipif(os.geteuid() == 0, reason="root may enter every folder")
def test_a_folder_that_cannot_be_entered_is_named(tmp_path):
    _write(tmp_path, "a.png", "closed/b.png")
    (tmp_path / "closed").chmod(0)

    contents = walk_files(tmp_path)

    assert list(contents.files["path"]) == ["a.png"]
    assert _faults(contents) == {
        "closed": "folder that cannot be entered: Permission denied"
    }


@pytest.mark.skipif(os.geteuid() == 0, reason="root may enter every folder")
def test_a_source_that_cannot_be_entered_is_refused(tmp_path):
    (tmp_path / "closed").mkdir(mode=0)

    with pytest.raises(
        DetlError, match=r"closed, where films .*may not be read.*Permission denied"
    ):
        require_folder(tmp_path / "closed", "mine", "films")

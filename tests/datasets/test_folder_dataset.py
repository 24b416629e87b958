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
    return FolderDataset(filepath=tmp_path / "new" / "raw", contents="NIH images")


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
    dataset.save({"old.txt": b"old"})
    dataset.save(FILES)
    assert set(contents(dataset.load())) == {*FILES, ".made-by-detl"}
    assert [path.name for path in dataset.load().parent.iterdir()] == ["raw"]


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
    for said in (str(tmp_path / "new" / "raw"), "NIH images", "DETL_DATA", "catalog"):
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

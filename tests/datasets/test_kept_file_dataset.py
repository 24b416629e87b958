import pytest

from detl.datasets import KeptFileDataset, remove_saved
from detl.errors import DetlError


@pytest.fixture
def dataset(tmp_path):
    return KeptFileDataset(filepath=tmp_path / "kept.sqlite")


def test_loading_gives_the_path_of_a_file_that_is_not_there_yet(dataset, tmp_path):
    assert dataset.load() == tmp_path / "kept.sqlite"
    assert not dataset.exists()


def test_the_file_is_not_removed_with_what_a_run_has_saved(dataset):
    dataset.load().touch()

    assert not remove_saved(dataset)
    assert dataset.exists()


def test_saving_is_refused(dataset):
    with pytest.raises(DetlError, match="cannot be the output of a node"):
        dataset.save(b"")

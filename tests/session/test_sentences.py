"""What a user can mend is told in a sentence, and only that."""

import errno
import sqlite3

import pytest
import yaml
from kedro.config import MissingConfigException
from kedro.io import DatasetError
from omegaconf import OmegaConf
from omegaconf.errors import InterpolationResolutionError, OmegaConfBaseException
from sqlalchemy.exc import OperationalError

from detl.errors import DetlError
from detl.session.sentences import tell


def _wrapped(cause, by):
    try:
        try:
            raise cause
        except type(cause) as error:
            raise by from error
    except type(by) as error:
        return error


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "your share of the disk is full"),
        (errno.EROFS, "its disk is read-only"),
        (errno.EACCES, "may not be read or written by this user"),
        (errno.EPERM, "may not be changed by this user"),
        (errno.EIO, "its disk fails"),
        (errno.ESTALE, "mount the disk again"),
        (errno.EMFILE, "ulimit -n"),
    ],
)
def test_what_the_system_says_of_a_file_is_told_with_the_file(number, told):
    error = OSError(number, "as the system says it", "/data/pixels.npy")

    sentence = tell(_wrapped(error, DatasetError("Failed while saving\nfor a reason")))

    assert sentence is not None
    assert sentence.startswith("/data/pixels.npy ")
    assert told in sentence
    assert "\n" not in sentence


def test_a_full_disk_of_which_the_system_names_no_file_is_told():
    full = OSError(errno.ENOSPC, "No space left on device")

    sentence = tell(full)
    saving = tell(_wrapped(full, DatasetError("Failed while saving to images\nmore")))

    assert sentence is not None
    assert "the disk is full" in sentence
    assert saving is not None
    assert saving.startswith("A file (Failed while saving to images) cannot be written")


def test_an_error_of_the_project_is_told_in_its_own_words_however_it_is_wrapped():
    own = DetlError("There is no folder a, where images should be: make it.")

    assert tell(own) == str(own)
    assert tell(_wrapped(own, DatasetError("Failed"))) == str(own)


def test_a_value_of_conf_that_cannot_be_worked_out_is_told_with_its_name():
    asking = OmegaConf.create({"globals": {"raw": "${nowhere:A}"}})

    with pytest.raises(OmegaConfBaseException) as error:
        OmegaConf.to_container(asking, resolve=True)
    sentence = tell(error.value)

    assert sentence is not None
    assert sentence.startswith("The value 'globals.raw' in conf/ cannot be used")
    assert "nowhere" in sentence
    assert "\n" not in sentence


def test_a_tag_of_yaml_that_is_not_known_is_told():
    with pytest.raises(yaml.YAMLError) as error:
        yaml.safe_load("a: !!python/object:os.system x")
    sentence = tell(error.value)

    assert sentence is not None
    assert "python/object:os.system" in sentence
    assert "\n" not in sentence


@pytest.mark.filterwarnings("ignore:register_new_resolver")
def test_an_error_of_the_project_is_told_where_conf_asked_for_a_value():
    own = DetlError("The variable A is not set: set it.")

    def refuse(_):
        raise own

    OmegaConf.register_new_resolver("refusing", refuse, replace=True)
    asking = OmegaConf.create({"raw": "${refusing:A}"})

    with pytest.raises(InterpolationResolutionError) as error:
        OmegaConf.to_container(asking, resolve=True)
    assert tell(error.value) == str(own)


@pytest.mark.parametrize(
    "error",
    [
        DatasetError("Failed while loading\n  a table"),
        MissingConfigException("Failed while loading\n  a table"),
    ],
)
def test_what_kedro_says_is_told_in_one_line(error):
    assert tell(error) == "Failed while loading a table"


def test_too_little_memory_is_told():
    sentence = tell(MemoryError("Unable to allocate 40.0 GiB"))

    assert sentence is not None
    assert "too little memory (Unable to allocate 40.0 GiB)" in sentence


def test_no_folder_for_temporary_files_is_told():
    error = FileNotFoundError(
        errno.ENOENT, "No usable temporary directory found in ['/tmp']"
    )

    sentence = tell(error)

    assert sentence is not None
    assert "set TMPDIR" in sentence


def test_a_lock_of_the_store_during_a_run_is_told():
    locked = sqlite3.OperationalError("database is locked")

    sentence = tell(_wrapped(locked, OperationalError("UPDATE", {}, locked)))

    assert sentence is not None
    assert "locked by another process" in sentence


def test_another_file_of_sqlite_is_not_taken_for_the_store():
    assert tell(sqlite3.OperationalError("database is locked")) is None


@pytest.mark.parametrize(
    "error",
    [
        ValueError("of a fault"),
        KeyError("name"),
        ZeroDivisionError(),
        FileNotFoundError(errno.ENOENT, "No such file", "a"),
        ConnectionRefusedError(errno.ECONNREFUSED, "refused"),
    ],
)
def test_a_fault_of_the_project_keeps_its_traceback(error):
    assert tell(error) is None


def test_an_error_that_came_up_while_another_was_handled_is_not_told_as_that_one():
    fault = KeyError("a fault in the handling")
    fault.__context__ = PermissionError(errno.EACCES, "Permission denied", "a")

    assert tell(fault) is None

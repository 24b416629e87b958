import json
import logging
import subprocess
import sys

import pytest

from detl.datasets import FolderDataset
from detl.errors import DetlError
from detl.schemas.parameters import PhantomParameters
from detl.session.sample import ensure_sample


@pytest.fixture
def parameters():
    return PhantomParameters(
        seed=0,
        size=48,
        noise=1.0,
        lesion_strength=1.0,
        nih={"No Finding": 2},
        covid_chestxray={"COVID-19": 1},
        dirt=False,
    )


@pytest.fixture
def sample(tmp_path):
    return FolderDataset(filepath=tmp_path / "raw" / "phantoms")


@pytest.fixture
def said(caplog):
    """Return a function that gives the lines that were logged, once."""
    caplog.set_level(logging.INFO, logger="detl.sample")

    def read():
        lines = [record.getMessage() for record in caplog.records]
        caplog.clear()
        return lines

    return read


def test_a_sample_that_is_not_there_is_made_and_a_line_says_so(
    sample, parameters, said
):
    ensure_sample(sample, parameters)

    assert (sample.load() / "nih/Data_Entry_2017.csv").exists()
    (line,) = said()
    assert line == (
        "The sample is not there yet; making it: 3 synthetic radiographs in "
        f"{sample.path}"
    )


def test_an_empty_folder_is_no_sample(sample, parameters):
    sample.path.mkdir(parents=True)
    ensure_sample(sample, parameters)
    assert (sample.load() / "nih/Data_Entry_2017.csv").exists()


def test_a_sample_that_is_there_is_not_made_again(sample, parameters, said):
    ensure_sample(sample, parameters)
    before = sample.path.stat()
    said()

    ensure_sample(sample, parameters)

    assert sample.path.stat().st_ino == before.st_ino
    assert said() == []


def test_a_sample_of_other_parameters_is_made_again_and_a_line_says_which(
    sample, parameters, said
):
    ensure_sample(sample, parameters)
    said()

    ensure_sample(sample, parameters.model_copy(update={"seed": 1}))

    (line,) = said()
    assert "phantom.seed = 0, and 1 is asked for" in line
    assert json.loads((sample.load() / "parameters.json").read_text())["seed"] == 1


def test_a_sample_that_does_not_say_its_parameters_is_made_again(
    sample, parameters, said
):
    ensure_sample(sample, parameters)
    (sample.path / "parameters.json").unlink()
    said()

    ensure_sample(sample, parameters)

    assert "does not say what it was made with" in said()[0]


def test_a_sample_that_was_changed_is_not_replaced(sample, parameters):
    ensure_sample(sample, parameters)
    (sample.path / "nih/Data_Entry_2017.csv").write_text("mine")

    with pytest.raises(DetlError, match="has been changed since"):
        ensure_sample(sample, parameters.model_copy(update={"seed": 1}))

    assert (sample.path / "nih/Data_Entry_2017.csv").read_text() == "mine"


def test_a_folder_of_somebody_s_own_is_left_as_it_is(sample, parameters, said):
    (sample.path / "clinic").mkdir(parents=True)
    ensure_sample(sample, parameters)
    assert [path.name for path in sample.path.iterdir()] == ["clinic"]
    assert said() == []


MAKER = """
import sys, time
from pathlib import Path
from detl.datasets import FolderDataset
from detl.phantoms.sample import make_phantoms
from detl.schemas.parameters import PhantomParameters
from detl.session.simultaneous_runs import one_at_a_time
parameters = PhantomParameters.model_validate_json(sys.argv[2])
sample = FolderDataset(filepath=sys.argv[1])
with one_at_a_time(Path(sys.argv[1]).parent):
    print("makes it", flush=True)
    time.sleep(0.5)
    sample.save(make_phantoms(parameters))
"""


def test_who_needs_a_sample_that_another_process_makes_waits_for_it(
    sample, parameters, said
):
    sample.path.parent.mkdir()
    command = [sys.executable, "-c", MAKER, sample.path, parameters.model_dump_json()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as maker:
        assert maker.stdout.readline() == "makes it\n"
        ensure_sample(sample, parameters)

    assert maker.returncode == 0
    assert sample.exists()
    assert said() == []

import json
import subprocess
import sys

import pytest
from kedro.pipeline import Node

from detl.errors import DetlError
from detl.session.made_with import FILE, RAW, Change, Ledger, find_changes

NOTING = """
import sys
from pathlib import Path
from detl.session.made_with import Ledger
for number in range(25):
    Ledger(Path(sys.argv[1])).note([f"{sys.argv[2]}_{number}"], {"seed": sys.argv[2]})
"""


def node_of(*inputs):
    return Node(lambda *_: 0, list(inputs), "model", name="train")


def changes(made, asked, *inputs):
    found = find_changes([node_of(*inputs)], {"model": made}, asked)
    assert {change.dataset for change in found} <= {"model"}
    return {change.parameter: change.before for change in found}


def test_what_was_noted_is_read(tmp_path):
    ledger = Ledger(tmp_path)
    ledger.note(["images", "pixels"], {"seed": "0"})
    ledger.note(["model"], {"seed": "7"})

    read = ledger.read()

    assert read == {
        "images": {"seed": "0"},
        "pixels": {"seed": "0"},
        "model": {"seed": "7"},
    }


def test_where_there_is_no_ledger_nothing_was_noted(tmp_path):
    assert Ledger(tmp_path).read() == {}


def test_what_is_made_again_was_made_with_the_last_parameters_only(tmp_path):
    ledger = Ledger(tmp_path)
    for seed in ("0", "7"):
        ledger.note(["model"], {"seed": seed})

    assert ledger.read() == {"model": {"seed": "7"}}
    (only,) = json.loads((tmp_path / FILE).read_text())
    assert only == {"parameters": {"seed": "7"}, "datasets": ["model"]}


@pytest.mark.parametrize(
    "content",
    [
        b'[{"parameters": {}, ',
        b'[{"parameters": "x", "datasets": ["images"]}]',
        b'[{"parameters": {}, "datasets": "images"}]',
        b'[{"parameters": {"seed": 0}, "datasets": ["images"]}]',
        b'[{"parameters": {}}]',
        b"{}",
        b'""',
        b"",
        "[]".encode("utf-16"),
    ],
)
def test_a_ledger_that_is_damaged_is_told_in_a_sentence_with_the_way_out(
    tmp_path, content
):
    (tmp_path / FILE).write_bytes(content)

    with pytest.raises(DetlError, match=rf"^.*{FILE}, .*--pipeline detl --env test'"):
        Ledger(tmp_path, "test").read()


def test_a_folder_in_place_of_the_ledger_is_told(tmp_path):
    (tmp_path / FILE).mkdir()

    with pytest.raises(DetlError, match=r"directory.*remove it .*--pipeline detl'"):
        Ledger(tmp_path).read()


def test_a_change_names_the_first_file_that_was_made_with_it():
    first, second = (Node(lambda _: 0, "params:seed", name) for name in ("b", "a"))
    made = {"seed": "0"}

    found = find_changes([first, second], {"a": made, "b": made}, {"seed": "7"})

    assert found == [Change("b", "seed", "0")]


def test_two_runs_that_note_at_once_lose_nothing(tmp_path):
    command = [sys.executable, "-c", NOTING, str(tmp_path)]
    runs = [subprocess.Popen([*command, name]) for name in ("one", "other")]

    assert [run.wait() for run in runs] == [0, 0]
    assert len(Ledger(tmp_path).read()) == 50


def test_a_block_counts_with_all_its_parameters_and_no_others():
    made = {"ingest.fit": "crop", "ingest.views": '["PA"]', "ingestion": "1"}
    asked = {"ingest.fit": "pad", "ingest.views": '["AP"]', "ingestion": "2"}

    found = changes(made, asked, "params:ingest")

    assert found == {"ingest.fit": "crop", "ingest.views": '["PA"]'}


def test_a_parameter_that_is_new_or_gone_counts_as_changed():
    made, asked = {"ingest.sources.a.folder": "a"}, {"ingest.sources.b.folder": "b"}

    found = changes(made, asked, "params:ingest")

    assert found == {"ingest.sources.a.folder": "a", "ingest.sources.b.folder": None}


def test_the_raw_data_folder_counts_for_who_reads_it():
    made, asked = {RAW: "here"}, {RAW: "there"}

    assert changes(made, asked, "radiographs") == {RAW: "here"}
    assert changes(made, asked, "images", "parameters") == {}


def test_who_takes_all_parameters_uses_all_but_raw_data_and_those_of_additions():
    made = {"seed": "0", "source": "films", "pretrainings": "1", RAW: "here"}
    asked = {"seed": "7", "source": "others", "pretrainings": "3", RAW: "there"}

    assert changes(made, asked, "parameters") == {"seed": "0"}

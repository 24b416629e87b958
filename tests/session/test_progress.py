"""What a run says while it goes on, and at its end."""

import json
import sys
from datetime import UTC, datetime

import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline

from detl.datasets import AtomicJSONDataset
from detl.session.progress import (
    RunProgressHooks,
    describe,
    estimate_seconds_left,
    list_files,
    note_last_run,
    read_last_seconds,
    spell_time,
    weigh_nodes,
)


def test_the_time_left_is_what_the_nodes_to_come_took_last_time():
    seconds = {"quick": 10.0, "slow": 30.0}

    assert estimate_seconds_left(10, ["quick"], seconds) == 30


def test_a_run_that_is_twice_as_slow_as_the_last_has_twice_the_time_left():
    seconds = {"quick": 10.0, "slow": 30.0}

    assert estimate_seconds_left(20, ["quick"], seconds) == 60


def test_the_time_left_is_not_said_before_something_is_done():
    assert estimate_seconds_left(20, [], {"quick": 1.0, "slow": 1.0}) is None


def test_nodes_that_were_not_run_last_time_count_as_the_mean():
    weights = weigh_nodes(["a", "b", "c"], {"a": 2.0, "b": 4.0, "elsewhere": 90.0})

    assert weights == {"a": 2, "b": 4, "c": 3}


def test_all_nodes_count_the_same_where_there_was_no_run_before(tmp_path):
    last = read_last_seconds(tmp_path / "not_there.json")

    assert weigh_nodes(["a", "b"], last) == {"a": 1, "b": 1}


def test_the_seconds_are_those_that_kedro_viz_has_noted(tmp_path):
    path = tmp_path / "events.json"
    events = [
        {"event": "before_pipeline_run"},
        {"event": "after_node_run", "node": "a", "duration": 2.5},
    ]
    path.write_text(json.dumps(events))

    assert read_last_seconds(path) == {"a": 2.5}


@pytest.mark.parametrize(
    ("seconds", "spelt"), [(4.4, "0:04"), (64, "1:04"), (3599.6, "1:00:00")]
)
def test_times_are_in_minutes_and_from_an_hour_on_in_hours(seconds, spelt):
    assert spell_time(seconds) == spelt


def test_the_line_says_network_stage_fold_and_times():
    line = describe("vgg16.crossval.fold_2.train_fold", 65, 130)

    assert line == "vgg16 crossval fold_2 train_fold  1:05 elapsed, about 2:10 left"


def test_files_are_counted_by_folder_and_what_is_in_memory_is_not(tmp_path):
    made = AtomicJSONDataset(filepath=(tmp_path / "data/a.json").as_posix())
    made.save(1)
    not_made = AtomicJSONDataset(filepath=(tmp_path / "data/b.json").as_posix())
    catalog = DataCatalog({"a": made, "b": not_made, "c": MemoryDataset(1)})

    assert list_files(["a", "b", "c"], catalog, tmp_path) == ["  1 in data"]


class Terminal:
    """The error stream, which says that it is a terminal."""

    def __init__(self, stream):
        self._stream = stream

    def isatty(self):
        return True

    def __getattr__(self, name):
        return getattr(self._stream, name)


@pytest.fixture
def run_two_nodes():
    """Return a function that calls the hooks as a run of two nodes does."""
    nodes = Pipeline(
        [
            Node(lambda: 1, None, "a", name="first", namespace="net.explain"),
            Node(lambda a: a, "a", "b", name="second", namespace="net.explain"),
        ]
    )

    def run():
        hooks = RunProgressHooks()
        hooks.before_pipeline_run(nodes)
        for node in nodes.nodes:
            hooks.before_node_run(node)
            hooks.after_node_run(node)
        hooks.after_pipeline_run(nodes, DataCatalog({}))

    return run


def test_a_terminal_shows_which_node_of_how_many(run_two_nodes, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stderr", Terminal(sys.stderr))

    run_two_nodes()

    assert "node 2 of 2  net explain second" in capsys.readouterr().err


def test_a_log_file_has_no_line_of_progress_and_says_at_the_end_what_was_done(
    run_two_nodes, capsys
):
    run_two_nodes()

    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.startswith("Done: 2 nodes in 0:00.")


def test_the_seconds_of_nodes_that_ran_elsewhere_are_noted_as_kedro_viz_does(
    tmp_path, monkeypatch
):
    (tmp_path / "pyproject.toml").write_text("[tool.kedro]\n")
    monkeypatch.chdir(tmp_path)
    table = AtomicJSONDataset(filepath=(tmp_path / "table.json").as_posix())
    table.save([1, 2])
    node = Node(lambda start: start, "start", "table", name="tabulate")

    began = datetime(2026, 11, 28, 12, tzinfo=UTC)
    note_last_run([node], {"tabulate": 2.5}, DataCatalog({"table": table}), began)

    path = tmp_path / ".viz/kedro_pipeline_events.json"
    first, *_ = json.loads(path.read_text())
    assert first["timestamp"] == "2026-11-28T12:00:00+00:00"
    assert read_last_seconds(path) == {"tabulate": 2.5}
    (saved,) = [e for e in json.loads(path.read_text()) if "dataset" in e]
    assert saved["dataset"] == "table"
    assert saved["size"] == (tmp_path / "table.json").stat().st_size

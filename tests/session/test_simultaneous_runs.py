"""Two runs at once: one that would disturb the other is refused, before it begins."""

import errno
import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from detl.errors import DetlError
from detl.session import simultaneous_runs
from detl.session.selection import outputs_made_from, select_pipeline
from detl.session.simultaneous_runs import FOLDER, Use, alone, using
from made_sample import sample_folder
from project_copy import copy_project, run_kedro

OTHER = """
import json, sys
from pathlib import Path
from detl.session.simultaneous_runs import Use, using
use = Use(*map(frozenset, json.loads(sys.argv[2])))
with using(Path(sys.argv[1]), use, "kedro run --pipeline audit"):
    print("holds it", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def another_process(folder, use):
    """Let another process hold the folder while the block runs."""
    kinds = json.dumps([sorted(use.reads), sorted(use.writes), sorted(use.removes)])
    process = subprocess.Popen(
        [sys.executable, "-c", OTHER, str(folder), kinds],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout.readline() == "holds it\n"
        try:
            yield process
        finally:
            process.kill()


def use_of(reads="", writes="", removes=""):
    return Use(*(frozenset(names.split()) for names in (reads, writes, removes)))


def use_of_command(*pipelines, **filters):
    """Return what ``kedro run`` with these pipelines and filters uses."""
    nodes = select_pipeline(pipelines, filters)
    outputs = nodes.all_outputs()
    removed = outputs_made_from(outputs) - outputs
    return Use(frozenset(nodes.inputs()), frozenset(outputs), frozenset(removed))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"writes": "model"}, {"writes": "model scores"}),
        ({"writes": "model"}, {"reads": "model"}),
        ({"writes": "model"}, {"removes": "model"}),
        ({"reads": "model"}, {"removes": "model"}),
    ],
)
def test_what_one_changes_and_the_other_uses_disturbs_whichever_comes_first(one, other):
    one, other = use_of(**one), use_of(**other)
    assert one.disturbs(other)
    assert other.disturbs(one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"writes": "fold_1"}, {"writes": "fold_2"}),
        ({"reads": "features"}, {"reads": "features"}),
        ({"removes": "summary"}, {"removes": "summary"}),
    ],
)
def test_what_both_read_or_both_remove_disturbs_nobody(one, other):
    one, other = use_of(**one), use_of(**other)
    assert not one.disturbs(other)
    assert not other.disturbs(one)


EXPLAIN, TRAIN = "vgg16.explain.fold_1", "vgg16.crossval.fold_1"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("detl", None), ("detl", None)),
        (("detl", None), ("ingest", None)),
        (("detl", None), ("audit", None)),
        (("audit", None), ("external", None)),
        (("detl", [EXPLAIN]), ("pretrain", None)),
        (("detl", [TRAIN]), ("detl", [TRAIN])),
    ],
)
def test_commands_that_share_files_disturb_each_other(one, other):
    one, other = (use_of_command(p, namespaces=names) for p, names in (one, other))
    assert one.disturbs(other)


def test_two_folds_can_be_trained_at_once():
    one, other = (
        use_of_command("detl", namespaces=[f"vgg16.crossval.{f}", f"vgg16.explain.{f}"])
        for f in ("fold_1", "fold_2")
    )
    assert not one.disturbs(other)


def test_the_second_run_is_refused_with_who_holds_the_folder(tmp_path):
    use = use_of(writes="model")
    with another_process(tmp_path, use) as other:
        with pytest.raises(DetlError) as error, using(tmp_path, use, "kedro run"):
            pass
        for said in ("'kedro run --pipeline audit'", str(tmp_path), str(other.pid)):
            assert said in str(error.value)
        assert "since 20" in str(error.value)


def test_runs_that_share_nothing_go_on_side_by_side(tmp_path):
    with (
        another_process(tmp_path, use_of(writes="fold_1", removes="summary")),
        using(tmp_path, use_of(writes="fold_2", removes="summary"), "kedro run"),
    ):
        assert len(list((tmp_path / FOLDER).glob("*.json"))) == 2


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_run_that_was_killed_holds_nothing(tmp_path, how):
    use = use_of(writes="model")
    with another_process(tmp_path, use) as other:
        other.send_signal(how)
        other.wait(60)
        with using(tmp_path, use, "kedro run"):
            assert len(list((tmp_path / FOLDER).glob("*.json"))) == 1


def test_a_process_forked_from_a_killed_run_holds_nothing(tmp_path):
    use = use_of(writes="model")
    forks = OTHER.replace("    print", "    os.fork() or time.sleep(60)\n    print")
    kinds = json.dumps([[], ["model"], []])
    process = subprocess.Popen(
        [sys.executable, "-c", f"import os, time{forks}", str(tmp_path), kinds],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            assert process.stdout.readline() == "holds it\n"
            process.kill()
            os.waitpid(process.pid, 0)
            with using(tmp_path, use, "kedro run"):
                pass
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def test_a_run_is_alone_while_only_it_uses_the_folder(tmp_path):
    with using(tmp_path, use_of(writes="fold_1"), "kedro run"):
        with alone(tmp_path) as is_alone:
            assert is_alone
        with (
            another_process(tmp_path, use_of(writes="fold_2")) as other,
            alone(tmp_path) as is_alone,
        ):
            assert not is_alone
        other.wait(60)
        with alone(tmp_path) as is_alone:
            assert is_alone
        # Its own note has been kept.
        with another_process(tmp_path, use_of(reads="fold_2")):
            assert len(list((tmp_path / FOLDER).glob("*.json"))) == 2


def test_a_run_that_failed_holds_nothing(tmp_path):
    with (
        pytest.raises(ValueError, match="in the run"),
        using(tmp_path, use_of(writes="model"), "kedro run"),
    ):
        raise ValueError("in the run")
    assert not list((tmp_path / FOLDER).glob("*.json"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    tmp_path.chmod(0o500)
    with (
        pytest.raises(DetlError, match=r"cannot be written \(Permission denied\)"),
        using(tmp_path, use_of(), "kedro run"),
    ):
        pass


def test_a_data_folder_that_is_a_file_is_told(tmp_path):
    (tmp_path / "data").touch()
    with (
        pytest.raises(DetlError, match=r"data cannot be written \(Not a directory\)"),
        using(tmp_path / "data", use_of(), "kedro run"),
    ):
        pass


def test_a_link_to_a_disk_that_is_not_there_is_told(tmp_path):
    (tmp_path / "data").symlink_to(tmp_path / "disk")

    with (
        pytest.raises(DetlError, match="data is a file, or a link to no folder"),
        using(tmp_path / "data" / "test", use_of(), "kedro run"),
    ):
        pass


def test_where_there_are_no_locks_the_run_goes_on_and_says_so(
    tmp_path, monkeypatch, caplog
):
    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(simultaneous_runs.fcntl, "lockf", refuse)
    with using(tmp_path, use_of(), "kedro run"):
        pass
    assert "has no locks" in caplog.text


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return copy_project(tmp_path_factory.mktemp("at_once"))


def test_a_refused_run_has_removed_nothing(project):
    images = project / "data/test/02_intermediate/images.parquet"
    images.parent.mkdir(parents=True)
    images.write_bytes(b"of the run that is going on")
    with another_process(project / "data/test", use_of_command("detl")):
        second = run_kedro(project, "run", "--env", "test", "--pipeline", "ingest")

    assert second.returncode == 1
    (sentence,) = second.stdout.strip().splitlines()
    assert "'kedro run --pipeline audit' is using" in sentence
    assert images.read_bytes() == b"of the run that is going on"


def test_the_phantoms_are_not_drawn_anew_while_they_are_read(project):
    with another_process(project / "data", use_of(reads=str(sample_folder()))):
        second = run_kedro(project, "run", "--pipeline", "phantom")

    assert second.returncode == 1
    assert "is using" in second.stdout

"""Files are replaced all or not at all, wherever the process is killed."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from detl.errors import DetlError
from detl.session.made_with import Ledger
from detl.session.next_results import NextResults

EARLIER = {
    "02_intermediate/images.parquet": "earlier",
    "06_models/vgg16/fold_1.keras": "earlier",
    "08_reporting/report.html": "earlier",
    "08_reporting/notes.txt": "a user's",
}
REPLACED = (
    "08_reporting/report.html",
    "08_reporting/new.csv",
    "06_models/vgg16/fold_1.keras",
)
"""What is made from others comes before these."""


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def read(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in files
        if not {".running", ".next", "made_with.json"} & set(path.parts)
    }


@pytest.fixture
def data(tmp_path):
    """Return a data folder with results."""
    folder = tmp_path / "data"
    write(folder, EARLIER)
    Ledger(folder).note(["images", "report_page"], {"seed": "0"})
    return folder


@pytest.fixture
def beside(data):
    """Return what is being made in place of a part of it; nothing is made yet."""
    beside = NextResults(data)
    beside.replace([data / name for name in REPLACED])
    return beside


def make(beside: NextResults, *names: str) -> None:
    for name in names:
        write(beside.folder, {name: "new"})


def test_a_file_is_made_beside_the_one_that_it_replaces(beside, data):
    make(beside, *REPLACED[:2])

    assert read(data) == EARLIER
    assert beside.missing() == [data / REPLACED[2]]


def test_what_is_made_takes_the_place_of_what_was_there_and_nothing_else(beside, data):
    make(beside, *REPLACED)
    Ledger(beside.folder).note(["report_page"], {"seed": "7"})

    beside.take_place()

    assert read(data) == {**EARLIER, **dict.fromkeys(REPLACED, "new")}
    assert Ledger(data).read() == {
        "images": {"seed": "0"},
        "report_page": {"seed": "7"},
    }
    assert not beside.folder.exists()
    assert not beside.is_open()


def test_what_was_not_made_again_is_gone_when_the_new_takes_its_place(beside, data):
    make(beside, REPLACED[1])

    beside.take_place()

    assert read(data).keys() == EARLIER.keys() - set(REPLACED) | {REPLACED[1]}


def test_what_is_dropped_leaves_the_earlier_files(beside, data):
    make(beside, *REPLACED)

    assert beside.discard() == 3

    assert read(data) == EARLIER
    assert not beside.folder.exists()


def test_what_is_to_be_made_once_more_is_removed_where_it_is_made(beside, data):
    make(beside, *REPLACED)

    beside.replace([data / REPLACED[0], data / "02_intermediate/images.parquet"])

    assert set(beside.missing()) == {
        data / REPLACED[0],
        data / "02_intermediate/images.parquet",
    }
    assert read(data) == EARLIER


def test_what_a_killed_run_has_left_without_a_list_is_not_taken_for_results(data):
    beside = NextResults(data)
    make(beside, REPLACED[0])

    beside.replace([data / REPLACED[0]])

    assert beside.missing() == [data / REPLACED[0]]


def test_a_file_outside_of_the_data_folder_is_replaced_too(data, tmp_path):
    elsewhere = tmp_path / "disk" / "pixels.npy"
    write(tmp_path, {"disk/pixels.npy": "earlier"})
    beside = NextResults(data)
    beside.replace([elsewhere])
    beside.place_of(elsewhere).write_text("new")
    assert elsewhere.read_text() == "earlier"

    beside.take_place()

    assert elsewhere.read_text() == "new"
    assert os.listdir(elsewhere.parent) == ["pixels.npy"]


@pytest.mark.skipif(
    not os.access("/dev/shm", os.W_OK)
    or os.stat("/dev/shm").st_dev == os.stat("/tmp").st_dev,
    reason="there is no second file system",
)
def test_a_layer_may_be_a_link_to_another_disk(data, tmp_path_factory):
    with tempfile.TemporaryDirectory(dir="/dev/shm") as disk:
        layer = data / "06_models" / "vgg16"
        (layer / "fold_1.keras").unlink()
        layer.rmdir()
        layer.symlink_to(disk)
        write(data, {REPLACED[2]: "earlier"})
        beside = NextResults(data)
        beside.replace([data / REPLACED[2]])
        make(beside, REPLACED[2])

        beside.take_place()

        assert (Path(disk) / "fold_1.keras").read_text() == "new"
        assert layer.is_symlink()


def test_a_damaged_list_is_told_with_what_to_do(beside):
    (beside.folder / "replaces.json").write_text('{"files": 1}')

    with pytest.raises(DetlError, match=r"cannot be read: remove .*\.next"):
        beside.missing()

    beside.discard()
    assert not beside.folder.exists()


SERVER = """
import json, os, signal, sys
from pathlib import Path
from detl.session.next_results import NextResults

def act(data, call, steps, names):
    left = steps

    def counted(function):
        def count(*args, **kwargs):
            nonlocal left
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **kwargs)
        return count

    os.replace, Path.unlink, os.rmdir = map(
        counted, (os.replace, Path.unlink, os.rmdir)
    )
    beside = NextResults(Path(data))
    files = [Path(data) / name for name in names]
    beside.replace(files) if call == "replace" else getattr(beside, call)()
    os._exit(0)

for line in sys.stdin:
    process = os.fork() or act(*json.loads(line))
    print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)
"""


@pytest.fixture(scope="module")
def kill_after():
    """Return a function that lets a process change files at most so many times.

    It tells whether the process was killed before it came to its end.
    """
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", SERVER], **pipes) as server:

        def kill(steps: int, data: Path, call: str) -> bool:
            command = json.dumps([str(data), call, steps, REPLACED])
            server.stdin.write(f"{command}\n")
            server.stdin.flush()
            ended = int(server.stdout.readline())
            assert ended in (0, -signal.SIGKILL)
            return ended != 0

        yield kill
        server.stdin.close()


@pytest.mark.parametrize("lacks", [0, 1])
def test_a_process_killed_while_the_new_takes_its_place_leaves_one_or_the_other(
    tmp_path, kill_after, lacks
):
    made = REPLACED[lacks:]
    new = {**EARLIER, **dict.fromkeys(made, "new")}
    for name in REPLACED[:lacks]:
        del new[name]
    steps, seen = 0, []
    while True:
        data = tmp_path / str(steps) / "data"
        write(data, EARLIER)
        beside = NextResults(data)
        beside.replace([data / name for name in REPLACED])
        make(beside, *made)
        Ledger(beside.folder).note(["report_page"], {"seed": "7"})
        killed = kill_after(steps, data, "take_place")

        has_begun = beside.finish()

        found = read(data)
        seen.append(found)
        assert found == (new if has_begun or not beside.is_open() else EARLIER)
        if beside.is_open():  # it was killed before it began, and can still be made
            assert beside.missing() == [data / name for name in REPLACED[:lacks]]
        else:
            assert Ledger(data).read() == {"report_page": {"seed": "7"}}
        if not killed:
            break
        steps += 1
    assert EARLIER in seen
    assert new in seen


@pytest.mark.parametrize("act", ["discard", "replace"])
def test_a_process_killed_while_it_drops_or_begins_leaves_the_earlier(
    tmp_path, kill_after, act
):
    steps, killed = 0, True
    while killed:
        data = tmp_path / str(steps) / "data"
        write(data, EARLIER)
        beside = NextResults(data)
        beside.replace([data / name for name in REPLACED])
        make(beside, *REPLACED)
        killed = kill_after(steps, data, act)

        assert read(data) == EARLIER
        assert not beside.finish()
        # What others were made from is never gone before these.
        left = [beside.place_of(data / name).is_file() for name in REPLACED]
        if act == "replace":
            assert left == sorted(left)
        steps += 1
    assert steps > 2
    if act == "discard":
        assert not beside.is_open()
    else:
        state = json.loads((beside.folder / "replaces.json").read_text())
        assert state["files"] == list(REPLACED)

"""``make`` with names of files that it would divide or take for its own."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]

NAMES = [
    "COVID (1).png",
    "a;b.png",
    "a:b.png",
    "a#b.png",
    "a$b%.png",
    "a\"b'.png",
    "a\nb",
]

LONG_AGO, LATER = 1_000_000_000, 1_500_000_000

pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="there is no make")


@pytest.fixture
def project(tmp_path):
    """Return a project with a last run, whose commands tell that they were called."""
    project = tmp_path / "a project"
    for folder in ("src/detl", "conf/base", "data/01_raw/clinic", "data/08_reporting"):
        (project / folder).mkdir(parents=True)
    shutil.copy(PROJECT / "Makefile", project)
    commands = project / ".venv" / "bin"
    commands.mkdir(parents=True)
    for name in ("kedro", "python", "mlflow"):
        (commands / name).write_text(f'#!/bin/sh\necho "{name} $*"\n')
        (commands / name).chmod(0o755)
    for name in ("pyproject.toml", "requirements.lock", "src/detl/code.py"):
        (project / name).touch()
    for path in (project, *project.rglob("*")):
        os.utime(path, (LONG_AGO, LONG_AGO))
    (project / ".venv" / "installed-cpu").touch()
    for name in ("summary.csv", "report.html", ".finished"):
        (project / "data" / "08_reporting" / name).touch()
        os.utime(project / "data" / "08_reporting" / name, (LATER, LATER))
    return project


def _make(project, *arguments, **environment):
    chosen = ("KEDRO_ENV", "DETL_DATA", "DETL_RESULTS")
    kept = {name: value for name, value in os.environ.items() if name not in chosen}
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=project,
        # Its own Python would take seconds to make an environment.
        env={**kept, "PYTHON": "true", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def test_a_run_whose_inputs_have_not_changed_is_up_to_date(project):
    made = _make(project, "run")

    assert "Up to date" in made.stdout
    assert "kedro run" not in made.stdout


@pytest.mark.parametrize(
    "changed",
    ["src/detl/code.py", "conf/base/new.yml", "pyproject.toml", "data/01_raw/clinic/a"],
)
def test_a_changed_input_is_a_reason_to_run(project, changed):
    (project / changed).write_text("changed")

    made = _make(project, "run")

    assert "kedro run --pipeline detl" in made.stdout
    assert "Up to date" in _make(project, "run").stdout


def test_a_removed_input_is_a_reason_to_run(project):
    (project / "src" / "detl" / "code.py").unlink()

    assert "kedro run --pipeline detl" in _make(project, "run").stdout


@pytest.mark.parametrize("place", ["data/01_raw", "data/01_raw/clinic"])
def test_a_changed_input_behind_a_link_is_a_reason_to_run(project, tmp_path, place):
    elsewhere = tmp_path / "large disk"
    (project / place).rename(elsewhere)
    (project / place).symlink_to(elsewhere)
    for path in (elsewhere, (project / place).parent):
        os.utime(path, (LONG_AGO, LONG_AGO))
    os.utime(project / place, (LONG_AGO, LONG_AGO), follow_symlinks=False)
    assert "Up to date" in _make(project, "run").stdout

    (elsewhere / "new.png").touch()

    assert "kedro run --pipeline detl" in _make(project, "run").stdout


@pytest.mark.parametrize("name", ["KEDRO_ENV", "DETL_DATA", "DETL_RESULTS"])
def test_what_is_asked_of_elsewhere_is_not_answered_with_the_result_here(project, name):
    made = _make(project, "run", **{name: "other"})

    assert "kedro run --pipeline detl" in made.stdout


@pytest.mark.parametrize("name", ["summary.csv", "report.html"])
def test_a_result_that_is_not_there_is_not_up_to_date(project, name):
    (project / "data" / "08_reporting" / name).unlink()

    assert "kedro run --pipeline detl" in _make(project, "run").stdout


def test_a_result_that_has_not_taken_its_place_is_not_up_to_date(project):
    (project / "src" / "detl" / "code.py").write_text("changed")
    kedro = project / ".venv" / "bin" / "kedro"
    kedro.write_text(f"{kedro.read_text()}\nmkdir -p data/.next\n")

    assert _make(project, "run").returncode == 0

    assert "kedro run --pipeline detl" in _make(project, "run").stdout


@pytest.mark.parametrize("name", ["KEDRO_ENV", "DETL_RESULTS"])
def test_a_run_of_another_folder_is_no_run_of_this_one(project, name):
    (project / "src" / "detl" / "code.py").write_text("changed")

    _make(project, "run", **{name: "other"})

    assert "kedro run --pipeline detl" in _make(project, "run").stdout


@pytest.mark.parametrize("name", ["KEDRO_ENV", "DETL_RESULTS"])
@pytest.mark.parametrize("target", ["run", "clean"])
def test_another_folder_leaves_the_result_here_up_to_date(project, target, name):
    assert _make(project, target, **{name: "other"}).returncode == 0

    assert "Up to date" in _make(project, "run").stdout


def test_what_python_compiles_is_no_reason_to_run(project):
    compiled = project / "src" / "detl" / "__pycache__"
    compiled.mkdir()
    os.utime(compiled.parent, (LONG_AGO, LONG_AGO))
    (compiled / "code.pyc").write_text("newer")

    assert "Up to date" in _make(project, "run").stdout


def test_a_new_key_of_pseudonyms_is_no_reason_to_run(project):
    key = project / "conf" / "base" / "patient_key"
    key.write_text("newer")
    os.utime(key.parent, (LONG_AGO, LONG_AGO))

    assert "Up to date" in _make(project, "run").stdout


@pytest.mark.parametrize("folder", ["data/01_raw/clinic", "conf/base", "src/detl"])
def test_any_name_of_a_file_can_be_read_and_is_a_reason_to_run(project, folder):
    for name in NAMES:
        (project / folder / name).touch()

    assert "list the targets" in _make(project, "help").stdout
    made = _make(project, "run")
    assert made.returncode == 0, made.stdout
    assert "kedro run --pipeline detl" in made.stdout
    assert "Up to date" in _make(project, "run").stdout


def test_a_run_that_fails_is_not_finished(project):
    (project / "conf" / "base" / "new.yml").touch()
    (project / ".venv" / "bin" / "kedro").write_text("#!/bin/sh\nexit 1\n")

    assert _make(project, "run").returncode != 0
    assert not (project / "data" / "08_reporting" / ".finished").exists()


@pytest.mark.parametrize(
    ("target", "port", "server"),
    [("ui", "5000", "mlflow ui"), ("viz", "4141", "kedro viz run")],
)
def test_another_port_can_be_chosen(project, target, port, server):
    usual = _make(project, target)
    other = _make(project, target, "PORT=5999")

    assert f"python -m detl.session.free_port {port}" in usual.stdout
    assert f"{server} --host 127.0.0.1 --port {port}" in usual.stdout
    assert f"{server} --host 127.0.0.1 --port 5999" in other.stdout


def test_the_server_of_mlflow_tells_where_the_folds_are(project):
    said = _make(project, "ui", "PORT=5999").stdout

    assert "python -m detl.session.mlflow_view 5999" in said


def test_the_graph_is_shown_with_the_address_at_which_it_is_short(project):
    address = "http://127.0.0.1:5999/?pid=stages&types=nodes"

    assert address in _make(project, "viz", "PORT=5999").stdout


def test_a_port_for_another_program_in_the_environment_changes_nothing(project):
    said = subprocess.run(
        ["make", "ui"],
        cwd=project,
        env={**os.environ, "PORT": "8080"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )

    assert "--port 5000" in said.stdout


def test_a_run_uses_the_processors_as_the_project_says(project):
    (project / "src" / "detl" / "code.py").write_text("changed")

    made = _make(project, "run")

    # The command that says so, of which the one here says its own words.
    assert (
        "kedro run --pipeline detl python -m detl.cluster.this_machine" in made.stdout
    )


def test_a_gpu_is_used_by_one_process(project):
    (project / ".venv" / "installed-gpu").touch()
    (project / "src" / "detl" / "code.py").write_text("changed")

    made = _make(project, "run", "EXTRA=gpu")

    assert "detl.cluster.this_machine" not in made.stdout

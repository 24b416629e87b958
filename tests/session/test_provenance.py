import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from detl.session.provenance import (
    Provenance,
    describe_run,
    tag_accelerators,
    tag_run,
)
from detl.session.selection import FILTERS

ASKED = {
    "env": None,
    "pipeline_names": [],
    "runtime_params": {},
    "only_missing_outputs": False,
    **dict.fromkeys(FILTERS),
}


@pytest.mark.parametrize(
    ("asked", "command"),
    [
        ({}, "kedro run"),
        (
            {"pipeline_names": ["detl"], "env": "paper"},
            "kedro run --pipeline detl --env paper",
        ),
        (
            {"namespaces": ["vgg16.crossval", "vgg16.explain"]},
            "kedro run --namespaces vgg16.crossval,vgg16.explain",
        ),
        (
            {"runtime_params": {"seed": 1, "split": {"protocol": "paper"}}},
            "kedro run --params seed=1,split.protocol=paper",
        ),
        ({"only_missing_outputs": True}, "kedro run --only-missing-outputs"),
    ],
)
def test_the_command_can_be_typed_again(asked, command, tmp_path):
    assert describe_run(tmp_path, {**ASKED, **asked})["command"] == command


def _commit(project: Path) -> None:
    name = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for arguments in (["init"], ["add", "."], [*name, "commit", "-m", "first"]):
        subprocess.run(
            ["git", *arguments], cwd=project, check=True, capture_output=True
        )


def test_the_revision_is_that_of_the_commit_and_says_whether_files_differ(tmp_path):
    (tmp_path / "code.py").write_text("a = 1\n")
    _commit(tmp_path)
    clean = describe_run(tmp_path, ASKED)
    (tmp_path / "code.py").write_text("a = 2\n")

    assert len(clean["revision"]) == 40
    assert not clean["changed"]
    assert describe_run(tmp_path, ASKED)["changed"]


def test_outside_of_git_there_is_no_revision(tmp_path):
    described = describe_run(tmp_path, ASKED)

    assert described["revision"] is None
    assert not described["changed"]


def test_the_tags_name_commit_tree_runner_versions_and_processor(tmp_path):
    (tmp_path / "code.py").write_text("a = 1\n")
    _commit(tmp_path)
    runner = "<detl.session.runner.FoldByFoldRunner object at 0x7fbf7e2dbf50>"
    asked = {**ASKED, "env": "test", "project_path": str(tmp_path), "runner": runner}
    described = describe_run(tmp_path, asked)

    tags = tag_run(asked)

    assert tags["mlflow.source.git.commit"] == described["revision"]
    assert tags["detl.tree"] == "clean"
    assert tags["runner"] == "FoldByFoldRunner"
    assert tags["kedro_command"] == "kedro run --env test"
    assert f"keras {described['versions']['keras']}," in tags["detl.versions"]
    assert tags["detl.machine"].endswith(described["machine"]["processor"])


def test_outside_of_git_no_tag_names_a_commit(tmp_path):
    asked = {**ASKED, "project_path": str(tmp_path), "runner": "SequentialRunner"}

    tags = tag_run(asked)

    assert not {"mlflow.source.git.commit", "detl.tree"} & tags.keys()
    assert tags["runner"] == "SequentialRunner"


def test_the_versions_are_of_what_is_installed(tmp_path):
    import numpy as np

    versions = describe_run(tmp_path, ASKED)["versions"]

    assert versions["numpy"] == np.__version__
    assert "not installed" not in versions.values()


def test_the_start_and_the_model_of_the_processor_are_known(tmp_path):
    described = describe_run(tmp_path, ASKED)

    assert datetime.fromisoformat(described["started"]).utcoffset() == timedelta(0)
    assert described["machine"]["processor"]


def test_a_node_learns_how_long_the_run_has_taken_and_that_nothing_is_logged(tmp_path):
    described = describe_run(tmp_path, ASKED)
    earlier = datetime.fromisoformat(described["started"]) - timedelta(minutes=5)
    loaded = Provenance({**described, "started": earlier.isoformat()}).load()

    assert 300 <= loaded["seconds"] < 3_600
    assert loaded["mlflow_run"] is None


def test_a_node_in_another_process_is_told_the_run_of_the_first(tmp_path):
    described = Provenance(describe_run(tmp_path, ASKED)).describe()
    elsewhere = Provenance({**described, "mlflow_run": "a1b2"}).load()

    assert described["mlflow_run"] is None
    assert elsewhere["mlflow_run"] == "a1b2"


def test_the_accelerators_are_those_of_the_workers_if_these_have_run_the_nodes():
    tags = tag_accelerators("NVIDIA H100")

    assert tags == {"detl.accelerators": "NVIDIA H100"}

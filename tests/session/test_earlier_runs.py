import json
from pathlib import Path

import mlflow
import pytest
from mlflow.entities import LoggedModelOutput, ViewType

from detl.errors import DetlError
from detl.session.commands import (
    COMMAND,
    LAST_COMMAND,
    PARTS,
    UNFINISHED,
    Setting,
)
from detl.session.earlier_runs import (
    EXPERIMENT,
    choose_run,
    delete_runs,
    find_run_to_continue,
    find_unfinished_run,
    refuse_other_run,
)


def command_of(environment, started, *pipelines):
    nothing = dict.fromkeys(PARTS)
    env = None if environment == "base" else environment
    return {
        **nothing,
        "env": env,
        "pipeline_names": list(pipelines),
        "started": f"2026-01-01T{started}:00.000+00:00",
    }


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    store = f"sqlite:///{tmp_path_factory.mktemp('store')}/mlflow.db"
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(store)
    yield mlflow.MlflowClient()
    mlflow.set_tracking_uri(before)


@pytest.fixture
def add_run(client, monkeypatch, request, tmp_path):
    """Return a function that adds a session's run, in an experiment of the test."""
    monkeypatch.setattr("detl.session.earlier_runs.EXPERIMENT", request.node.name)
    experiment = client.create_experiment(request.node.name, str(tmp_path))

    def add(environment, *commands, unfinished=(), parameters="same"):
        tags = {
            COMMAND: json.dumps(commands[0]),
            LAST_COMMAND: json.dumps(commands[-1]),
            UNFINISHED: json.dumps(list(unfinished)),
            "detl.environment": environment,
            "detl.parameters": parameters,
        }
        return client.create_run(experiment, tags=tags).info.run_id

    return add


def test_the_experiment_is_the_projects():
    assert EXPERIMENT == "detl"


def test_the_newest_unfinished_command_is_found_whichever_run_began_first(add_run):
    ingest = command_of("test", "08", "ingest")
    pretrain = command_of("test", "11", "pretrain")
    continued = add_run("test", ingest, pretrain, unfinished=[ingest, pretrain])
    add_run("base", whole := command_of("base", "10", "detl"), unfinished=[whole])

    found = find_unfinished_run(None)

    assert (found.run_id, found.environment) == (continued, "test")
    assert found.command == pretrain
    assert found.others == ("base",)


def test_an_environment_that_is_asked_for_is_preferred_to_a_newer_one(add_run):
    older = add_run(
        "base", whole := command_of("base", "10", "detl"), unfinished=[whole]
    )
    add_run("test", ingest := command_of("test", "11", "ingest"), unfinished=[ingest])

    found = find_unfinished_run("base")

    assert (found.run_id, found.command, found.others) == (older, whole, ("test",))


def test_a_run_that_later_runs_have_replaced_on_disk_is_not_found(add_run):
    old = command_of("test", "10", "detl")
    add_run("test", old, unfinished=[old], parameters="others")
    add_run("test", command_of("test", "11", "ingest"))

    with pytest.raises(DetlError) as error:
        find_unfinished_run(None)
    assert "'kedro run --pipeline ingest --env test' came to the end" in str(
        error.value
    )
    assert "detl" not in str(error.value)


def test_an_older_run_that_was_used_last_is_the_newest(add_run):
    first, last = command_of("test", "08", "ingest"), command_of("test", "12", "split")
    used_last = add_run("test", first, last, unfinished=[last])
    add_run("test", command_of("test", "10", "ingest"), parameters="others")

    assert find_unfinished_run(None).run_id == used_last


def test_where_nothing_was_run_the_command_that_does_is_told(add_run):
    with pytest.raises(DetlError, match=r"none was started.*kedro run --pipeline detl"):
        find_unfinished_run(None)


def test_a_part_continues_where_environment_and_parameters_are_the_same(add_run):
    same = add_run("test", command_of("test", "08", "ingest"))
    add_run("test", command_of("test", "10", "ingest"), parameters="others")
    add_run("base", command_of("base", "11", "ingest"))

    assert find_run_to_continue("test", "same") == same
    assert find_run_to_continue("reduced", "same") is None


def test_a_run_that_is_named_is_continued_a_whole_run_is_new_a_part_goes_on(add_run):
    setting = Setting("test", {"seed": 0}, raw="data")
    command = command_of("test", "08", "ingest")
    older, newer = (
        add_run("test", command, parameters=setting.digest) for _ in range(2)
    )

    assert choose_run(older, False, setting) == older
    assert choose_run(None, False, setting) is None
    assert choose_run(None, True, setting) in (older, newer)


def test_other_parameters_or_raw_data_are_another_run_and_another_source_is_not():
    setting = Setting("test", {"seed": 0, "source": None}, raw="data")

    for parameters, raw in (({"seed": 7}, "data"), ({"seed": 0}, "elsewhere")):
        other = Setting("test", {**parameters, "source": None}, raw)
        assert other.digest != setting.digest
    for apart in ({"source": "films"}, {"source": None, "mlflow_models": False}):
        same = Setting("test", {"seed": 0, **apart}, "data")
        assert same.digest == setting.digest


def test_the_runs_of_one_environment_are_deleted_with_their_files(add_run, client):
    parent, other = (
        add_run(name, command_of(name, "08", "ingest")) for name in ("test", "paper")
    )
    experiment = client.get_run(parent).info.experiment_id
    tags = {"detl.root": parent}
    fold = client.create_run(experiment, tags=tags).info.run_id
    of_a_user = client.create_run(experiment, tags={"mlflow.runName": "mine"})
    put_aside = client.create_run(experiment).info.run_id
    client.delete_run(put_aside)
    client.log_text(fold, "a picture", "grad_cam.txt")
    files = client.get_run(fold).info.artifact_uri
    assert Path(files, "grad_cam.txt").exists()
    network, of_a_user_too = (
        client.create_logged_model(experiment, source_run_id=run)
        for run in (fold, of_a_user.info.run_id)
    )
    client.log_outputs(fold, [LoggedModelOutput(network.model_id, 0)])
    client.delete_logged_model(of_a_user_too.model_id)

    assert delete_runs("test") == 2

    left = client.search_runs([experiment], run_view_type=ViewType.ALL)
    assert {run.info.run_id for run in left} == {
        other,
        of_a_user.info.run_id,
        put_aside,
    }
    assert not Path(files).exists()
    kept = client._tracking_client.store._get_deleted_logged_models()
    assert kept == [of_a_user_too.model_id]
    assert client.search_logged_models([experiment]) == []
    assert delete_runs("test") == 0


def test_a_run_is_continued_where_environment_and_parameters_are_its_own(add_run):
    run = add_run("test", command_of("test", "08", "detl"))

    refuse_other_run(run, "test", "same")
    with pytest.raises(DetlError, match="of environment test, and"):
        refuse_other_run(run, "paper", "same")
    with pytest.raises(DetlError, match="parameters have changed"):
        refuse_other_run(run, "test", "other")


@pytest.mark.parametrize("name", ["0" * 32, "abc", "a/b", "a b'"])
def test_a_run_that_is_not_there_is_not_continued(client, name):
    with pytest.raises(DetlError, match="MLFLOW_RUN_ID"):
        refuse_other_run(name, "test", "0")


def test_a_run_that_was_deleted_is_not_continued(add_run, client):
    run = add_run("test", command_of("test", "08", "detl"))
    client.delete_run(run)

    with pytest.raises(DetlError, match="There is no run"):
        refuse_other_run(run, "test", "same")

import json
from dataclasses import replace
from pathlib import Path

import mlflow
import pytest
from mlflow.entities import LoggedModelOutput, ViewType

from detl.errors import DetlError
from detl.session.commands import (
    COMMAND,
    IN_PLACE,
    LAST_COMMAND,
    PARTS,
    RESULTS,
    UNFINISHED,
    Setting,
)
from detl.session.earlier_runs import (
    choose_run,
    delete_runs,
    find_run_to_continue,
    find_unfinished_run,
    note_place,
    refuse_other_run,
)


def command_of(environment, started, *pipelines):
    nothing = dict.fromkeys(PARTS)
    env = None if environment == "base" else environment
    return {
        **nothing,
        "env": env,
        "pipeline_names": list(pipelines),
        "is_beside": False,
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

    def add(
        environment,
        *commands,
        unfinished=(),
        parameters="same",
        results="data",
        in_place="yes",
    ):
        tags = {
            COMMAND: json.dumps(commands[0]),
            LAST_COMMAND: json.dumps(commands[-1]),
            UNFINISHED: json.dumps(list(unfinished)),
            "detl.environment": environment,
            "detl.parameters": parameters,
            RESULTS: results,
            IN_PLACE: in_place,
        }
        return client.create_run(experiment, tags=tags).info.run_id

    return add


def test_the_newest_unfinished_command_is_found_whichever_run_began_first(add_run):
    ingest = command_of("test", "08", "ingest")
    pretrain = command_of("test", "11", "pretrain")
    continued = add_run("test", ingest, pretrain, unfinished=[ingest, pretrain])
    add_run("base", whole := command_of("base", "10", "detl"), unfinished=[whole])

    found = find_unfinished_run(None, None)

    assert (found.run_id, found.environment) == (continued, "test")
    assert found.command == pretrain
    assert found.others == ("kedro resume --env base",)


def test_an_environment_that_is_asked_for_is_preferred_to_a_newer_one(add_run):
    older = add_run(
        "base", whole := command_of("base", "10", "detl"), unfinished=[whole]
    )
    add_run("test", ingest := command_of("test", "11", "ingest"), unfinished=[ingest])

    found = find_unfinished_run("base", None)

    assert (found.run_id, found.command) == (older, whole)
    assert found.others == ("kedro resume --env test",)


def test_each_data_folder_has_an_unfinished_run_of_its_own(add_run):
    ingest = {**command_of("test", "08", "ingest"), "results": "my data"}
    split = command_of("test", "09", "split")
    there = add_run("test", ingest, unfinished=[ingest], results="my data")
    here = add_run("test", split, unfinished=[split])

    newest, asked = (find_unfinished_run("test", name) for name in (None, "my data"))

    assert newest.run_id == here
    assert newest.others == ("DETL_RESULTS='my data' kedro resume --env test",)
    assert asked.run_id == there
    with pytest.raises(DetlError, match="no run of environment test in elsewhere to"):
        find_unfinished_run("test", "elsewhere")


def test_a_run_whose_files_were_dropped_is_neither_resumed_nor_continued(add_run):
    command = command_of("test", "08", "detl")
    digest = Setting("test", {}, "raw", "data").digest
    add_run("test", command, unfinished=[command], parameters=digest)
    dropped = command_of("test", "09", "detl")
    add_run(
        "test",
        dropped,
        unfinished=[dropped],
        parameters=digest,
        in_place="not yet",
    )

    note_place("test", "data", "dropped")

    assert find_unfinished_run(None, None).command == command
    kept = find_run_to_continue(Setting("test", {}, "raw", "data"))
    assert kept == find_unfinished_run(None, None).run_id


@pytest.mark.parametrize(("now", "left"), [("dropped", 1), ("yes", 2)])
def test_a_command_whose_files_were_dropped_is_not_unfinished_any_more(
    add_run, client, now, left
):
    detl = command_of("test", "08", "detl")
    explain = {**command_of("test", "09", "explain"), "is_beside": True}
    run = add_run("test", detl, explain, unfinished=[detl, explain])

    note_place("test", "data", now)

    tags = client.get_run(run).data.tags
    assert tags[IN_PLACE] == "yes"
    unfinished = [detl, {**explain, "is_beside": False}]
    assert json.loads(tags[UNFINISHED]) == unfinished[:left]


def test_only_the_runs_of_one_folder_that_waited_come_to_their_place(add_run, client):
    command = command_of("test", "08", "detl")
    waiting, elsewhere, done = (
        add_run("test", command, results=results, in_place=place)
        for results, place in (("a", "not yet"), ("b", "not yet"), ("a", "dropped"))
    )

    note_place("test", "a", "yes")

    places = [
        client.get_run(run).data.tags[IN_PLACE] for run in (waiting, elsewhere, done)
    ]
    assert places == ["yes", "not yet", "dropped"]


def test_a_run_that_later_runs_have_replaced_on_disk_is_not_found(add_run):
    old = command_of("test", "10", "detl")
    add_run("test", old, unfinished=[old], parameters="others")
    add_run("test", command_of("test", "11", "ingest"))

    with pytest.raises(DetlError) as error:
        find_unfinished_run(None, None)
    assert "'kedro run --pipeline ingest --env test' came to the end" in str(
        error.value
    )
    assert "detl" not in str(error.value)


def test_an_older_run_that_was_used_last_is_the_newest(add_run):
    first, last = command_of("test", "08", "ingest"), command_of("test", "12", "split")
    used_last = add_run("test", first, last, unfinished=[last])
    add_run("test", command_of("test", "10", "ingest"), parameters="others")

    assert find_unfinished_run(None, None).run_id == used_last


def test_where_nothing_was_run_the_command_that_does_is_told(add_run):
    with pytest.raises(DetlError, match=r"none was started.*kedro run --pipeline detl"):
        find_unfinished_run(None, None)


def test_a_part_continues_where_environment_and_parameters_are_the_same(add_run):
    setting = Setting("test", {"seed": 0}, "raw", "data")
    same = add_run(
        "test", command_of("test", "08", "ingest"), parameters=setting.digest
    )
    add_run("test", command_of("test", "10", "ingest"), parameters="others")
    for environment, results in (("base", "data"), ("test", "wide")):
        command = command_of(environment, "11", "ingest")
        add_run(environment, command, parameters=setting.digest, results=results)

    assert find_run_to_continue(setting) == same
    assert find_run_to_continue(replace(setting, environment="reduced")) is None


def test_a_run_that_is_named_is_continued_a_whole_run_is_new_a_part_goes_on(add_run):
    setting = Setting("test", {"seed": 0}, "raw", "data")
    command = command_of("test", "08", "ingest")
    older, newer = (
        add_run("test", command, parameters=setting.digest) for _ in range(2)
    )

    assert choose_run(older, False, setting) == older
    assert choose_run(None, False, setting) is None
    assert choose_run(None, True, setting) in (older, newer)


def test_other_parameters_or_raw_data_are_another_run_and_additions_are_not():
    setting = Setting("test", {"seed": 0, "source": None}, "raw", "data")

    for parameters, raw in (({"seed": 7}, "raw"), ({"seed": 0}, "elsewhere")):
        other = Setting("test", {**parameters, "source": None}, raw, "data")
        assert other.digest != setting.digest
    for apart in (
        {"source": "films"},
        {"source": None, "predictions": "theirs.csv"},
        {"source": None, "pretrainings": 3},
        {"source": None, "mlflow_models": False},
    ):
        same = Setting("test", {"seed": 0, **apart}, "raw", "data")
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

    assert delete_runs("test", "elsewhere") == 0
    assert delete_runs("test", "data") == 2

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
    assert delete_runs("test", "data") == 0


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

"""What a user sees who has made a mistake: one sentence, before any training."""

import socket

import pytest

from project_copy import copy_project, run_kedro

RUN = ("run", "--pipeline", "detl", "--env", "test")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return copy_project(tmp_path_factory.mktemp("mistakes"))


def _error_of(project, *arguments: str, **environment: str) -> str:
    run = run_kedro(project, *arguments, **environment)
    assert run.returncode == 1, run.stdout
    assert "Traceback" not in run.stdout
    assert "pretrain AlexNet" not in run.stdout
    return run.stdout.strip().splitlines()[-1]


def test_a_misspelt_parameter_is_named(project):
    error = _error_of(project, *RUN, "--params", "split.data_b.normal.cuont=3")

    assert error.startswith("Error: The parameters are refused")
    assert "'split.data_b.normal.cuont' is not a parameter" in error


@pytest.mark.long
def test_a_missing_raw_folder_is_named_with_what_sets_it_and_belongs_there(project):
    error = _error_of(project, *RUN, DETL_DATA="no/such/folder")

    assert "no/such/folder" in error
    assert "DETL_DATA" in error
    assert "data sets" in error


@pytest.mark.long
def test_too_few_groups_for_the_folds_is_told_with_the_class_and_both_numbers(project):
    error = _error_of(
        project, *RUN, "--params", "split.data_b.pneumonia.findings.Pneumonia=3"
    )

    assert "Class pneumonia has 3 groups" in error
    assert "5" in error


@pytest.mark.long
def test_a_misspelt_network_is_told_with_the_known_ones(project):
    error = _error_of(
        project, *RUN, "--params", "architectures.vgg16.network.network=vgg"
    )

    assert "there is no network 'vgg'" in error
    assert "vgg16" in error


def test_a_stage_without_its_inputs_is_told_what_to_run_first(project):
    ingested = run_kedro(project, "run", "--pipeline", "ingest", "--env", "test")
    assert ingested.returncode == 0, ingested.stdout

    error = _error_of(project, "run", "--pipeline", "pretrain", "--env", "test")

    assert "'data_a' is not there yet" in error
    assert "1 missing in all" in error
    assert "'kedro run --to-nodes split.check_leaks --env test' first" in error


@pytest.mark.long
def test_where_several_inputs_are_missing_the_whole_run_is_advised(project):
    error = _error_of(project, "run", "--pipeline", "report", "--env", "test")

    assert "'kedro run --pipeline detl --env test' first" in error


@pytest.mark.long
def test_a_network_that_was_not_trained_is_missing_to_its_own_nodes(project):
    node = "vgg16.evaluate.score_network"
    error = _error_of(project, "run", "--nodes", node, "--env", "test")

    assert "'vgg16.crossval.tested_by_seed' is not there yet" in error


@pytest.mark.long
def test_a_file_of_weights_that_is_not_there_is_told_before_anything_runs(project):
    weights = "architectures.vgg16.imagenet.weights=/nowhere.h5"
    error = _error_of(project, "run", "--pipeline", "ablation", "--params", weights)

    assert "'/nowhere.h5', where there is no file" in error


@pytest.mark.long
def test_one_pretraining_is_not_compared_and_the_command_for_three_is_told(project):
    command = ("run", "--pipeline", "stability", "--tags", "vgg16")

    error = _error_of(project, *command, "--params", "seed=7")

    assert "'pretrainings' is 1" in error
    assert (
        "'kedro run --pipeline stability --tags vgg16 --params seed=7,pretrainings=3'"
    ) in error


@pytest.mark.long
def test_an_unknown_node_is_named(project):
    error = _error_of(project, *RUN, "--from-nodes", "nosuch")

    assert "nosuch" in error


def test_an_unknown_pipeline_is_told_with_the_known_ones(project):
    error = _error_of(project, "run", "--pipeline", "dtel")

    assert "'dtel'" in error
    assert "crossval" in error


@pytest.mark.long
def test_a_variable_that_an_environment_needs_is_named(project):
    error = _error_of(
        project, "run", "--pipeline", "ingest", "--env", "reduced", DETL_DATA=""
    )

    assert "DETL_DATA is not set" in error


@pytest.mark.long
def test_a_file_in_conf_that_is_no_yaml_is_told_with_its_line(project):
    broken = project / "conf" / "local" / "parameters_ingest.yml"
    broken.write_text("ingest:\n\tinput_size: 64\n")
    try:
        error = _error_of(project, "run", "--pipeline", "ingest")
    finally:
        broken.unlink()

    assert f"{broken}, line 2, cannot be read (a tab" in error


@pytest.mark.long
def test_a_server_of_mlflow_that_is_down_is_told_before_anything_runs(project):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"

    error = _error_of(project, *RUN, MLFLOW_TRACKING_URI=address)

    assert f"MLflow's store {address} cannot be reached" in error


@pytest.mark.long
@pytest.mark.parametrize("command", [RUN, ("resume",)], ids=["run", "resume"])
def test_a_damaged_store_of_mlflow_is_told_before_anything_runs(project, command):
    store = project / "mlflow.db"
    store.write_text("No database is as short as this." * 100)
    try:
        error = _error_of(project, *command)
    finally:
        store.unlink()

    assert f"{store}, the store of MLflow, cannot be used" in error


@pytest.mark.long
def test_a_backend_that_is_none_of_ours_is_told_before_anything_runs(project):
    error = _error_of(project, *RUN, KERAS_BACKEND="torch")

    assert "'torch'" in error
    assert "'tensorflow' or 'jax'" in error

import json

import mlflow
import pytest

from detl.session import mlflow_view
from detl.session.earlier_runs import EXPERIMENT
from detl.session.metric_keys import HEADLINE
from detl.session.mlflow_view import drop_view, find_address, save_view
from detl.session.run_tree import RunTree

SERVER = "http://127.0.0.1:5000"


@pytest.fixture
def store(tmp_path, mlflow_store):
    """Return a client, and the tree of a session with a network and two folds."""
    client = mlflow.MlflowClient(mlflow_store)
    experiment = client.create_experiment(EXPERIMENT, str(tmp_path / "artifacts"))
    parent = client.create_run(experiment, run_name="detl").info.run_id
    tree = RunTree(client, parent)
    tree.set_tags({"detl.unit": "", "detl.crossval": parent})
    for unit in (("vgg16", "fold_2"), ("vgg16", "fold_1"), ("vgg16", "scratch_all")):
        tree.start(unit, lambda unit: {})
    return client, tree


def test_the_view_finds_session_network_and_folds_in_their_order(store):
    client, tree = store

    save_view(client, tree.parent_id)

    experiment = client.get_experiment_by_name(EXPERIMENT)
    view = json.loads(experiment.tags["mlflow.sharedViewState.folds"])
    state = json.loads(view["state"])
    direction = "ASC" if state["orderByAsc"] else "DESC"
    shown = client.search_runs(
        [experiment.experiment_id],
        state["searchFilter"],
        order_by=[f"{state['orderByKey']} {direction}"],
    )
    names = [run.info.run_name for run in shown]
    assert names == ["detl", "vgg16", "vgg16-fold_1", "vgg16-fold_2"]
    assert state["selectedColumns"] == [f"metrics.`{key}`" for key in HEADLINE]


def test_the_address_names_the_view_and_the_pages_for_training(store):
    client, tree = store
    save_view(client, tree.parent_id)

    address = find_address(client, f"{SERVER}/")

    assert address == (
        f"{SERVER}/#/experiments/1/runs?workflowType=machine_learning"
        "&viewStateShareKey=folds"
    )


def test_before_the_first_run_there_is_no_address(mlflow_store):
    client = mlflow.MlflowClient(mlflow_store)

    assert find_address(client, SERVER) is None


def test_the_view_goes_with_the_run_that_it_shows(store):
    client, tree = store
    save_view(client, tree.parent_id)

    drop_view(client, EXPERIMENT, ["another"])
    assert find_address(client, SERVER)

    drop_view(client, EXPERIMENT, [tree.parent_id])
    assert find_address(client, SERVER) is None


def test_the_command_prints_the_address_at_its_port(
    store, tmp_path, monkeypatch, capsys
):
    save_view(*store[:1], store[1].parent_id)
    monkeypatch.chdir(tmp_path)

    mlflow_view.main("5999")

    assert "http://127.0.0.1:5999/#/experiments/1/runs?" in capsys.readouterr().out


def test_without_a_store_the_command_makes_none(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    mlflow_view.main("5000")

    assert capsys.readouterr().out == ""
    assert not (tmp_path / "mlflow.db").exists()

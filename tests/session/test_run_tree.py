import json

import mlflow
import pytest

from detl.session.run_tree import LOGGED, MOST_AT_ONCE, RunTree


@pytest.fixture
def tree(tmp_path):
    client = mlflow.MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    experiment = client.create_experiment("test", str(tmp_path / "artifacts"))
    return RunTree(client, client.create_run(experiment).info.run_id)


def test_curves_of_more_points_than_a_call_takes_are_logged_whole(tree):
    curves = {"loss": [0.5] * (MOST_AT_ONCE - 1), "val_loss": [0.25] * 3}

    tree.log((), "history", "curves", "history", curves)

    for name, values in curves.items():
        points = tree.client.get_metric_history(tree.parent_id, name)
        assert [p.step for p in points] == list(range(1, len(values) + 1))


def test_what_was_logged_in_part_is_not_taken_for_logged(tree, monkeypatch):
    log_batch = tree.client.log_batch

    def fail_at_tags(run_id, metrics=(), params=(), tags=()):
        if tags:
            raise ConnectionError("the store is gone")
        log_batch(run_id, metrics)

    monkeypatch.setattr(tree.client, "log_batch", fail_at_tags)
    with pytest.raises(ConnectionError):
        tree.log((), "history", "curves", "h", {"loss": [0.5] * (MOST_AT_ONCE + 1)})

    assert LOGGED not in tree.client.get_run(tree.parent_id).data.tags


def test_metrics_words_and_the_mark_are_one_call(tree, monkeypatch):
    calls = []
    monkeypatch.setattr(
        tree.client, "log_batch", lambda *args, **kwargs: calls.append(kwargs)
    )

    tree.log((), "summary", "metrics", "summary", {"accuracy": 0.5, "note": "few"})

    (call,) = calls
    tags = {tag.key: tag.value for tag in call["tags"]}
    assert tags["note"] == "few"
    assert list(json.loads(tags[LOGGED])) == ["summary"]


def test_more_parameters_than_a_call_takes_are_all_logged(tree):
    parameters = {f"parameter_{number}": str(number) for number in range(150)}

    tree.log_parameters((), parameters)

    assert tree.client.get_run(tree.parent_id).data.params == parameters


def test_a_number_by_seed_is_a_metric_whose_steps_are_the_seeds(tree):
    scores = {"accuracy": 0.55, "seed_accuracy": {"3": 0.5, "4": 0.6}, "sd": None}

    tree.log((), "metrics", "metrics", "metrics", scores)

    points = tree.client.get_metric_history(tree.parent_id, "seed_accuracy")
    assert [(point.step, point.value) for point in points] == [(3, 0.5), (4, 0.6)]
    metrics = tree.client.get_run(tree.parent_id).data.metrics
    assert metrics == {"accuracy": 0.55, "seed_accuracy": 0.6}

import json

import cv2
import mlflow
import numpy as np
import pytest

from detl.session.metric_keys import HEADLINE
from detl.session.run_tree import CROSS_VALIDATION, LOGGED, MOST_AT_ONCE, RunTree


@pytest.fixture
def tree(tmp_path, mlflow_store):
    client = mlflow.MlflowClient(mlflow_store)
    experiment = client.create_experiment("test", str(tmp_path / "artifacts"))
    return RunTree(client, client.create_run(experiment).info.run_id)


def test_curves_of_more_points_than_a_call_takes_are_logged_whole(tree):
    curves = {"loss": [0.5] * (MOST_AT_ONCE - 1), "val_loss": [0.25] * 3}

    tree.log((), "history", "curves", "history", curves)

    for name, values in curves.items():
        points = tree.client.get_metric_history(tree.parent_id, name)
        assert [p.step for p in points] == list(range(1, len(values) + 1))


def test_a_tree_of_more_runs_than_a_page_is_found_whole(tree, monkeypatch):
    folds = [("alexnet", f"fold_{number}") for number in range(1, 4)]
    for fold in folds:
        tree.start(fold, lambda _: {})

    monkeypatch.setattr("detl.session.run_tree._RUNS_AT_ONCE", 2)
    again = RunTree(tree.client, tree.parent_id)

    assert all(again.lacks(unit, "metrics") for unit in [("alexnet",), *folds])


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


def _start(tree, *unit):
    tree.start(unit, lambda unit: {})
    (run,) = tree.client.search_runs(
        tree.client.get_run(tree.parent_id).info.experiment_id,
        f"tags.`detl.unit` = '{'.'.join(unit)}'",
    )
    return run


def test_the_headline_is_that_of_the_network_with_the_highest_accuracy(tree):
    scores = {name: 0.5 for name in HEADLINE}
    for name, accuracy in (("alexnet", 0.75), ("vgg16", 0.625)):
        _start(tree, name)
        summary = {**scores, "accuracy": accuracy, "ppv_normal": 0.25}
        tree.log((name,), f"{name}.summary", "metrics", "summary", summary)

    tree.log_headline()
    tree.log_headline()

    session = tree.client.get_run(tree.parent_id).data
    assert session.metrics == {**scores, "accuracy": 0.75}
    assert list(session.metrics) == list(HEADLINE)
    assert session.tags["network"] == "alexnet"
    assert len(tree.client.get_metric_history(tree.parent_id, "accuracy")) == 1


def test_before_a_network_is_scored_there_is_no_headline(tree):
    _start(tree, "vgg16")

    tree.log_headline()

    assert tree.client.get_run(tree.parent_id).data.metrics == {}


def test_the_pictures_of_a_fold_have_fixed_names_and_are_shown_small(tree):
    fold = _start(tree, "vgg16", "fold_1").info.run_id
    wide = np.zeros((100, 1300, 3), np.uint8)

    tree.log(("vgg16", "fold_1"), "panel", "picture", "grad_cam/panel", wide)
    tree.log(("vgg16", "fold_1"), "panel", "picture", "grad_cam/panel", wide + 1)

    client = tree.client
    (panel,) = client.list_artifacts(fold, "grad_cam")
    (small,) = client.list_artifacts(fold, "gallery")
    assert (panel.path, small.path) == ("grad_cam/panel.png", "gallery/grad_cam.png")
    for path, width in ((panel.path, 1300), (small.path, 640)):
        assert cv2.imread(client.download_artifacts(fold, path)).shape[1] == width
    note = client.get_run(fold).data.tags["mlflow.note.content"]
    assert note == (
        f"![grad_cam/panel](get-artifact?path=gallery/grad_cam.png&run_uuid={fold})"
    )


def test_a_note_is_the_description_of_a_run(tree):
    tree.log((), "run_description", "note", "run_description", "**Verdict**")

    tags = tree.client.get_run(tree.parent_id).data.tags
    assert tags["mlflow.note.content"] == "**Verdict**"


def test_the_runs_of_the_cross_validation_are_marked_and_those_of_arms_are_not(tree):
    fold, arm = _start(tree, "vgg16", "fold_1"), _start(tree, "vgg16", "scratch_all")

    assert fold.data.tags[CROSS_VALIDATION] == tree.parent_id
    assert CROSS_VALIDATION not in arm.data.tags

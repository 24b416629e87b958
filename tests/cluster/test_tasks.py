import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline

from detl.cluster.tasks import Schedule, tasks_of
from detl.pipeline_registry import register_pipelines


def _copy(*values):
    return values[0]


def _make_graph(folds=("fold_1", "fold_2")):
    """Return two networks of two folds, as ``detl`` has them."""
    nodes = [Node(_copy, "raw", "split", name="draw", namespace="split")]
    for network in ("alexnet", "vgg16"):
        trunk, scores = f"{network}.trunk", [f"{network}.{f}.score" for f in folds]
        above = f"{network}.pretrain"
        nodes.append(Node(_copy, "split", trunk, name="learn", namespace=above))
        for fold in folds:
            names = [f"{network}.{fold}.{what}" for what in ("model", "score")]
            within = f"{network}.crossval.{fold}"
            nodes += [
                Node(_copy, trunk, names[0], name="train", namespace=within),
                Node(_copy, names[0], names[1], name="score", namespace=within),
            ]
        pool = f"{network}.evaluate"
        nodes.append(Node(_copy, scores, f"{network}.all", name="pool", namespace=pool))
    nodes.append(Node(_copy, ["alexnet.all", "vgg16.all"], "page", name="write"))
    return Pipeline(nodes)


@pytest.fixture
def make_schedule():
    """Return a function that makes a schedule; each node takes a second by default."""

    def make(pipeline=None, **seconds):
        pipeline = pipeline or _make_graph()
        catalog = DataCatalog({name: MemoryDataset() for name in pipeline.datasets()})
        known = {node.name: 1.0 for node in pipeline.nodes}
        named = {name.replace("__", "."): value for name, value in seconds.items()}
        return Schedule(pipeline, catalog, {**known, **named})

    return make


def _take_all(schedule):
    return [task.name for task in iter(schedule.take, None)]


def _names(task):
    return [node.name for node in task.nodes]


def test_a_task_is_what_a_stage_does_before_it_waits_for_another():
    tasks = tasks_of(_make_graph())

    assert len(tasks) == 1 + 2 * (1 + 2 + 1) + 1
    (fold,) = [t for t in tasks if t.unit == ("vgg16", "fold_1")]
    assert _names(fold) == [
        "vgg16.crossval.fold_1.train",
        "vgg16.crossval.fold_1.score",
    ]


@pytest.mark.parametrize("name", ["detl", "optimism", "ablation", "audit", "external"])
def test_every_node_is_in_one_task_behind_those_that_it_needs(name):
    pipeline = register_pipelines()[name]
    done = set()

    for task in tasks_of(pipeline):
        for node in task.nodes:
            assert pipeline.node_dependencies[node] <= done
            assert node not in done
            done.add(node)

    assert done == set(pipeline.nodes)


def _find_tasks_before(name):
    """Return the tasks of ``detl`` that the one with this node waits for, and it."""
    pipeline = register_pipelines()["detl"]
    above = set(pipeline.to_nodes(name).nodes)
    tasks = [task for task in tasks_of(pipeline) if above & set(task.nodes)]
    return [node.name for task in tasks for node in task.nodes]


def test_a_pretraining_waits_for_the_ingest_and_the_split_alone():
    waited_for = _find_tasks_before("vgg16.pretrain.pretrain_network")

    stages = {name.partition(".")[0] for name in waited_for}
    assert stages == {"ingest", "split", "vgg16"}


def test_a_fold_is_trained_and_tested_in_one_task_and_waits_for_no_map():
    waited_for = _find_tasks_before("vgg16.crossval.fold_2.train_fold")

    assert "vgg16.crossval.fold_2.predict_fold" in waited_for
    assert not [name for name in waited_for if ".explain." in name]


def test_only_tasks_whose_inputs_are_there_are_taken(make_schedule):
    schedule = make_schedule()

    first = schedule.take()

    assert first.unit == ()
    assert schedule.take() is None
    schedule.finish(first, [])
    assert len(_take_all(schedule)) == 2


def test_the_larger_network_comes_first_where_nothing_is_known(make_schedule):
    schedule = make_schedule()
    schedule.finish(schedule.take(), [])

    assert schedule.take().unit == ("vgg16",)


def test_the_network_that_took_longest_comes_first(make_schedule):
    schedule = make_schedule(alexnet__pretrain__learn=60.0)
    schedule.finish(schedule.take(), [])

    assert schedule.take().unit == ("alexnet",)


def _run_until_folds(schedule):
    """Return the tasks of the folds, after what they need is done."""
    schedule.finish(schedule.take(), [])
    for task in list(iter(schedule.take, None)):
        schedule.finish(task, [])
    return {task.unit: task for task in iter(schedule.take, None)}


def test_what_does_not_need_a_failed_fold_still_runs(make_schedule):
    schedule = make_schedule()
    folds = _run_until_folds(schedule)

    failed = schedule.fail(folds.pop(("vgg16", "fold_2")), [])
    for task in folds.values():
        schedule.finish(task, [])

    assert failed.name == "vgg16.crossval.fold_2.train"
    assert _take_all(schedule) == ["alexnet.evaluate.pool"]
    assert {node.name for node in schedule.lost} == {
        "vgg16.crossval.fold_2.train",
        "vgg16.crossval.fold_2.score",
        "vgg16.evaluate.pool",
        "write",
    }


def test_the_node_that_failed_is_the_first_without_outputs(make_schedule):
    schedule = make_schedule()
    task = _run_until_folds(schedule)["vgg16", "fold_2"]

    assert schedule.fail(task, task.nodes[:1]).name == "vgg16.crossval.fold_2.score"


def test_what_cannot_do_without_a_node_that_is_left_out_is_left_out_too(make_schedule):
    schedule = make_schedule()
    folds = _run_until_folds(schedule)
    task = folds.pop(("vgg16", "fold_2"))

    assert schedule.finish(task, task.nodes[1:]) == [task.nodes[0]]
    for other in folds.values():
        schedule.finish(other, [])

    assert _take_all(schedule) == ["alexnet.evaluate.pool"]
    assert schedule.lost == set()

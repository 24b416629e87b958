import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline
from kedro_viz.integrations.kedro.hooks_utils import is_sequential_runner

from detl.datasets import OptionalJSONDataset
from detl.errors import NotAvailableError
from detl.session.runner import FoldByFoldRunner


def test_kedro_viz_follows_a_run_of_this_runner():
    assert is_sequential_runner({"runner": str(FoldByFoldRunner())})


def _copy(value):
    return value


def _fail(value):
    raise ValueError("this one fails")


def _spell(value):
    return str(value)


def _is_not_available(value):
    raise NotAvailableError("there are no weights")


class Noticed(MemoryDataset):
    """A data set that notes in a list that it was saved."""

    def __init__(self, name: str, saved: list[str]) -> None:
        super().__init__()
        self._name, self._saved = name, saved

    def save(self, data) -> None:
        self._saved.append(self._name)
        super().save(data)


@pytest.fixture
def saved() -> list[str]:
    """Return the names of the outputs of ``run``, in the order in which they came."""
    return []


@pytest.fixture
def run(saved):
    """Return a function that runs nodes."""

    def run(*nodes: Node) -> None:
        catalog = DataCatalog({"start": MemoryDataset(1)})
        for node in nodes:
            for name in node.outputs:
                catalog[name] = Noticed(name, saved)
        FoldByFoldRunner().run(Pipeline(nodes), catalog)

    return run


def _fold(fold: str, first=_copy) -> list[Node]:
    trained, scored = f"net.crossval.{fold}.model", f"net.crossval.{fold}.metrics"
    namespace = f"net.crossval.{fold}"
    return [
        Node(first, "start", trained, name="train", namespace=namespace),
        Node(_copy, trained, scored, name="score", namespace=namespace),
    ]


def test_a_fold_is_finished_before_the_next_begins(run, saved):
    run(*_fold("fold_1"), *_fold("fold_2"))

    assert [name.split(".")[2] for name in saved] == ["fold_1"] * 2 + ["fold_2"] * 2


def test_other_folds_still_run_where_one_fails(run, saved):
    with pytest.raises(ValueError, match="this one fails"):
        run(*_fold("fold_1", _fail), *_fold("fold_2"))

    assert saved == ["net.crossval.fold_2.model", "net.crossval.fold_2.metrics"]


def test_nothing_more_runs_where_a_shared_node_fails(run, saved):
    shared = Node(_fail, "start", "split.out", name="draw", namespace="split")

    with pytest.raises(ValueError, match="this one fails"):
        run(shared, *_fold("fold_1"))

    assert saved == []


def test_a_branch_that_is_not_available_is_left_out_without_an_error(run, saved):
    run(*_fold("fold_1", _is_not_available), *_fold("fold_2"))

    assert saved == ["net.crossval.fold_2.model", "net.crossval.fold_2.metrics"]


def test_a_node_with_an_optional_input_runs_without_what_is_not_available(tmp_path):
    model, metrics = "net.crossval.fold_1.model", "net.crossval.fold_1.metrics"
    nodes = [
        Node(_is_not_available, "start", model, name="train", namespace="net.crossval"),
        Node(_copy, model, metrics, name="score", namespace="net.crossval"),
        Node(_spell, metrics, "table", name="tabulate"),
    ]
    optional = OptionalJSONDataset(filepath=(tmp_path / "metrics.json").as_posix())
    catalog = DataCatalog({"start": MemoryDataset(1), metrics: optional})
    catalog["table"] = table = MemoryDataset()

    FoldByFoldRunner().run(Pipeline(nodes), catalog)

    assert table.load() == "None"

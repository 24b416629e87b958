import pytest

from detl.cluster import workers
from detl.cluster.workers import MEMORY, choose_options, open_workers
from detl.errors import DetlError


@pytest.fixture
def machine(monkeypatch):
    """Return a function that sets this machine's free processors and memory."""

    def set_machine(processors, memory=100 * MEMORY):
        monkeypatch.setattr(workers, "count_processors", lambda: processors)
        monkeypatch.setattr(workers, "_read_free_memory", lambda: memory)

    return set_machine


def test_one_processor_is_used_by_one_process(machine):
    machine(processors=1)

    assert choose_options() == []


def test_each_of_two_processors_has_a_worker_of_one_thread(machine):
    machine(processors=2)

    assert choose_options()[-1] == "workers=2,threads=1"


def test_there_are_no_more_workers_than_folds(machine):
    machine(processors=64)

    assert choose_options()[-1] == "workers=15,threads=4"


def test_there_are_no_more_workers_than_fit_into_memory(machine):
    machine(processors=8, memory=2 * MEMORY)

    assert choose_options()[-1] == "workers=2,threads=4"


def _open(**asked):
    nothing = dict.fromkeys(("address", "cluster", "workers", "threads"))
    with open_workers(**{**nothing, **asked}):
        pass


@pytest.mark.parametrize("name", ["nope.Cluster", "dask_jobqueue.Nope", "nope"])
def test_a_cluster_that_is_not_there_is_told(name):
    with pytest.raises(DetlError, match=f"There is no cluster '{name}'"):
        _open(cluster=name)


# Dask's half-made cluster cannot be deleted.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_batch_system_without_settings_is_told_where_they_come_from():
    with pytest.raises(DetlError, match=r"~/\.config/dask"):
        _open(cluster="dask_jobqueue.SLURMCluster", workers=2)


def test_an_address_that_is_none_is_told():
    with pytest.raises(DetlError, match="No scheduler of Dask answers at tpc://a"):
        _open(address="tpc://a")

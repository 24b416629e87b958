import pytest

from detl.cluster.workers import open_workers
from detl.errors import DetlError


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

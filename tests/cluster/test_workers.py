import os
import signal
import time

import dask
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


def _pid_of_worker(client, other_than=0):
    """Return the process id of the only worker, once it is another than this one."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for pid in client.run(os.getpid, on_error="ignore").values():
            if pid != other_than:
                return pid
        time.sleep(0.2)
    return None


# Dask does not wait for the processes of such jobs.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_job_that_is_lost_has_a_successor(tmp_path):
    # Jobs that are processes.
    settings = {
        **{"cores": 1, "processes": 1, "memory": "1GB", "interface": "lo"},
        "worker-extra-args": ["--no-nanny", "--memory-limit", "0"],
        "local-directory": str(tmp_path),
    }
    with (
        dask.config.set(
            {
                "jobqueue.local": dask.config.get("jobqueue.local", {}) | settings,
                "distributed.deploy.lost-worker-timeout": "1s",
            }
        ),
        open_workers(None, "dask_jobqueue.local.LocalCluster", 1, None) as client,
    ):
        first = _pid_of_worker(client)
        os.kill(first, signal.SIGKILL)

        assert _pid_of_worker(client, other_than=first)

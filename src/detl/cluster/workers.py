"""Where workers come from: this machine, a batch system, or a scheduler's address."""

import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from kedro.utils import load_obj

from detl.errors import DetlError

if TYPE_CHECKING:
    from distributed import Client

_LOGGER = logging.getLogger(__name__)


@contextmanager
def open_workers(
    address: str | None, cluster: str | None, workers: int | None, threads: int | None
) -> Iterator["Client"]:
    """Yield Dask's client of the workers; those that are started here end with it.

    Args:
        address: As ``DaskRunner`` takes it, and so are the others.
        cluster: Class of a cluster.
        workers: Their number.
        threads: Of each worker of this machine.

    Raises:
        DetlError: Dask is not installed, or there is no such cluster or scheduler.
    """
    try:
        import dask

        # It is read when the next line imports it. At its end Dask warns of workers
        # that TensorFlow keeps from ending at once.
        dask.config.set({"logging.distributed": "error"})
        from distributed import Client
    except ImportError as error:
        raise DetlError(
            f"Dask is not installed ({error}), which runs the workers: install the "
            "project with its extra 'cluster', as 'make install' does "
            "(docs/deploy.md), or leave --runner out."
        ) from error
    with ExitStack() as stack:
        where: Any = address
        if where is None:
            if cluster is None:
                where = _start_local(workers or count_processors(), threads)
            else:
                where = _start_cluster(cluster, workers)
            stack.callback(_close, where)
        try:
            client = stack.enter_context(Client(where))
        except (OSError, ValueError) as error:
            raise DetlError(
                f"No scheduler of Dask answers at {where} ({error}): start 'dask "
                "scheduler' there, or correct the address in --runner-params."
            ) from error
        yield client


def _start_local(workers: int, threads: int | None) -> Any:
    """Return a cluster of this machine, whose workers are processes.

    Without a limit to memory: Dask would count what is mapped from files, and end a
    worker that has mapped all pixels.
    """
    import dask
    from distributed import LocalCluster

    before = dask.config.get("distributed.nanny.pre-spawn-environ")
    quiet = {"DASK_LOGGING__DISTRIBUTED": "error"}
    dask.config.set(
        {
            "distributed.nanny.pre-spawn-environ": {**before, **quiet},
            # Otherwise each looks a hundred times a second at what it is doing.
            "distributed.worker.profile.enabled": False,
        }
    )
    shown = str(threads or max(1, count_processors() // workers))
    names = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")
    return LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        memory_limit=0,
        dashboard_address="127.0.0.1:0",
        env=dict.fromkeys(names, shown),
    )


def replace_lost(client: "Client") -> None:
    """Start a worker in place of each that this machine has lost for good.

    Dask starts one that ends anew, but not one that ends before it has begun.
    """
    from distributed import LocalCluster

    cluster = client.cluster
    if isinstance(cluster, LocalCluster):
        wanted = len(cluster.worker_spec)
        if len(client.nthreads()) < wanted:
            # The same number: what is missing of it is started.
            cluster.scale(wanted)


def _start_cluster(name: str, workers: int | None) -> Any:
    try:
        kind = load_obj(name)
    except (AttributeError, ImportError, ValueError) as error:
        raise DetlError(
            f"There is no cluster {name!r} ({error}): name a class of Dask, such as "
            "dask_jobqueue.SLURMCluster, whose package is installed."
        ) from error
    try:
        cluster = kind()
    except (TypeError, ValueError) as error:
        raise DetlError(
            f"{name} cannot be started ({error}): its settings come from "
            "~/.config/dask, of which docs/deploy.md has an example."
        ) from error
    if workers:
        # Not scale(), after which a job that is lost has no successor.
        cluster.adapt(minimum=workers, maximum=workers)
    elif not cluster.worker_spec:
        cluster.close()
        raise DetlError(
            f"{name} starts no worker by itself: say how many, as in "
            f"--runner-params cluster={name},workers=15."
        )
    return cluster


def _close(cluster: Any) -> None:
    # A worker that does not end in time is no reason to call the run a failure.
    try:
        cluster.close()
    except TimeoutError:
        _LOGGER.warning("Some workers of the cluster did not end in time.")


def count_processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

"""Slurm on one machine, without systemd: a controller and two nodes, on loopback."""

import ctypes
import getpass
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import TypeVar

import psutil

from two_runs import CheckError

NODES = ("n1", "n2")
PACKAGES = ("munge", "slurm-client", "slurmctld", "slurmd")

_HERE = Path(__file__).parent
_PR_SET_CHILD_SUBREAPER = 36

Found = TypeVar("Found")


@dataclass
class Slurm:
    """A controller and two nodes that run."""

    environment: dict[str, str]
    """What programs must be told to find it, and Dask's workers their settings."""
    nodes: dict[str, subprocess.Popen[bytes]]
    """The daemon of each node."""

    def ask(self, *command: str) -> str:
        """Return what one of Slurm's commands prints."""
        return subprocess.run(
            command,
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout

    def lose(self, node: str) -> None:
        """End all that runs on a node at once, as if its power failed.

        First its daemon, and the one of each job, which would tell the controller.
        """
        on_it = [p for p in _list_below() if node_of(p) == node]
        steps = {parent for p in on_it for parent in p.parents() if _is_step(parent)}
        self.nodes[node].kill()
        _send(signal.SIGKILL, [*steps, *on_it])


def install_slurm() -> None:
    """Install Debian's Slurm, where it is not there.

    Raises:
        CheckError: It cannot be installed.
    """
    if shutil.which("slurmctld", path=_find_path()):
        return
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *PACKAGES]
    # Without systemd no service begins in this run level.
    quiet = {"RUNLEVEL": "1", "DEBIAN_FRONTEND": "noninteractive"}
    try:
        subprocess.run(command, env={**os.environ, **quiet}, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise CheckError(
            f"Slurm is not here and cannot be installed ({error}): become root, let "
            "'apt-get update' find Debian's packages, or install Slurm and munge."
        ) from error


@contextmanager
def start_slurm(folder: Path) -> Iterator[Slurm]:
    """Yield a Slurm of two nodes; all that this process has started ends with it.

    Args:
        folder: Where its files are made.
    """
    # Daemons of jobs leave their parents, and would be nobody's.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    folder.mkdir(mode=0o755)
    names = {
        "folder": str(folder),
        "host": socket.gethostname().split(".")[0],
        "user": getpass.getuser(),
        **_find_ports("slurmctld", *NODES),
    }
    for name in ("slurm.conf", "jobqueue.yaml"):
        text = Template((_HERE / name).read_text()).substitute(names)
        (folder / name).write_text(text)
    environment = {
        "PATH": _find_path(),
        "SLURM_CONF": str(folder / "slurm.conf"),
        "DASK_CONFIG": str(folder / "jobqueue.yaml"),
    }
    try:
        _start_munge(folder, environment)
        _start(folder, environment, "slurmctld", "-D")
        nodes = {n: _start(folder, environment, "slurmd", "-D", "-N", n) for n in NODES}
        slurm = Slurm(environment, nodes)
        wait_until("both nodes are idle", lambda: _are_idle(slurm), 60)
        yield slurm
    finally:
        end_all_below()


def wait_until(
    what: str,
    find: Callable[[], Found],
    seconds: float,
    process: subprocess.Popen[str] | None = None,
) -> Found:
    """Return what is found, once it is something.

    Args:
        what: Is waited for, in words.
        find: Looks for it.
        seconds: After which it counts as not found.
        process: At whose end too.

    Raises:
        CheckError: It was not found in time.
    """
    deadline = time.monotonic() + seconds
    while not (found := find()):
        if process is not None and process.poll() is not None:
            raise CheckError(f"The run ended before {what}.")
        if time.monotonic() > deadline:
            raise CheckError(f"It took more than {seconds:.0f} s until {what}.")
        time.sleep(0.5)
    return found


def node_of(process: psutil.Process) -> str | None:
    """Return the name of the node on which a job's process runs; None of others."""
    try:
        return process.environ().get("SLURMD_NODENAME")
    except psutil.Error:
        return None


def end_all_below() -> None:
    """End all processes that this one has started, and those that they have."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        below = _list_below()
        _send(number, below)
        psutil.wait_procs(below, timeout=10)
    if left := [p for p in _list_below() if p.status() != psutil.STATUS_ZOMBIE]:
        raise CheckError(f"These processes do not end: {left}")


def _find_path() -> str:
    # An ordinary user's has no daemons.
    return f"{os.environ['PATH']}:/usr/sbin"


def _find_ports(*daemons: str) -> dict[str, str]:
    """Return a free port for each daemon."""
    with ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _ in daemons]
        for one in held:
            one.bind(("127.0.0.1", 0))
        ports = [one.getsockname()[1] for one in held]
    return {f"port_of_{d}": str(p) for d, p in zip(daemons, ports, strict=True)}


def _start_munge(folder: Path, environment: dict[str, str]) -> None:
    key = folder / "munge.key"
    key.touch(mode=0o600)
    key.write_bytes(secrets.token_bytes(128))
    _start(
        folder,
        environment,
        "munged",
        "--foreground",
        *(f"--key-file={key}", f"--socket={folder}/munge.socket"),
        *(f"--pid-file={folder}/munged.pid", f"--seed-file={folder}/munge.seed"),
    )
    wait_until("munged answers", (folder / "munge.socket").exists, 20)


def _start(
    folder: Path, environment: dict[str, str], *command: str
) -> subprocess.Popen[bytes]:
    with (folder / f"{command[0]}.said").open("ab") as said:
        return subprocess.Popen(
            command,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )


def _are_idle(slurm: Slurm) -> bool:
    try:
        return slurm.ask("sinfo", "--noheader", "--format=%D %T").split() == [
            str(len(NODES)),
            "idle",
        ]
    except subprocess.CalledProcessError:
        return False


def _is_step(process: psutil.Process) -> bool:
    return process.name().startswith("slurmstepd")


def _send(number: signal.Signals, processes: list[psutil.Process]) -> None:
    for process in processes:
        # One may have ended with the one before it.
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def _list_below() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)

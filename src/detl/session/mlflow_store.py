"""Where MLflow keeps the runs: its address, and why it cannot be used.

Errors of a store are found before anything is run or removed.
"""

import os
import shlex
import socket
import sqlite3
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from detl.errors import DetlError

OWN = "mlflow.db"
"""The project's own store, in its root."""

EXPERIMENT = "detl"
"""The experiment of the project's runs (conf/base/mlflow.yml)."""

_WAIT = 5
"""Seconds in which a store has to answer, or to be unlocked."""

_PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}
"""Databases that MLflow knows, and the ports on which they listen by default."""

_AT_FIRST = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": str(_WAIT),
}
"""How MLflow asks a server for the first time. Later it repeats, for minutes."""


def name_own_store(project: Path) -> str:
    """Return the address of the project's own store; its path may have any signs."""
    from sqlalchemy import URL

    path = (project / OWN).as_posix()
    address = URL.create("sqlite", database=path).render_as_string()
    if address == f"sqlite:///{path}":
        return address
    # MLflow makes the folder of a plain SQLite address under its quoted name.
    return URL.create("sqlite+pysqlite", database=path).render_as_string()


def refuse_unusable_file(path: Path) -> None:
    """Refuse a file that SQLite cannot write, before MLflow tries for two minutes.

    Args:
        path: The store; it need not be there yet.

    Raises:
        DetlError: It is damaged, locked, not a database, or may not be written.
    """
    words = shlex.join(["mv", str(path), f"{path}.old"])
    away = f"move it away ({words}), and a new one is made"
    if path.exists() and not path.is_file():
        # It may be as large as a disk, so moving it is no advice.
        raise DetlError(
            f"{path}, the store of MLflow, is a folder or a device, where a file was "
            "expected: name a file with MLFLOW_TRACKING_URI, such as "
            "sqlite:////folder/mlflow.db, or, if it is an empty folder, remove it."
        )
    real = Path(os.path.realpath(path))
    if path.is_symlink() and not real.parent.is_dir():
        raise DetlError(
            f"{path}, the store of MLflow, is a link to {real}, whose folder is not "
            "there: mount its disk, or remove the link, and a new store is made."
        )
    # MLflow makes the folders above a store.
    folder = next(p for p in real.parents if p.exists())
    for place in (path, folder):
        if place.exists() and not os.access(place, os.W_OK):
            raise DetlError(
                f"{place} may not be written by this user (number {_user()}), and "
                f"MLflow keeps the runs in {path}: give the user the right to, or name "
                "another store with MLFLOW_TRACKING_URI (docs/mlflow.md)."
            )
    if not path.exists():
        return
    address = f"file:{quote(path.absolute().as_posix())}?mode=rw"
    try:
        with closing(sqlite3.connect(address, timeout=_WAIT, uri=True)) as store:
            store.execute("BEGIN IMMEDIATE")
            store.execute("SELECT name FROM sqlite_master").fetchall()
            store.rollback()
    except sqlite3.DatabaseError as error:
        if "locked" in str(error):
            what = (
                f"has been locked by another process for {_WAIT} seconds: wait for "
                "that one, or end it"
            )
        else:
            what = f"cannot be used ({error}): {away}"
        raise DetlError(f"{path}, the store of MLflow, {what}.") from error


def refuse_unusable_address(address: str) -> None:
    """Refuse a database that is not there, before MLflow tries for two minutes.

    Args:
        address: The store. MLflow itself asks other stores than databases, once.

    Raises:
        DetlError: It is a file that SQLite cannot use, or a server that does not
            answer.
    """
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        urlsplit(address)
    except ValueError as error:
        raise DetlError(
            f"MLflow's store {address!r} is no address ({error}): {_OR_OWN}."
        ) from error
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        return
    kind = url.drivername.split("+")[0]
    if kind == "sqlite" and url.database not in (None, "", ":memory:"):
        refuse_unusable_file(Path(str(url.database)))
    elif kind in _PORTS:
        place = (url.host or "localhost", url.port or _PORTS[kind])
        try:
            socket.create_connection(place, timeout=_WAIT).close()
        except OSError as error:
            raise DetlError(
                f"MLflow's store {hide_password(address)} cannot be reached "
                f"({error}): start the database, or {_OR_OWN}."
            ) from error


@contextmanager
def asking_once() -> Iterator[None]:
    """Let MLflow ask a server once and for seconds, not for minutes.

    MLflow takes this from environment variables only. A value that the user has set
    stays: a server may need long to wake up.
    """
    added = {k: v for k, v in _AT_FIRST.items() if k not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


def describe_failure(error: Exception, address: str) -> str | None:
    """Return in a sentence why a store cannot be used; None if that is not known.

    Args:
        error: What MLflow, or a library that it uses, has raised.
        address: Of the store.
    """
    message = str(error).lower()
    for part, advice in _ADVICE:
        if part in message:
            return f"MLflow's store {hide_password(address)} {advice}."
    return None


def describe_refusal(error: Exception, address: str) -> str:
    """Return why a store cannot be used that has refused the first question.

    Args:
        error: What MLflow, or a library that it uses, has raised.
        address: Of the store.
    """
    if isinstance(error, ModuleNotFoundError):
        reason = f"it needs the package {error.name}, which is not installed"
    else:
        reason = " ".join(str(error).split())[:200]
    return describe_failure(error, address) or (
        f"MLflow's store {hide_password(address)} cannot be used ({reason}): "
        f"correct that, or {_OR_OWN}."
    )


def is_of_mlflow(error: BaseException) -> bool:
    """Return whether MLflow, or a library by which it reaches its store, raised it."""
    libraries = {"mlflow", "sqlalchemy", "alembic", "requests", "urllib3"}
    if isinstance(error, ModuleNotFoundError):  # a database's driver
        frames = traceback.extract_tb(error.__traceback__)
        return any("sqlalchemy" in Path(frame.filename).parts for frame in frames)
    return any(kind.__module__.split(".")[0] in libraries for kind in type(error).mro())


_OR_OWN = (
    "set MLFLOW_TRACKING_URI (or conf/*/mlflow.yml) right, or unset it to use the "
    "project's own store"
)

_ADVICE = (
    (
        "filesystem tracking backend",
        "is taken for the path of a folder, which MLflow no longer has for a store: "
        "name a database, such as sqlite:////folder/mlflow.db, or a server, "
        "http://host:5000, with MLFLOW_TRACKING_URI, or unset it to use the project's "
        "own",
    ),
    (
        "unsupported uri",
        "is no address that MLflow knows: name a server, http://host:5000, or a "
        "database, such as sqlite:////folder/mlflow.db, with MLFLOW_TRACKING_URI, or "
        "unset it to use the project's own",
    ),
    (
        "out-of-date database schema",
        "was made by another version of MLflow: if by an older one, 'mlflow db "
        "upgrade' with its address brings a copy of it up to date; else use that "
        "version, or move the store away, and a new one is made",
    ),
    (
        "can't locate revision",
        "was made by another version of MLflow: use that version, or move the store "
        "away, and a new one is made",
    ),
    (
        "databricks",
        "is Databricks, for which no access is configured here: configure it as "
        f"MLflow's documentation says, or {_OR_OWN}",
    ),
    (
        "error code 401",
        "wants a user and a password: set MLFLOW_TRACKING_USERNAME and "
        "MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN",
    ),
    (
        "error code 403",
        "does not let this user in: ask who keeps it, or set "
        "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD of another one",
    ),
    (
        "error code 404",
        f"does not answer as a server of MLflow does (404, not found): {_OR_OWN}",
    ),
    (
        "timed out",
        f"does not answer within {_WAIT} seconds: start the server, let it be asked "
        f"for longer with MLFLOW_HTTP_REQUEST_TIMEOUT, or {_OR_OWN}",
    ),
    (
        "certificate verify failed",
        "has a certificate that is not trusted here: name the authority's with "
        "REQUESTS_CA_BUNDLE",
    ),
    (
        "error responses",
        "is overloaded or has failed, as it says itself: run again later, or ask who "
        "keeps it",
    ),
    ("failed with exception", f"cannot be reached: start the server, or {_OR_OWN}"),
    (
        "database is locked",
        "is locked by another process: wait for that one, or end it, and 'kedro "
        "resume' continues the run",
    ),
    (
        "disk is full",
        "cannot be written, since the disk is full: make room, and 'kedro resume' "
        "continues the run",
    ),
    (
        "malformed",
        "is damaged: put a copy of it back, or move it away, and a new one is made",
    ),
    (
        "readonly database",
        "may not be written by this user: give the user the right to, or name "
        "another store with MLFLOW_TRACKING_URI",
    ),
    (
        "unable to open database file",
        "cannot be opened, since its folder is not there or may not be entered: "
        f"{_OR_OWN}",
    ),
)
"""Part of a library's message, and how the sentence goes on."""


def hide_password(address: str) -> str:
    """Return the address without user and password."""
    parts = urlsplit(address)
    if "@" not in parts.netloc:
        return address
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"...@{host}"))


def _user() -> int:
    return os.getuid() if hasattr(os, "getuid") else 0

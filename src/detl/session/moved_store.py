"""The project's own store of MLflow, after the project was copied or moved.

MLflow keeps whole paths of where files lie. In a copy they would lead to the files of
the original, and a run would write its pictures there.

``python -m detl.session.moved_store`` does what every command of Kedro does first.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from detl.session.mlflow_store import EXPERIMENT, OWN, refuse_unusable_file

ARTIFACTS = "mlartifacts"
"""Folder of the files that runs log, in the project's root."""

_WITH_PATHS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)


def follow_project(project: Path) -> bool:
    """Return whether the store named files of another folder; now it names its own.

    Where the project's experiment keeps them elsewhere than in ``mlartifacts``, or the
    store is a link, a user has chosen that, and it stays.

    Args:
        project: The project's root.
    """
    path = project / OWN
    # Several projects may have links to one store.
    if path.is_symlink() or not path.is_file():
        return False
    refuse_unusable_file(path)
    with closing(sqlite3.connect(path)) as store:
        before = _find_project(store)
        if before in (None, project):
            return False
        with store:
            for table, column in _WITH_PATHS:
                for old, new in (
                    (before.as_uri(), project.as_uri()),
                    (before.as_posix(), project.as_posix()),
                ):
                    store.execute(
                        f"UPDATE {table} SET {column} = ? || substr({column}, ?) "
                        f"WHERE substr({column}, 1, ?) = ?",
                        (f"{new}/", len(old) + 2, len(old) + 1, f"{old}/"),
                    )
        # Otherwise the old paths stay in the file, where they are not used.
        store.execute("VACUUM")
    return True


def _find_project(store: sqlite3.Connection) -> Path | None:
    """Return the project whose files the store names; None if that is not known."""
    tables = store.execute("SELECT name FROM sqlite_master WHERE name = 'experiments'")
    if tables.fetchone() is None:
        return None
    row = store.execute(
        "SELECT artifact_location FROM experiments WHERE name = ?", (EXPERIMENT,)
    ).fetchone()
    if row is None or not row[0]:
        return None
    address = urlsplit(row[0])
    if address.scheme != "file":
        return None
    folder = Path(url2pathname(address.path))
    return folder.parent if folder.name == ARTIFACTS else None


if __name__ == "__main__":
    follow_project(Path.cwd())

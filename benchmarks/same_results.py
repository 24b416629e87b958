r"""Whether two versions of the code make the same results, to the byte.

Run the old version and the new one with one environment, keep the data folder and the
MLflow store of each, and compare them:

    python benchmarks/same_results.py old/data/test new/data/test
    python benchmarks/same_results.py old/data/test new/data/test \
        --stores old/mlflow.db new/mlflow.db --renamed "(.*)/model.json=\1/card.json"

Tables, numbers, arrays and pictures are compared byte by byte, networks by their
weights, and the report by the words on its page. Of MLflow, runs are compared by name:
their metrics and parameters with values, the names of their tags and artifacts. A line
is printed for each difference; the exit status is 1 if there is one.
"""

import argparse
import difflib
import html
import io
import re
import sqlite3
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

COMPARED = {".csv", ".json", ".parquet", ".npy", ".png", ".html", ".keras"}
LEDGER = "made_with.json"
MOST_LINES = 12
"""Lines of the page that are shown of a difference."""

_CHANGING = re.compile(
    r"\d{4}-\d{2}-\d{2}|\d{2}:\d{2}:\d{2}|\b[0-9a-f]{7,40}\b|uncommitted|kedro run"
    r"|^(\d+ h )?\d+ (s|min)$"
)
"""What a page says of when, how long and from which version it was made."""


def compare_folders(
    old: Path, new: Path, renamed: list[tuple[str, str]]
) -> Iterator[str]:
    """Yield a line for each file that one folder lacks, or that differs.

    Args:
        old: Data folder of the old version.
        new: Data folder of the new version.
        renamed: Pairs of a regular expression for a path in the old folder, and what
            the path is in the new one.
    """
    before = {_rename(path, renamed): old / path for path in _list_files(old)}
    after = {path: new / path for path in _list_files(new)}
    for path in sorted(before.keys() - after.keys()):
        yield f"missing: {path}"
    for path in sorted(after.keys() - before.keys()):
        yield f"added: {path}"
    for path in sorted(before.keys() & after.keys()):
        yield from _compare_files(path, before[path], after[path])


def compare_stores(old: Path, new: Path) -> Iterator[str]:
    """Yield a line for each run, metric, parameter or tag that differs in MLflow."""
    before, after = _read_store(old), _read_store(new)
    for run in sorted(before.keys() ^ after.keys()):
        yield f"run {run} is in {'the old' if run in before else 'the new'} store only"
    for run in sorted(before.keys() & after.keys()):
        for entry in sorted(before[run] ^ after[run]):
            where = "old" if entry in before[run] else "new"
            yield f"run {run}, {where} only: {' '.join(entry)}"


def _list_files(folder: Path) -> list[str]:
    return [
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.suffix in COMPARED and path.name != LEDGER and "01_raw" not in str(path)
    ]


def _rename(path: str, renamed: list[tuple[str, str]]) -> str:
    for pattern, replacement in renamed:
        path = re.sub(f"^{pattern}$", replacement, path)
    return path


def _compare_files(path: str, old: Path, new: Path) -> Iterator[str]:
    before, after = old.read_bytes(), new.read_bytes()
    if before == after:
        return
    match old.suffix:
        case ".keras":
            if not _have_same_weights(before, after):
                yield f"differs: the weights of {path}"
        case ".html":
            lines = list(
                difflib.unified_diff(
                    _read_words(before), _read_words(after), lineterm="", n=0
                )
            )[2:]
            if lines:
                yield f"differs: {path}, {len(lines)} lines"
                yield from (f"    {line[:200]}" for line in lines[:MOST_LINES])
        case _:
            yield f"differs: {path}"


def _have_same_weights(before: bytes, after: bytes) -> bool:
    first, second = (_read_weights(content) for content in (before, after))
    return first.keys() == second.keys() and all(
        np.array_equal(first[name], second[name], equal_nan=True) for name in first
    )


def _read_weights(content: bytes) -> dict[str, np.ndarray]:
    weights: dict[str, np.ndarray] = {}

    def note(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            weights[name] = item[()]

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        stored = archive.read("model.weights.h5")
    with h5py.File(io.BytesIO(stored)) as file:
        file.visititems(note)
    return weights


def _read_words(content: bytes) -> list[str]:
    page = re.sub(r"(?s)<style.*?</style>|<[^>]*>", "\n", content.decode())
    lines = (" ".join(line.split()) for line in html.unescape(page).splitlines())
    return [line for line in lines if line and not _CHANGING.search(line)]


def _read_store(store: Path) -> dict[str, set[tuple[str, ...]]]:
    connection = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
    names = {}
    for run_id, name in connection.execute(
        "SELECT run_uuid, name FROM runs WHERE lifecycle_stage = 'active'"
    ):
        (environment,) = connection.execute(
            "SELECT coalesce(max(p.value), '') FROM tags r JOIN tags p ON p.run_uuid = "
            "CASE r.key WHEN 'detl.root' THEN r.value ELSE r.run_uuid END "
            "WHERE r.run_uuid = ? AND p.key = 'detl.environment'",
            [run_id],
        ).fetchone()
        names[run_id] = f"{environment}/{name}"
    found: dict[str, set[tuple[str, ...]]] = {name: set() for name in names.values()}
    queries = {
        "metric": "SELECT run_uuid, key, step || ' ' || value FROM metrics",
        "parameter": "SELECT run_uuid, key, value FROM params",
        "tag": "SELECT run_uuid, key, '' FROM tags WHERE key LIKE 'detl.%'",
    }
    for kind, query in queries.items():
        for run_id, key, value in connection.execute(query):
            if run_id in names:
                found[names[run_id]].add((kind, key, str(value)))
    return found


def main() -> int:
    """Return 1 if the results differ, and print how; else 0."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("old", type=Path, help="data folder of the old version")
    parser.add_argument("new", type=Path, help="data folder of the new version")
    parser.add_argument("--stores", type=Path, nargs=2, metavar=("OLD", "NEW"))
    parser.add_argument("--renamed", action="append", default=[], metavar="OLD=NEW")
    arguments = parser.parse_args()
    for folder in (arguments.old, arguments.new, *(arguments.stores or ())):
        if not folder.exists():
            parser.error(f"{folder} does not exist: name a folder that a run has made")
    renamed = [tuple(pair.split("=", 1)) for pair in arguments.renamed]
    differences = list(compare_folders(arguments.old, arguments.new, renamed))
    if arguments.stores:
        differences += compare_stores(*arguments.stores)
    print(*differences, sep="\n", end="\n" if differences else "")
    compared = len(_list_files(arguments.new))
    print(f"{compared} files compared, {len(differences)} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())

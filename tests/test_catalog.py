"""What the catalog says of every dataset of every registered pipeline.

``tests/catalog.csv`` has one line per family of datasets. After a change on purpose,
write the file again, and read the difference:

    PYTHONPATH=tests/support python tests/test_catalog.py
"""

import difflib
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import parse
import pytest
from kedro.io import CatalogConfigResolver

from detl.design import ARCHITECTURES, ARMS, FOLDS
from detl.pipeline_registry import register_pipelines
from project_copy import read_catalog

EXPECTED = Path(__file__).with_name("catalog.csv")
HEADER = "dataset,class,path,layer,mlflow"
FAMILIES = {"architecture": ARCHITECTURES, "arm": ARMS, "fold": FOLDS}
PUT_THERE_BY_HOOKS = {"provenance"}


def list_names() -> set[str]:
    names = {n for p in register_pipelines().values() for n in p.datasets()}
    parameters = {n for n in names if n == "parameters" or n.startswith("params:")}
    return names - parameters - PUT_THERE_BY_HOOKS


def describe(names: Iterable[str], catalog: dict[str, Any]) -> list[str]:
    """Return a line of CSV per family of datasets that differ in nothing else."""
    resolver = CatalogConfigResolver(catalog)
    rows = {_describe_one(name, resolver.resolve_pattern(name)) for name in names}
    return [HEADER, *sorted(rows)]


def _describe_one(name: str, entry: dict[str, Any]) -> str:
    metadata = entry.get("metadata", {})
    logged = metadata.get("mlflow", {})
    row = (
        name,
        entry["type"].rpartition(".")[-1],
        entry.get("filepath", ""),
        metadata.get("kedro-viz", {}).get("layer", ""),
        ":".join(filter(None, (logged.get("kind"), logged.get("key")))),
    )
    return ",".join(map(_name_family, row))


def _name_family(text: str) -> str:
    for family, members in FAMILIES.items():
        member = rf"(?<![a-z])({'|'.join(members)})(?![a-z])"
        text = re.sub(member, f"{{{family}}}", text)
    return text


def find_unclear(names: Iterable[str], patterns: Iterable[str]) -> dict[str, list[str]]:
    """Return the names that no pattern takes, or several of equal rank, with these."""
    compiled = {p: parse.compile(p) for p in patterns}
    unclear = {}
    for name in names:
        found = [p for p in compiled if compiled[p].parse(name)]
        best = [p for p in found if _rank(p) == max(map(_rank, found))]
        if len(best) != 1:
            unclear[name] = best
    return unclear


def _rank(pattern: str) -> tuple[int, int]:
    """Return what Kedro ranks by: letters outside of braces, then pairs of braces."""
    return len(re.sub(r"\{.*?\}", "", pattern)), pattern.count("{")


def test_every_dataset_has_the_class_path_layer_and_logging_that_are_written_down():
    found = describe(list_names(), read_catalog())

    expected = EXPECTED.read_text().splitlines()
    changes = list(difflib.unified_diff(expected, found, "written down", "found", n=0))
    assert not changes, "\n".join(["", *changes, "", __doc__])


def test_one_entry_takes_each_dataset_before_all_others():
    catalog = read_catalog()
    assert find_unclear(list_names() - catalog.keys(), catalog) == {}


@pytest.mark.parametrize(
    ("patterns", "best"),
    [
        (["{architecture}.curves"], []),
        (["vgg16.{part}", "{fold}1.maps"], ["vgg16.{part}", "{fold}1.maps"]),
    ],
)
def test_a_dataset_without_an_entry_or_with_two_of_equal_rank_is_found(patterns, best):
    assert find_unclear(["vgg16.fold_1.maps"], patterns) == {"vgg16.fold_1.maps": best}


def test_no_two_datasets_are_saved_to_one_file():
    made = {n for p in register_pipelines().values() for n in p.all_outputs()}
    resolver = CatalogConfigResolver(read_catalog())
    paths = Counter(resolver.resolve_pattern(n).get("filepath") for n in made)
    assert [path for path, n in paths.items() if path and n > 1] == []


if __name__ == "__main__":
    EXPECTED.write_text("\n".join(describe(list_names(), read_catalog())) + "\n")

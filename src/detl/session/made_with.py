"""The ledger of a data folder: which parameters its datasets were made with.

``made_with.json`` lists sets of parameters, and under each the datasets that were made
with it. A dataset is noted before its file is written, so no file is newer than its
note. A file without a note, from before there was a ledger, is taken as it is.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kedro.pipeline.node import Node

from detl.datasets.atomic import written_whole
from detl.errors import DetlError
from detl.schemas.parameters import flatten_parameters
from detl.session.commands import SOURCE
from detl.session.project_parameters import ProjectParameters
from detl.session.simultaneous_runs import one_at_a_time

FILE = "made_with.json"

RAW = "raw data folder"
"""Name under which the raw data folder stands among the parameters."""

Values = dict[str, str]
"""Values of parameters by their whole names."""


@dataclass(frozen=True)
class Ledger:
    """What the datasets of one data folder were made with."""

    folder: Path

    def read(self) -> dict[str, Values]:
        """Return the parameters of each dataset that has been noted."""
        return {name: values for values, names in self._read_sets() for name in names}

    def note(self, datasets: Iterable[str], values: Values) -> None:
        """Note that these datasets are made with these parameters from now on."""
        made = set(datasets)
        with one_at_a_time(self.folder):
            before = self._read_sets()
            after = [(v, names - made) for v, names in before if v != values]
            same = [names for v, names in before if v == values]
            after.append((values, made.union(*same)))
            if after != before:
                self._write_sets(after)

    def _read_sets(self) -> list[tuple[Values, set[str]]]:
        try:
            text = (self.folder / FILE).read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        try:
            sets = json.loads(text)
            return [(one["parameters"], set(one["datasets"])) for one in sets]
        except (ValueError, TypeError, KeyError) as error:
            raise DetlError(
                f"{self.folder / FILE}, which says what the files there were made "
                f"with, cannot be read ({error!r}): put a copy of it back, or run "
                "'kedro clean' and start again."
            ) from error

    def _write_sets(self, sets: list[tuple[Values, set[str]]]) -> None:
        shown = [
            {"parameters": values, "datasets": sorted(names)}
            for values, names in sets
            if names
        ]
        with written_whole(self.folder / FILE) as temporary:
            temporary.write_text(json.dumps(shown, indent=1), encoding="utf-8")


def list_values(parameters: Mapping[str, Any], raw: str) -> Values:
    """Return the whole tree of parameters, flat, with the raw data folder."""
    checked = ProjectParameters.model_validate(parameters)
    return {**flatten_parameters(checked.model_dump()), RAW: raw}


def find_changes(
    nodes: Iterable[Node], ledger: Mapping[str, Values], asked: Values
) -> dict[str, str | None]:
    """Return, by name, values that the nodes' outputs were made with and that differ.

    None stands for a parameter that there was not. Only parameters that the node itself
    uses count.
    """
    changes: dict[str, str | None] = {}
    for node in nodes:
        for values in (ledger[name] for name in node.outputs if name in ledger):
            if values != asked:
                for name in _list_used(node, {**values, **asked}):
                    if values.get(name) != asked.get(name):
                        changes[name] = values.get(name)
    return dict(sorted(changes.items()))


def _list_used(node: Node, names: Iterable[str]) -> list[str]:
    """Return which of these parameters a node uses."""
    blocks = {i.removeprefix("params:") for i in node.inputs if i.startswith("params:")}
    if "radiographs" in node.inputs:
        blocks.add(RAW)
    takes_all = "parameters" in node.inputs
    return [
        name
        for name in names
        if (takes_all and name not in (RAW, SOURCE))
        or any(name == block or name.startswith(f"{block}.") for block in blocks)
    ]

"""The ledger of a data folder: which parameters its datasets were made with.

``made_with.json`` lists sets of parameters, and under each the datasets that were made
with it. A dataset is noted before its file is written, so no file is newer than its
note. A run takes no file that has no note.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from kedro.pipeline.node import Node
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from detl.datasets.atomic import written_whole
from detl.errors import DetlError
from detl.schemas.parameters import flatten_parameters
from detl.session.commands import OF_ADDITIONS
from detl.session.project_parameters import ProjectParameters
from detl.session.simultaneous_runs import one_at_a_time

FILE = "made_with.json"

RAW = "raw data folder"
"""Name under which the raw data folder stands among the parameters."""

Values = dict[str, str]
"""Values of parameters by their whole names."""


class Change(NamedTuple):
    """A parameter that is not the one that a dataset was made with."""

    dataset: str
    parameter: str
    before: str | None
    """None if the parameter did not exist."""


class _NotedSet(BaseModel):
    """One entry of the file."""

    model_config = ConfigDict(strict=True, extra="forbid")

    parameters: Values
    datasets: set[str]


_SETS = TypeAdapter(list[_NotedSet])


@dataclass(frozen=True)
class Ledger:
    """What the datasets of one data folder were made with."""

    folder: Path
    environment: str | None = None
    """The folder's Kedro environment, for messages; None for ``base``."""
    over: "Ledger | None" = None
    """The ledger that holds for what this one has no note of."""

    def read(self) -> dict[str, Values]:
        """Return the parameters of each dataset that has been noted."""
        noted = self.over.read() if self.over else {}
        noted |= {name: values for values, names in self._read_sets() for name in names}
        return noted

    def note(self, datasets: Iterable[str], values: Values) -> None:
        """Note that these datasets are made with these parameters from now on."""
        with one_at_a_time(self.folder):
            self._note(datasets, values)

    def settle(self) -> None:
        """Note all that is noted here in the other ledger, which nobody else uses."""
        if self.over:
            for values, names in self._read_sets():
                self.over._note(names, values)

    def _note(self, datasets: Iterable[str], values: Values) -> None:
        made = set(datasets)
        before = self._read_sets()
        after = [(v, names - made) for v, names in before if v != values]
        same = [names for v, names in before if v == values]
        after.append((values, made.union(*same)))
        if after != before:
            self._write_sets(after)

    def _read_sets(self) -> list[tuple[Values, set[str]]]:
        try:
            sets = _SETS.validate_json((self.folder / FILE).read_bytes())
        except FileNotFoundError:
            return []
        except (OSError, ValidationError) as error:
            environment = f" --env {self.environment}" if self.environment else ""
            raise DetlError(
                f"{self.folder / FILE}, which says what the files there were made "
                f"with, cannot be read ({_describe(error)}): put a copy of it back, or "
                "remove it and make the files again with 'kedro run --pipeline detl"
                f"{environment}'."
            ) from error
        return [(one.parameters, one.datasets) for one in sets]

    def _write_sets(self, sets: list[tuple[Values, set[str]]]) -> None:
        shown = [
            {"parameters": values, "datasets": sorted(names)}
            for values, names in sets
            if names
        ]
        with written_whole(self.folder / FILE) as temporary:
            temporary.write_text(json.dumps(shown, indent=1), encoding="utf-8")


def _describe(error: OSError | ValidationError) -> str:
    if isinstance(error, OSError):
        return error.strerror or repr(error)
    fault = error.errors()[0]
    where = ".".join(str(part) for part in fault["loc"])
    return f"{where}: {fault['msg']}" if where else fault["msg"]


def list_values(parameters: Mapping[str, Any], raw: str) -> Values:
    """Return the whole tree of parameters, flat, with the raw data folder."""
    checked = ProjectParameters.model_validate(parameters)
    return {**flatten_parameters(checked.model_dump()), RAW: raw}


def find_changes(
    nodes: Iterable[Node], ledger: Mapping[str, Values], asked: Values
) -> list[Change]:
    """Return the parameters that changed, each with the first dataset made with it.

    Only parameters that the node itself uses count.
    """
    changes: dict[str, Change] = {}
    for node in nodes:
        for dataset in node.outputs:
            values = ledger.get(dataset, asked)
            if values != asked:
                for name in sorted(_list_used(node, {**values, **asked})):
                    before = values.get(name)
                    if before != asked.get(name):
                        changes.setdefault(name, Change(dataset, name, before))
    return list(changes.values())


def _list_used(node: Node, names: Iterable[str]) -> list[str]:
    """Return which of these parameters a node uses."""
    blocks = {i.removeprefix("params:") for i in node.inputs if i.startswith("params:")}
    if "radiographs" in node.inputs:
        blocks |= {RAW, "phantom"}
    takes_all = "parameters" in node.inputs
    return [
        name
        for name in names
        if (takes_all and name not in (RAW, *OF_ADDITIONS))
        or any(name == block or name.startswith(f"{block}.") for block in blocks)
    ]

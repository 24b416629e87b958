"""The tree of MLflow runs: the session, its architectures, their folds.

A node's namespace says where its outputs belong: ``vgg16.crossval.fold_1`` and
``vgg16.explain.fold_1`` to the run ``vgg16-fold_1``, ``vgg16.pretrain`` to the run
``vgg16``, anything else to the run of the session. Runs are addressed by their ids
and never made "the active run", so nothing depends on the order of the nodes.
"""

import hashlib
import json
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Self

import numpy as np
import pandas as pd
from mlflow.entities import Metric, Param, Run, RunTag
from mlflow.tracking import MlflowClient
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID, MLFLOW_RUN_NOTE

from detl.design import Unit, labels_of
from detl.session.logged_model import TwoParts, log_model
from detl.session.metric_keys import HEADLINE, name_metrics
from detl.session.run_artifacts import LOGGERS, log_small_picture

Parameters = Mapping[str, Any]

UNIT = "detl.unit"
"""Tag of a run: the unit that it belongs to; of the session's run it is empty."""

CROSS_VALIDATION = "detl.crossval"
"""Tag of the runs of the cross-validation, without arms: the session's run."""

LOGGED = "detl.logged"
"""Tag of a run: what has been logged in it, by name, with a digest of the content."""

MOST_AT_ONCE = 900
"""Most metrics in one call; a store takes a thousand.

MLflow itself divides a larger one, but sends the tags, and so the mark of what is
logged, with its first part."""

_RUNS_AT_ONCE = 1000


@dataclass
class _KnownRun:
    """What the store knows of a run, so that it need not be asked at each step."""

    run_id: str
    status: str
    logged: dict[str, str]
    note: str

    @classmethod
    def of(cls, run: Run) -> Self:
        """Return what the tree needs of a run."""
        tags = run.data.tags
        logged = json.loads(tags.get(LOGGED, "{}"))
        note = tags.get(MLFLOW_RUN_NOTE, "")
        return cls(run.info.run_id, run.info.status, logged, note)

    def describe_with(self, shown: str) -> RunTag:
        """Return the description of the run, with this line of Markdown in it."""
        if shown not in self.note:
            self.note = f"{self.note}\n\n{shown}".strip()
        return RunTag(MLFLOW_RUN_NOTE, self.note)


@dataclass
class RunTree:
    """Finds, makes, fills and ends the runs below one parent run."""

    client: MlflowClient
    parent_id: str
    tags: dict[str, str] = field(init=False)
    """Tags of the parent run, as they were when the tree was last looked up."""

    def __post_init__(self) -> None:
        """Find the runs of earlier sessions below the parent."""
        self.look_up()

    def look_up(self) -> None:
        """Read the whole tree from the store; other machines may have logged in it."""
        parent = self.client.get_run(self.parent_id)
        self.tags = dict(parent.data.tags)
        self._experiment_id = parent.info.experiment_id
        self._runs: dict[Unit, _KnownRun] = {(): _KnownRun.of(parent)}
        below = f"tags.`detl.root` = '{self.parent_id}'"
        for run in search_every_run(self.client, self._experiment_id, below):
            unit = tuple(run.data.tags[UNIT].split("."))
            self._runs[unit] = _KnownRun.of(run)

    def start(self, unit: Unit, parameters_of: Callable[[Unit], Parameters]) -> None:
        """Make the unit's run and those above it, or open it again."""
        if unit in self._runs:
            known = self._runs[unit]
            if known.status != "RUNNING":
                self.client.update_run(known.run_id, status="RUNNING")
                known.status = "RUNNING"
            return
        self.start(unit[:-1], parameters_of)
        names = labels_of(unit)
        tags = {
            MLFLOW_PARENT_RUN_ID: self._runs[unit[:-1]].run_id,
            "detl.root": self.parent_id,
            UNIT: ".".join(unit),
            **names,
        }
        if "arm" not in names:
            tags[CROSS_VALIDATION] = self.parent_id
        run = self.client.create_run(
            self._experiment_id, run_name="-".join(unit), tags=tags
        )
        self._runs[unit] = _KnownRun.of(run)
        self.log_parameters(unit, {**names, **parameters_of(unit)})

    def end(self, unit: Unit, status: str) -> None:
        """End the unit's run as FINISHED, FAILED or KILLED."""
        self.client.set_terminated(self._runs[unit].run_id, status)
        self._runs[unit].status = status

    def end_open(self, outputs: Mapping[Unit, Collection[str]], status: str) -> None:
        """End runs as FINISHED, or as ``status`` where they are open and lack outputs.

        Args:
            outputs: What each unit has not made yet.
            status: ``FINISHED``, ``FAILED`` or ``KILLED``.
        """
        for unit, lacking in outputs.items():
            if not unit or unit not in self._runs:
                continue
            before = self._runs[unit].status
            after = status if lacking else "FINISHED"
            if before != after and (before == "RUNNING" or not lacking):
                self.end(unit, after)

    def lacks(self, unit: Unit, name: str) -> bool:
        """Return whether the unit has a run in which this has not been logged."""
        return unit in self._runs and name not in self._runs[unit].logged

    def log_parameters(self, unit: Unit, parameters: Parameters) -> None:
        """Log parameters in the unit's run, all at once."""
        pairs = [Param(key, str(value)) for key, value in parameters.items()]
        self.client.log_batch(self._runs[unit].run_id, params=pairs)

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set tags of the parent run, all at once."""
        pairs = [RunTag(key, value) for key, value in tags.items()]
        self.client.log_batch(self.parent_id, tags=pairs)
        self.tags.update(tags)

    def log_headline(self) -> None:
        """Log the headline metrics of the best network in the session's run.

        It is the one with the highest accuracy; the tag ``network`` names it.
        """
        runs = [
            self.client.get_run(known.run_id)
            for unit, known in self._runs.items()
            if len(unit) == 1
        ]
        scored = [run for run in runs if HEADLINE[0] in run.data.metrics]
        if not scored:
            return
        best = max(scored, key=lambda run: run.data.metrics[HEADLINE[0]]).data
        before = self.client.get_run(self.parent_id).data.metrics
        new = {
            key: best.metrics[key]
            for key in HEADLINE
            if key in best.metrics and before.get(key) != best.metrics[key]
        }
        tags = [RunTag("network", best.tags["architecture"])]
        self.client.log_batch(self.parent_id, _metrics_of(new), tags=tags)

    def log(
        self,
        unit: Unit,
        name: str,
        kind: str,
        key: str,
        data: Any,
        keys: Mapping[str, str | None] = MappingProxyType({}),
    ) -> None:
        """Log ``data`` in the unit's run, unless the same has been logged before.

        Args:
            unit: The run is its own.
            name: Name of the data within the unit.
            kind: ``metrics``, ``curves``, ``picture``, ``table``, ``page``,
                ``dataset``, ``note`` (the description of the run) or ``model``.
            key: Path of a picture, or name of a table, page or data set.
            data: The output of a node; of kind ``model``, its ``TwoParts``.
            keys: Of metrics and curves, as ``name_metrics`` takes them.
        """
        run = self._runs[unit]
        digest = _digest_of(data)
        if run.logged.get(name) == digest:
            return
        metrics: list[Metric] = []
        tags: list[RunTag] = []
        if kind == "metrics":
            metrics, tags = _metrics_of(name_metrics(data, keys)), _words_of(data)
        elif kind == "curves":
            metrics = _points_of(name_metrics(data, keys))
        elif kind == "note":
            tags = [RunTag(MLFLOW_RUN_NOTE, data)]
        elif kind == "model":
            log_model(self.client, run.run_id, data)
        else:
            LOGGERS[kind](self.client, run.run_id, key, data)
        if kind == "picture" and "fold" in labels_of(unit):
            shown = log_small_picture(self.client, run.run_id, key, data)
            tags = [run.describe_with(shown)]
        run.logged[name] = digest
        # In the last call: a killed session logs again what it has logged half.
        tags.append(RunTag(LOGGED, json.dumps(run.logged)))
        while len(metrics) > MOST_AT_ONCE:
            self.client.log_batch(run.run_id, metrics[:MOST_AT_ONCE])
            metrics = metrics[MOST_AT_ONCE:]
        self.client.log_batch(run.run_id, metrics, tags=tags)


def search_every_run(client: MlflowClient, experiment_id: str, asked: str) -> list[Run]:
    """Return all runs that fit a filter, the newest first, however many pages it takes.

    Args:
        asked: The filter, as MLflow spells it.
    """
    found: list[Run] = []
    token = None
    while token != "":
        page = client.search_runs(
            [experiment_id], asked, max_results=_RUNS_AT_ONCE, page_token=token
        )
        found += page
        token = page.token or ""
    return found


def _digest_of(data: Any) -> str:
    if isinstance(data, pd.DataFrame):
        content = data.to_csv().encode()
    elif isinstance(data, np.ndarray):
        content = data.tobytes()
    elif isinstance(data, TwoParts):
        content = data.digest().encode()
    else:
        content = json.dumps(data, sort_keys=True).encode()
    return hashlib.sha256(content).hexdigest()[:16]


def _metrics_of(data: Mapping[str, Any]) -> list[Metric]:
    """Return a metric of each number, and of each in a mapping from steps to numbers.

    Such a mapping is an accuracy by seed: MLflow draws it as a line over the seeds.
    """
    now = int(time.time() * 1000)
    by_step = {k: v if isinstance(v, Mapping) else {0: v} for k, v in data.items()}
    return [
        Metric(key, float(value), now, int(step))
        for key, values in by_step.items()
        for step, value in values.items()
        if isinstance(value, int | float)
    ]


def _words_of(data: Mapping[str, Any]) -> list[RunTag]:
    # Such as warnings.
    return [RunTag(k, v) for k, v in data.items() if isinstance(v, str) and v]


def _points_of(data: Mapping[str, list[float]]) -> list[Metric]:
    now = int(time.time() * 1000)
    return [
        Metric(key, float(value), now, step)
        for key, values in data.items()
        for step, value in enumerate(values, start=1)
    ]

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
from typing import Any

import numpy as np
import pandas as pd
from mlflow.data.pandas_dataset import from_pandas
from mlflow.entities import DatasetInput, InputTag, Metric, Param, Run, RunTag
from mlflow.tracking import MlflowClient
from mlflow.utils.mlflow_tags import MLFLOW_DATASET_CONTEXT, MLFLOW_PARENT_RUN_ID

from detl.units import Unit, labels_of

Parameters = Mapping[str, Any]

UNIT = "detl.unit"
"""Tag of a child run: the unit that it belongs to."""

LOGGED = "detl.logged"
"""Tag of a run: what has been logged in it, by name, with a digest of the content."""


@dataclass
class RunTree:
    """Finds, makes, fills and ends the runs below one parent run."""

    client: MlflowClient
    parent_id: str
    run_ids: dict[Unit, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Find the runs that an earlier session has left below the parent."""
        self.run_ids[()] = self.parent_id
        for run in self.children():
            self.run_ids[tuple(run.data.tags[UNIT].split("."))] = run.info.run_id

    @property
    def experiment_id(self) -> str:
        """Id of the experiment that holds the tree."""
        return str(self.client.get_run(self.parent_id).info.experiment_id)

    @property
    def tags(self) -> dict[str, str]:
        """Tags of the parent run."""
        return dict(self.client.get_run(self.parent_id).data.tags)

    def children(self) -> list[Run]:
        """Return all runs below the parent, whatever their level."""
        found = self.client.search_runs(
            [self.experiment_id], f"tags.`detl.root` = '{self.parent_id}'"
        )
        return list(found)

    def start(self, unit: Unit, parameters_of: Callable[[Unit], Parameters]) -> None:
        """Make the unit's run and those above it, or open them again."""
        if unit in self.run_ids:
            self.client.update_run(self.run_ids[unit], status="RUNNING")
            return
        self.start(unit[:-1], parameters_of)
        names = labels_of(unit)
        run = self.client.create_run(
            self.experiment_id,
            run_name="-".join(unit),
            tags={
                MLFLOW_PARENT_RUN_ID: self.run_ids[unit[:-1]],
                "detl.root": self.parent_id,
                UNIT: ".".join(unit),
                **names,
            },
        )
        self.run_ids[unit] = run.info.run_id
        pairs = {**names, **parameters_of(unit)}
        self.client.log_batch(
            run.info.run_id,
            params=[Param(key, str(value)) for key, value in pairs.items()],
        )

    def end(self, unit: Unit, status: str) -> None:
        """End the unit's run as FINISHED, FAILED or KILLED."""
        self.client.set_terminated(self.run_ids[unit], status)

    def end_open(self, outputs: Mapping[Unit, Collection[str]], status: str) -> None:
        """End runs as FINISHED, or as ``status`` where they are open and lack outputs.

        Args:
            outputs: By unit, what it has not made yet.
            status: ``FINISHED``, ``FAILED`` or ``KILLED``.
        """
        for unit, lacking in outputs.items():
            if not unit or unit not in self.run_ids:
                continue
            before = self.client.get_run(self.run_ids[unit]).info.status
            after = status if lacking else "FINISHED"
            if before != after and (before == "RUNNING" or not lacking):
                self.end(unit, after)

    def logged(self, unit: Unit) -> dict[str, str]:
        """Return the names of what has been logged in the unit's run, with digests."""
        tags = self.client.get_run(self.run_ids[unit]).data.tags
        return dict(json.loads(tags.get(LOGGED, "{}")))

    def log(self, unit: Unit, name: str, kind: str, key: str, data: Any) -> None:
        """Log ``data`` in the unit's run, unless just this has been logged before.

        Args:
            unit: Whose run.
            name: Name of the data within the unit.
            kind: ``metrics``, ``curves``, ``picture``, ``table``, ``page`` or
                ``dataset``.
            key: Key of a picture, or name of a table, page or data set.
            data: What the node has returned.
        """
        run_id = self.run_ids[unit]
        logged = self.logged(unit)
        digest = _digest_of(data)
        if logged.get(name) == digest:
            return
        _LOGGERS[kind](self.client, run_id, key, data)
        self.client.set_tag(run_id, LOGGED, json.dumps({**logged, name: digest}))


def _digest_of(data: Any) -> str:
    if isinstance(data, pd.DataFrame):
        content = data.to_csv().encode()
    elif isinstance(data, np.ndarray):
        content = data.tobytes()
    else:
        content = json.dumps(data, sort_keys=True).encode()
    return hashlib.sha256(content).hexdigest()[:16]


def _log_metrics(client: MlflowClient, run_id: str, _: str, data: Any) -> None:
    now = int(time.time() * 1000)
    numbers = {k: v for k, v in data.items() if isinstance(v, int | float)}
    client.log_batch(
        run_id,
        metrics=[Metric(k, float(v), now, 0) for k, v in numbers.items()],
        # Such as warnings, which are words.
        tags=[RunTag(k, v) for k, v in data.items() if isinstance(v, str) and v],
    )


def _log_curves(client: MlflowClient, run_id: str, _: str, data: Any) -> None:
    now = int(time.time() * 1000)
    points = [
        Metric(key, float(value), now, step)
        for key, values in data.items()
        for step, value in enumerate(values, start=1)
    ]
    # A store takes at most a thousand metrics at once.
    for start in range(0, len(points), 1000):
        client.log_batch(run_id, metrics=points[start : start + 1000])


def _log_picture(client: MlflowClient, run_id: str, key: str, data: Any) -> None:
    client.log_image(run_id, data, key=key, step=0, synchronous=True)


def _log_table(client: MlflowClient, run_id: str, key: str, data: Any) -> None:
    client.log_text(run_id, data.to_csv(index=False), f"{key}.csv")


def _log_page(client: MlflowClient, run_id: str, key: str, data: Any) -> None:
    client.log_text(run_id, data, f"{key}.html")


def _log_dataset(client: MlflowClient, run_id: str, key: str, data: Any) -> None:
    table = from_pandas(data, name=key)._to_mlflow_entity()
    client.log_inputs(
        run_id, [DatasetInput(table, [InputTag(MLFLOW_DATASET_CONTEXT, key)])]
    )


_LOGGERS = {
    "metrics": _log_metrics,
    "curves": _log_curves,
    "picture": _log_picture,
    "table": _log_table,
    "page": _log_page,
    "dataset": _log_dataset,
}

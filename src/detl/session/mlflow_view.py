"""The view of MLflow that compares the folds of the last run, and its address.

``python -m detl.session.mlflow_view 5000`` prints the address, for ``make ui``.
"""

import json
import sys
import time
from collections.abc import Collection
from pathlib import Path

import click
from mlflow.tracking import MlflowClient

from detl.session.metric_keys import HEADLINE
from detl.session.mlflow_store import EXPERIMENT, OWN, name_own_store

VIEW = "folds"
"""Name of the view in the address."""

CHARTS = (
    *("Model metrics", "val", "train", "ensemble", "seed"),
    *("kept", "pretrain", "optimism", "interval"),
)
"""The groups of metrics in the view of charts, in their order. MLflow's own name of the
first one, whose keys have no group."""

_TAG = f"mlflow.sharedViewState.{VIEW}"
"""Tag of an experiment, under which MLflow 3 keeps a saved view of its runs."""


def save_view(client: MlflowClient, run_id: str) -> None:
    """Let the view show this run, its architectures and their folds, in their order.

    The columns are the headline metrics.

    Args:
        client: Of the store.
        run_id: Run of a session.
    """
    from detl.session.run_tree import CROSS_VALIDATION, UNIT

    columns = [f"metrics.`{key}`" for key in HEADLINE]
    state = {
        "searchFilter": f"tags.`{CROSS_VALIDATION}` = '{run_id}'",
        "orderByKey": f"tags.`{UNIT}`",
        "orderByAsc": True,
        "selectedColumns": columns,
        "columnOrder": columns,
        "runsHiddenMode": "SHOW_ALL",
        # MLflow adds the charts, and would put the groups in alphabetical order.
        "isAccordionReordered": True,
        "compareRunCharts": [],
        "compareRunSections": [
            {"uuid": f"detl-{name}", "name": name, "display": True, "isReordered": True}
            for name in CHARTS
        ],
    }
    now = int(time.time() * 1000)
    view = {
        "name": "Folds of the last run",
        "createdAt": now,
        "updatedAt": now,
        "state": json.dumps(state),
    }
    experiment_id = client.get_run(run_id).info.experiment_id
    client.set_experiment_tag(experiment_id, _TAG, json.dumps(view))


def drop_view(client: MlflowClient, experiment: str, run_ids: Collection[str]) -> None:
    """Remove the view if it shows one of these runs, which are deleted.

    Args:
        client: Of the store.
        experiment: Name of the experiment.
        run_ids: Runs of sessions, and others.
    """
    found = client.get_experiment_by_name(experiment)
    if found and any(run_id in found.tags.get(_TAG, "") for run_id in run_ids):
        client.delete_experiment_tag(found.experiment_id, _TAG)


def find_address(client: MlflowClient, server: str) -> str | None:
    """Return the address of the view; None where there is no run yet.

    Args:
        client: Of the store.
        server: Address of the server of MLflow.
    """
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment is None or _TAG not in experiment.tags:
        return None
    # Otherwise MLflow opens with its pages for language models.
    mode = "workflowType=machine_learning"
    runs = f"#/experiments/{experiment.experiment_id}/runs"
    return f"{server.rstrip('/')}/{runs}?{mode}&viewStateShareKey={VIEW}"


def find_current_address(project: Path) -> str | None:
    """Return the address in the store that this session uses, if it has a server.

    The project's own store has one as soon as ``make ui`` runs, at its default port.

    Args:
        project: The project's root.
    """
    import mlflow

    store = mlflow.get_tracking_uri()
    if store.startswith("http"):
        return find_address(MlflowClient(), store)
    if store == name_own_store(project):
        return find_address(MlflowClient(), "http://127.0.0.1:5000")
    return None


def main(port: str) -> None:
    """Print the address of the view in the project's own store."""
    project = Path.cwd()
    if (project / OWN).is_file():
        client = MlflowClient(name_own_store(project))
        address = find_address(client, f"http://127.0.0.1:{port}")
        if address:
            click.echo(f"The folds of the last run: {address}")


if __name__ == "__main__":
    main(sys.argv[1])

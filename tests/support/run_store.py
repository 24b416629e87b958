"""The MLflow store of a project that tests have run."""

from pathlib import Path

import mlflow
from mlflow.entities import Run


class Store:
    """The runs in a project's MLflow store."""

    def __init__(self, project: Path) -> None:
        self.client = mlflow.MlflowClient(f"sqlite:///{project}/mlflow.db")
        (self.experiment,) = self.client.search_experiments(
            filter_string="name = 'detl'"
        )

    def below(self, parent: Run | None) -> list[Run]:
        runs = self.client.search_runs(
            [self.experiment.experiment_id], max_results=1000
        )
        parent_id = parent.info.run_id if parent else None
        found = [r for r in runs if r.data.tags.get("mlflow.parentRunId") == parent_id]
        return sorted(found, key=lambda run: run.info.run_name)

    def folds(self) -> list[Run]:
        (parent,) = self.below(None)
        return [fold for child in self.below(parent) for fold in self.below(child)]

    def pictures(self, run: Run) -> list[str]:
        files = self.client.list_artifacts(run.info.run_id, "images")
        return [file.path for file in files if file.path.endswith(".png")]

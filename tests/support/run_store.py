"""The MLflow store of a project that tests have run."""

from pathlib import Path

import mlflow
from mlflow.entities import LoggedModel, Run

from detl.session.logged_model import list_models

FOLDS_OF_WHOLE_RUN = ("fold_1", "fold_2")
"""Two of the five, so that the run is shorter."""


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

    def files(self, run: Run, folder: str | None = None) -> set[str]:
        """Return the paths of all files of a run but those of its model."""
        paths: set[str] = set()
        for file in self.client.list_artifacts(run.info.run_id, folder):
            if file.is_dir:
                paths |= self.files(run, file.path)
            else:
                paths.add(file.path)
        return paths

    def pictures(self, run: Run) -> set[str]:
        return {path for path in self.files(run) if path.endswith(".png")}

    def models(self, run: Run) -> list[LoggedModel]:
        return list_models(self.client, run)


PICTURES_OF_A_FOLD = {
    *("confusion_matrix.png", "gallery/confusion_matrix.png"),
    *("grad_cam/panel.png", "gallery/grad_cam.png"),
}

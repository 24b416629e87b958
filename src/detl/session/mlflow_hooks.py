"""Filling MLflow during a run: a run for the session, its architectures, their folds.

The nodes know nothing of MLflow. The catalog says which outputs are logged, under
``metadata: {mlflow: {kind: ..., key: ...}}``, and ``SessionRun`` logs them.
"""

import os
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from detl.errors import DetlError
from detl.session.commands import Setting, name_environment
from detl.session.mlflow_store import (
    asking_once,
    describe_refusal,
    is_of_mlflow,
    name_own_store,
    refuse_unusable_address,
)
from detl.session.moved_store import ARTIFACTS, follow_project
from detl.session.project_parameters import describe_fault
from detl.session.selection import is_whole
from detl.session.workplace import WORKPLACE, Workplace

if TYPE_CHECKING:
    from detl.session.session_run import SessionRun


class MlflowHooks:
    """Fills the tree of MLflow runs (see ``run_tree``) during the session.

    kedro-mlflow starts and ends the run of the session. A session that runs a part
    of the pipeline continues in the newest run that had the same parameters.
    """

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace
        self._resumed: str | None = None
        self._chosen: Any = None
        self._setting = Setting("", {}, "", "")
        self._run: SessionRun | None = None

    def resume(self, run_id: str) -> None:
        """Continue in this run with the next session."""
        self._resumed = run_id

    @hook_impl(wrapper=True)
    def after_context_created(
        self, context: KedroContext
    ) -> Generator[None, object, object]:
        """Name the store, and say in a sentence why kedro-mlflow cannot use it."""
        store = _complete_settings(context)
        try:
            with asking_once():
                result = yield
        except Exception as error:  # others than these are raised as they are
            if is_of_mlflow(error):
                raise DetlError(describe_refusal(error, store)) from error
            raise
        loader = context.config_loader
        self._setting = Setting(
            name_environment(context.env),
            loader["parameters"],
            loader["globals"]["raw"],
            self._workplace.name,
        )
        # kedro-mlflow has put it there, and reads it when it opens the run.
        self._chosen = context.mlflow.tracking.run  # type: ignore[attr-defined]
        self._note_place()
        return result

    @hook_impl(tryfirst=True, specname="before_pipeline_run")
    def choose_run(self, run_params: dict[str, Any], pipeline: Pipeline) -> None:
        """Tell kedro-mlflow which earlier run to continue, if any."""
        from detl.session.earlier_runs import choose_run

        named = self._resumed or os.environ.get("MLFLOW_RUN_ID") or self._chosen.id
        is_part = run_params["only_missing_outputs"] or not is_whole(pipeline)
        self._resumed = None
        self._chosen.id = choose_run(named, is_part, self._setting)

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Describe the run that kedro-mlflow has opened, so that it can be resumed.

        After ``OutputHooks`` has put out of use what is to be made: a process that is
        resumed makes all of that.
        """
        import mlflow

        from detl.session.session_run import SessionRun

        self._note_place()
        run = mlflow.active_run()  # none where MLflow is disabled for the pipeline
        self._run = None
        if run is not None:
            self._run = SessionRun(run.info.run_id, self._setting, pipeline, catalog)
            self._run.begin(run_params, self._workplace.is_beside)

    @hook_impl(tryfirst=True)
    def before_node_run(self, node: Node, inputs: dict[str, Any]) -> None:
        """Open the run of the node's unit.

        ``inputs`` is a copy that only the hooks see. Parameters are taken out of it,
        because kedro-mlflow would log them all, and nobody reads two hundred.
        """
        for name in list(inputs):
            if name == "parameters" or name.startswith("params:"):
                del inputs[name]
        if self._run is not None:
            self._run.start_node(node)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any, node: Node) -> None:
        """Log what the catalog names; end a unit's run with its last output."""
        if self._run is not None:
            self._run.add_output(node, dataset_name, data)

    def add_made(self, node: Node) -> None:
        """Log what a node has made in another process, as the catalog finds it."""
        if self._run is not None:
            self._run.add_made(node)

    def note_accelerators(self, names: str) -> None:
        """Note the accelerators of another process that nodes have run in."""
        if self._run is not None:
            self._run.accelerators = names

    @hook_impl
    def on_node_error(self, error: Exception, node: Node) -> None:
        """End the run of the node's unit, and of its architecture, as FAILED."""
        if self._run is not None:
            self._run.end_node(node, error)

    @hook_impl(tryfirst=True)
    def after_pipeline_run(self) -> None:
        """Complete the tree from the catalog and end what is still open."""
        if self._run is not None:
            self._run.end("FINISHED")
            self._run.note_end()
        self._note_place()

    @hook_impl(tryfirst=True)
    def on_pipeline_error(self) -> None:
        """Keep what has been made, and end as FAILED what could not be finished."""
        if self._run is not None:
            self._run.end("FAILED")

    def _note_place(self) -> None:
        """Note which runs' files have come to their place since, or were dropped."""
        from detl.session.earlier_runs import note_place

        for has_happened, now in (
            (self._workplace.has_taken_place, "yes"),
            (self._workplace.has_dropped, "dropped"),
        ):
            if has_happened:
                note_place(self._setting.environment, self._setting.results, now)
        self._workplace.has_taken_place = self._workplace.has_dropped = False


def _complete_settings(context: KedroContext) -> str:
    """Return the address of the store, after writing it into kedro-mlflow's settings.

    ``conf/*/mlflow.yml`` names it, else the environment variable MLFLOW_TRACKING_URI,
    else it is the project's own, whatever the working directory.

    Args:
        context: Its config loader hands kedro-mlflow the settings.

    Raises:
        DetlError: kedro-mlflow refuses the settings, or the store cannot be used.
    """
    from kedro_mlflow.config.kedro_mlflow_config import KedroMlflowConfig
    from pydantic import ValidationError

    settings = context.config_loader["mlflow"]
    try:
        KedroMlflowConfig.model_validate(settings)
    except ValidationError as error:
        faults = "; ".join(describe_fault(fault) for fault in error.errors())
        raise DetlError(
            f"The configuration of MLflow is refused: {faults}. Correct it in "
            "conf/*/mlflow.yml."
        ) from error
    own = name_own_store(Path(context.project_path))
    server = settings.setdefault("server", {})
    store = (
        server.get("mlflow_tracking_uri")
        or os.environ.get("MLFLOW_TRACKING_URI", "").strip()
        or own
    )
    server["mlflow_tracking_uri"] = store
    if store == own:
        experiment = settings.setdefault("tracking", {}).setdefault("experiment", {})
        creation = experiment.setdefault("create_experiment_kwargs", {})
        # A server has a place of its own for files.
        creation.setdefault("artifact_location", ARTIFACTS)
        follow_project(Path(context.project_path))
    context.config_loader["mlflow"] = settings
    refuse_unusable_address(store)
    return str(store)


MLFLOW_HOOKS = MlflowHooks(WORKPLACE)
"""The project's hooks; ``kedro resume`` tells them which run it continues."""

"""Settings of the Kedro project."""

from detl.cluster.dask_runner import ORDER_HOOKS
from detl.imaging.memory import keep_freed_memory
from detl.session.config_loader import ReadableConfigLoader, environment_variable
from detl.session.hooks import (
    ClosingTableHooks,
    ProgressHooks,
    ProvenanceHooks,
    SampleHooks,
)
from detl.session.input_hooks import InputHooks, LedgerHooks, ParameterHooks
from detl.session.interrupts import InterruptHooks
from detl.session.mlflow_hooks import MLFLOW_HOOKS
from detl.session.progress import RunProgressHooks
from detl.session.quiet import quieten_libraries
from detl.session.result_hooks import DataFolderHooks, OutputHooks
from detl.session.workplace import WORKPLACE

quieten_libraries()
keep_freed_memory()

HOOKS = (
    ORDER_HOOKS,
    # Kedro calls the last one first; among those marked "tryfirst", too.
    SampleHooks(),
    LedgerHooks(WORKPLACE),
    InputHooks(WORKPLACE),
    ParameterHooks(),
    ProgressHooks(),
    ProvenanceHooks(),
    MLFLOW_HOOKS,
    OutputHooks(WORKPLACE),
    ClosingTableHooks(),
    DataFolderHooks(WORKPLACE),
    RunProgressHooks(),
    InterruptHooks(),
)

CONFIG_LOADER_CLASS = ReadableConfigLoader

CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    # An environment says only what differs from base.
    "merge_strategy": {"parameters": "soft", "globals": "soft"},
    "custom_resolvers": {"oc.env": environment_variable},
    # kedro-mlflow adds it too late for our hooks.
    "config_patterns": {"mlflow": ["mlflow*", "mlflow*/**", "**/mlflow*"]},
}

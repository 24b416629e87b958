"""Runs the pipeline from Airflow: one command, which spreads its tasks over workers.

Airflow says when, Dask's workers do it (docs/deploy.md). Copy this file into Airflow's
folder of DAGs, and set the four names below. Airflow needs no package of the project,
and the project none of Airflow.
"""

from datetime import timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

PROJECT = "/srv/detl"
"""The project's folder, with its .venv, on the machine where Airflow runs tasks."""

RAW_DATA = "/srv/xrays"
"""The folder that holds the raw data sets."""

ENVIRONMENT = "paper"
"""A folder of conf/."""

WORKERS = "--runner detl.cluster.DaskRunner --runner-params address=tcp://host:8786"
"""Where Dask's workers are."""

with DAG("detl", schedule=None, catchup=False, max_active_runs=1):
    # A second try would begin anew.
    run = BashOperator(
        task_id="run",
        bash_command=(
            f".venv/bin/kedro run --pipeline detl --env {ENVIRONMENT} {WORKERS}"
        ),
        cwd=PROJECT,
        env={"DETL_DATA": RAW_DATA},
        append_env=True,
        retries=0,
    )
    # It goes on at what is missing, so that each try starts where the last one ended.
    resume = BashOperator(
        task_id="resume",
        bash_command=f".venv/bin/kedro resume --env {ENVIRONMENT} {WORKERS}",
        cwd=PROJECT,
        trigger_rule="one_failed",
        retries=2,
        retry_delay=timedelta(minutes=5),
    )
    run >> resume

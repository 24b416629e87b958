"""Lets Airflow read its DAG, as its scheduler would, for ``make test-deploy``."""

import sys

from airflow.dag_processing.dagbag import DagBag

if __name__ == "__main__":
    bag = DagBag(sys.argv[1])
    for path, error in bag.import_errors.items():
        print(f"{path}: {error}")
    for dag in bag.dags.values():
        print(f"{dag.dag_id}: {', '.join(task.task_id for task in dag.tasks)}")
    sys.exit(int(bool(bag.import_errors) or not bag.dags))

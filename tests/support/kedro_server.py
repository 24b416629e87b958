"""Run ``kedro`` commands in forks of one process that has imported the libraries.

A command on its own spends seconds on these imports, more than most commands take. The
fork imports the project itself, so each command runs the code of its own project.
``run_kedro`` writes a command per line to the standard input, as JSON, and reads its
exit code from the standard output.
"""

import gc
import inspect
import json
import os
import signal
import sys
from typing import NoReturn


def import_libraries() -> None:
    """Import what most commands need, but neither the project nor Keras.

    Keras reads its settings when it is imported, and a command may have its own.
    """
    import alembic.command  # noqa: F401
    import cv2  # noqa: F401
    import jinja2  # noqa: F401
    import kedro.framework.cli  # noqa: F401
    import kedro_datasets.json.json_dataset
    import kedro_datasets.pandas.parquet_dataset  # noqa: F401
    import kedro_mlflow.framework.hooks.mlflow_hook
    import kedro_mlflow.mlflow  # noqa: F401
    import matplotlib.figure  # noqa: F401
    import mlflow.store.tracking.sqlalchemy_store  # noqa: F401
    import pandera.pandas  # noqa: F401
    import sklearn.linear_model
    import sklearn.model_selection  # noqa: F401
    import statsmodels.api  # noqa: F401
    import tensorflow  # noqa: F401

    # It keeps which file each module is of. Dynaconf asks for it in every command.
    inspect.stack()
    # A collection of garbage in a fork would look through, and so copy, all of it.
    gc.collect()
    gc.freeze()


def run_command(
    arguments: list[str], folder: str, environment: dict[str, str], printed: str
) -> NoReturn:
    """Run the command, with all that it prints in the file ``printed``."""
    file = os.open(printed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(file, stream.fileno())
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    # Where the tests run in the background, it would be ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.path.insert(0, environment["PYTHONPATH"])
    sys.argv = ["kedro", *arguments]
    from kedro.framework.cli import main

    sys.exit(main())


def serve() -> None:
    """Run a command per line of the standard input, one after the other."""
    import_libraries()
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            run_command(**json.loads(line))
        _, status = os.waitpid(process, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()

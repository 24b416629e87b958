"""The time that MLflow logging adds to a run.

    python benchmarks/mlflow_logging.py [--repeats 1] [--env test]

AlexNet alone runs from images to report in a temporary copy of the project with these
sources. The script times all hooks of ``MlflowHooks`` and of kedro-mlflow during the
run; the run "without" is the run less that time. Two runs, one without logging, would
not do, since runs of a minute differ by more than the logging takes. ``--whole``
compares two runs all the same.

Environment ``test`` is the worst case: its nodes take almost no time, but are logged
like those of a run of hours.
"""

import argparse
import functools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from comparison import Row, alternate, peak_memory, print_rows, ratio_of_medians

TESTS = Path(__file__).parents[1] / "tests" / "support"

SETTING_UP = "after_context_created"
"""The hook that opens the store, with logging or without."""


def time_hooks(of: type, calls: list[float]) -> None:
    """Make the hooks of a class add their seconds to ``calls``."""
    for name, method in list(vars(of).items()):
        # pluggy's marker sets this attribute on a hook.
        if hasattr(method, "kedro_impl") and name != SETTING_UP:
            setattr(of, name, _timed(method, calls))


def _timed(method: Callable[..., Any], calls: list[float]) -> Callable[..., Any]:
    @functools.wraps(method)
    def timed(*args: Any, **kwargs: Any) -> Any:
        start = time.perf_counter()
        try:
            return method(*args, **kwargs)
        finally:
            calls.append(time.perf_counter() - start)

    return timed


def run_here(project: Path, env: str) -> dict[str, float]:
    """Return the seconds of a run in this process, and those in MLflow's hooks."""
    from kedro.framework.session import KedroSession
    from kedro.framework.startup import bootstrap_project
    from kedro_mlflow.framework.hooks.mlflow_hook import MlflowHook

    from detl.session.mlflow_hooks import MlflowHooks
    from detl.session.runner import FoldByFoldRunner

    calls: list[float] = []
    for hooks in (MlflowHooks, MlflowHook):
        time_hooks(hooks, calls)
    bootstrap_project(project)
    start = time.perf_counter()
    with KedroSession.create(project_path=project, env=env) as session:
        session.run(pipeline_names=["detl"], runner=FoldByFoldRunner())
    seconds = time.perf_counter() - start
    return {"run": seconds, "hooks": sum(calls), "peak": peak_memory()}


def run_apart(project: Path, env: str) -> dict[str, float]:
    """Return the result of ``run_here`` in a process of its own, in the copy."""
    from project_copy import environment_of

    command = [sys.executable, __file__, "--project", str(project), "--env", env]
    run = subprocess.run(
        command,
        cwd=project,
        env=environment_of(project),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(run.stdout.splitlines()[-1])


def compare_hooks(project: Path, env: str, repeats: int) -> Row:
    """Return the row of the time inside the hooks."""
    runs = [run_apart(project, env) for _ in range(repeats)]
    without = [run["run"] - run["hooks"] for run in runs]
    ratios = [run["run"] / rest for run, rest in zip(runs, without, strict=True)]
    return Row(
        f"MLflow logging, beside the run without it (`{env}`, AlexNet)",
        f"{median(run['run'] for run in runs):.1f} s",
        f"{median(without):.1f} s",
        median(ratios),
        1.05,
        at_most=True,
        peak=max(run["peak"] for run in runs),
    )


def compare_whole(project: Path, env: str, repeats: int) -> Row:
    """Return the row of runs with and without logging, which take turns."""
    config = project / "conf" / "base" / "mlflow.yml"
    logging = config.read_text()

    def run_without() -> None:
        config.write_text(logging.replace("[phantom]", "[phantom, detl]"))
        run_apart(project, env)
        config.write_text(logging)

    ways = [lambda: run_apart(project, env), run_without]
    logged, plain = alternate(ways, repeats)
    return Row(
        f"MLflow logging, beside the run without it (`{env}`, AlexNet, whole runs)",
        f"{median(logged):.1f} s",
        f"{median(plain):.1f} s",
        ratio_of_medians(logged, plain),
        1.05,
        at_most=True,
    )


def main(arguments: argparse.Namespace) -> None:
    """Print the row of the logging."""
    sys.path.insert(0, str(TESTS))
    from project_copy import copy_project, keep_architectures

    with tempfile.TemporaryDirectory() as folder:
        project = copy_project(Path(folder))
        keep_architectures(project, "alexnet")
        compare = compare_whole if arguments.whole else compare_hooks
        print_rows([compare(project, arguments.env, arguments.repeats)])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--env", choices=["test", "base"], default="test")
    parser.add_argument("--whole", action="store_true", help="compare whole runs")
    parser.add_argument("--project", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.project:
        print(json.dumps(run_here(arguments.project, arguments.env)))
    else:
        main(arguments)

"""The start-up time of a run without work, against the import of TensorFlow and MLflow.

    python benchmarks/startup.py [--repeats 3] [--all]

Environment ``test`` runs once in a temporary copy of the project with these sources,
with AlexNet alone or with all networks (three times as long). Then ``kedro run
--pipeline detl --only-missing-outputs``, which finds all outputs, takes turns with
``python -c "import tensorflow, mlflow"``. Each is a process of its own, timed from
start to end.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from comparison import Row, alternate, peak_memory_of, print_rows, ratio_of_medians

TESTS = Path(__file__).parents[1] / "tests" / "support"
RUN = ("run", "--pipeline", "detl", "--env", "test")


def main(repeats: int, all_networks: bool) -> None:
    """Print the row of the start-up.

    Args:
        repeats: Number of measurements of each.
        all_networks: Whether the graph is whole, or only AlexNet's.

    Raises:
        RuntimeError: The pipeline fails.
    """
    sys.path.insert(0, str(TESTS))
    from project_copy import (
        KEDRO,
        copy_project,
        environment_of,
        keep_architectures,
        run_kedro,
    )

    with tempfile.TemporaryDirectory() as folder:
        project = copy_project(Path(folder))
        if not all_networks:
            keep_architectures(project, "alexnet")

        def run(*arguments: str) -> None:
            finished = run_kedro(project, *RUN, *arguments)
            if finished.returncode:
                raise RuntimeError(finished.stdout)

        def import_only() -> None:
            subprocess.run(
                [sys.executable, "-c", "import tensorflow, mlflow"],
                env=environment_of(project),
                stderr=subprocess.DEVNULL,
                check=True,
            )

        run()
        ours, imports = alternate(
            [lambda: run("--only-missing-outputs"), import_only], repeats
        )
        peak = peak_memory_of(
            [KEDRO, *RUN, "--only-missing-outputs"],
            cwd=project,
            env=environment_of(project),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    row = Row(
        f"`kedro run` with nothing to do ({'all' if all_networks else 'AlexNet'}, "
        "environment test): importing TensorFlow and MLflow",
        f"{median(ours):.1f} s",
        f"{median(imports):.1f} s",
        ratio_of_medians(ours, imports),
        1.5,
        at_most=True,
        peak=peak,
    )
    print_rows([row])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--all", action="store_true", help="all networks")
    arguments = parser.parse_args()
    main(arguments.repeats, arguments.all)

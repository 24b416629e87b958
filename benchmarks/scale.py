"""How time, memory and stores grow with images, networks and runs.

    python benchmarks/scale.py films [--counts 2000 8000]
    python benchmarks/scale.py tables [--counts 10000 30000 100000]
    python benchmarks/scale.py copies [--counts 10000 30000 100000]
    python benchmarks/scale.py split [--counts 100000 300000 1000000]
    python benchmarks/scale.py graph [--counts 1 3 10]
    python benchmarks/scale.py viz [--counts 1 3 10]
    python benchmarks/scale.py mlflow [--counts 1000 5000]

Each prints a table with a row per count; docs/scale.md says what follows from them. All
works in a temporary folder (--folder names where), each row in a process of its own.
Seconds are those of a processor, so that other programs do not count; with several
cores they add up. MB is memory, where it says nothing else.

- ``films``: ingest of PNG files of 1024 px to 224 px, 400 films that are linked as
  often as it takes (so they are copies, and only their decoding counts).
- ``tables``: ingest of 100 sources of small images, all different: listing, labels,
  decoding of 32 px, registry, search for copies, groups.
- ``copies``: the search for copies among random hashes, and among 500 images that are
  alike, each of which is compared with all the others.
- ``split``: Data-A, Data-B, folds and the check for leaks of a made-up table of 100
  sources, with 3.6 images per patient, as in NIH ChestX-ray14.
- ``graph``: pipeline ``detl`` of as many networks: made, described by Kedro, begun (up
  to the first node), and each node taken up by the runner. ``viz``: Kedro-Viz's page.
- ``mlflow``: a store in SQLite with so many runs, in sessions of ten networks and five
  folds: what a session asks of it, what its pages ask, and the writing of a fold's run.
"""

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from comparison import peak_memory, run_alone

PROJECT = Path(__file__).parents[1]
SOURCES = 100
PER_PATIENT = 3.6
DISTINCT = 400
ALIKE = 500
COUNTS = {
    "films": [2000, 8000],
    "tables": [10_000, 30_000, 100_000],
    "copies": [10_000, 30_000, 100_000],
    "split": [100_000, 300_000, 1_000_000],
    "graph": [1, 3, 10],
    "viz": [1, 3, 10],
    "mlflow": [1000, 5000],
}
FINDINGS = {
    **{"No Finding": 0.54, "Infiltration": 0.12, "Atelectasis": 0.08, "Effusion": 0.08},
    **{"Nodule": 0.05, "Mass": 0.04, "Cardiomegaly": 0.03, "Pneumonia": 0.03},
    "COVID-19": 0.03,
}

Measured = dict[str, float]


def main(what: str, counts: list[int], folder: Path) -> None:
    """Print the table of one subject."""
    if what == "films":
        write_films(folder)
    for count in counts:
        of_count = folder / f"{what}-{count}"
        of_count.mkdir()
        found = run_alone(__file__, what=what, counts=count, folder=of_count, alone=1)
        shutil.rmtree(of_count)
        row = {what: count, **found}
        if count == counts[0]:
            print("| " + " | ".join(row) + " |")
            print("|" + "---:|" * len(row))
        values = (f"{value:,.6g}" for value in row.values())
        print("| " + " | ".join(values) + " |", flush=True)


def clock(seconds: Measured, name: str, work: Callable[[], Any]) -> Any:
    """Return what some work returns, and note its seconds of a processor.

    Those of the clock would also be those of other programs.
    """
    start = _used()
    result = work()
    seconds[name] = round(_used() - start, 3)
    return result


def _used() -> float:
    """Return the seconds of a processor that this process and its children took."""
    of_children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + of_children.ru_utime + of_children.ru_stime


# ---------------------------------------------------------------- ingest


def write_films(folder: Path) -> None:
    """Write the films of 1024 px that are linked."""
    import ingest

    ingest.write_films(folder / "distinct", DISTINCT)


def measure_films(count: int, folder: Path) -> Measured:
    """Return the seconds, memory and disk that decoding large films takes."""
    from ingest import FORMAT, WARM

    from detl.imaging.decode_cache import open_decoded_files
    from detl.imaging.pixel_array import store_pictures

    def decode(paths: list[Path], memory: Path) -> None:
        with open_decoded_files(memory, FORMAT) as known:
            store_pictures(paths, FORMAT, known)

    found: Measured = {}
    distinct = sorted((folder.parent / "distinct").iterdir())
    paths = [folder / f"{number:07}.png" for number in range(count)]
    for number, path in enumerate(paths):
        path.hardlink_to(distinct[number % len(distinct)])
    decode(distinct[:WARM], folder / "warm.sqlite")
    before = peak_memory()
    memory = folder / "decoded.sqlite"
    clock(found, "first, s", lambda: decode(paths, memory))
    found["first, ms a film"] = found["first, s"] / count * 1000
    clock(found, "again, s", lambda: decode(paths, memory))
    found["MB more"] = peak_memory() - before
    found["KB of decoded_files a film"] = memory.stat().st_size / count / 1000
    return found


def measure_tables(count: int, folder: Path) -> Measured:
    """Return the seconds and memory of all that is not decoding in an ingest."""
    from detl.imaging.read import PixelFormat
    from detl.pipelines.ingest.nodes import read_sources
    from detl.schemas.parameters import IngestParameters
    from detl.sources.decoding import decode_candidates

    found: Measured = {}
    write_sources(folder, count)
    names = [f"hospital_{number:03}" for number in range(SOURCES)]
    parameters = IngestParameters(
        sources={name: {"reader": "folder", "folder": name} for name in names},
        views=["PA"],
        input_size=32,
        fit="crop",
        largest_image=100_000_000,
    )
    before = peak_memory()
    candidates, _ = clock(
        found, "list and label, s", lambda: read_sources(folder, parameters)
    )
    found["MB of it"] = peak_memory() - before
    paths = [folder / path for path in candidates["path"]]
    pixel_format = PixelFormat(32, "crop", 100_000_000)
    memory = folder / "decoded.sqlite"
    before = peak_memory()
    clock(
        found,
        "decode, register, compare, s",
        lambda: decode_candidates(candidates, paths, pixel_format, memory),
    )
    found["MB of that"] = peak_memory() - before
    clock(
        found,
        "the same again, s",
        lambda: decode_candidates(candidates, paths, pixel_format, memory),
    )
    return found


def write_sources(folder: Path, count: int) -> None:
    """Write the folders of 100 hospitals, each with its labels.csv."""
    import cv2

    rng = np.random.default_rng(0)
    each = count // SOURCES
    for number in range(SOURCES):
        hospital = folder / f"hospital_{number:03}"
        hospital.mkdir()
        names = [f"{row:07}.png" for row in range(each)]
        for name in names:
            image = rng.integers(0, 256, (32, 32), dtype=np.uint8)
            cv2.imwrite(str(hospital / name), image)
        patients = rng.integers(0, max(1, int(each / PER_PATIENT)), each)
        findings = rng.choice(list(FINDINGS), each, p=list(FINDINGS.values()))
        table = {"file": names, "label": findings, "patient": patients}
        pd.DataFrame(table).to_csv(hospital / "labels.csv", index=False)


def measure_copies(count: int, folder: Path) -> Measured:
    """Return the seconds and memory of the search for copies."""
    from detl.imaging.copies import find_copies

    found: Measured = {}
    images = pd.DataFrame(
        {
            "perceptual_hash": draw_digits(count),
            "width": 224,
            "height": 224,
            "row": range(count),
        }
    )
    film = np.random.default_rng(0).integers(0, 256, (1, 224, 224), dtype=np.uint8)
    pixels = np.broadcast_to(film, (count, 224, 224))
    before = peak_memory()
    clock(found, "s", lambda: find_copies(images, pixels, "crop"))
    found["ns a pair"] = found["s"] / (count * (count - 1) / 2) * 1e9
    found["MB more"] = peak_memory() - before
    same = images.iloc[:ALIKE].assign(perceptual_hash="0" * 64)
    clock(found, f"{ALIKE} alike, s", lambda: find_copies(same, pixels, "crop"))
    return found


def draw_digits(count: int) -> list[str]:
    """Return random texts of 64 hexadecimal digits."""
    content = np.random.default_rng(0).bytes(32 * count).hex()
    return [content[start : start + 64] for start in range(0, len(content), 64)]


def measure_split(count: int, folder: Path) -> Measured:
    """Return the seconds and memory of the split."""
    from detl.schemas.parameters import SplitParameters
    from detl.schemas.tables import IMAGES, validate
    from detl.sources.groups import join_patients
    from detl.splitting.data_a import select_data_a
    from detl.splitting.data_b import select_data_b
    from detl.splitting.folds import assign_folds
    from detl.splitting.leaks import count_leaks

    found: Measured = {}
    images = make_images(count)
    before = peak_memory()
    text = (PROJECT / "conf" / "paper" / "parameters_split.yml").read_text()
    values = yaml.safe_load(text)["split"]
    sources = sorted(images["source"].unique())
    values["data_a"]["sources"] = sources
    for label in ("normal", "other_disease", "pneumonia"):
        values["data_b"][label]["sources"] = sources
    parameters = SplitParameters.model_validate(values)
    groups = clock(
        found,
        "groups, s",
        lambda: join_patients(images["patient_id"], np.arange(count)),
    )
    images["group"] = groups
    clock(found, "check of the table, s", lambda: validate(images, IMAGES))
    data_b, _ = clock(
        found, "Data-B, s", lambda: select_data_b(images, parameters, seed=0)
    )
    data_a, _ = clock(
        found, "Data-A, s", lambda: select_data_a(images, data_b, parameters, seed=0)
    )
    names = [f"fold_{number}" for number in range(1, 6)]
    folds = clock(found, "folds, s", lambda: assign_folds(data_b, parameters, 0, names))
    copies = pd.DataFrame({"image_id": [], "other_id": []}, dtype=str)
    clock(found, "leaks, s", lambda: count_leaks(images, copies, data_a, data_b, folds))
    found["MB more memory"] = peak_memory() - before
    return found


def make_images(count: int) -> pd.DataFrame:
    """Return a table ``images`` of 100 hospitals."""
    rng = np.random.default_rng(0)
    numbers = pd.Series(np.arange(count))
    source = "hospital_" + (numbers % SOURCES).astype(str)
    patients = pd.Series(rng.integers(0, int(count / PER_PATIENT / SOURCES), count))
    findings = rng.choice(list(FINDINGS), count, p=list(FINDINGS.values()))
    digits = draw_digits(count)
    return pd.DataFrame(
        {
            "image_id": source + "/" + numbers.astype(str),
            "source": source,
            "patient_id": source + "/" + patients.astype(str),
            "findings": pd.Series(findings, dtype=str),
            "view": pd.Series("PA", numbers.index, dtype=str),
            "age": 50.0,
            "sex": pd.Series("F", numbers.index, dtype=str),
            "license": pd.Series("CC0", numbers.index, dtype=str),
            "width": 1024,
            "height": 1024,
            "sha256": pd.Series(digits, dtype=str),
            "perceptual_hash": pd.Series(digits, dtype=str),
            "group": source,
            "row": np.arange(count),
        }
    )


# ---------------------------------------------------------------- graph


def measure_graph(count: int, folder: Path) -> Measured:
    """Return the seconds and nodes of the graph of so many networks."""
    call, _ = copy_with_networks(count, folder)
    script = "import scale; scale.measure_graph_here()"
    found: Measured = json.loads(call(sys.executable, "-c", script).splitlines()[-1])
    kedro = Path(sys.executable).with_name("kedro")
    clock(found, "registry describe, s", lambda: call(kedro, "registry", "describe"))
    return found


def measure_viz(count: int, folder: Path) -> Measured:
    """Return the seconds and the size of Kedro-Viz's page of so many networks."""
    call, project = copy_with_networks(count, folder)
    found: Measured = {}
    kedro = Path(sys.executable).with_name("kedro")
    clock(found, "build, s", lambda: call(kedro, "viz", "build"))
    exported = (project / "build" / "api").rglob("*")
    found["MB of data"] = sum(f.stat().st_size for f in exported if f.is_file()) / 1e6
    return found


def copy_with_networks(count: int, folder: Path) -> tuple[Callable[..., str], Path]:
    """Return a function that calls a command in a copy of the project, and the copy."""
    sys.path.insert(0, str(PROJECT / "tests" / "support"))
    from project_copy import (
        copy_project,
        environment_of,
        keep_architectures,
        read_parameters,
    )

    project = copy_project(folder)
    names = [f"network_{number}" for number in range(count)]
    keep_architectures(project, *names)
    alexnet = read_parameters()["architectures"]["alexnet"]
    blocks = {"architectures": dict.fromkeys(names, alexnet)}
    path = project / "conf" / "base" / "parameters_architectures.yml"
    path.write_text(json.dumps(blocks))
    environment = environment_of(project)
    environment["PYTHONPATH"] += f":{Path(__file__).parent}"

    def call(*command: str | Path) -> str:
        finished = subprocess.run(
            command, cwd=project, env=environment, stdout=subprocess.PIPE, check=True
        )
        return finished.stdout.decode()

    return call, project


class Begun(Exception):
    """The first node would run now."""


def measure_graph_here() -> None:
    """Print, as JSON, the seconds of the graph in the working directory's project."""
    from kedro.framework.session import KedroSession
    from kedro.framework.startup import bootstrap_project

    from detl.pipeline_registry import register_pipelines
    from detl.session.runner import FoldByFoldRunner

    class BeginningRunner(FoldByFoldRunner):
        def _run(self, *_: Any, **__: Any) -> None:
            raise Begun

    def begin() -> None:
        with KedroSession.create() as session, suppress(Begun):
            session.run(pipeline_names=["detl"], runner=BeginningRunner())

    def count_logged() -> int:
        with KedroSession.create() as session:
            catalog = session.load_context().catalog
            made = pipelines["detl"].all_outputs()
            known = (getattr(catalog.get(n), "metadata", None) or {} for n in made)
            return sum("mlflow" in metadata for metadata in known)

    found: Measured = {}
    bootstrap_project(Path.cwd())
    pipelines = clock(found, "register, s", register_pipelines)
    found["nodes of detl"] = len(pipelines["detl"].nodes)
    found["of ablation"] = len(pipelines["ablation"].nodes)
    found["logged outputs of detl"] = count_logged()
    clock(found, "begin, s", begin)
    clock(found, "runner, detl, s", partial(run_idle, pipelines["detl"]))
    clock(found, "runner, ablation, s", partial(run_idle, pipelines["ablation"]))
    print(json.dumps(found))


def run_idle(pipeline: Any) -> None:
    """Let the project's runner go through nodes that do nothing."""
    from kedro.io import DataCatalog
    from kedro.pipeline import Pipeline

    from detl.session.runner import FoldByFoldRunner

    idle = Pipeline([make_idle(node) for node in pipeline.nodes])
    catalog = DataCatalog({name: _nothing() for name in idle.inputs()})
    FoldByFoldRunner().run(idle, catalog)


def _nothing() -> Any:
    from kedro.io import MemoryDataset

    return MemoryDataset(0, copy_mode="assign")


def make_idle(node: Any) -> Any:
    """Return the node with a function that does nothing."""
    from kedro.pipeline import Node

    outputs = node.outputs

    def do_nothing(*_: Any) -> Any:
        return 0 if len(outputs) == 1 else (0,) * len(outputs)

    return Node(
        do_nothing,
        node.inputs,
        outputs[0] if len(outputs) == 1 else outputs,
        name=node._name,
        namespace=node.namespace,
    )


# ---------------------------------------------------------------- MLflow


def measure_mlflow(count: int, folder: Path) -> Measured:
    """Return the seconds of what is asked of a store with so many runs."""
    import mlflow

    from detl.session.earlier_runs import find_run_to_continue
    from detl.session.mlflow_store import EXPERIMENT
    from detl.session.run_tree import CROSS_VALIDATION, UNIT, RunTree

    found: Measured = {}
    store = folder / "mlflow.db"
    mlflow.set_tracking_uri(f"sqlite:///{store}")
    client = mlflow.MlflowClient()
    experiment = client.create_experiment(EXPERIMENT, str(folder / "artifacts"))
    setting = make_setting()
    parent, tree = start_session(client, experiment, setting)
    units = [(f"network_{n}", *fold) for n in range(10) for fold in FOLDS]
    write = "write 10 runs, empty store, s"
    clock(found, write, lambda: [write_run(tree, unit) for unit in units[:10]])
    for unit in units[10:]:
        write_run(tree, unit)
    multiply_runs(store, count)
    found["MB"] = store.stat().st_size / 1e6
    _, another = start_session(client, experiment, setting)
    write = "write 10 runs, s"
    clock(found, write, lambda: [write_run(another, unit) for unit in units[:10]])
    for _ in range(2):  # the first time, the store's pages come from the disk
        clock(found, "open a tree, s", lambda: RunTree(client, parent))
        clock(found, "run to continue, s", lambda: find_run_to_continue(setting))
        clock(
            found,
            "saved view, s",
            lambda: client.search_runs(
                [experiment],
                f"tags.`{CROSS_VALIDATION}` = '{parent}'",
                order_by=[f"tags.`{UNIT}` ASC"],
                max_results=100,
            ),
        )
        clock(
            found,
            "first page, s",
            lambda: client.search_runs([experiment], max_results=100),
        )
        clock(
            found,
            "best of all, s",
            lambda: client.search_runs(
                [experiment],
                "metrics.`test/accuracy` > 0.5 and tags.fold = 'fold_1'",
                order_by=["metrics.`test/accuracy` DESC"],
                max_results=100,
            ),
        )
    found["peak, MB"] = peak_memory()
    return found


FOLDS = [(), *((f"fold_{number}",) for number in range(1, 6))]


def make_setting() -> Any:
    """Return the setting of a session of ten networks."""
    from detl.session.commands import Setting

    sys.path.insert(0, str(PROJECT / "tests" / "support"))
    from project_copy import read_parameters

    parameters = read_parameters()
    return Setting("base", parameters, "data/01_raw", "data")


def start_session(client: Any, experiment: str, setting: Any) -> tuple[str, Any]:
    """Return the run of a session, with the tags that the project gives, and its tree.

    ``make run`` notes 29 tags of 2.5 KB in it.
    """
    from detl.session.commands import (
        COMMAND,
        IN_PLACE,
        LAST_COMMAND,
        PARTS,
        RESULTS,
        UNFINISHED,
    )
    from detl.session.run_tree import CROSS_VALIDATION, UNIT, RunTree

    command = json.dumps(
        {**dict.fromkeys(PARTS), "started": "2026-01-01", "folder": "."}
    )
    parent = client.create_run(experiment).info.run_id
    tree = RunTree(client, parent)
    tree.set_tags(
        {
            **{COMMAND: command, LAST_COMMAND: command, UNFINISHED: "[]"},
            **{"detl.environment": "base", "detl.parameters": setting.digest},
            **{RESULTS: "data", IN_PLACE: "yes", UNIT: "", CROSS_VALIDATION: parent},
            **{f"detl.further_{number}": "x" * 60 for number in range(20)},
        }
    )
    return parent, tree


def write_run(tree: Any, unit: tuple[str, ...]) -> None:
    """Write the run of a network or a fold, with as many values as the project logs."""
    tree.start(unit, lambda _: {f"parameter_{n}": str(n) for n in range(13)})
    values = {f"test/value_{n}": 0.5 for n in range(27)}
    tree.log(unit, "metrics", "metrics", "m", {"test/accuracy": 0.75, **values})
    tree.log(unit, "history", "curves", "h", {"loss": [0.5] * 14, "val": [0.5] * 14})
    tree.end(unit, "FINISHED")


def multiply_runs(store: Path, count: int) -> None:
    """Copy the runs of the first session within the store until it has so many."""
    import sqlite3

    with closing(sqlite3.connect(store)) as database, database:
        ids = [run for (run,) in database.execute("SELECT run_uuid FROM runs")]
        tables = {
            name: database.execute(f"SELECT * FROM {name}").fetchall()
            for name in ("runs", "params", "tags", "metrics", "latest_metrics")
        }
        for number in range(1, count // len(ids) + 1):
            # Also in the tags that name the run above.
            new = {run: f"{number:04x}{run[4:]}" for run in ids}
            for name, rows in tables.items():
                places = ",".join("?" * len(rows[0]))
                database.executemany(
                    f"INSERT INTO {name} VALUES ({places})",
                    ([new.get(value, value) for value in row] for row in rows),
                )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="?", choices=list(COUNTS))
    parser.add_argument("--what", dest="also", help=argparse.SUPPRESS)
    parser.add_argument("--counts", type=int, nargs="+")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.alone:
        measure = globals()[f"measure_{arguments.also}"]
        print(json.dumps(measure(arguments.counts[0], arguments.folder)))
    else:
        counts = arguments.counts or COUNTS[arguments.what]
        with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
            main(arguments.what, counts, Path(name))

"""What a worker is told and says, mostly without workers."""

import logging
import time
from logging.config import dictConfig
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline

from detl.cluster.dask_runner import DaskRunner, _Driver
from detl.cluster.work import (
    Order,
    Report,
    _enter,
    _forward_messages,
    _ReportHooks,
)
from detl.cluster.workers import open_workers
from detl.datasets import AtomicJSONDataset
from detl.errors import DetlError, NotAvailableError

PIXELS, SAID = "net.ablation.pixels", "net.ablation.arm.fold_1.said"


def _copy(value):
    return value


@pytest.fixture
def driver(tmp_path):
    """Return a driver of three tasks that share what stays in memory."""
    of_net, of_fold = "net.ablation", "net.ablation.arm.fold_1"
    nodes = [
        Node(_copy, "start", PIXELS, name="select", namespace=of_net),
        Node(_copy, PIXELS, SAID, name="train", namespace=of_fold),
        Node(_copy, SAID, "net.ablation.all", name="pool", namespace=of_net),
    ]
    catalog = DataCatalog({name: MemoryDataset() for name in ("start", PIXELS, SAID)})
    path = (tmp_path / "all.json").as_posix()
    catalog["net.ablation.all"] = AtomicJSONDataset(filepath=path)
    seconds = {node.name: 1.0 for node in nodes}
    return _Driver(Pipeline(nodes), catalog, seconds, None, None)


def _report(**values):
    """Return what a worker says of a task that has made these values in memory."""
    report = Report()
    hooks = _ReportHooks(report, {PIXELS, SAID})
    for name, value in values.items():
        hooks.after_dataset_saved({"pixels": PIXELS, "said": SAID}[name], value)
    return report


def test_an_array_in_memory_is_made_again_by_the_task_that_needs_it(driver):
    driver.finish(driver.start_next(), _report(pixels=np.zeros(3)))

    assigned = driver.assign(driver.start_next())

    assert set(assigned.nodes) == {f"{SAID[:-5]}.train", "net.ablation.select"}
    assert assigned.values == {}
    assert assigned.wanted == {SAID}


def test_a_table_in_memory_is_sent_to_the_task_that_needs_it(driver):
    driver.finish(driver.start_next(), Report())
    table = pd.DataFrame({"label": ["normal"]})
    driver.finish(driver.start_next(), _report(said=table))

    assigned = driver.assign(driver.start_next())

    assert assigned.nodes == ["net.ablation.pool"]
    assert assigned.values == {SAID: table}
    assert assigned.wanted == set()


def test_the_report_says_what_was_not_available_and_how_long_a_node_took():
    report = Report()
    hooks = _ReportHooks(report, set())
    node = Node(_copy, "start", "end", name="one")

    hooks.before_node_run()
    hooks.after_node_run(node)
    hooks.on_node_error(NotAvailableError("there are no weights"), node)
    hooks.on_node_error(ValueError("this one fails"), node)

    assert report.left_out == {"one": "there are no weights"}
    assert 0 <= report.seconds["one"] < 60


def test_a_worker_that_does_not_see_the_project_says_so():
    command = {"folder": "conf"}
    order = Order(Path("/nowhere"), command, {}, None, is_local=False)

    with pytest.raises(DetlError, match="A worker finds no folder /nowhere/conf"):
        _enter(order)


def test_messages_of_a_worker_that_imports_kedro_late_reach_the_driver(caplog):
    as_kedro_does = {"version": 1, "loggers": {"detl": {"level": "INFO"}}}
    said_there = (logging.Logger.warning, logging.getLogger("detl.training"), "said")
    with open_workers(None, None, 1, None) as client:
        client.forward_logging("detl")
        client.submit(dictConfig, as_kedro_does).result(timeout=60)
        client.submit(_forward_messages).result(timeout=60)
        client.submit(*said_there).result(timeout=60)
        deadline = time.monotonic() + 60
        while not caplog.messages and time.monotonic() < deadline:
            time.sleep(0.1)

    assert caplog.messages == ["said"]


def test_the_runner_takes_what_kedro_gives_every_runner():
    assert DaskRunner(is_async=False, workers=2)

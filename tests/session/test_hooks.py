import copy

import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline

from detl.errors import DetlError
from detl.session.hooks import InputHooks
from detl.session.project_parameters import ProjectParameters
from project_copy import read_parameters

RUN = {"env": None, "only_missing_outputs": False}


@pytest.fixture(scope="module")
def parameters():
    return ProjectParameters.model_validate(read_parameters()).model_dump()


def start(parameters, name, changed, *taken):
    """Start a run that takes some files, made with ``parameters``, with one changed."""
    asked = copy.deepcopy(parameters)
    *blocks, last = name.split(".")
    block = asked
    for part in blocks:
        block = block[part]
    block[last] = changed
    alexnet = parameters["architectures"]["alexnet"]
    noted = {
        "ingest_parameters": parameters["ingest"],
        "split_parameters": parameters["split"],
        "alexnet.pretrain.trained_with": {
            block: alexnet[block] for block in ("network", "pretrain")
        },
        "alexnet.crossval.trained_with": {"transfer": alexnet["transfer"]},
    }
    files = {"parameters": asked, **noted, **dict.fromkeys(taken, "on disk")}
    catalog = DataCatalog({n: MemoryDataset(content) for n, content in files.items()})
    pipeline = Pipeline([Node(lambda *_: 0, list(taken), "made", name="make")])
    InputHooks().before_pipeline_run(RUN, pipeline, catalog)


@pytest.mark.parametrize(
    ("name", "changed", "taken"),
    [
        ("ingest.fit", "pad", "pixels"),
        ("ingest.sources.nih.folder", "elsewhere", "images"),
        ("split.protocol", "paper", "data_b"),
        ("architectures.alexnet.network.dropout", 0.9, "alexnet.pretrain.history"),
        ("architectures.alexnet.pretrain.epochs", 9, "alexnet.pretrain.model"),
        ("architectures.alexnet.transfer.epochs", 9, "alexnet.crossval.fold_1.model"),
    ],
)
def test_files_are_not_taken_that_were_made_with_another_parameter(
    parameters, name, changed, taken
):
    with pytest.raises(DetlError, match=f"{name} = .*, and {changed} is asked for"):
        start(parameters, name, changed, taken)


@pytest.mark.parametrize(
    ("name", "changed", "taken"),
    [
        ("ingest.fit", "pad", "radiographs"),
        ("audit.centre_share", 0.5, "pixels"),
        ("architectures.alexnet.transfer.epochs", 9, "alexnet.pretrain.model"),
        ("architectures.vgg16.transfer.epochs", 9, "alexnet.crossval.fold_1.model"),
        ("architectures.alexnet.imagenet.weights", None, "alexnet.pretrain.model"),
    ],
)
def test_a_parameter_may_change_that_the_files_were_not_made_with(
    parameters, name, changed, taken
):
    start(parameters, name, changed, taken)

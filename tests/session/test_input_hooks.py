import copy
import re
from types import SimpleNamespace

import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline

from detl.errors import DetlError
from detl.pipeline_registry import register_pipelines
from detl.session.input_hooks import InputHooks, LedgerHooks
from detl.session.made_with import Ledger, list_values
from detl.session.project_parameters import ProjectParameters
from detl.session.selection import every_node
from detl.session.workplace import Workplace
from project_copy import read_parameters

RAW = "the raw data"


@pytest.fixture(scope="module")
def parameters():
    return ProjectParameters.model_validate(read_parameters()).model_dump()


@pytest.fixture
def start(tmp_path, parameters):
    """Return a function that starts a run on files made with ``parameters``.

    One of these is changed for the run, or the raw data folder is.
    """

    def run(
        name,
        changed,
        taken,
        makes="made",
        only_missing=False,
        raw=RAW,
        sample="the sample",
    ):
        made = list_values(parameters, RAW)
        Ledger(tmp_path / "data").note(every_node().all_outputs(), made)
        asked = copy.deepcopy(parameters)
        *blocks, last = name.split(".")
        block = asked
        for part in blocks:
            block = block[part]
        block[last] = changed
        files = {name: MemoryDataset("on disk") for name in taken}
        catalog = DataCatalog({"parameters": MemoryDataset(asked), **files})
        start_hooks(tmp_path, raw, sample).before_pipeline_run(
            run_params(only_missing),
            Pipeline([Node(lambda *_: 0, list(taken) or None, makes, name="make")]),
            catalog,
        )

    return run


def run_params(only_missing=False):
    return {
        "only_missing_outputs": only_missing,
        "env": "test",
        "runtime_params": {"seed": 7},
    }


def start_hooks(project, raw=RAW, sample="the sample"):
    globals_ = {"data": "data", "raw": raw, "sample": sample}
    context = SimpleNamespace(
        project_path=project, env="test", config_loader={"globals": globals_}
    )
    workplace = Workplace()
    workplace.begin(context)
    hooks = LedgerHooks(workplace)
    hooks.after_context_created(context)
    return hooks


@pytest.mark.parametrize(
    ("name", "changed", "taken"),
    [
        ("ingest.fit", "pad", "pixels"),
        ("ingest.sources.nih.folder", "elsewhere", "images"),
        ("split.protocol", "paper", "data_b"),
        ("seed", 7, "data_b"),
        ("architectures.alexnet.network.dropout", 0.9, "alexnet.pretrain.history"),
        ("architectures.alexnet.pretrain.epochs", 9, "alexnet.pretrain.model"),
        ("architectures.alexnet.transfer.epochs", 9, "alexnet.crossval.fold_1.model"),
        # Used by a node further above.
        ("ingest.fit", "pad", "alexnet.crossval.fold_1.model"),
        ("architectures.alexnet.pretrain.epochs", 9, "alexnet.crossval.fold_1.model"),
    ],
)
def test_files_are_not_taken_that_were_made_with_another_parameter(
    start, name, changed, taken
):
    with pytest.raises(DetlError, match=f"{name} = .*, and {changed} is asked for"):
        start(name, changed, [taken])


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
    start, name, changed, taken
):
    start(name, changed, [taken])


def test_what_a_run_makes_itself_was_not_made_with_other_parameters(start):
    start("split.protocol", "paper", ["images"], makes="data_b")


def test_what_is_kept_because_it_is_there_was_made_with_the_same_parameters(
    tmp_path, start, parameters
):
    made = MemoryDataset("on disk")
    changed = {**parameters, "seed": 7}
    Ledger(tmp_path / "data").note(["data_b"], list_values(parameters, RAW))
    catalog = DataCatalog({"parameters": MemoryDataset(changed), "data_b": made})
    nodes = Pipeline([Node(lambda: 0, None, "data_b", name="select")])

    with pytest.raises(DetlError, match="seed = 0, and 7 is asked for"):
        start_hooks(tmp_path).before_pipeline_run(
            run_params(only_missing=True), nodes, catalog
        )


def test_what_is_not_there_is_not_asked_for_its_parameters(start):
    start("split.protocol", "paper", [], makes="data_b", only_missing=True)


def test_the_raw_data_may_lie_in_another_folder_unless_missing_files_are_made(start):
    start("seed", 0, ["images"], raw="elsewhere")
    with pytest.raises(DetlError, match=f"{RAW}, and elsewhere is asked for"):
        start("seed", 0, ["images"], raw="elsewhere", only_missing=True)


def test_files_are_not_taken_that_were_made_from_another_sample(start):
    with pytest.raises(DetlError, match=r"phantom\.seed = 0, and 7 is asked for"):
        start("phantom.seed", 7, ["images"], sample=RAW)


@pytest.mark.parametrize("folders", [{}, {"raw": "elsewhere", "sample": "elsewhere"}])
def test_the_sample_s_parameters_do_not_matter_to_files_of_other_raw_data(
    start, folders
):
    start("phantom.seed", 7, ["images"], **folders)


def test_another_source_makes_other_files_of_the_external_test_only(start):
    start("source", "films", ["external.images"])
    with pytest.raises(DetlError, match="source = null, and films is asked for"):
        start("source", "films", ["external.images", "params:source"])


@pytest.mark.parametrize(
    ("predictions", "source", "said"),
    [
        (None, None, "There are no predictions to audit"),
        ("none.csv", None, "There is no none.csv"),
        ("theirs.csv", "nowhere", "There is no .*nowhere"),
    ],
)
def test_an_audit_that_cannot_read_its_csv_or_source_is_refused_before_it_starts(
    tmp_path, monkeypatch, parameters, predictions, source, said
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "theirs.csv").write_text("file,p_normal,p_other\na.png,0.5,0.5\n")
    given = {"predictions": predictions, "source": source}
    blocks = {name: given.get(name, parameters[name]) for name in (*given, "ingest")}
    catalog = DataCatalog(
        {f"params:{name}": MemoryDataset(value) for name, value in blocks.items()}
    )
    catalog["patient_key"] = MemoryDataset(tmp_path / "key")
    pipeline = register_pipelines()["audit-predictions"]

    with pytest.raises(DetlError, match=said):
        InputHooks(Workplace()).before_pipeline_run(run_params(), pipeline, catalog)


def test_other_pretrainings_are_made_again_only_by_a_run_that_pretrains(start):
    start("pretrainings", 5, ["alexnet.stability.pretrainings"])
    with pytest.raises(DetlError, match="pretrainings = 1, and 5 is asked for"):
        start(
            "pretrainings", 5, ["alexnet.stability.pretrainings", "params:pretrainings"]
        )


def test_the_file_is_named_with_the_command_that_makes_it_again(start):
    command = (
        "'kedro run --pipeline detl --env test --to-nodes split.* --params seed=7'"
    )

    with pytest.raises(DetlError, match="'data_b' was made with") as refused:
        start("split.protocol", "paper", ["data_b"])

    pattern = command.replace(".", "[.]").replace("*", "[a-z_]+")
    assert re.search(pattern, str(refused.value))


def test_a_file_of_another_pipeline_is_made_by_that_one(start):
    with pytest.raises(DetlError, match=r"--pipeline external .*--to-nodes external"):
        start("source", "films", ["external.images", "params:source"])


@pytest.mark.parametrize("only_missing", [False, True])
def test_files_without_a_note_are_refused(tmp_path, parameters, only_missing):
    with pytest.raises(DetlError, match=r"'images' is there, .*does not say what"):
        take_images(tmp_path, parameters, "data_b", only_missing)


def test_a_run_does_not_take_what_it_removes_first(tmp_path, parameters):
    # The report takes the audit, if there is one, and the audit is below the images.
    card = "alexnet.retrain.without_lungs"
    catalog = DataCatalog(
        {"parameters": MemoryDataset(parameters), card: MemoryDataset("on disk")}
    )
    whole = register_pipelines()["detl"]
    assert card in whole.inputs()

    start_hooks(tmp_path).before_pipeline_run(run_params(), whole, catalog)


def take_images(project, parameters, makes, only_missing):
    catalog = DataCatalog(
        {"parameters": MemoryDataset(parameters), "images": MemoryDataset("on disk")}
    )
    nodes = Pipeline([Node(lambda _: 0, "images", makes, name="make")])
    start_hooks(project).before_pipeline_run(run_params(only_missing), nodes, catalog)


def test_outputs_are_noted_with_the_parameters_of_the_run(tmp_path, parameters):
    node = Node(lambda: (0, 0), None, ["data_b", "data_b_counts"], name="select")
    hooks = start_hooks(tmp_path)
    hooks.before_pipeline_run(
        run_params(),
        Pipeline([node]),
        DataCatalog({"parameters": MemoryDataset(parameters)}),
    )

    hooks.before_node_run(node)

    noted = list_values(parameters, RAW)
    assert Ledger(tmp_path / "data").read() == {"data_b": noted, "data_b_counts": noted}

import pickle

import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from kedro.validation.type_extractor import TypeExtractor

from detl.pipelines.split.pipeline import create_pipeline
from detl.schemas.parameters import SplitParameters

FINDINGS = ["No Finding", "Mass", "Pneumonia", "COVID-19"]


def test_the_graph_takes_images_and_gives_tables_and_one_dataset_per_fold():
    graph = create_pipeline(folds=("fold_1", "fold_2"))
    assert graph.inputs() == {"images", "copies", "params:split", "params:seed"}
    assert graph.all_outputs() == {
        "data_b",
        "data_b_counts",
        "data_a",
        "data_a_counts",
        "folds",
        "leaks",
        "split.drawn_data_a",
        "split.drawn_folds",
        "split.fold_1",
        "split.fold_2",
    }


def test_what_is_trained_on_comes_from_the_check():
    graph = create_pipeline(folds=("fold_1", "fold_2"))
    checked = graph.only_nodes("split.check_leaks").all_outputs()
    assert checked == {"data_a", "folds", "leaks"}
    assert graph.only_nodes("split.separate_folds").inputs() == {"folds"}


def test_every_node_lies_in_the_namespace_split():
    assert {node.namespace for node in create_pipeline().nodes} == {"split"}


def test_kedro_reads_the_type_of_the_parameters():
    types = TypeExtractor({"split": create_pipeline()}).extract_types_from_pipelines()
    assert types == {"split": SplitParameters}


def test_kedro_reads_the_type_from_the_node_that_is_bound_to_the_folds():
    assign_folds = create_pipeline().only_nodes("split.assign_folds")
    types = TypeExtractor({"split": assign_folds}).extract_types_from_pipelines()
    assert types == {"split": SplitParameters}


def test_every_node_can_be_sent_to_another_process():
    for node in create_pipeline().nodes:
        assert pickle.loads(pickle.dumps(node)) == node


@pytest.mark.filterwarnings("ignore:One or more dataset names contain")
def test_the_graph_runs(make_images, make_parameters):
    images = make_images(*[(f, f"{f}-{i}", "nih") for f in FINDINGS for i in range(12)])
    images = images.assign(patient_id=images["group"], sha256=images["image_id"])
    copies = pd.DataFrame({"image_id": [], "other_id": []}, dtype=str)
    parameters = {
        label: {"findings": {finding: 6}}
        for label, finding in zip(
            ("normal", "other_disease", "pneumonia", "covid_19"), FINDINGS, strict=True
        )
    }
    catalog = DataCatalog(
        {
            "images": MemoryDataset(images),
            "copies": MemoryDataset(copies),
            "params:split": MemoryDataset(make_parameters(**parameters)),
            "params:seed": MemoryDataset(0),
        }
    )
    graph = create_pipeline(folds=("fold_1", "fold_2"))
    SequentialRunner().run(graph, catalog)
    assert catalog.load("split.fold_2")["fold"].unique().tolist() == ["fold_2"]
    assert not catalog.load("leaks")["groups"].any()


@pytest.mark.parametrize("environment", ["base", "paper"])
def test_the_parameters_of_the_environment_are_valid(read_parameters, environment):
    read_parameters(environment)


def test_the_paper_environment_asks_for_table_1(read_parameters):
    data_b = read_parameters("paper").data_b
    asked = {
        label: sum(wanted["findings"].values())
        for label, wanted in data_b.model_dump().items()
    }
    assert asked == {
        "normal": 350,
        "other_disease": 300,
        "pneumonia": 322,
        "covid_19": 305,
    }

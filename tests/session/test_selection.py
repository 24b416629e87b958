import pytest
from kedro.io import DataCatalog, MemoryDataset

from detl.datasets import OptionalCSVDataset
from detl.errors import DetlError
from detl.pipeline_registry import PICTURE, register_pipelines
from detl.session.selection import (
    every_node,
    is_whole,
    makers,
    nodes_above,
    select_pipeline,
)


def names(nodes):
    return {node.name for node in nodes}


def test_every_node_is_one_of_a_registered_pipeline_but_the_phantoms():
    known = register_pipelines()
    registered = {n for name in known if name != PICTURE for n in known[name].nodes}

    assert set(every_node().nodes) == registered - set(known["phantom"].nodes)


def test_the_picture_of_the_stages_is_not_run():
    with pytest.raises(DetlError, match="run 'kedro run --pipeline detl'"):
        select_pipeline([PICTURE], {})


@pytest.mark.parametrize(
    ("filters", "choices"),
    [
        ({"tags": ["vgg"]}, "no tag 'vgg'; choose one of alexnet, resnet50, vgg16"),
        ({"namespaces": ["vgg"]}, "no namespace 'vgg'; choose one of alexnet, cross"),
        (
            {"namespaces": ["vgg16.crossval.fold_6"]},
            "choose one of vgg16.crossval.fold_1, vgg16.crossval.fold_2",
        ),
        (
            {"namespaces": ["vgg16.nope.fold_1"]},
            "one of vgg16.crossval, vgg16.e",
        ),
    ],
)
def test_a_filter_that_is_not_there_is_told_with_the_choices(filters, choices):
    with pytest.raises(DetlError, match=choices):
        select_pipeline(["detl"], filters)


def test_a_tag_that_the_pipeline_does_not_have_is_told_even_beside_one_it_has():
    with pytest.raises(DetlError, match="no tag 'vgg'"):
        select_pipeline(["detl"], {"tags": ["vgg16", "vgg"]})


@pytest.mark.parametrize(
    ("name", "whole"), [("detl", True), ("__default__", True), ("audit", False)]
)
def test_the_default_pipeline_alone_is_the_whole(name, whole):
    assert is_whole(register_pipelines()[name]) == whole


def test_a_part_of_the_default_pipeline_is_not_the_whole():
    part = register_pipelines()["detl"].filter(from_nodes=["split.select_data_b"])

    assert not is_whole(part)


def test_above_a_file_are_the_nodes_of_its_inputs_and_of_theirs():
    found = names(nodes_above(["data_b"], DataCatalog()))

    assert found == {
        "split.select_data_b",
        "ingest.decode_images",
        "ingest.read_sources",
    }


def test_above_nothing_is_nothing():
    assert nodes_above(["radiographs", "params:seed"], DataCatalog()) == set()


def test_an_optional_input_counts_only_if_it_is_there(tmp_path):
    maker = makers()["ablation"]
    reader = next(n for n in every_node().nodes if "ablation" in n.inputs)
    files = {
        name: OptionalCSVDataset(filepath=(tmp_path / name).as_posix())
        for name in maker.outputs
    }
    catalog = DataCatalog({**files, "parameters": MemoryDataset({})})

    without = nodes_above(reader.outputs, catalog)
    (tmp_path / "ablation").write_text("arm\n")
    with_it = nodes_above(reader.outputs, catalog)

    assert maker not in without
    assert maker in with_it

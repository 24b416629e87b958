import pytest

from detl.pipeline_registry import tag_by_network
from detl.pipelines.shortcuts import create_pipeline


@pytest.fixture(scope="module")
def pipeline():
    return tag_by_network(create_pipeline(["vgg16", "alexnet"], ["fold_1", "fold_2"]))


def test_each_architecture_is_graded_and_tested_within_and_for_a_source(pipeline):
    assert pipeline.all_outputs() >= {
        f"{name}.shortcuts.{table}"
        for name in ("vgg16", "alexnet")
        for table in ("cues", "same_source", "source_probe")
    }


def test_the_tag_of_an_architecture_keeps_all_that_it_needs(pipeline):
    of_vgg16 = pipeline.only_nodes_with_tags("vgg16")

    assert not {name for name in of_vgg16.inputs() if name.startswith("alexnet")}
    assert "shortcuts.controls" in of_vgg16.all_outputs()


def test_controls_are_judged_and_features_probed_by_every_fold(pipeline):
    inputs = {node.name: set(node.inputs) for node in pipeline.nodes}

    models = {f"vgg16.crossval.fold_{number}.model" for number in (1, 2)}
    assert models <= inputs["vgg16.shortcuts.predict_controls"]
    assert models <= inputs["vgg16.shortcuts.probe_networks"]


def test_the_card_rests_on_the_test_parts_alone(pipeline):
    needed = pipeline.to_outputs("vgg16.shortcuts.cues").inputs()
    used = {name for node in pipeline.nodes for name in node.inputs}
    assert "vgg16.crossval.tested_by_seed" in needed
    assert not {name for name in used if name.endswith("validation_predictions")}

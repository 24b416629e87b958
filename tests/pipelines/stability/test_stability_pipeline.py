"""The graph of further pretrainings."""

from detl.pipeline_registry import register_pipelines, tag_by_network
from detl.pipelines import stability


def test_the_tag_of_an_architecture_keeps_all_that_it_needs():
    pipeline = tag_by_network(stability.create_pipeline(["alexnet", "vgg16"]))

    kept = pipeline.filter(tags=["vgg16"])

    assert kept.outputs() >= {"stability"}
    assert not [name for name in kept.all_outputs() if name.startswith("alexnet")]
    made_elsewhere = {
        "pixels",
        "data_a",
        "data_b",
        "folds",
        "alexnet.stability.pretrainings",
        "vgg16.crossval.tested_by_seed",
    }
    assert {n for n in kept.inputs() if not n.startswith("params")} == made_elsewhere


def test_the_networks_of_detl_do_not_depend_on_the_number_of_pretrainings():
    pipelines = register_pipelines()

    assert "params:pretrainings" in pipelines["stability"].inputs()
    assert "params:pretrainings" not in pipelines["detl"].inputs()

"""The graph of the comparison of the two protocols."""

from detl.pipeline_registry import tag_by_network
from detl.pipelines import optimism

FOLDS = ("fold_1", "fold_2")


def test_the_tag_of_an_architecture_keeps_all_that_it_needs():
    pipeline = tag_by_network(optimism.create_pipeline(["alexnet", "vgg16"], FOLDS))

    kept = pipeline.filter(tags=["vgg16"])

    assert kept.outputs() >= {"optimism"}
    assert not [name for name in kept.all_outputs() if name.startswith("alexnet")]
    made_elsewhere = {
        "images",
        "pixels",
        "data_a",
        "data_b",
        "folds",
        "alexnet.optimism.difference",
        "vgg16.crossval.tested_by_seed",
    }
    assert {n for n in kept.inputs() if not n.startswith("params")} == made_elsewhere

import pytest

from detl.pipelines.retrain import create_pipeline


@pytest.fixture(scope="module")
def pipeline():
    return create_pipeline(["vgg16", "alexnet"], ["fold_1", "fold_2"])


def test_each_architecture_is_trained_without_the_lungs_and_without_a_source(pipeline):
    assert pipeline.all_outputs() >= {
        f"{name}.retrain.{table}"
        for name in ("vgg16", "alexnet")
        for table in ("without_lungs", "sources_out")
    }


def test_the_ratio_without_the_lungs_rests_on_the_test_parts_alone(pipeline):
    needed = pipeline.to_outputs("vgg16.retrain.without_lungs").inputs()
    used = {name for node in pipeline.nodes for name in node.inputs}
    assert "vgg16.crossval.tested_by_seed" in needed
    assert not {name for name in used if name.endswith("validation_predictions")}

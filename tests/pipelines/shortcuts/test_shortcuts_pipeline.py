import pytest

from detl.pipelines.shortcuts import create_pipeline

# What one stage takes from another is named after the stage that made it.
pytestmark = pytest.mark.filterwarnings(
    r"ignore:One or more dataset names contain '\.':UserWarning"
)


def test_the_card_rests_on_the_test_parts_alone():
    pipeline = create_pipeline(["vgg16"], ["fold_1", "fold_2"])

    needed = pipeline.to_outputs("vgg16.shortcuts.card").inputs()
    used = {name for node in pipeline.nodes for name in node.inputs}
    assert "vgg16.crossval.tested" in needed
    assert not {name for name in used if name.endswith("validation_predictions")}

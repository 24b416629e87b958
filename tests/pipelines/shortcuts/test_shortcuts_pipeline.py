from detl.pipelines.shortcuts import create_pipeline


def test_the_card_rests_on_the_test_parts_alone():
    pipeline = create_pipeline(["vgg16"], ["fold_1", "fold_2"])

    needed = pipeline.to_outputs("vgg16.shortcuts.card").inputs()
    used = {name for node in pipeline.nodes for name in node.inputs}
    assert "vgg16.evaluate.tested" in needed
    assert not {name for name in used if name.endswith("validation_predictions")}

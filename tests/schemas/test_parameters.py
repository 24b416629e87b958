import pytest
from pydantic import ValidationError

from detl.schemas.parameters import (
    ClassParameters,
    IngestParameters,
    NetworkParameters,
    TrainingParameters,
)


@pytest.mark.parametrize(
    ("block", "name"),
    [
        (NetworkParameters, "precision"),
        (TrainingParameters, "jit_compile"),
        (TrainingParameters, "distribution"),
    ],
)
def test_a_block_that_does_not_say_how_to_use_the_machine_is_refused(
    block, name, tiny_network, short_training
):
    """A default would pass over ``compute`` of ``conf/<environment>/globals.yml``."""
    whole = (
        tiny_network("alexnet") if block is NetworkParameters else short_training()
    ).model_dump()
    del whole[name]

    with pytest.raises(ValidationError, match=rf"{name}\n.*Field required"):
        block.model_validate(whole)


def test_a_source_or_a_finding_that_an_environment_sets_to_null_is_left_out():
    ingest = IngestParameters.model_validate(
        {
            "sources": {"nih": None, "mine": {"reader": "folder", "folder": "mine"}},
            "views": ["PA"],
            "input_size": 64,
            "fit": "crop",
            "largest_image": 1000,
        }
    )
    of_class = ClassParameters(
        findings={"Mass": 3, "Nodule": None}, sources=None, multi_label="never"
    )

    assert list(ingest.sources) == ["mine"]
    assert of_class.findings == {"Mass": 3}


def test_a_maximum_is_refused_for_resnet50_which_has_its_own_average(tiny_network):
    assert tiny_network("vgg16", head_input="maximum").head_input == "maximum"
    with pytest.raises(ValidationError, match=r"head_input is maximum.*set average"):
        tiny_network("resnet50", head_input="maximum")

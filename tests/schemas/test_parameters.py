import pytest
from pydantic import ValidationError

from detl.schemas.parameters import NetworkParameters, TrainingParameters


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

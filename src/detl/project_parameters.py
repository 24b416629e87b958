"""All parameters of the project as one tree, to check it as a whole.

Kedro checks the block that a node asks for. What no node asks for, such as a
misspelt block, is caught only here.
"""

from typing import Any

from pydantic import Field, ValidationError

from detl.errors import DetlError
from detl.parameters import (
    ExplainParameters,
    IngestParameters,
    NetworkParameters,
    Parameters,
    PhantomParameters,
    PretrainParameters,
    SplitParameters,
    TrainingParameters,
)


class ArchitectureParameters(Parameters):
    """One network: its size, and how it is pretrained and transferred."""

    network: NetworkParameters
    pretrain: PretrainParameters
    transfer: TrainingParameters


class ProjectParameters(Parameters):
    """Everything that ``conf/*/parameters*.yml`` may say."""

    seed: int
    phantom: PhantomParameters
    ingest: IngestParameters
    split: SplitParameters
    architectures: dict[str, ArchitectureParameters] = Field(min_length=1)
    explain: ExplainParameters


def check_parameters(parameters: dict[str, Any]) -> None:
    """Check the whole tree of parameters.

    Raises:
        DetlError: If a parameter is unknown, missing, of the wrong type or out of
            its range; the sentence names each of them.
    """
    try:
        ProjectParameters.model_validate(parameters)
    except ValidationError as error:
        faults = "; ".join(_describe(fault) for fault in error.errors())
        raise DetlError(
            f"The parameters are refused: {faults}. Mend them in conf/ or in --params."
        ) from error


def _describe(fault: Any) -> str:
    where = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        return f"{where!r} is not a parameter (misspelt?)"
    if fault["type"] == "missing":
        return f"{where!r} is missing"
    return f"{where!r} is {fault['input']!r}: {fault['msg']}"

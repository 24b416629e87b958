"""All parameters of the project as one tree, to check it as a whole.

Kedro checks the block that a node asks for. What no node asks for, such as a
misspelt block, is caught only here.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, model_validator

from detl.design import ARCHITECTURES
from detl.errors import DetlError
from detl.networks import NETWORKS
from detl.schemas.classes import DATA_B_CLASSES
from detl.schemas.parameters import (
    AuditParameters,
    ExplainParameters,
    ImagenetParameters,
    IngestParameters,
    NetworkParameters,
    Parameters,
    PhantomParameters,
    PretrainParameters,
    RefusalParameters,
    SplitParameters,
    TransferParameters,
)
from detl.sources import READERS
from detl.sources.findings import FINDINGS


class ArchitectureParameters(Parameters):
    """One network: its size, how it is pretrained and transferred, other weights."""

    network: NetworkParameters
    pretrain: PretrainParameters
    transfer: TransferParameters
    imagenet: ImagenetParameters


class ProjectParameters(Parameters):
    """Everything that ``conf/*/parameters*.yml`` may say."""

    seed: Annotated[int, Field(ge=0, le=200_000)]
    """A network takes up to ten thousand seeds from it (``networks/blocks.py``)."""
    seeds: Annotated[int, Field(ge=1, le=100)]
    """Tails that are trained in each fold: of this seed, and of those after it."""
    pretrainings: Annotated[int, Field(ge=1, le=100)]
    """Pretrainings of each network: of this seed, and of every ``seeds``-th after it.
    All but the first are those of pipeline ``stability``."""
    phantom: PhantomParameters
    ingest: IngestParameters
    split: SplitParameters
    architectures: dict[str, ArchitectureParameters] = Field(min_length=1)
    explain: ExplainParameters
    audit: AuditParameters
    source: str | None
    """Folder or csv of the external test, or of the audit of ``predictions``."""
    predictions: str | None
    """A csv of any model's probabilities, to be audited."""
    input: str | None
    """Image, folder or csv to answer for."""
    output: str
    overlays: bool
    dicom: bool
    """Whether the overlays are DICOM files too."""
    network: str
    """Architecture that answers."""
    refusal: RefusalParameters
    mlflow_models: bool
    """Whether MLflow keeps each fold's network."""

    @model_validator(mode="after")
    def _names_are_known(self) -> "ProjectParameters":
        _refuse_unknown(
            "reader", {s.reader for s in self.ingest.sources.values()}, READERS
        )
        _refuse_unknown(
            "network",
            {a.network.network for a in self.architectures.values()},
            NETWORKS,
        )
        classes = [getattr(self.split.data_b, name) for name in DATA_B_CLASSES]
        for chosen in classes:
            _refuse_unknown("finding", {*chosen.findings, *chosen.never_with}, FINDINGS)
        sources = {s for chosen in classes for s in chosen.sources or ()}
        sources.update(self.split.data_a.sources)
        _refuse_unknown("source of 'split'", sources, self.ingest.sources)
        missing = [a for a in ARCHITECTURES if a not in self.architectures]
        if missing:
            raise ValueError(f"'architectures' has no block for {', '.join(missing)}")
        return self

    @model_validator(mode="after")
    def _something_chooses_the_epoch(self) -> "ProjectParameters":
        # Otherwise a fold says so only after the pretraining.
        split = self.split
        if split.protocol == "paper" or split.folds.inner_validation_share is not None:
            return self
        for name, blocks in self.architectures.items():
            if blocks.transfer.read == "best":
                raise ValueError(
                    f"'architectures.{name}.transfer.read' is best, and without "
                    "'split.folds.inner_validation_share' there is no validation part "
                    "to choose the epoch on; average and last need none"
                )
        return self

    @model_validator(mode="after")
    def _weights_are_there(self) -> "ProjectParameters":
        # Otherwise the ablation says so only after it has trained the other arms.
        for name, blocks in self.architectures.items():
            weights = blocks.imagenet.weights
            if weights not in (None, "download") and not Path(weights).is_file():
                raise ValueError(
                    f"'architectures.{name}.imagenet.weights' is {weights!r}, where "
                    "there is no file"
                )
        return self


def _refuse_unknown(what: str, names: Iterable[str], known: Iterable[str]) -> None:
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise ValueError(
            f"there is no {what} {', '.join(map(repr, unknown))}; there are "
            f"{', '.join(sorted(known))}"
        )


def check_parameters(parameters: dict[str, Any]) -> None:
    """Check the whole tree of parameters.

    Raises:
        DetlError: If a parameter is unknown, missing, of the wrong type or out of
            its range; the sentence names each of them.
    """
    try:
        ProjectParameters.model_validate(parameters)
    except ValidationError as error:
        faults = "; ".join(describe_fault(fault) for fault in error.errors())
        raise DetlError(
            f"The parameters are refused: {faults}. Correct them in conf/ or in "
            "--params."
        ) from error


def describe_fault(fault: Any) -> str:
    """Return one error of pydantic in words, with the name of the parameter."""
    where = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        return f"{where!r} is not a parameter (misspelt?)"
    if fault["type"] == "missing":
        return f"{where!r} is missing"
    if fault["type"] == "value_error":
        sentence = str(fault["msg"]).removeprefix("Value error, ")
        return f"{where}: {sentence}" if where else sentence
    return f"{where!r} is {fault['input']!r}: {fault['msg']}"

"""The typed parameters of the project: what ``conf/*/parameters*.yml`` may say.

Kedro builds these models from the annotations of the nodes, before the first
node runs. A misspelt key or a wrong type is refused there.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

View = Literal["PA", "AP", "AP Supine", "L"]
"""Projection of a chest film, as the sources spell it; L is lateral."""

Share = Annotated[float, Field(gt=0, lt=1)]


def _leave_out_null(entries: Any) -> Any:
    """Return the entries that an environment has not set to null.

    An environment is merged with base name by name, so that it cannot leave out a name.
    """
    if not isinstance(entries, Mapping):
        return entries
    return {name: value for name, value in entries.items() if value is not None}


def _require_whole(shares: dict[View, float]) -> dict[View, float]:
    if shares and abs(sum(shares.values()) - 1) > 1e-6:
        raise ValueError(f"the shares sum to {sum(shares.values()):g}, and must to 1")
    return shares


ViewShares = Annotated[
    dict[View, Annotated[float, Field(gt=0, le=1)]], AfterValidator(_require_whole)
]
"""Share of each view; where there are none, views are taken as they come."""

Count = Annotated[int, Field(ge=1)]


class Parameters(BaseModel):
    """Base of all parameter models: frozen, strictly typed, no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


# ---------------------------------------------------------------- ingest


class SourceParameters(Parameters):
    """One published data set, or one folder of one's own."""

    reader: str
    """Name of the reader function, a key of ``detl.sources.READERS``."""
    folder: str
    """Folder of the data set, relative to the raw data folder, or absolute."""
    findings: dict[str, str] = {}
    """Translates the source's own labels to findings, e.g. ``covid: COVID-19``."""


class IngestParameters(Parameters):
    """How images are read and brought to one size."""

    sources: Annotated[
        dict[str, SourceParameters],
        Field(min_length=1),
        BeforeValidator(_leave_out_null),
    ]
    """By name; one that is null is left out."""
    views: list[View] = Field(min_length=1)
    """Images of other views are rejected; those of an unknown view are not."""
    input_size: Annotated[int, Field(ge=32)]
    """Height and width of the stored pixels."""
    fit: Literal["crop", "pad", "squeeze"]
    """How an image that is not square becomes square."""
    largest_image: Count
    """Images of more pixels (width x height) than this are rejected."""


# ---------------------------------------------------------------- split


class ClassParameters(Parameters):
    """Which images make up one class of Data-B, and how many."""

    findings: Annotated[
        dict[str, Count], Field(min_length=1), BeforeValidator(_leave_out_null)
    ]
    """Number of images to take of each finding; one that is null is left out."""
    sources: list[str] | None
    """Sources to take from; null takes from every source."""
    multi_label: Literal["never", "if_short", "always"]
    """Whether images with further findings may be taken: never, after the single-label
    images are used up, or with the same chance from the start."""
    never_with: list[str] = []
    """An image that has one of these is not taken as multi-label."""
    view_shares: ViewShares = {}
    """The same in several classes, they keep the view from telling the class."""


class DataBParameters(Parameters):
    """The four classes of Data-B (paper, Table I)."""

    normal: ClassParameters
    other_disease: ClassParameters
    pneumonia: ClassParameters
    covid_19: ClassParameters


class DataAParameters(Parameters):
    """Normal against diseased, for pretraining (paper, Table I)."""

    sources: list[str]
    pneumonia: Literal["exclude_any", "exclude_single"]
    most_per_class: Count | None
    """Upper limit of each class's size, validation included; null takes all."""
    view_shares: ViewShares = {}
    """Of both classes, so that the view does not tell them; as many images of each
    class are taken as have these shares."""
    validation_per_class: Count
    """Size of the balanced validation part, per class ..."""
    largest_validation_share: Share
    """... but never more than this share of the smaller class."""


class FoldParameters(Parameters):
    """The folds of the cross-validation (their number is in ``design.py``)."""

    inner_validation_share: Annotated[float, Field(gt=0, le=0.5)] | None
    """Share of a fold's training part on which the best epoch is chosen, rounded to
    one in a whole number. Null trains on all of it, and chooses nothing; thresholds and
    temperatures then come from what the other folds' networks say of their own test
    parts."""


class SplitParameters(Parameters):
    """How Data-A, Data-B and the folds are drawn."""

    protocol: Literal["grouped", "paper"]
    """Grouped keeps a patient's images, and copies, in one fold and out of Data-A, and
    may choose the epoch on an inner validation part. Paper draws folds by image, leaves
    Data-B's patients in Data-A, and may choose the epoch on the test fold."""
    on_shortage: Literal["use_all", "fail"]
    data_b: DataBParameters
    data_a: DataAParameters
    folds: FoldParameters


# ---------------------------------------------------------------- networks


class NetworkParameters(Parameters):
    """Size and style of one network."""

    network: str
    """Name of the builder, a key of ``detl.networks.NETWORKS``."""
    width_multiplier: Annotated[float, Field(gt=0)]
    """Factor on the number of filters of every convolution."""
    fully_connected_units: Annotated[int, Field(ge=0)]
    """Units of each hidden fully connected layer (0 where there is none)."""
    dropout: Annotated[float, Field(ge=0, lt=1)]
    stem_stride: Literal[1, 2, 4]
    """Stride of the first convolution."""
    last_stride: Literal[1, 2] = 2
    """Stride on the way into the last block; 1 keeps its feature map, which Grad-CAM
    explains, twice as fine."""
    head_input: Literal["flatten", "average", "maximum"] = "flatten"
    """What the fully connected layers see of the last feature map: each of its
    positions, or the average or maximum over them. ResNet50 has the average in any
    case. Grad-CAM, too, weights a map as a whole."""
    normalisation: Literal["none", "batch"]
    precision: Literal["float32", "mixed_float16", "mixed_bfloat16"]
    """Of the layers. Mixed ones compute in half precision, and keep the weights, the
    standardisation of each image and the logits in float32."""

    @model_validator(mode="after")
    def _resnet50_has_its_own_head(self) -> "NetworkParameters":
        if self.network == "resnet50" and self.head_input == "maximum":
            raise ValueError(
                "head_input is maximum, which resnet50 does not have: set average"
            )
        return self


class AugmentationParameters(Parameters):
    """Real-time augmentation: rotation, scaling and mirroring (paper, IV)."""

    rotation_degrees: Annotated[float, Field(ge=0, le=180)]
    """Rotation is drawn from plus or minus this angle."""
    smallest_zoom: Annotated[float, Field(gt=0, le=1)]
    largest_zoom: Annotated[float, Field(ge=1)]
    mirror: bool


class TrainingParameters(Parameters):
    """How a network, or its tail, is trained."""

    epochs: Count
    batch_size: Count
    optimizer: Literal["adam", "sgd"]
    learning_rate: Annotated[float, Field(gt=0)]
    momentum: Annotated[float, Field(ge=0, lt=1)]
    """Momentum of SGD; Adam ignores it."""
    schedule: Literal["cosine", "constant"]
    warm_up_epochs: Annotated[int, Field(ge=0)]
    """Epochs in which the rate rises from 0, before a cosine decay."""
    epochs_at_chance: Count | None = None
    """Training stops with an error if the training loss has never been better than
    chance, and is at chance for this many epochs in a row after the warm-up; null never
    stops. At chance means within 0.01 of the entropy of the classes' shares."""
    read: Literal["best", "last", "average"] = "best"
    """Which weights are kept: those of the epoch with the best validation accuracy, of
    the last epoch, or the mean over the last half of the epochs, with batch-norm
    statistics taken anew in one pass over the training part."""
    last_batch: Literal["keep", "drop"] = "keep"
    """Whether the images that are left over after the last whole batch of an epoch are
    a small batch of their own, or are left out of this epoch."""
    jit_compile: bool | Literal["auto"]
    """Whether XLA compiles the steps. Auto: under JAX always; under TensorFlow where
    it sees a GPU and XLA knows every layer."""
    distribution: Literal["none", "data_parallel"]
    """Data parallel divides each batch among all GPUs of the machine."""

    @model_validator(mode="after")
    def _warm_up_fits_the_schedule(self) -> "TrainingParameters":
        if self.warm_up_epochs >= self.epochs:
            raise ValueError(
                f"warm_up_epochs is {self.warm_up_epochs}, which must be less than "
                f"the {self.epochs} epochs"
            )
        if self.warm_up_epochs and self.schedule == "constant":
            raise ValueError(
                f"warm_up_epochs is {self.warm_up_epochs}, which must be 0 with the "
                "constant schedule"
            )
        return self


class PretrainParameters(TrainingParameters):
    """How a network is trained from scratch, on augmented images (decision 16)."""

    epochs_at_chance: Count | None = 10
    augmentation: AugmentationParameters | None
    """Null trains on the images as they are."""


class ViewParameters(AugmentationParameters):
    """Augmented versions of Data-B's images, which go through the frozen part once."""

    number: Count
    """Versions of each image, beside the image as it is."""


class TransferParameters(TrainingParameters):
    """How the tail of a pretrained network is trained."""

    views: ViewParameters | None = None
    """Each time an image is trained on, one of its versions is drawn at random; null
    trains on the images as they are."""


class ImagenetParameters(Parameters):
    """The source of the ablation's ImageNet weights."""

    weights: str | None
    """``download`` takes those of keras.applications; a path names a file of these
    without the top; null leaves out the arms that start from ImageNet."""


# ---------------------------------------------------------------- explain


class RefusalParameters(Parameters):
    """When an image is too unlike the training images to be answered."""

    warned_below: Share
    """Share of training images that are as unlike those of other patients."""
    refused_below: Share
    warned_spread: Share
    """Largest minus smallest probability of the class over the folds, above which an
    answer has a warning."""

    @model_validator(mode="after")
    def _refusal_is_rarer(self) -> "RefusalParameters":
        if self.refused_below > self.warned_below:
            raise ValueError(
                f"refused_below is {self.refused_below}, which must not be more than "
                f"warned_below, {self.warned_below}"
            )
        return self


class ExplainParameters(Parameters):
    """What the Grad-CAM panels show."""

    images_per_class: Count
    """Most images of each true class in a panel, wrong ones first half."""


# ---------------------------------------------------------------- audit


class AuditParameters(Parameters):
    """What the checks of the audit look at."""

    centre_share: Share
    """Share of each side, around the middle, that counts as the thorax; it is blacked
    out to see how well a network does without it."""
    border_share: Annotated[float, Field(gt=0, lt=0.5)]
    """Width of the frame that is the border, as a share of each side."""
    explained_images: Count
    """Most images of each fold for deletion, insertion and the randomised networks."""
    prevalences: list[Share] = Field(min_length=1)
    """Shares of a class among those examined, for the predictive values of each."""


# ---------------------------------------------------------------- phantom


class PhantomParameters(Parameters):
    """The synthetic sample: what it holds and how hard it is."""

    seed: Annotated[int, Field(ge=0)]
    size: Annotated[int, Field(ge=48)]
    """Shorter side of the stored films, in pixels."""
    noise: Annotated[float, Field(ge=0)]
    """Standard deviation of the noise, in grey levels."""
    lesion_strength: Annotated[float, Field(gt=0)]
    """Factor on the opacity of all lesions, and on their effect on heart and diaphragm;
    less is harder."""
    films_of_a_patient: Literal["follow_ups", "one", "near_copies"] = "follow_ups"
    """Follow-ups: one to four films, each with its own pose and exposure, and for some
    diseased patients an earlier healthy film. One: a single film. Near copies: films
    that show the same, almost in the same place and light, with other noise."""
    near_copies: Annotated[int, Field(ge=2)] = 4
    """Films of each patient under ``near_copies``, including the first one; the last
    patient of a label has the rest. Data-B draws films, not patients: if it takes few
    of a label's films, more copies are needed for it to have several of a patient."""
    marker: Literal["none", "corner"] = "none"
    """Corner: every film has a lead marker in one of four corners, outside the lungs,
    that gives its class away (normal, other disease, pneumonia, COVID-19)."""
    nih: dict[str, Count] = Field(min_length=1, max_length=31)
    """Films of the NIH folder by ``Finding Labels``, e.g. ``Mass|Effusion: 10``."""
    covid_chestxray: dict[str, Count] = Field(min_length=1, max_length=31)
    """Films of the covid-chestxray folder by ``finding``."""
    dirt: bool
    """Whether to plant the faults that real collections have."""


def flatten(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a tree by their whole names, such as ``ingest.input_size``.

    Args:
        tree: Parameters, blocks of which may be typed models; lists and empty blocks
            count as values.
    """
    flat: dict[str, Any] = {}
    for name, block in tree.items():
        value = block.model_dump() if isinstance(block, BaseModel) else block
        if isinstance(value, Mapping) and value:
            below = flatten(value)
            flat.update({f"{name}.{rest}": leaf for rest, leaf in below.items()})
        else:
            flat[str(name)] = value
    return flat


def flatten_parameters(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Return the values by their sorted whole names, as texts.

    Values are written as in JSON, texts without quotation marks.

    Args:
        parameters: The tree of parameters, as ``flatten`` takes it.
    """
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in sorted(flatten(parameters).items())
    }

"""VGG16 and ResNet50 of ``keras.applications``, with weights learnt on ImageNet.

Some arms of the ablation start from them. They have full width, and the kernels,
strides and normalisation of ``NetworkParameters`` do not apply to them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras

from detl.errors import DetlError, NotAvailableError
from detl.networks.blocks import Blocks, Tensor
from detl.networks.keras_settings import plain_keras
from detl.networks.names import END_OF_BODY, END_OF_TRUNK, EXPLAINED_LAYER
from detl.networks.precision import compute_in

if TYPE_CHECKING:
    from detl.schemas.parameters import ImagenetParameters, NetworkParameters

DOWNLOAD = "download"

_ORIGINALS = {
    "vgg16": ("VGG16", {"block4_pool": END_OF_TRUNK, "block5_conv3": EXPLAINED_LAYER}),
    "resnet50": (
        "ResNet50",
        {"conv4_block6_out": END_OF_TRUNK, "conv5_block3_out": EXPLAINED_LAYER},
    ),
}
"""Network to its name in ``keras.applications``, and to the layers there that get the
names of ``detl.networks.names``."""

_MEAN_OF_BLUE_GREEN_RED = (103.939, 116.779, 123.68)
"""Mean colour of ImageNet, which networks from Caffe subtract."""


def reason_for_absence(
    parameters: NetworkParameters, imagenet: ImagenetParameters
) -> str:
    """Return why there are no ImageNet weights of this network, "" if there are."""
    if parameters.network not in _ORIGINALS:
        return (
            f"There are no ImageNet weights of {parameters.network} in "
            f"keras.applications, only of {' and '.join(sorted(_ORIGINALS))}: use one "
            "of these."
        )
    if imagenet.weights is None:
        return (
            f"No ImageNet weights of {parameters.network} are given: set "
            f"imagenet.weights of this architecture to {DOWNLOAD!r} or to a file."
        )
    return ""


@plain_keras()
def build_imagenet_network(
    parameters: NetworkParameters,
    imagenet: ImagenetParameters,
    input_size: int,
    classes: int,
    seed: int,
) -> keras.Model:
    """Return a network with ImageNet weights: grey pixels in, ``classes`` logits out.

    All fully connected layers are untrained, since VGG16's published ones only fit
    224 pixels and 4,096 units, and the last one predicts ImageNet's classes. They
    follow the layer ``END_OF_BODY`` and form the head of this network.

    Args:
        parameters: Name of the network; units and dropout of its new layers.
        input_size: Height and width of the grey images, in pixels, at least 32.
        classes: Number of logits.
        seed: Seed of the untrained weights and of dropout.

    Returns:
        A flat functional model from pixels (n, size, size, 1), 0 to 255, to logits.

    Raises:
        NotAvailableError: There are no weights, or none are given.
        DetlError: The weights cannot be read, or are of another network.
    """
    if reason := reason_for_absence(parameters, imagenet):
        raise NotAvailableError(reason)
    with compute_in(parameters.precision):
        return _build(parameters, str(imagenet.weights), input_size, classes, seed)


def _build(
    parameters: NetworkParameters,
    weights: str,
    input_size: int,
    classes: int,
    seed: int,
) -> keras.Model:
    pixels = keras.Input((input_size, input_size, 1), name="pixels")
    body = _load_body(parameters.network, weights, _to_colours(pixels))
    blocks = Blocks.from_seed(parameters, seed)
    x = body.outputs[0]
    if parameters.network == "vgg16":
        x = keras.layers.Flatten(name=END_OF_BODY)(x)
        x = blocks.fully_connected(x, "fc1")
        x = blocks.fully_connected(x, "fc2")
    else:
        x = keras.layers.GlobalAveragePooling2D(name=END_OF_BODY)(x)
    logits = blocks.logits(x, classes)
    return keras.Model(body.inputs[0], logits, name=parameters.network)


def _to_colours(pixels: Tensor) -> Tensor:
    """Return the grey image as blue, green and red without ImageNet's mean."""
    # In half precision the pixels would lose digits.
    colours = keras.layers.Concatenate(dtype="float32", name="to_three_channels")
    x = colours([pixels] * 3)
    offset = [-mean for mean in _MEAN_OF_BLUE_GREEN_RED]
    return keras.layers.Rescaling(1.0, offset, dtype="float32", name="without_mean")(x)


def _load_body(network: str, weights: str, colours: Tensor) -> keras.Model:
    """Return the convolutions with their weights, and with our own layer names."""
    name, marks = _ORIGINALS[network]
    original = getattr(keras.applications, name)
    body = original(include_top=False, weights=None, input_tensor=colours)

    def call_and_mark(layer: keras.layers.Layer, *inputs: Any, **options: Any) -> Any:
        x = layer(*inputs, **options)
        mark = marks.get(layer.name)
        return keras.layers.Identity(name=mark)(x) if mark else x

    marked = keras.models.clone_model(body, call_function=call_and_mark)
    if weights == DOWNLOAD:
        published = _download(original, network)
    else:
        published = _read_file(original, network, Path(weights).expanduser())
    marked.set_weights(published.get_weights())
    return marked


def _download(original: Callable[..., keras.Model], network: str) -> keras.Model:
    try:
        return original(include_top=False, weights="imagenet")
    # Keras raises a plain Exception if it cannot fetch a file.
    except Exception as error:
        raise DetlError(
            f"The ImageNet weights of {network} cannot be downloaded "
            f"({str(error).splitlines()[0]}): put them into a file, and name it in "
            "imagenet.weights of this architecture."
        ) from error


def _read_file(
    original: Callable[..., keras.Model], network: str, path: Path
) -> keras.Model:
    if not path.is_file():
        raise DetlError(
            f"There is no file {path.absolute()}, where the ImageNet weights of "
            f"{network} should be: correct imagenet.weights of this architecture."
        )
    published = original(include_top=False, weights=None)
    try:
        with warnings.catch_warnings():
            # Keras warns about each missing layer and then raises an error anyway.
            warnings.filterwarnings("ignore", "Skipping nested container")
            published.load_weights(path)
    except (OSError, ValueError) as error:
        raise DetlError(
            f"{path.absolute()} does not hold the weights of {network} without its "
            f"top ({str(error).splitlines()[0]}): give the file that "
            "keras.applications downloads, or one like it."
        ) from error
    return published

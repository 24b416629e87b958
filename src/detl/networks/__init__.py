"""The networks by name. A new architecture is one builder and one entry here."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

from detl.errors import DetlError
from detl.networks.keras_settings import plain_keras
from detl.schemas.keras_model import KerasModel

if TYPE_CHECKING:
    from detl.schemas.parameters import NetworkParameters

NETWORKS = {
    "alexnet": "detl.networks.alexnet:build_alexnet",
    "vgg16": "detl.networks.vgg16:build_vgg16",
    "resnet50": "detl.networks.resnet50:build_resnet50",
}
"""Name to ``module:function``, which is imported on use because Keras takes seconds."""


@plain_keras()
def build_network(
    parameters: NetworkParameters, input_size: int, classes: int, seed: int
) -> KerasModel:
    """Return the untrained network that ``parameters.network`` names.

    Args:
        parameters: Name and size of the network, and precision of its layers.
        input_size: Height and width of the grey images, in pixels.
        classes: Number of logits.
        seed: Seed of the initial weights and of dropout.

    Returns:
        A flat functional model from pixels (n, size, size, 1), 0 to 255, to logits.

    Raises:
        DetlError: No network has that name, or a connection goes around the layer at
            which ``transfer`` cuts the network.
    """
    if parameters.network not in NETWORKS:
        raise DetlError(
            f"There is no network {parameters.network!r}; choose one of "
            f"{', '.join(sorted(NETWORKS))} or add a builder to detl.networks.NETWORKS."
        )
    from detl.networks.cut import require_single_way
    from detl.networks.names import END_OF_TRUNK
    from detl.networks.precision import compute_in

    module, function = NETWORKS[parameters.network].split(":")
    builder: Callable[..., KerasModel] = getattr(import_module(module), function)
    with compute_in(parameters.precision):
        model = builder(parameters, input_size, classes, seed)
    # The cut comes after the pretraining, which may take hours.
    require_single_way(model, END_OF_TRUNK)
    return model

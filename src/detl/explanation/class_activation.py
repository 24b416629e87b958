"""Maps of the evidence for a class, from a layer's output and its gradient.

The methods differ only in how they combine activations and gradients.
"""

from collections.abc import Callable

import keras
import numpy as np

from detl.errors import DetlError
from detl.explanation.gradient import Tensor, compile_function, gradient_of_sum
from detl.networks.cut import cut_network
from detl.networks.ensemble import members_of
from detl.networks.keras_settings import plain_keras
from detl.schemas.keras_model import KerasModel

BATCH_SIZE = 64


def weigh_by_mean_gradient(activations: Tensor, gradients: Tensor) -> Tensor:
    r"""Return Grad-CAM: ``ReLU(sum_k w_k A_k)``, with ``w_k`` the mean gradient of k.

    Reference:
        Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via
        Gradient-based Localization", ICCV 2017, equations 1 and 2.
    """
    weights = keras.ops.mean(gradients, axis=(1, 2), keepdims=True)
    return keras.ops.relu(keras.ops.sum(weights * activations, axis=-1))


def weigh_by_positive_gradients(activations: Tensor, gradients: Tensor) -> Tensor:
    r"""Return Grad-CAM++: only positive gradients, each with a weight of its own.

    With ``g`` the derivative of the logit, ``w_k = sum_ij a_ij ReLU(g_ij)`` and
    ``a_ij = g_ij^2 / (2 g_ij^2 + g_ij^3 sum_ab A_ab)``. The paper takes the derivative
    of ``exp`` of the logit, which multiplies all weights of an image by one positive
    number. That factor is left out, so that the map is in units of the logit and
    nothing overflows. The sum is over positive activations, because negative ones could
    make the denominator 0. The paper's layers and ours end with a ReLU and have none.

    Reference:
        Chattopadhay et al., "Grad-CAM++: Generalized Gradient-based Visual
        Explanations for Deep Convolutional Networks", WACV 2018, equations 10 and 19.
    """
    positive = keras.ops.relu(gradients)
    total = keras.ops.sum(keras.ops.relu(activations), axis=(1, 2), keepdims=True)
    # This is a_ij for positive gradients, with g_ij^2 cancelled.
    shares = 1 / (2 + positive * total)
    weights = keras.ops.sum(shares * positive, axis=(1, 2), keepdims=True)
    return keras.ops.relu(keras.ops.sum(weights * activations, axis=-1))


def multiply_by_gradient(activations: Tensor, gradients: Tensor) -> Tensor:
    r"""Return HiResCAM: ``ReLU(sum_k G_k A_k)``, with ``G_k`` the gradient itself.

    If global average pooling and one linear layer follow, as in ResNet50, the result
    equals Grad-CAM and CAM: without the ReLU and the linear layer's bias, the map adds
    up to the logit.

    Reference:
        Draelos and Carin, "Use HiResCAM instead of Grad-CAM for faithful explanations
        of convolutional neural networks", arXiv:2011.08891, section 3.3. CAM: Zhou et
        al., "Learning Deep Features for Discriminative Localization", CVPR 2016,
        equations 1 and 2.
    """
    return keras.ops.relu(keras.ops.sum(gradients * activations, axis=-1))


METHODS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "grad_cam": weigh_by_mean_gradient,
    "grad_cam_plus_plus": weigh_by_positive_gradients,
    "hires_cam": multiply_by_gradient,
}
"""Name of a method to its function from activations and gradients, both
(n, h, w, channels), to maps, (n, h, w)."""


class EvidenceMapper:
    """Maps the evidence for a class in one layer of one network.

    It cuts and compiles a copy of the network once for all calls. Later changes of the
    given network have no effect; ``take_weights`` takes those of another. Of several
    that were joined (``networks.ensemble``), the map is the mean of the members' maps.

    Args:
        tail: A flat functional model from features to logits, without softmax, or
            members that were joined.
        layer: Name of the explained layer of the tail; its output has the shape
            (n, h, w, channels).
        compiles_always: Whether also few images are mapped by a compiled function,
            which pays where there are many calls.

    Raises:
        DetlError: The layer's output is not a feature map.
    """

    def __init__(
        self, tail: KerasModel, layer: str, compiles_always: bool = False
    ) -> None:
        self._compiles_always = compiles_always
        self._members = [cut_network(member, layer) for member in members_of(tail)]
        self._map_shape = self._members[0][1].input.shape
        if len(self._map_shape) != 4:
            raise DetlError(
                f"The output of layer {layer!r} has the shape "
                f"{self._map_shape}, but a feature map has (n, height, width, "
                "channels): name a layer before the network flattens its features."
            )
        self._compiled: dict[tuple[str, ...], Callable[..., Tensor]] = {}

    def take_weights(self, tail: KerasModel) -> None:
        """Map with the weights of another network of the same shape from now on.

        On TensorFlow nothing is compiled anew.
        """
        for (lower, upper), member in zip(self._members, members_of(tail), strict=True):
            # A single way goes from one part to the other, and so does the order.
            weights, of_lower = member.get_weights(), len(lower.weights)
            lower.set_weights(weights[:of_lower])
            upper.set_weights(weights[of_lower:])
        if keras.backend.backend() == "jax":
            # What it compiles holds the values of the weights.
            self._compiled.clear()

    @plain_keras()
    def map(
        self, features: np.ndarray, class_indices: np.ndarray, method: str
    ) -> np.ndarray:
        """Return a map of the evidence for one class per image, in the layer's size.

        Args:
            features: Inputs of the tail, (n, height, width, channels), float32; may be
                memory-mapped.
            class_indices: Column of the logit to explain, (n,), integers.
            method: A key of ``METHODS``.

        Returns:
            Maps, (n, h, w), float32, 0 or greater, in units of the logit; 0 where
            nothing speaks for the class.

        Raises:
            DetlError: Features and classes differ in number, or there is no such
                method.
        """
        if method not in METHODS:
            raise DetlError(
                f"There is no method {method!r} to explain with: choose one of "
                f"{', '.join(METHODS)}."
            )
        return self._map(features, class_indices, (method,))[0]

    @plain_keras()
    def map_by_each_method(
        self, features: np.ndarray, class_indices: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Return what ``map`` does, by method, in little more time than one takes.

        All combine the same activations and gradients.
        """
        maps = self._map(features, class_indices, tuple(METHODS))
        return dict(zip(METHODS, maps, strict=True))

    def _map(
        self, features: np.ndarray, class_indices: np.ndarray, methods: tuple[str, ...]
    ) -> np.ndarray:
        """Return the maps by these methods, (methods, n, h, w)."""
        if np.shape(class_indices) != (len(features),):
            raise DetlError(
                f"There are {len(features)} rows of features and class indices of "
                f"shape {np.shape(class_indices)}: give one class for each row."
            )
        map_batch = self._choose(
            methods, pays=self._compiles_always or len(features) > BATCH_SIZE
        )
        _, height, width, _ = self._map_shape
        maps = np.zeros((len(methods), len(features), height, width), np.float32)
        for start in range(0, len(features), BATCH_SIZE):
            batch = slice(start, start + BATCH_SIZE)
            of_batch = map_batch(
                keras.ops.convert_to_tensor(np.asarray(features[batch])),
                keras.ops.convert_to_tensor(class_indices[batch]),
            )
            maps[:, batch] = keras.ops.convert_to_numpy(of_batch)
        return maps

    def _choose(self, methods: tuple[str, ...], pays: bool) -> Callable[..., Tensor]:
        """Return the function for a batch, compiled if that pays or is already done."""

        def map_batch(of_batch: Tensor, classes: Tensor) -> Tensor:
            maps = []
            for lower, upper in self._members:
                activations = lower(of_batch, training=False)
                gradients = gradient_of_logits(upper, activations, classes)
                by_method = [METHODS[name](activations, gradients) for name in methods]
                maps.append(keras.ops.stack(by_method))
            return keras.ops.mean(keras.ops.stack(maps), axis=0)

        if pays and methods not in self._compiled:
            self._compiled[methods] = compile_function(map_batch)
        return self._compiled.get(methods, map_batch)


def map_evidence(
    tail: KerasModel,
    features: np.ndarray,
    class_indices: np.ndarray,
    layer: str,
    method: str,
) -> np.ndarray:
    """Return the maps of an ``EvidenceMapper`` that is made for this one call."""
    return EvidenceMapper(tail, layer).map(features, class_indices, method)


@plain_keras()
def gradient_of_logits(
    model: KerasModel, inputs: Tensor, class_indices: np.ndarray | Tensor
) -> Tensor:
    """Return the derivative of each image's logit with respect to its own inputs.

    Args:
        model: From inputs to logits.
        inputs: A tensor of the backend, (n, ...).
        class_indices: Column of the logit of each image, (n,), integers.
    """
    chosen = keras.ops.one_hot(class_indices, model.output.shape[-1])

    def chosen_logits(x: Tensor) -> Tensor:
        # Samples are independent in inference, also in batch normalisation, so the
        # gradient of the sum holds the gradient of each logit.
        return model(x, training=False) * chosen

    return gradient_of_sum(chosen_logits, inputs)

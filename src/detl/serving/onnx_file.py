"""The networks of a bundle in one ONNX file, which needs no Keras to answer.

From pixels to the calibrated probabilities, and to how familiar the image is. Reading
and resizing a picture are left to whoever uses the file; its metadata say how.
"""

import json
import shutil
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import keras
import numpy as np

from detl.errors import DetlError
from detl.networks.cut import copy_model
from detl.networks.keras_settings import plain_keras
from detl.serving.bundle import Bundle
from detl.serving.deviation import read_test_images
from detl.serving.familiarity import (
    FEATURE_FIELDS,
    FEATURE_SHARE,
    NEIGHBOUR,
    PICTURE_FIELDS,
    weigh_fields,
)
from detl.serving.predictor import Predictor

OPERATORS = 18
"""Version of ONNX's set of operators."""

INPUT = "pixels"
OUTPUTS = ("probabilities", "features", "rank")

TOLERANCE = 1e-4
"""Most that a probability may differ: other programs round otherwise."""

INSTALL = "python -m pip install --constraint requirements.lock '.[cpu,onnx]'"


def export_onnx(bundle: Bundle, path: Path) -> float:
    """Return how far the file's probabilities lie from the bundle's, once it is there.

    Args:
        bundle: Networks, and what belongs to them.
        path: The file; an earlier one is overwritten.

    Raises:
        DetlError: A package is missing, Keras runs on another backend than TensorFlow,
            the networks compute in half precision, the file answers otherwise than the
            bundle, or it cannot be written.
    """
    if not path.parent.is_dir():
        # Said at once, since the export may take a minute.
        raise DetlError(
            f"There is no folder {path.parent}, where {path.name} should be written: "
            "make it, or name another file."
        )
    require_packages()
    _require_single_precision(bundle)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "network.onnx"
        _write(bundle, file)
        difference = measure_file_deviation(bundle, file)
        if not difference <= TOLERANCE:
            raise DetlError(
                f"The ONNX file answers otherwise than the bundle: a probability "
                f"differs by {difference:.1g}, where {TOLERANCE:g} was expected at "
                f"most; install the versions of requirements.lock, with {INSTALL}."
            )
        try:
            shutil.copyfile(file, path)
        except OSError as error:
            raise DetlError(
                f"{path} cannot be written ({error.strerror}): name another file."
            ) from error
    return difference


@plain_keras()
def _write(bundle: Bundle, path: Path) -> None:
    import onnx

    size = bundle.about.input_size
    pixels = keras.InputSpec(shape=(None, size, size, 1), dtype="float32", name=INPUT)
    with warnings.catch_warnings():
        # Keras mends tf2onnx for NumPy 2, which warns of it.
        warnings.filterwarnings("ignore", "In the future `np.object`", FutureWarning)
        join_networks(bundle).export(
            path,
            format="onnx",
            verbose=False,
            opset_version=OPERATORS,
            input_signature=[pixels],
        )
    content = onnx.load(path)
    _name_axes(content)
    for key, value in _describe(bundle).items():
        content.metadata_props.add(key=key, value=value)
    onnx.checker.check_model(content, full_check=True)
    onnx.save(content, path)


def measure_file_deviation(bundle: Bundle, path: Path) -> float:
    """Return how far a file's probabilities lie from the bundle's, at most.

    Both answer the bundle's test images; noise, where it has none.

    Args:
        bundle: Networks, and what belongs to them.
        path: An ONNX file.
    """
    from onnxruntime import InferenceSession

    pixels = read_test_images(bundle)
    if not len(pixels):
        shape = (10, *pixels.shape[1:])
        pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    _, by_fold = Predictor(bundle, explains=False).run_networks(pixels)
    session = InferenceSession(path, providers=["CPUExecutionProvider"])
    (found,) = session.run(
        ["probabilities"], {INPUT: pixels[..., np.newaxis].astype("float32")}
    )
    return float(np.abs(found - by_fold.mean(axis=0)).max())


@plain_keras()
def join_networks(bundle: Bundle) -> keras.Model:
    """Return one model from pixels to probabilities, features and rank.

    Args:
        bundle: Networks, and what belongs to them.

    Returns:
        From grey values, (n, size, size, 1), to the mean of the folds' probabilities,
        each at its temperature, (n, classes); what ``describe_images`` says of them,
        (n, d); and ``Familiarity.rank``, (n,).
    """
    pixels = keras.Input(bundle.trunk.input.shape[1:], name=INPUT)
    seen = bundle.trunk(pixels)
    temperatures = bundle.about.temperatures
    by_fold = []
    for fold, tail in bundle.tails.items():
        copy = copy_model(tail)
        # All of them have the name of their architecture.
        copy.name = fold
        by_fold.append(keras.ops.softmax(copy(seen) / temperatures[fold]))
    probabilities = keras.ops.mean(keras.ops.stack(by_fold), axis=0)
    description = _describe_images(pixels, seen)
    rank = _rank(description, bundle)
    return keras.Model(pixels, [probabilities, description, rank])


def _describe_images(pixels: Any, seen: Any) -> Any:
    """Return what ``familiarity.describe_images`` does, as a part of the network."""
    bright = _mean_of_fields(pixels - pixels[:, :1, :1], PICTURE_FIELDS)
    bright -= keras.ops.mean(bright, axis=1, keepdims=True)
    parts = [
        (FEATURE_SHARE, _mean_of_fields(seen, FEATURE_FIELDS)),
        (1 - FEATURE_SHARE, bright),
    ]
    directions = []
    for share, part in parts:
        lengths = keras.ops.norm(part, axis=1, keepdims=True)
        shortest = np.finfo("float32").tiny
        directions.append(part / keras.ops.maximum(lengths, shortest) * share**0.5)
    return keras.ops.concatenate(directions, axis=1)


def _mean_of_fields(values: Any, fields: int) -> Any:
    _, height, width, channels = values.shape
    rows = keras.ops.reshape(values, (-1, height, width * channels))
    of_rows = keras.ops.matmul(weigh_fields(height, fields), rows)
    columns = keras.ops.reshape(of_rows, (-1, fields, width, channels))
    means = keras.ops.matmul(weigh_fields(width, fields), columns)
    return keras.ops.reshape(means, (-1, fields**2 * channels))


def _rank(directions: Any, bundle: Bundle) -> Any:
    known = bundle.familiarity
    images = len(known.distances)
    likeness = keras.ops.matmul(directions, known.directions.T)
    nearest = 1 - keras.ops.top_k(likeness, NEIGHBOUR)[0][:, -1:]
    is_closer = keras.ops.greater(nearest, known.distances.astype("float32"))
    closer = keras.ops.sum(keras.ops.cast(is_closer, "float32"), axis=1)
    return (images - closer + 1) / (images + 1)


def require_packages() -> None:
    """Refuse to begin where no ONNX file can be written.

    Raises:
        DetlError: A package is missing, or Keras runs on another backend than
            TensorFlow.
    """
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import tf2onnx  # noqa: F401
    except ModuleNotFoundError as error:
        raise DetlError(
            f"The package {error.name} is missing, without which no ONNX file is "
            f"written: install it with {INSTALL}."
        ) from error
    backend = keras.backend.backend()
    if backend != "tensorflow":
        raise DetlError(
            f"Keras runs on {backend!r}, from which no ONNX file can be "
            "written: set the environment variable KERAS_BACKEND to tensorflow."
        )


def _require_single_precision(bundle: Bundle) -> None:
    found = {layer.compute_dtype for layer in bundle.trunk.layers} - {"float32"}
    if found:
        raise DetlError(
            f"The networks compute in {', '.join(sorted(found))}, for which no ONNX "
            "file is written: train them with precision float32."
        )


def _name_axes(content: Any) -> None:
    """Give the outputs their names, and leave the number of images open."""
    graph = content.graph
    names = dict(zip([one.name for one in graph.output], OUTPUTS, strict=True))
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    for value in (*graph.input, *graph.output):
        value.name = names.get(value.name, value.name)
        value.type.tensor_type.shape.dim[0].dim_param = "images"
    del graph.value_info[:]


def _describe(bundle: Bundle) -> dict[str, str]:
    about = bundle.about
    said = about.model_dump(
        include={
            *("architecture", "classes", "input_size", "fit", "warned_below"),
            *("refused_below", "warnings", "licences", "versions"),
        }
    )
    return {
        "detl": json.dumps(said),
        "pixels": "grey (ITU-R 601), 0 is black, 0 to 255, resized with cv2.INTER_AREA",
        "notice": bundle.notice,
    }

"""Grad-CAM against ``predict``, and against a loop with a gradient model per image.

    python benchmarks/grad_cam.py [--network vgg16] [--size 64] [--width 0.25]

Four ways take turns on the same images and network: Keras ``predict``; Grad-CAM of the
whole network; Grad-CAM from the cached features of the trunk, as in the folds of the
pipeline; and, on fewer images, the way of the Keras example of Grad-CAM, which makes a
model with two outputs for each image and takes its gradient eagerly. The first three
use batches of 64. By default the network is as wide as in environment base, and there
are as many images as in the paper's Data-B. Compiling is not counted: ``predict``
compiles once per model, and Grad-CAM once per ``EvidenceMapper``.
"""

import argparse

import keras
import numpy as np
from comparison import Row, alternate, peak_memory, print_rows, ratio_of_medians

from detl.explanation.class_activation import BATCH_SIZE, EvidenceMapper
from detl.imaging.memory import keep_freed_memory
from detl.networks import build_network
from detl.networks.cut import cut_trunk
from detl.networks.names import EXPLAINED_LAYER
from detl.schemas.parameters import NetworkParameters
from detl.training.features import extract_features


def explain_one_by_one(
    model: keras.Model, images: np.ndarray, classes: np.ndarray
) -> np.ndarray:
    """Return Grad-CAM of each image, with a new gradient model for each."""
    import tensorflow as tf

    maps = []
    for image, of_class in zip(images, classes, strict=True):
        explained = model.get_layer(EXPLAINED_LAYER).output
        gradient_model = keras.Model(model.input, [explained, model.output])
        with tf.GradientTape() as tape:
            activations, logits = gradient_model(image[np.newaxis])
            of_image = logits[:, of_class]
        gradients = tape.gradient(of_image, activations)
        weights = tf.reduce_mean(gradients, axis=(1, 2), keepdims=True)
        maps.append(tf.nn.relu(tf.reduce_sum(weights * activations, axis=-1))[0])
    return np.stack(maps)


def main(arguments: argparse.Namespace) -> None:
    """Print the table."""
    keep_freed_memory()
    parameters = NetworkParameters(
        network=arguments.network,
        width_multiplier=arguments.width,
        fully_connected_units=0 if arguments.network == "resnet50" else 256,
        dropout=0.0,
        stem_stride=1,
        normalisation="batch",
        precision="float32",
    )
    model = build_network(parameters, arguments.size, 4, 0)
    trunk, tail = cut_trunk(model)
    random = np.random.default_rng(0)
    shape = (arguments.images, arguments.size, arguments.size)
    pixels = random.integers(0, 255, shape, dtype=np.uint8)
    images = pixels[..., np.newaxis].astype("float32")
    classes = random.integers(0, 4, len(images))
    features = extract_features(trunk, pixels, np.arange(len(pixels)))
    few = slice(arguments.images_of_the_loop)
    expected = explain_one_by_one(model, images[few], classes[few])
    whole, cached = (EvidenceMapper(m, EXPLAINED_LAYER) for m in (model, tail))
    ways = {
        "predict": lambda: model.predict(images, BATCH_SIZE, verbose=0),
        "whole": lambda: whole.map(images, classes, "grad_cam"),
        "cached": lambda: cached.map(features, classes, "grad_cam"),
        "loop": lambda: explain_one_by_one(model, images[few], classes[few]),
    }
    for way in ("whole", "cached"):
        np.testing.assert_allclose(ways[way]()[few], expected, rtol=0, atol=1e-5)
    seconds = dict(
        zip(ways, alternate(list(ways.values()), arguments.repeats), strict=True)
    )
    per_image = {
        way: [s / (len(classes[few]) if way == "loop" else len(images)) for s in found]
        for way, found in seconds.items()
    }
    what = f"{arguments.network} at {arguments.size} px, width {arguments.width:g}"
    print_rows(
        [
            Row(
                f"Grad-CAM {how}, {what}: {beside}",
                f"{1 / np.median(per_image[ours]):.1f} images/s",
                f"{1 / np.median(per_image[theirs]):.1f} images/s",
                ratio_of_medians(per_image[theirs], per_image[ours]),
                goal,
                peak=peak_memory(),
            )
            for ours, how, theirs, beside, goal in (
                ("whole", "of the whole network", "predict", "predict", 0.9),
                ("whole", "of the whole network", "loop", "loop over images", 15.0),
                ("cached", "from cached features", "predict", "predict", 1.0),
            )
        ]
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", default="vgg16")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--width", type=float, default=0.25)
    parser.add_argument("--images", type=int, default=1277)
    parser.add_argument("--images-of-the-loop", type=int, default=12)
    parser.add_argument("--repeats", type=int, default=3)
    main(parser.parse_args())

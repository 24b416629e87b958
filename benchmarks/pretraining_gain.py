"""Whether a pretrained network beats the same network untrained, on the phantoms.

    python benchmarks/pretraining_gain.py [--network alexnet] [--seeds 0 1 2]

The parameters of ``conf/base`` and its sample, once for each seed: the network
is pretrained, its trunk is frozen, and its tail is trained and tested in five folds.
The same is done with the network's first weights. A row has the best accuracy on
Data-A's validation part, and both accuracies over all images of Data-B. AlexNet takes
about a minute and a half per seed on two cores.

One seed proves nothing: seeds alone move an accuracy by ten points. The exit status
says whether the mean gain is above nought.
"""

import argparse
import sys
import warnings
from pathlib import Path

import numpy as np
from base_sample import sample_folder
from kedro.config import OmegaConfigLoader
from omegaconf.resolvers import oc

from detl.design import ARCHITECTURES, FOLDS
from detl.networks import build_network
from detl.networks.cut import cut_trunk
from detl.pipelines.crossval.nodes import predict_fold, train_fold
from detl.pipelines.ingest.nodes import decode_images, read_sources
from detl.pipelines.pretrain.nodes import pretrain_network
from detl.pipelines.transfer.nodes import (
    extract_features_of_data_b,
    replace_last_layer,
)
from detl.schemas.parameters import (
    IngestParameters,
    NetworkParameters,
    PretrainParameters,
    SplitParameters,
    TrainingParameters,
)
from detl.splitting.data_a import select_data_a
from detl.splitting.data_b import select_data_b
from detl.splitting.folds import assign_folds

PROJECT = Path(__file__).parents[1]
SEED_OF_SPLIT = 0


def read_parameters() -> dict:
    """Return the parameters of ``conf/base``."""
    with warnings.catch_warnings():
        # OmegaConf, about calls in Kedro.
        warnings.simplefilter("ignore")
        loader = OmegaConfigLoader(
            str(PROJECT / "conf"),
            base_env="base",
            default_run_env="base",
            custom_resolvers={"oc.env": oc.env},
        )
        return loader["parameters"]


def read_sample(parameters: dict) -> tuple:
    """Return pixels, Data-A, Data-B and its folds, of the sample."""
    raw = sample_folder()
    ingest = IngestParameters(**parameters["ingest"])
    split = SplitParameters(**parameters["split"])
    images, pixels, *_ = decode_images(raw, *read_sources(raw, ingest), ingest)
    data_b, _ = select_data_b(images, split, SEED_OF_SPLIT)
    data_a, _ = select_data_a(images, data_b, split, SEED_OF_SPLIT)
    return pixels, data_a, data_b, assign_folds(data_b, split, SEED_OF_SPLIT, FOLDS)


def transfer_accuracy(model, sample: tuple, training: TrainingParameters, seed: int):
    """Return the accuracy on all images of Data-B, each in the fold that tests it."""
    pixels, _, data_b, folds = sample
    trunk, tail = cut_trunk(replace_last_layer(model, seed))
    features = extract_features_of_data_b(trunk, pixels, data_b)
    right = []
    for _, fold in folds.groupby("fold"):
        trained, _ = train_fold(tail, features, data_b, fold, training, seed)
        predictions, _ = predict_fold(trained, features, data_b, fold)
        right += list(predictions["label"] == predictions["predicted"])
    return float(np.mean(right))


def main() -> None:
    """Print a row per seed, and exit with 1 where the mean gain is not above nought."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", choices=ARCHITECTURES, default="alexnet")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    arguments = parser.parse_args()
    parameters = read_parameters()
    sample = read_sample(parameters)
    blocks = parameters["architectures"][arguments.network]
    network = NetworkParameters(**blocks["network"])
    pretrain = PretrainParameters(**blocks["pretrain"])
    transfer = TrainingParameters(**blocks["transfer"])
    pixels, data_a, *_ = sample
    gains = []
    print("seed  Data-A  pretrained  untrained   gain")
    for seed in arguments.seeds:
        pretrained, history = pretrain_network(pixels, data_a, network, pretrain, seed)
        untrained = build_network(network, pixels.shape[1], 2, seed)
        accuracies = [
            transfer_accuracy(model, sample, transfer, seed)
            for model in (pretrained, untrained)
        ]
        gains.append(accuracies[0] - accuracies[1])
        best = max(history["val_accuracy"])
        print(
            f"{seed:4}  {best:6.3f}  {accuracies[0]:10.3f}  {accuracies[1]:9.3f}"
            f"  {gains[-1]:+.3f}",
            flush=True,
        )
    print(f"mean gain {np.mean(gains):+.3f}")
    sys.exit(bool(np.mean(gains) <= 0))


if __name__ == "__main__":
    main()

"""Nodes that ask what the sources of the images give away."""

import numpy as np
import pandas as pd

from detl.schemas.classes import DATA_B_CLASSES
from detl.schemas.keras_model import KerasModel
from detl.schemas.parameters import SplitParameters, TrainingParameters
from detl.splitting.data_b import label_as_data_b


def list_controls(
    data_b: pd.DataFrame, images: pd.DataFrame, split: SplitParameters
) -> pd.DataFrame:
    """Return the images without COVID-19, of its own sources, that no fold has seen.

    Args:
        data_b: Table ``data_b``.
        images: Table ``images``.
        split: Which findings make up a class.

    Returns:
        Rows of ``images``, with ``label``: their class of Data-B, "" if none.
    """
    from detl.evaluation.shortcuts.same_source import list_controls

    controls = list_controls(data_b, images)
    return controls.assign(label=label_as_data_b(controls, split.data_b))


def list_identifiable(data_b: pd.DataFrame, images: pd.DataFrame) -> pd.DataFrame:
    """Return which classes another source can test, and why others cannot be.

    Args:
        data_b: Table ``data_b``.
        images: Table ``images``.
    """
    from detl.evaluation.shortcuts.sources_out import list_identifiable

    return list_identifiable(data_b, images)


def predict_controls(
    trunk: KerasModel,
    pixels: np.ndarray,
    controls: pd.DataFrame,
    **models: KerasModel,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return what the network of each fold says of the controls.

    Args:
        trunk: The architecture's frozen part.
        pixels: The pixel store.
        controls: What ``list_controls`` returns.
        **models: By fold, its trained tail.

    Returns:
        ``fold``, ``image_id`` and ``p_<class>``; and the trunk's output for the
        controls, one row each.
    """
    from detl.schemas.classes import PROBABILITIES
    from detl.training.features import extract_features
    from detl.training.predict import predict_inputs

    features = extract_features(trunk, pixels, controls["row"].to_numpy("int64"))
    tables = [
        pd.DataFrame(predict_inputs(model, features), columns=PROBABILITIES).assign(
            fold=fold, image_id=controls["image_id"].to_numpy()
        )
        for fold, model in models.items()
    ]
    every = pd.concat(tables, ignore_index=True)
    return every[["fold", "image_id", *PROBABILITIES]], features


def score_same_source(
    tested: pd.DataFrame,
    control_predictions: pd.DataFrame,
    images: pd.DataFrame,
    seed: int,
) -> pd.DataFrame:
    """Return how well COVID-19 is told from what else its own source holds.

    Args:
        tested: Table ``tested``.
        control_predictions: What ``predict_controls`` returns.
        images: Table ``images``.
        seed: Seed of the bootstrap.
    """
    from detl.evaluation.shortcuts.same_source import score_same_source

    return score_same_source(tested, control_predictions, images, seed)


def probe_source(
    features: np.ndarray,
    control_features: np.ndarray,
    controls: pd.DataFrame,
    tested: pd.DataFrame,
    data_b: pd.DataFrame,
    images: pd.DataFrame,
    seed: int,
    **models: KerasModel,
) -> pd.DataFrame:
    """Return whether the networks' last features tell the source, within a class.

    The probe of a network looks at images that it has not seen: the test part of its
    fold, and the controls that are of a class.

    Args:
        features: The trunk's output, one row per row of ``data_b``.
        control_features: The same of the controls.
        controls: What ``list_controls`` returns.
        tested: Predictions of the folds' test parts.
        data_b: Table ``data_b``.
        images: Table ``images``.
        seed: Seed of the probe.
        **models: By fold, its trained tail.
    """
    from detl.evaluation.shortcuts.source_probe import probe_source
    from detl.training.features import penultimate_features

    is_of_class = (controls["label"] != "").to_numpy()
    columns = ["image_id", "label", "group"]
    found, known = [], []
    for fold, model in models.items():
        of_fold = tested.loc[tested["fold"] == fold, "image_id"]
        is_tested = data_b["image_id"].isin(of_fold).to_numpy()
        unseen = np.concatenate([features[is_tested], control_features[is_of_class]])
        found.append(penultimate_features(model, unseen))
        tables = [data_b.loc[is_tested, columns], controls.loc[is_of_class, columns]]
        known.append(pd.concat(tables).assign(network=fold))
    every = pd.concat(known, ignore_index=True)
    sources = every["image_id"].map(images.set_index("image_id")["source"])
    return probe_source(np.concatenate(found), every.assign(source=sources), seed)


def leave_sources_out(
    tail: KerasModel,
    features: np.ndarray,
    data_b: pd.DataFrame,
    images: pd.DataFrame,
    transfer: TrainingParameters,
    split: SplitParameters,
    seed: int,
) -> pd.DataFrame:
    """Return how well each class is told in sources that were not trained on.

    Args:
        tail: Last block and new head, as transfer left them.
        features: The trunk's output, one row per row of ``data_b``.
        data_b: Table ``data_b``.
        images: Table ``images``.
        transfer: How the tail is trained.
        split: Share of the inner validation part.
        seed: Of the validation part, the order of the images, and the bootstrap.
    """
    from detl.evaluation.shortcuts.sources_out import plan_sources, score_sources_out
    from detl.networks.cut import copy_model
    from detl.training.batches import RowBatches
    from detl.training.fit import fit_network
    from detl.training.predict import predict_inputs

    labels = data_b["label"].map(DATA_B_CLASSES.index).to_numpy("int64")

    def train_and_predict(
        train: np.ndarray, validation: np.ndarray, test: np.ndarray
    ) -> np.ndarray:
        model = copy_model(tail)
        size = transfer.batch_size
        fit_network(
            model,
            RowBatches(features, train, labels[train], size, shuffle_seed=seed),
            RowBatches(features, validation, labels[validation], size),
            transfer,
            title=f"{tail.name} without a source",
        )
        return predict_inputs(model, features[test])

    share = split.folds.inner_validation_share
    plans = plan_sources(data_b, images, share, seed)
    return score_sources_out(data_b, images, plans, train_and_predict, seed)

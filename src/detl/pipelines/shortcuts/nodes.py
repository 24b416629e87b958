"""Nodes that ask what is reached without the lungs, and what sources give away."""

import numpy as np
import pandas as pd

from detl.classes import DATA_B_CLASSES
from detl.keras_model import KerasModel
from detl.parameters import AuditParameters, SplitParameters, TrainingParameters
from detl.pipelines.evaluate.nodes import pool_folds
from detl.pipelines.split.selection import label_as_data_b

# ---------------------------------------------------------------- of all networks


def predict_from_cues(
    data_b: pd.DataFrame,
    images: pd.DataFrame,
    pixels: np.ndarray,
    folds: pd.DataFrame,
    parameters: AuditParameters,
) -> pd.DataFrame:
    """Return what simple models predict that see no lung, on the networks' folds.

    Args:
        data_b: Table ``data_b``.
        images: Table ``images``.
        pixels: The pixel store.
        folds: Table ``folds``.
        parameters: Width of the border.

    Returns:
        Table ``tested`` of each cue, after a column ``cue``.
    """
    from detl.evaluation.cue_models import predict_from_cues
    from detl.evaluation.cues import CUES

    groups = data_b.set_index("image_id")["group"]
    tables = [
        predict_from_cues(
            cue, data_b, images, pixels, folds, parameters.border_share
        ).assign(cue=cue)
        for cue in CUES
    ]
    every = pd.concat(tables, ignore_index=True)
    every = every.assign(group=every["image_id"].map(groups))
    return every[["cue", *every.columns.drop("cue")]]


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
    from detl.evaluation.same_source import list_controls

    controls = list_controls(data_b, images)
    return controls.assign(label=label_as_data_b(controls, split.data_b))


def list_identifiable(data_b: pd.DataFrame, images: pd.DataFrame) -> pd.DataFrame:
    """Return which classes another source can test, and why others cannot be.

    Args:
        data_b: Table ``data_b``.
        images: Table ``images``.
    """
    from detl.evaluation.sources_out import list_identifiable

    return list_identifiable(data_b, images)


# ---------------------------------------------------------------- of one network


def extract_features_without_centre(
    trunk: KerasModel,
    pixels: np.ndarray,
    data_b: pd.DataFrame,
    parameters: AuditParameters,
) -> np.ndarray:
    """Return the trunk's output for Data-B's images with their centre blacked out.

    Args:
        trunk: The architecture's frozen part.
        pixels: The pixel store.
        data_b: Table ``data_b``.
        parameters: What counts as centre.
    """
    from detl.evaluation.cues import black_out_centre
    from detl.training.features import extract_features

    rows = data_b["row"].to_numpy("int64")
    blackened = black_out_centre(np.asarray(pixels[rows]), parameters.centre_share)
    return extract_features(trunk, blackened, np.arange(len(rows)))


def pool_without_centre(
    data_b: pd.DataFrame, **predictions: pd.DataFrame
) -> pd.DataFrame:
    """Return the predictions of all folds on images without their centre.

    Args:
        data_b: Table ``data_b``.
        **predictions: As ``pool_folds`` takes them.
    """
    tested, _ = pool_folds(data_b, **predictions)
    return tested


def grade_shortcuts(
    tested: pd.DataFrame,
    without_centre: pd.DataFrame,
    cue_predictions: pd.DataFrame,
    images: pd.DataFrame,
    seed: int,
) -> pd.DataFrame:
    """Return the shortcut card of a network.

    Args:
        tested: Table ``tested``.
        without_centre: The same, on images without their centre.
        cue_predictions: What ``predict_from_cues`` returns.
        images: Table ``images``.
        seed: Seed of the bootstrap.
    """
    from detl.evaluation.shortcuts import grade_shortcuts

    cues = {
        str(cue): table.drop(columns="cue").reset_index(drop=True)
        for cue, table in cue_predictions.groupby("cue", sort=False)
    }
    return grade_shortcuts(tested, without_centre, cues, images, seed)


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
    from detl.evaluation.predictions import PROBABILITIES
    from detl.training.features import extract_features
    from detl.training.predict import predict_with_ensemble

    features = extract_features(trunk, pixels, controls["row"].to_numpy("int64"))
    tables = []
    for fold, model in models.items():
        table = pd.DataFrame({"image_id": controls["image_id"]})
        table.insert(0, "fold", fold)
        table[PROBABILITIES] = (
            predict_with_ensemble([model], features)
            if len(table)
            # An empty collection has no batch to predict.
            else np.empty((0, len(PROBABILITIES)))
        )
        tables.append(table)
    return pd.concat(tables, ignore_index=True), features


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
    from detl.evaluation.same_source import score_same_source

    controls = {
        str(fold): table.drop(columns="fold")
        for fold, table in control_predictions.groupby("fold", sort=False)
    }
    if not controls:
        controls = {f: control_predictions.iloc[:0] for f in tested["fold"].unique()}
    return score_same_source(tested, controls, images, seed)


def probe_source(
    model: KerasModel,
    features: np.ndarray,
    control_features: np.ndarray,
    controls: pd.DataFrame,
    predictions: pd.DataFrame,
    data_b: pd.DataFrame,
    images: pd.DataFrame,
    seed: int,
) -> pd.DataFrame:
    """Return whether a network's last features tell the source, within a class.

    The probe looks at images that the network has not seen: the test part of its fold,
    and the controls that are of a class.

    Args:
        model: The trained tail of one fold.
        features: The trunk's output, one row per row of ``data_b``.
        control_features: The same of the controls.
        controls: What ``list_controls`` returns.
        predictions: Table ``predictions`` of the fold.
        data_b: Table ``data_b``.
        images: Table ``images``.
        seed: Seed of the probe.
    """
    from detl.evaluation.source_probe import probe_source
    from detl.training.penultimate import penultimate_features

    is_tested = data_b["image_id"].isin(predictions["image_id"]).to_numpy()
    is_of_class = (controls["label"] != "").to_numpy()
    every = np.concatenate([features[is_tested], control_features[is_of_class]])
    columns = ["image_id", "label", "group"]
    known = pd.concat([data_b.loc[is_tested, columns], controls[is_of_class][columns]])
    sources = known["image_id"].map(images.set_index("image_id")["source"])
    return probe_source(
        penultimate_features(model, every),
        sources.to_numpy(),
        known["label"].to_numpy(),
        known["group"].to_numpy(),
        seed,
    )


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
    from detl.evaluation.sources_out import plan_sources, score_sources_out
    from detl.networks.cut import copy_model
    from detl.training.batches import RowBatches
    from detl.training.fit import fit_network
    from detl.training.predict import predict_with_ensemble

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
        return predict_with_ensemble([model], features[test])

    share = split.folds.inner_validation_share
    plans = plan_sources(data_b, images, share, seed)
    return score_sources_out(data_b, images, plans, train_and_predict, seed)


def draw_shortcuts(**cards: pd.DataFrame | None) -> np.ndarray:
    """Return a picture of the shortcut cards, RGB, uint8.

    Args:
        **cards: By architecture, what ``grade_shortcuts`` returns, or None.
    """
    from detl.evaluation.shortcut_pictures import draw_shortcuts

    return draw_shortcuts({n: card for n, card in cards.items() if card is not None})

"""Nodes that ask what is reached without the lungs."""

import numpy as np
import pandas as pd

from detl.schemas.keras_model import KerasModel
from detl.schemas.parameters import AuditParameters


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
    from detl.evaluation.shortcuts.cue_models import predict_from_cues
    from detl.evaluation.shortcuts.cues import CUES

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
    from detl.evaluation.shortcuts.cues import black_out_centre
    from detl.training.features import extract_features

    rows = data_b["row"].to_numpy("int64")
    blackened = black_out_centre(np.asarray(pixels[rows]), parameters.centre_share)
    return extract_features(trunk, blackened, np.arange(len(rows)))


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
    from detl.evaluation.shortcuts.card import grade_shortcuts

    cues = {
        str(cue): table.drop(columns="cue").reset_index(drop=True)
        for cue, table in cue_predictions.groupby("cue", sort=False)
    }
    return grade_shortcuts(tested, without_centre, cues, images, seed)

"""Nodes that draw what the folds' networks looked at."""

import numpy as np
import pandas as pd

from detl.schemas.classes import DATA_B_CLASSES, PROBABILITIES, class_indices
from detl.schemas.keras_model import KerasModel
from detl.schemas.parameters import ExplainParameters


def choose_images(
    predictions: pd.DataFrame, parameters: ExplainParameters
) -> pd.DataFrame:
    """Return the images to explain, of each true class wrong ones and then right ones.

    Wrongly classified images take up to half of a class's places, and more where
    there are too few right ones. Among each, the most confident come first.

    Args:
        predictions: Table ``predictions`` of one fold.
        parameters: How many images of each class to take.

    Returns:
        One row per image, with ``image_id``, ``label``, ``predicted`` and
        ``probability`` (of the predicted class).
    """
    most_confident_first = (
        predictions[["image_id", "label", "predicted"]]
        .assign(probability=predictions[PROBABILITIES].max(axis=1))
        .sort_values(["probability", "image_id"], ascending=[False, True])
    )
    is_right = most_confident_first["label"] == most_confident_first["predicted"]
    places = parameters.images_per_class
    chosen = []
    for name in DATA_B_CLASSES:
        of_class = most_confident_first["label"] == name
        wrong = most_confident_first[of_class & ~is_right]
        right = most_confident_first[of_class & is_right]
        wrong = wrong.head(max(places // 2, places - len(right)))
        chosen += [wrong, right.head(places - len(wrong))]
    return pd.concat(chosen, ignore_index=True)


def locate_maps(trunk: KerasModel, tail: KerasModel) -> float:
    """Return how far down and right of an enlarged heat map its evidence lies, pixels.

    It is the same for all folds of an architecture.
    """
    from detl.explanation.alignment import find_shift
    from detl.networks.names import EXPLAINED_LAYER

    return float(find_shift([trunk, tail], EXPLAINED_LAYER))


def explain_fold(
    model: KerasModel, features: np.ndarray, data_b: pd.DataFrame, chosen: pd.DataFrame
) -> np.ndarray:
    """Return Grad-CAM of the predicted and of the true class of each chosen image.

    Args:
        model: The fold's trained tail.
        features: The trunk's output, one row per row of ``data_b``.
        chosen: What ``choose_images`` returns.

    Returns:
        (k, 2, h, w), float32, in units of the logit: k images in the order of
        ``chosen``, first the predicted and second the true class, in the size of the
        explained layer (``upsample`` brings them to that of the pixels).
    """
    from detl.explanation.class_activation import EvidenceMapper
    from detl.networks.names import EXPLAINED_LAYER

    chosen_features = features[_positions_of(chosen["image_id"], data_b)]
    mapper = EvidenceMapper(model, EXPLAINED_LAYER)
    maps = [
        mapper.map(chosen_features, class_indices(chosen[column]), "grad_cam")
        for column in ("predicted", "label")
    ]
    return np.stack(maps, axis=1)


def draw_fold(
    heat_maps: np.ndarray,
    pixels: np.ndarray,
    data_b: pd.DataFrame,
    chosen: pd.DataFrame,
    shift: float,
) -> np.ndarray:
    """Return the panel of a fold: its chosen images with their heat maps, RGB, uint8.

    Args:
        heat_maps: What ``explain_fold`` returns.
        pixels: All images, uint8 (n, size, size).
        chosen: What ``choose_images`` returns.
        shift: What ``locate_maps`` returns.
    """
    from detl.explanation.grad_cam import upsample
    from detl.figures.grad_cam import draw_panel

    positions = _positions_of(chosen["image_id"], data_b)
    size = pixels.shape[1]
    return draw_panel(
        pixels[data_b["row"].to_numpy()[positions]],
        upsample(heat_maps[:, 0], size, shift),
        upsample(heat_maps[:, 1], size, shift),
        chosen,
    )


def _positions_of(image_ids: pd.Series, data_b: pd.DataFrame) -> np.ndarray:
    places = pd.Series(np.arange(len(data_b)), data_b["image_id"])
    return places[image_ids].to_numpy()

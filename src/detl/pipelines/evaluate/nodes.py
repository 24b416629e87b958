"""Nodes that measure the folds' predictions, and refusal, with intervals."""

import numpy as np
import pandas as pd

from detl.evaluation import scores
from detl.evaluation.probabilities import net_benefit, operating_points
from detl.evaluation.probabilities.temperature import (
    fit_temperatures,
    scale_predictions,
)
from detl.schemas.keras_model import KerasModel
from detl.schemas.parameters import AuditParameters, RefusalParameters


def scale_folds(
    tested: pd.DataFrame, validated: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the temperatures, and both tables with temperature-scaled probabilities.

    One node fits and applies the temperatures, because a CSV file would round them.

    Args:
        tested: Predictions of the folds' test parts.
        validated: What each fold's temperature is fitted on: predictions of its inner
            validation part where it has one, else of the other folds' test parts; empty
            under ``protocol: paper``, and so are the scaled tables.
    """
    temperatures = fit_temperatures(validated)
    return (
        temperatures,
        scale_predictions(tested, temperatures),
        scale_predictions(validated, temperatures),
    )


def score_network(
    tested_by_seed: pd.DataFrame, seed: int
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Return every score with its interval, and the pooled ones by name."""
    table = scores.measure_scores(tested_by_seed, seed)
    return table, scores.name_pooled_scores(table)


def measure_decisions(
    tested: pd.DataFrame,
    scaled: pd.DataFrame,
    scaled_validated: pd.DataFrame,
    parameters: AuditParameters,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return operating points, predictive values and net benefit."""
    tables = (tested, scaled, scaled_validated)
    prevalences = parameters.prevalences
    return (
        operating_points.measure_operating_points(*tables, seed),
        operating_points.measure_predictive_values(*tables, prevalences, seed),
        net_benefit.measure_net_benefit(*tables, prevalences, seed),
    )


def measure_held_out_refusals(
    trunk: KerasModel,
    features: np.ndarray,
    pixels: np.ndarray,
    data_a: pd.DataFrame,
    data_b: pd.DataFrame,
    refusal: RefusalParameters,
    seed: int,
) -> pd.DataFrame:
    """Return how often images of Data-A's validation part would be refused.

    They are of the same collections and of other patients. At most ``MOST_IMAGES`` go
    through the frozen part.

    Args:
        trunk: The frozen part.
        features: Its output, one row per row of ``data_b``.
        pixels: All images, uint8 (n, size, size).
        data_a: Table ``data_a``.
        data_b: Table ``data_b``.
        refusal: When an image is not answered.
        seed: Of the images that are drawn, and of the bootstrap.

    Returns:
        What ``tabulate_decisions`` returns; without numbers where there are no such
        images.
    """
    from detl.serving.familiarity import Familiarity
    from detl.serving.refusals import choose_held_out, measure_refusals

    familiarity = Familiarity.of_data_b(pixels, features, data_b)
    images = choose_held_out(data_a, data_b)
    return measure_refusals(trunk, familiarity, pixels, images, refusal, seed)

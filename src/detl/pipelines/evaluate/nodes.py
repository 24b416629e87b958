"""Nodes that measure the folds' predictions, with intervals."""

import pandas as pd

from detl.evaluation import scores
from detl.evaluation.probabilities import net_benefit, operating_points
from detl.evaluation.probabilities.temperature import (
    fit_temperatures,
    scale_predictions,
)
from detl.schemas.parameters import AuditParameters


def scale_folds(
    tested: pd.DataFrame, validated: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the temperatures, and both tables with temperature-scaled probabilities.

    One node fits and applies the temperatures, because a CSV file would round them.

    Args:
        tested: Predictions of the folds' test parts.
        validated: The same of their inner validation parts, on which the temperatures
            are fitted; empty under ``protocol: paper``, and so are the scaled tables.
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

"""Nodes that measure the folds' predictions, with intervals over patients."""

import numpy as np
import pandas as pd

from detl.pipelines.named_results import with_ending
from detl.schemas.parameters import AuditParameters


def pool_folds(
    data_b: pd.DataFrame, **predictions: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the predictions of all folds' test parts, and of their validation parts.

    Args:
        data_b: Table ``data_b``, which knows the groups.
        **predictions: Tables ``<fold>_tested`` and ``<fold>_validated``.
    """
    from detl.evaluation.pooling import pool_predictions

    return (
        pool_predictions(with_ending(predictions, "_tested"), data_b),
        pool_predictions(with_ending(predictions, "_validated"), data_b),
    )


def measure_scores(
    tested: pd.DataFrame, seed: int
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Return every score with its interval, and the pooled ones by name.

    Args:
        tested: Table ``tested``.
        seed: Seed of the bootstrap.
    """
    from detl.evaluation.scores import measure_scores, name_pooled_scores

    scores = measure_scores(tested, seed)
    return scores, name_pooled_scores(scores)


def measure_calibration(
    tested: pd.DataFrame, validated: pd.DataFrame, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return temperatures, calibration, and reliability by probability.

    Args:
        tested: Table ``tested``.
        validated: Table ``validated``, from which the temperatures come.
        seed: Seed of the bootstrap.
    """
    from detl.evaluation.probabilities import calibration, temperature

    return (
        temperature.fit_temperatures(validated),
        calibration.measure_calibration(tested, validated, seed),
        calibration.measure_reliability(tested, validated, seed),
    )


def measure_operating_points(
    tested: pd.DataFrame,
    validated: pd.DataFrame,
    parameters: AuditParameters,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return operating points, predictive values and net benefit.

    Args:
        tested: Table ``tested``.
        validated: Table ``validated``, from which the thresholds come.
        parameters: The prevalences.
        seed: Seed of the bootstrap.
    """
    from detl.evaluation.probabilities import net_benefit, operating_points

    prevalences = parameters.prevalences
    return (
        operating_points.measure_operating_points(tested, validated, seed),
        operating_points.measure_predictive_values(
            tested, validated, prevalences, seed
        ),
        net_benefit.measure_net_benefit(tested, validated, prevalences, seed),
    )


def measure_subgroups(
    tested: pd.DataFrame, images: pd.DataFrame, seed: int
) -> pd.DataFrame:
    """Return the errors by sex, age, view and source.

    Args:
        tested: Table ``tested``.
        images: Table ``images``.
        seed: Seed of the bootstrap.
    """
    from detl.evaluation import subgroups

    return subgroups.measure_subgroups(tested, images, seed)


def compare_architectures(
    folds: pd.DataFrame, seed: int, **tested: pd.DataFrame
) -> pd.DataFrame:
    """Return the paired tests of each two architectures.

    Args:
        folds: Table ``folds``.
        seed: Seed of the bootstrap.
        **tested: By architecture, table ``tested``.
    """
    from detl.evaluation import paired_tests

    return paired_tests.compare_architectures(tested, folds, seed)


def draw_calibration(**tables: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the reliability diagrams and the decision curves, RGB, uint8.

    Args:
        **tables: ``<architecture>_reliability``, ``_calibration`` and ``_net_benefit``.
    """
    from detl.figures.calibration import draw_net_benefit, draw_reliability

    return (
        draw_reliability(
            with_ending(tables, "_reliability"), with_ending(tables, "_calibration")
        ),
        draw_net_benefit(with_ending(tables, "_net_benefit")),
    )

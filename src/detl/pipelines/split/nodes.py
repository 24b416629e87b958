"""Nodes that draw Data-A, Data-B and the folds."""

import logging

import pandas as pd

from detl.schemas.parameters import SplitParameters
from detl.schemas.tables import LEAKS, validate

logger = logging.getLogger("detl.split")


def check_leaks(
    images: pd.DataFrame,
    copies: pd.DataFrame,
    data_b: pd.DataFrame,
    drawn_data_a: pd.DataFrame,
    drawn_folds: pd.DataFrame,
    parameters: SplitParameters,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return Data-A and the folds as they were drawn, once no group is on two sides.

    What belongs together is found again, from patients, files and copies. Under
    ``protocol: paper`` crossings are allowed, and warned of.

    Args:
        parameters: Protocol.

    Returns:
        Tables ``data_a`` and ``folds``, unchanged, and table ``leaks``.

    Raises:
        DetlError: A group crosses a boundary under ``protocol: grouped``.
    """
    from detl.splitting.leaks import count_leaks, describe_leaks, require_no_leaks

    leaks = count_leaks(images, copies, drawn_data_a, data_b, drawn_folds)
    require_no_leaks(leaks, parameters.protocol)
    for crossed in describe_leaks(leaks):
        logger.warning(
            "Images of one patient, or of one picture, are on both sides, as protocol "
            "paper allows. %s",
            crossed,
        )
    return drawn_data_a, drawn_folds, validate(leaks, LEAKS)

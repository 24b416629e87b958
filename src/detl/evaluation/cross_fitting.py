"""Predictions to fit a fold's temperature and thresholds on, where no part is held out.

Reference:
    Chernozhukov et al., "Double/debiased machine learning for treatment and structural
    parameters", Econom. J. 21 (2018), C1-C68: what is fitted on one part of the data
    serves another.
"""

import pandas as pd


def cross_fit(tested: pd.DataFrame) -> pd.DataFrame:
    """Return, for each fold, what the other folds' networks say of their test parts.

    No network was trained on the images that it speaks of here, and none of them is of
    the fold's own test part.

    Args:
        tested: Predictions of the folds' test parts, pooled: a row per image, with its
            ``fold``.

    Returns:
        The columns of ``tested``; an image is there once for each fold but its own,
        which column ``fold`` names.
    """
    folds = tested["fold"].unique()
    others = [tested[tested["fold"] != fold].assign(fold=fold) for fold in folds]
    return pd.concat(others, ignore_index=True)

"""The predictions of all folds as one table, each image with its group of patients."""

from collections.abc import Mapping

import pandas as pd

from detl.errors import DetlError


def pool_predictions(
    predictions: Mapping[str, pd.DataFrame], data_b: pd.DataFrame
) -> pd.DataFrame:
    """Return what all folds say of their images, one row per image and fold.

    Args:
        predictions: By fold, table ``predictions``.
        data_b: Table ``data_b``, which knows the groups.

    Returns:
        The columns of ``predictions``, after ``fold``, and before ``group``.

    Raises:
        DetlError: There is no fold, or a prediction of an image that Data-B lacks.
    """
    if not predictions:
        raise DetlError(
            "There are predictions of 0 folds and at least 1 is needed: run the "
            "cross-validation first."
        )
    pooled = pd.concat(predictions, names=["fold", None])
    pooled = pooled.reset_index(level="fold").reset_index(drop=True)
    groups = pooled["image_id"].map(data_b.set_index("image_id")["group"])
    if groups.isna().any():
        image = pooled["image_id"][groups.isna()].iloc[0]
        raise DetlError(
            f"The predictions name the image {image!r}, which is not in data_b: they "
            "are of an earlier split, so run the pipelines transfer and crossval again."
        )
    return pooled.assign(group=groups)

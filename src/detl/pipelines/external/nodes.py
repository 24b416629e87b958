"""Nodes that test the folds' networks on images that none of them has seen."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from detl.errors import DetlError
from detl.evaluation.external import measure_drop
from detl.evaluation.predictions import add_groups
from detl.schemas.keras_model import KerasModel
from detl.schemas.parameters import (
    IngestParameters,
    RefusalParameters,
    SplitParameters,
)
from detl.schemas.tables import (
    EXTERNAL_IMAGES,
    FOLD_PREDICTIONS,
    IMAGES,
    PREDICTIONS,
    REJECTED,
    tabulate_predictions,
    validate,
)
from detl.sources.source_table import count_reasons, hide_patients
from detl.splitting.data_b import label_as_data_b

logger = logging.getLogger("detl.external")


def decode_external_images(
    candidates: pd.DataFrame, rejected_rows: pd.DataFrame, ingest: IngestParameters
) -> tuple[pd.DataFrame, np.ndarray, pd.DataFrame]:
    """Return the images that can be used, their pixels, and all that was rejected.

    Args:
        candidates: Table of the images on offer.
        rejected_rows: Table of what was not offered.
        ingest: Size and shape of the stored images, as those of the training.

    Returns:
        Table ``images``; pixels, uint8 (n, size, size); table ``rejected``.

    Raises:
        DetlError: Not one image was accepted.
    """
    from detl.imaging.read import PixelFormat
    from detl.sources.decoding import decode_candidates

    decoded = decode_candidates(
        candidates,
        [Path(path) for path in candidates["path"]],
        PixelFormat(ingest.input_size, ingest.fit, ingest.largest_image),
    )
    rejected = pd.concat([rejected_rows, decoded.rejected], ignore_index=True)
    reasons = count_reasons(rejected["reason"])
    if decoded.images.empty:
        raise DetlError(
            f"Not one external image could be taken (not taken: {reasons}): name a "
            "folder or a csv of other images with --params source=PATH."
        )
    logger.info(
        "External images taken: %d; not taken: %s", len(decoded.images), reasons
    )
    return (
        validate(decoded.images, IMAGES),
        decoded.pixels,
        validate(rejected, REJECTED),
    )


def select_unseen(
    external_images: pd.DataFrame,
    external_pixels: np.ndarray,
    rejected: pd.DataFrame,
    images: pd.DataFrame,
    pixels: np.ndarray,
    data_a: pd.DataFrame,
    data_b: pd.DataFrame,
    ingest: IngestParameters,
    split: SplitParameters,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the images that no network has seen and that are of a class of Data-B.

    An image is seen if its patient, or a copy of it, is in Data-A or Data-B.

    Args:
        external_images: Table ``images`` of the external source.
        external_pixels: Their pixels.
        rejected: What was rejected so far.
        images: Table ``images`` of the training.
        pixels: Its pixels.
        ingest: How all pixels became square.
        split: Which findings make up a class.

    Returns:
        Table ``external_images``: the columns of ``images``, and ``label``; and table
        ``rejected`` with those left out here, each with its reason.

    Raises:
        DetlError: No image is left; or pseudonyms were made with another key.
    """
    from detl.splitting.leaks import choose_unseen, find_seen

    rows = pd.concat([data_a["row"], data_b["row"]])
    trained_on = images[images["row"].isin(rows)]
    seen = find_seen(external_images, external_pixels, trained_on, pixels, ingest.fit)
    labels = label_as_data_b(external_images, split.data_b)
    kept, reasons = choose_unseen(external_images, seen, labels)
    if kept.empty:
        first = hide_patients(reasons).iloc[0]
        raise DetlError(
            f"None of the {len(external_images)} external images can be tested, the "
            f"first because: {first}; name a source with images of Data-B's "
            "classes that training has not seen, with --params source=PATH."
        )
    logger.info(
        "External images tested: %d; left out: %s", len(kept), count_reasons(reasons)
    )
    left_out = external_images.loc[reasons.index]
    names = left_out["image_id"].str.replace(r"^[^/]*/", "", regex=True)
    more = left_out[["source"]].assign(name=names, reason=reasons)
    every = pd.concat([rejected, more], ignore_index=True)
    return validate(kept, EXTERNAL_IMAGES), validate(every, REJECTED)


def predict_external(
    trunk: KerasModel,
    external_pixels: np.ndarray,
    external_images: pd.DataFrame,
    seed: int,
    **models: KerasModel,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what each fold's networks say of the external images, and their ensemble.

    Args:
        trunk: The architecture's frozen part.
        external_pixels: Pixels of the external source.
        seed: Of the first tail of a fold.
        **models: Trained tails of each fold, joined.

    Returns:
        Table ``fold_predictions``, a row per fold, seed and image; and a table
        ``predictions`` of the mean of all probabilities.
    """
    from detl.networks.ensemble import members_of
    from detl.training.features import extract_features
    from detl.training.probabilities import predict_members

    rows = external_images["row"].to_numpy("int64")
    features = extract_features(trunk, external_pixels, rows)
    members = {
        (fold, number): member
        for fold, model in models.items()
        for number, member in enumerate(members_of(model), start=seed)
    }
    said = predict_members(members, features)
    tables = [
        tabulate_predictions(external_images, probabilities).assign(
            fold=fold, seed=number
        )
        for (fold, number), probabilities in said.items()
    ]
    single = pd.concat(tables, ignore_index=True)[list(FOLD_PREDICTIONS.columns)]
    mean = np.mean(list(said.values()), axis=0)
    ensemble = tabulate_predictions(external_images, mean)
    return validate(single, FOLD_PREDICTIONS), validate(ensemble, PREDICTIONS)


def measure_external_refusals(
    trunk: KerasModel,
    features: np.ndarray,
    pixels: np.ndarray,
    data_b: pd.DataFrame,
    external_pixels: np.ndarray,
    external_images: pd.DataFrame,
    refusal: RefusalParameters,
    seed: int,
) -> pd.DataFrame:
    """Return how often the external images would be refused, had they to be answered.

    Args:
        trunk: The architecture's frozen part.
        features: Its output, one row per row of ``data_b``.
        pixels: All images, uint8 (n, size, size).
        data_b: Table ``data_b``.
        external_pixels: Pixels of the external source.
        external_images: Table ``external_images``.
        refusal: When an image is not answered.
        seed: Of the images that are drawn, and of the bootstrap.

    Returns:
        What ``tabulate_decisions`` returns.
    """
    from detl.serving.familiarity import Familiarity
    from detl.serving.refusals import measure_refusals

    familiarity = Familiarity.of_data_b(pixels, features, data_b)
    return measure_refusals(
        trunk, familiarity, external_pixels, external_images, refusal, seed
    )


def score_external(
    fold_predictions: pd.DataFrame,
    ensemble_predictions: pd.DataFrame,
    external_images: pd.DataFrame,
    tested_by_seed: pd.DataFrame,
    seed: int,
) -> pd.DataFrame:
    """Return the scores inside and outside, and how much is lost between them.

    Args:
        fold_predictions: Table ``fold_predictions`` of the external images.
        ensemble_predictions: Table ``predictions`` of the mean of all networks.
        external_images: Table ``external_images``, which knows the groups.
        tested_by_seed: What each seed's networks say in the cross-validation.
        seed: Seed of the bootstrap.
    """
    outside, ensemble = (
        add_groups(table, external_images)
        for table in (fold_predictions, ensemble_predictions.assign(fold="ensemble"))
    )
    return measure_drop(tested_by_seed, outside, ensemble, seed)

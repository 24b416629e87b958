"""Nodes that gather what answers for new images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from detl.errors import NotAvailableError
from detl.schemas.classes import DATA_B_CLASSES
from detl.schemas.keras_model import KerasModel
from detl.schemas.parameters import IngestParameters, RefusalParameters

if TYPE_CHECKING:
    from detl.serving.bundle import Bundle
else:
    Bundle = Any


def pack_bundle(
    trunk: KerasModel,
    features: np.ndarray,
    data_b: pd.DataFrame,
    temperatures: pd.DataFrame,
    map_shift: float,
    card: str,
    provenance: dict[str, Any],
    ingest: IngestParameters,
    refusal: RefusalParameters,
    **models: KerasModel,
) -> Bundle:
    """Return the networks of an architecture, and all that is needed to use them.

    Args:
        trunk: The frozen part.
        features: Its output, one row per row of ``data_b``.
        data_b: Table ``data_b``.
        temperatures: What ``fit_temperatures`` returns.
        map_shift: How far the maps lie from what they are of, in pixels.
        card: The model card.
        provenance: Knows the versions.
        ingest: How images are brought to the networks' size.
        refusal: When an image is not answered.
        **models: By fold, its trained tails, joined.

    Raises:
        NotAvailableError: There are no temperatures (``protocol: paper``), without
            which no answer has a probability that can be believed.
    """
    from detl.serving.bundle import About, Bundle
    from detl.serving.familiarity import Familiarity

    of_folds = temperatures.dropna(subset="temperature").set_index("fold")
    if of_folds.empty:
        raise NotAvailableError(
            "Under protocol paper no images are left to calibrate the networks on, so "
            "no bundle is made: set split.protocol to grouped for one."
        )
    about = About(
        architecture=trunk.name.removesuffix("_lower"),
        classes=list(DATA_B_CLASSES),
        input_size=ingest.input_size,
        fit=ingest.fit,
        largest_image=ingest.largest_image,
        temperatures={fold: float(of_folds["temperature"][fold]) for fold in models},
        map_shift=float(map_shift),
        warned_below=refusal.warned_below,
        refused_below=refusal.refused_below,
        versions=provenance["versions"],
    )
    familiarity = Familiarity.of(features, data_b["group"].to_numpy())
    return Bundle(about, trunk, models, familiarity, card)

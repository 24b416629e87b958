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
    is_synthetic: bool,
    audit_verdict: pd.DataFrame,
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
        is_synthetic: Whether the images are phantoms.
        audit_verdict: A row per check.
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
        views=list(ingest.views),
        temperatures={fold: float(of_folds["temperature"][fold]) for fold in models},
        map_shift=float(map_shift),
        warned_below=refusal.warned_below,
        refused_below=refusal.refused_below,
        warnings=name_warnings(is_synthetic, audit_verdict),
        versions=provenance["versions"],
    )
    familiarity = Familiarity.of(features, data_b["group"].to_numpy())
    return Bundle(about, trunk, models, familiarity, card)


def name_warnings(is_synthetic: bool, audit_verdict: pd.DataFrame) -> list[str]:
    """Return what whoever uses an answer must know, in sentences.

    Args:
        is_synthetic: Whether the images are phantoms.
        audit_verdict: A row per check.
    """
    warnings = []
    if is_synthetic:
        warnings.append(
            "Trained on synthetic radiographs: of a real film the answer means nothing."
        )
    failed = audit_verdict.loc[audit_verdict["verdict"] == "fail", "check"]
    if len(failed):
        warnings.append(f"The audit fails: {', '.join(failed)}.")
    unknown = (audit_verdict["verdict"] == "not computed").sum()
    if unknown:
        warnings.append(
            f"{unknown} of {len(audit_verdict)} checks of the audit were not computed."
        )
    return warnings

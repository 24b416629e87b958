"""Nodes that gather what answers for new images."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from detl.errors import NotAvailableError
from detl.schemas.classes import DATA_B_CLASSES, PROBABILITIES
from detl.schemas.keras_model import KerasModel
from detl.schemas.parameters import IngestParameters, RefusalParameters
from detl.schemas.tables import UNKNOWN

if TYPE_CHECKING:
    from detl.serving.bundle import Bundle, RefusalShare
    from detl.serving.known_answers import KnownAnswer
else:
    Bundle = KnownAnswer = RefusalShare = Any


def pack_bundle(
    trunk: KerasModel,
    features: np.ndarray,
    images: pd.DataFrame,
    pixels: np.ndarray,
    data_a: pd.DataFrame,
    data_b: pd.DataFrame,
    temperatures: pd.DataFrame,
    scaled: pd.DataFrame,
    map_shift: float,
    card: str,
    is_synthetic: bool,
    verdict: pd.DataFrame,
    provenance: dict[str, Any],
    refusals: pd.DataFrame | None,
    external_refusals: pd.DataFrame | None,
    ingest: IngestParameters,
    refusal: RefusalParameters,
    **models: KerasModel,
) -> Bundle:
    """Return the networks of an architecture, and all that is needed to use them.

    Args:
        trunk: The frozen part.
        features: Its output, one row per row of ``data_b``.
        images: Table ``images``, which knows the licences.
        pixels: All images, uint8 (n, size, size).
        data_a: Table ``data_a``.
        data_b: Table ``data_b``.
        temperatures: What ``fit_temperatures`` returns.
        scaled: What the folds said of their test images, at these temperatures.
        map_shift: How far the maps lie from what they are of, in pixels.
        card: The model card.
        is_synthetic: Whether the images are phantoms.
        verdict: What ``judge_network`` says of the architecture.
        provenance: Knows the versions.
        refusals: How often held-out images would be refused; None where nothing was
            measured.
        external_refusals: The same of the external test; None where none was made.
        ingest: How images are brought to the networks' size.
        refusal: When an image is not answered.
        **models: By fold, its trained tails, joined.

    Raises:
        NotAvailableError: There are no temperatures (``protocol: paper``), without
            which no answer has a probability that can be believed.
    """
    from detl.phantoms.layouts import LICENSE
    from detl.serving.bundle import About, Bundle
    from detl.serving.familiarity import Familiarity

    of_folds = temperatures.dropna(subset="temperature").set_index("fold")
    if of_folds.empty:
        raise NotAvailableError(
            "Under protocol paper no images are left to calibrate the networks on, so "
            "no bundle is made: set split.protocol to grouped for one."
        )
    scales = {fold: float(of_folds["temperature"][fold]) for fold in models}
    described = images.set_index("image_id")[["source", "license", "row"]]
    if is_synthetic:
        described = described.assign(source="phantoms", license=LICENSE)
    trained_on = [*data_a["image_id"], *data_b["image_id"]]
    about = About(
        architecture=trunk.name.removesuffix("_lower"),
        classes=list(DATA_B_CLASSES),
        input_size=ingest.input_size,
        fit=ingest.fit,
        largest_image=ingest.largest_image,
        views=list(ingest.views),
        temperatures=scales,
        map_shift=float(map_shift),
        warned_below=refusal.warned_below,
        refused_below=refusal.refused_below,
        warned_spread=refusal.warned_spread,
        refusals=list_refusals(refusals, external_refusals),
        warnings=name_warnings(is_synthetic, verdict),
        licences=list_licences(described.loc[trained_on]),
        versions=provenance["versions"],
    )
    chosen = choose_test_images(scaled, described["license"]).join(
        described, on="image_id"
    )
    places = pd.Index(data_b["image_id"]).get_indexer(chosen["image_id"])
    means = answer_together(models, scales, features[places])
    known_answers = note_answers(chosen, pixels, means)
    familiarity = Familiarity.of_data_b(pixels, features, data_b)
    return Bundle(about, trunk, models, familiarity, card, known_answers)


def answer_together(
    models: Mapping[str, KerasModel], scales: Mapping[str, float], features: np.ndarray
) -> np.ndarray:
    """Return the probabilities of all folds together, float64 (k, classes).

    Args:
        models: By fold, from features to logits.
        scales: By fold, its temperature.
        features: The frozen part's output, (k, height, width, channels).
    """
    from detl.evaluation.probabilities.temperature import scale_temperature
    from detl.training.probabilities import predict_inputs

    by_fold = [
        scale_temperature(predict_inputs(model, features), scales[fold])
        for fold, model in models.items()
    ]
    return np.mean(by_fold, axis=0)


def list_refusals(
    held_out: pd.DataFrame | None, external: pd.DataFrame | None
) -> list[RefusalShare]:
    """Return how often images would be refused, as a bundle has it.

    Args:
        held_out: What ``tabulate_decisions`` says of held-out images, if it does.
        external: What it says of the external test; None where none was made.
    """
    from detl.serving.bundle import RefusalShare

    tables = {"held out": held_out, "external": external}
    return [
        # What is empty in a csv is a missing number when it is read.
        RefusalShare.model_validate(
            {"of": of, "note": ""} | {k: v for k, v in row.items() if pd.notna(v)}
        )
        for of, table in tables.items()
        if table is not None
        for row in table.to_dict("records")
    ]


def list_licences(images: pd.DataFrame) -> dict[str, list[str]]:
    """Return the licences of images, by source, in alphabetical order.

    Args:
        images: ``source`` and ``license`` of each.
    """
    by_source = images.groupby("source")["license"]
    return {str(source): sorted(set(of_one)) for source, of_one in by_source}


def choose_test_images(
    scaled: pd.DataFrame, licences: pd.Series, number: int = 10
) -> pd.DataFrame:
    """Return rows of some test images that may be copied, the classes in turn.

    An image without a known licence is nobody's to copy, and most often a patient's
    of one's own hospital. Where no derivatives are allowed (CC BY-ND), a smaller
    picture is one. (What likeness compares, some means of each image, shows none.)

    Args:
        scaled: What the folds said of their test images.
        licences: By ``image_id``.
        number: Of rows, at most.
    """
    may_be_copied = scaled["image_id"].map(licences).map(_allows_a_smaller_copy)
    free = scaled[may_be_copied].sort_values(["fold", "image_id"], ignore_index=True)
    turns = free.groupby("label").cumcount().sort_values(kind="stable")
    return free.loc[turns.index[:number]]


def _allows_a_smaller_copy(licence: str) -> bool:
    return licence != UNKNOWN and "ND" not in re.split(r"\W+", licence.upper())


def note_answers(
    chosen: pd.DataFrame, pixels: np.ndarray, means: np.ndarray
) -> list[KnownAnswer]:
    """Return test images with their answers.

    Args:
        chosen: What the fold of each said of it, with ``source``, ``license``, ``row``.
        pixels: All images, uint8 (n, size, size).
        means: The probabilities of all folds together, (k, classes).
    """
    from detl.serving.known_answers import Expectation, KnownAnswer, encode_picture

    known = []
    for said, mean in zip(chosen.to_dict("records"), means, strict=True):
        picture, digest = encode_picture(np.asarray(pixels[said["row"]]))
        expected = Expectation(
            source=said["source"],
            license=said["license"],
            pixels_sha256=digest,
            fold=said["fold"],
            of_fold=[float(said[name]) for name in PROBABILITIES],
            probabilities=[float(share) for share in mean],
        )
        known.append(KnownAnswer(picture, expected))
    return known


def name_warnings(is_synthetic: bool, verdict: pd.DataFrame) -> list[str]:
    """Return what whoever uses an answer must know, in sentences.

    Args:
        is_synthetic: Whether the images are phantoms.
        verdict: A row per check.
    """
    warnings = []
    if is_synthetic:
        warnings.append(
            "Trained on synthetic radiographs: of a real film the answer means nothing."
        )
    failed = verdict.loc[verdict["verdict"] == "fail", "check"]
    if len(failed):
        warnings.append(f"The audit fails: {', '.join(failed)}.")
    unknown = (verdict["verdict"] == "not computed").sum()
    if unknown:
        warnings.append(
            f"{unknown} of {len(verdict)} checks of the audit were not computed."
        )
    return warnings

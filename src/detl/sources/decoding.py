"""Decoding of the images of all sources, their duplicates and groups of patients."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from detl.imaging.copies import find_copies
from detl.imaging.decode_cache import DecodedFiles, open_decoded_files
from detl.imaging.pixel_array import store_pictures
from detl.imaging.read import PixelFormat
from detl.imaging.resize import Fit
from detl.schemas.tables import IMAGES, REJECTED
from detl.sources.findings import contradict
from detl.sources.groups import join_patients
from detl.sources.pseudonyms import replace_pseudonyms

logger = logging.getLogger("detl.sources")


@dataclass(frozen=True)
class DecodedImages:
    """The accepted images with their pixels, and the rejected ones.

    Attributes:
        images: The accepted images, table ``IMAGES``.
        pixels: Their pixels, shape (n, size, size), uint8, on disk and not in memory.
        rejected: The other images, table ``REJECTED``.
        copies: Pairs of accepted images that show one picture, by their positions, as
            ``find_copies`` returns them. Their patients are one ``group``.
    """

    images: pd.DataFrame
    pixels: np.ndarray
    rejected: pd.DataFrame
    copies: pd.DataFrame


def decode_candidates(
    candidates: pd.DataFrame,
    paths: Sequence[Path],
    pixel_format: PixelFormat,
    decoded_files: Path | None = None,
) -> DecodedImages:
    """Return the images that can be decoded and do not repeat an earlier picture.

    Two images repeat each other if their files are the same, or their pixels and
    perceptual hashes. If the labels of one picture contradict each other, no copy of it
    is accepted. Copies with other pixels (scaled, compressed, brightened) are accepted.
    The patients of copies of either kind become one ``group``.

    Args:
        paths: The file of each candidate.
        pixel_format: What each becomes.
        decoded_files: File that keeps decoded and compared images for later runs. It
            survives a killed run.

    Raises:
        DetlError: The temporary folder is full, or ``decoded_files`` cannot be used.
    """
    candidates = candidates.reset_index(drop=True)
    with open_decoded_files(decoded_files, pixel_format) as memory:
        found, pixels = store_pictures(paths, pixel_format, memory)
        table = candidates.join(_name_duplicates(found, candidates))
        accepted = table["reason"] == ""
        # The pixels are those of the accepted images, in this order.
        copies = _find_copies(table[accepted], pixels, pixel_format.fit, memory)
        if memory:
            memory.forget_others()
    positions = np.flatnonzero(accepted)[copies[["first", "second"]].to_numpy()]
    # The split sorts by group, so its name must not depend on the key of pseudonyms.
    patients = replace_pseudonyms(table["patient_id"], table["image_id"])
    table["group"] = join_patients(patients, found["original"].to_numpy(), positions)
    images = table.loc[accepted, list(IMAGES.columns)].reset_index(drop=True)
    others = table[~accepted].reset_index(drop=True)
    rejected = others.assign(name=_names(others))[list(REJECTED.columns)]
    _warn_of_contradictions(images, copies)
    return DecodedImages(images, pixels, rejected, copies)


def _find_copies(
    images: pd.DataFrame, pixels: np.ndarray, fit: Fit, memory: DecodedFiles | None
) -> pd.DataFrame:
    """Return the pairs of images that show one picture, known pairs from memory."""
    if memory is None:
        return find_copies(images, pixels, fit)
    pairs, is_new = memory.recall_copies(images)
    if is_new.any():
        found = find_copies(images, pixels, fit, is_new=is_new)
        pairs = pd.concat([pairs, found])
    pairs = pairs.sort_values(["first", "second"], ignore_index=True)
    if is_new.any():
        memory.remember_copies(images, pairs)
    return pairs


def _name_duplicates(found: pd.DataFrame, candidates: pd.DataFrame) -> pd.DataFrame:
    original = candidates["image_id"].iloc[found["original"]].set_axis(found.index)
    is_copy = found["original"] != found.index
    reason = found["reason"].mask(is_copy, "duplicate of " + original)
    several = found.index[found["original"].duplicated(keep=False)]
    for _, same in candidates.loc[several].groupby(found["original"].loc[several]):
        contradictions = _name_contradictions(same)
        reason[contradictions.index] = contradictions
    return found.assign(reason=reason)


def _name_contradictions(images: pd.DataFrame) -> pd.Series:
    """Return the reason to reject each copy of one picture; empty if labels agree.

    If two labels contradict each other, no copy is used, since either may be right.
    """
    said = images.drop_duplicates("findings")
    pairs = combinations(said["findings"], 2)
    if not any(contradict(one, other) for one, other in pairs):
        return pd.Series(dtype=str)
    reasons = {}
    for row, findings in images["findings"].items():
        others = said[said["findings"] != findings]
        against = [contradict(findings, other) for other in others["findings"]]
        other = (others[against] if any(against) else others).iloc[0]
        reasons[row] = (
            f"contradicting copy: {other['image_id']} shows the same picture and says "
            f"{other['findings']}"
        )
    return pd.Series(reasons, dtype=str)


def _warn_of_contradictions(images: pd.DataFrame, copies: pd.DataFrame) -> None:
    first, second = (images.iloc[copies[place]] for place in ("first", "second"))
    names = zip(first["findings"], second["findings"], strict=True)
    against = [contradict(one, other) for one, other in names]
    if any(against):
        one, other = first[against].iloc[0], second[against].iloc[0]
        logger.warning(
            "Pairs of images that show one picture with different pixels and have "
            "labels that contradict each other: %d; %s (%s) and %s (%s) first. Both "
            "are used.",
            sum(against),
            *(one["image_id"], one["findings"], other["image_id"], other["findings"]),
        )


def _names(table: pd.DataFrame) -> pd.Series:
    """Return the names within the source, as the readers name rejected rows."""
    names = [
        image_id.removeprefix(f"{source}/")
        for image_id, source in zip(table["image_id"], table["source"], strict=True)
    ]
    # An empty series would not be of type str without this.
    return pd.Series(names, table.index, dtype="str")

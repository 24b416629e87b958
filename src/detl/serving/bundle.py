"""All that answers for a new image, in one folder that can be copied anywhere."""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from detl.errors import DetlError
from detl.imaging.read import PixelFormat
from detl.imaging.resize import Fit
from detl.networks.keras_settings import plain_keras
from detl.schemas.keras_model import KerasModel
from detl.serving.familiarity import Familiarity

VERSION = 1
ABOUT = "bundle.json"
CARD = "model_card.md"
_TRUNK = "trunk.keras"
_FAMILIARITY = "familiarity.npz"


class About(BaseModel):
    """What stands in ``bundle.json``, but for the files' digests."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    architecture: str
    classes: list[str]
    """In the order of the probabilities."""
    input_size: int
    fit: Fit
    largest_image: int
    temperatures: dict[str, float]
    """By fold: what its logarithms of probabilities are divided by."""
    map_shift: float
    """How far down and right of an enlarged heat map its evidence lies, in pixels."""
    warned_below: float
    """Rank of familiarity below which an image is answered with a warning."""
    refused_below: float
    """Rank of familiarity below which an image is not answered."""
    warnings: list[str]
    """Of the model card: what whoever uses an answer must know, in sentences."""
    versions: dict[str, str]
    """Of the code and of what it runs on, by package."""


class _Manifest(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    version: int
    about: About
    files: dict[str, str]


@dataclass(frozen=True)
class Bundle:
    """The networks of one architecture, and what belongs to them.

    Attributes:
        about: What else must be known to use them.
        trunk: The frozen part, from pixels to features.
        tails: By fold, its trained tails, joined.
        familiarity: The training images as the frozen part sees them.
        card: The model card, in Markdown.
    """

    about: About
    trunk: KerasModel
    tails: Mapping[str, KerasModel]
    familiarity: Familiarity
    card: str = field(repr=False)

    @property
    def pixel_format(self) -> PixelFormat:
        """What the networks take."""
        about = self.about
        return PixelFormat(about.input_size, about.fit, about.largest_image)


@plain_keras()
def save_bundle(bundle: Bundle, folder: Path) -> None:
    """Write the bundle, whole or not at all; an earlier one stays until then.

    Args:
        bundle: What is written.
        folder: Where; it is replaced.
    """
    temporary = folder.with_name(f".partial-{folder.name}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    bundle.trunk.save(temporary / _TRUNK)
    for fold, tail in bundle.tails.items():
        tail.save(temporary / f"{fold}.keras")
    np.savez(temporary / _FAMILIARITY, **vars(bundle.familiarity))
    (temporary / CARD).write_text(bundle.card, encoding="utf-8")
    files = {path.name: _digest(path) for path in sorted(temporary.iterdir())}
    manifest = _Manifest(version=VERSION, about=bundle.about, files=files)
    (temporary / ABOUT).write_text(
        json.dumps(manifest.model_dump(), indent=1) + "\n", encoding="utf-8"
    )
    earlier = folder.with_name(f".earlier-{folder.name}")
    shutil.rmtree(earlier, ignore_errors=True)
    if folder.exists():
        os.replace(folder, earlier)
    os.replace(temporary, folder)
    shutil.rmtree(earlier, ignore_errors=True)


@plain_keras()
def load_bundle(folder: Path) -> Bundle:
    """Return the bundle of a folder, after every byte of it has been checked.

    Networks are loaded in Keras's safe mode, and nothing is unpickled.

    Args:
        folder: What ``save_bundle`` has written, or a copy of it.

    Raises:
        DetlError: It is no bundle, one of another version, or a file was changed or is
            missing.
    """
    import keras

    manifest = _read_manifest(folder)
    for name, digest in manifest.files.items():
        path = folder / Path(name).name
        if not path.is_file() or _digest(path) != digest:
            found = "is missing" if not path.is_file() else "has been changed"
            raise DetlError(
                f"{path} {found}, where the file was expected that the bundle was "
                "made with: copy the whole folder again, or make it anew with 'kedro "
                "run --pipeline package'."
            )
    load = keras.saving.load_model
    about = manifest.about
    with np.load(folder / _FAMILIARITY, allow_pickle=False) as arrays:
        familiarity = Familiarity(**arrays)
    return Bundle(
        about,
        load(folder / _TRUNK, compile=False, safe_mode=True),
        {
            fold: load(folder / f"{fold}.keras", compile=False, safe_mode=True)
            for fold in about.temperatures
        },
        familiarity,
        (folder / CARD).read_text(encoding="utf-8"),
    )


def _read_manifest(folder: Path) -> _Manifest:
    path = folder / ABOUT
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise DetlError(
            f"{folder} is no bundle, as its {ABOUT} cannot be read "
            f"({getattr(error, 'strerror', None) or error}): name the folder that "
            "'kedro run --pipeline package' has written."
        ) from error
    version = content.get("version") if isinstance(content, dict) else None
    if version != VERSION:
        raise DetlError(
            f"{path} is of version {version}, where {VERSION} was expected: make the "
            "bundle anew with this version of detl, or use the one that made it."
        )
    try:
        return _Manifest.model_validate(content)
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(str(part) for part in fault["loc"])
        raise DetlError(
            f"{path} has a fault ({where}: {fault['msg']}): copy the whole folder "
            "again, or make it anew with 'kedro run --pipeline package'."
        ) from error


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()

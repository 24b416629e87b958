"""All that answers for a new image, in one file that can be copied anywhere."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal
from zipfile import BadZipFile, ZipFile

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from detl.errors import DetlError
from detl.imaging.read import PixelFormat
from detl.imaging.resize import Fit
from detl.networks.keras_settings import plain_keras
from detl.schemas.keras_model import KerasModel
from detl.serving.familiarity import Familiarity
from detl.serving.intake import Expected
from detl.serving.known_answers import Expectation, KnownAnswer

VERSION = 5
ABOUT = "bundle.json"
CARD = "model_card.md"
NOTICE = "For research only: this is no medical device."
_TRUNK = "trunk.keras"
_FAMILIARITY = "familiarity.npz"


class RefusalShare(BaseModel):
    """Which share of some images would be refused, or warned of, by their likeness."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    of: Literal["held out", "external"]
    """Of Data-A's validation part, or of the external test."""
    decision: Literal["refused", "warned"]
    below: float
    """The rank for it."""
    value: float | None = None
    """The share, from 0 to 1; null where there is none, as ``note`` says."""
    low: float | None = None
    """Lower end of its 95 % interval over patients."""
    high: float | None = None
    images: int
    groups: int
    """Of patients."""
    note: str


class About(BaseModel):
    """What stands in ``bundle.json``, but for the files' digests."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    architecture: str
    classes: list[str]
    """In the order of the probabilities."""
    input_size: int
    fit: Fit
    largest_image: int
    views: list[str]
    """Of the films that were trained on; those of an unknown view may be others."""
    temperatures: dict[str, float]
    """By fold: what its logarithms of probabilities are divided by."""
    map_shift: float
    """How far down and right of an enlarged heat map its evidence lies, in pixels."""
    warned_below: float
    """Rank of familiarity below which an image is answered with a warning."""
    refused_below: float
    """Rank of familiarity below which an image is not answered."""
    warned_spread: float
    """Difference between the folds' probabilities of the class above which an image is
    answered with a warning."""
    refusals: list[RefusalShare]
    """How often that was, of images that the networks had not seen."""
    warnings: list[str]
    """Of the model card: what whoever uses an answer must know, in sentences."""
    licences: dict[str, list[str]]
    """Of the images that were trained on, by source, as the source tells them."""
    versions: dict[str, str]
    """Of the code and of what it runs on, by package."""


class _Manifest(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    version: int
    about: About
    test_images: dict[str, Expectation]
    """By file."""
    files: dict[str, str]
    """SHA-256 of each."""


@dataclass(frozen=True)
class Bundle:
    """The networks of one architecture, and what belongs to them.

    Attributes:
        about: What else must be known to use them.
        trunk: The frozen part, from pixels to features.
        tails: By fold, its trained tails, joined.
        familiarity: The training images with which new ones are compared.
        card: The model card, in Markdown.
        known_answers: Test images of the run, at most as many as go through the
            networks at once.
    """

    about: About
    trunk: KerasModel
    tails: Mapping[str, KerasModel]
    familiarity: Familiarity
    card: str = field(repr=False)
    known_answers: Sequence[KnownAnswer] = ()

    @property
    def notice(self) -> str:
        """What whoever reads an answer must know, in one line."""
        return " ".join([NOTICE, *self.about.warnings])

    @property
    def expected(self) -> Expected:
        """What the networks were trained on."""
        about = self.about
        pixel_format = PixelFormat(about.input_size, about.fit, about.largest_image)
        return Expected(pixel_format, about.views)


@plain_keras()
def save_bundle(bundle: Bundle, path: Path) -> None:
    """Write the bundle to one file, a zip archive of plain files.

    Args:
        bundle: What is written.
        path: The file; an earlier one is overwritten.
    """
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        bundle.trunk.save(folder / _TRUNK)
        for fold, tail in bundle.tails.items():
            tail.save(folder / f"{fold}.keras")
        np.savez(folder / _FAMILIARITY, **vars(bundle.familiarity))
        (folder / CARD).write_text(bundle.card, encoding="utf-8")
        expected = {}
        for number, known in enumerate(bundle.known_answers, start=1):
            name = f"test_image_{number:02}.png"
            (folder / name).write_bytes(known.picture)
            expected[name] = known.expected
        manifest = _Manifest(
            version=VERSION,
            about=bundle.about,
            test_images=expected,
            files={file.name: _digest(file) for file in sorted(folder.iterdir())},
        )
        # Networks are compressed already.
        with ZipFile(path, "w") as archive:
            archive.writestr(ABOUT, json.dumps(manifest.model_dump(), indent=1) + "\n")
            for file in manifest.files:
                archive.write(folder / file, file)


@plain_keras()
def load_bundle(path: Path) -> Bundle:
    """Return the bundle of a file, after every byte of it has been checked.

    Networks are loaded in Keras's safe mode, and nothing is unpickled.

    Args:
        path: What ``save_bundle`` has written, or a copy of it.

    Raises:
        DetlError: It is no bundle, one of another version, or was changed.
    """
    import keras

    load = keras.saving.load_model
    with TemporaryDirectory() as name:
        folder = Path(name)
        manifest = _unpack(path, folder)
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
            [
                KnownAnswer((folder / file).read_bytes(), expected)
                for file, expected in manifest.test_images.items()
            ],
        )


def _unpack(path: Path, folder: Path) -> _Manifest:
    """Write the files of an archive into a folder, and return what it says of them."""
    # A changed byte makes zipfile fail in many ways: whatever it raises, it is the
    # file that is at fault.
    try:
        with ZipFile(path) as archive:
            manifest = _read_manifest(path, archive.read(ABOUT))
            tails = {f"{fold}.keras" for fold in manifest.about.temperatures}
            named = {_TRUNK, _FAMILIARITY, CARD, *tails, *manifest.test_images}
            if named != set(manifest.files):
                missing = named ^ set(manifest.files)
                raise BadZipFile(f"{ABOUT} contradicts itself about {min(missing)}")
            for name, digest in manifest.files.items():
                # Nothing is written beside the folder, whatever the archive says.
                file = folder / Path(name).name
                file.write_bytes(archive.read(name))
                if _digest(file) != digest:
                    raise BadZipFile(f"{name} was changed")
            return manifest
    except DetlError:
        raise
    except Exception as error:
        reason = getattr(error, "strerror", None) or str(error).strip("'\"")
        raise DetlError(
            f"{path} is no bundle, or was changed ({reason}): copy again the file that "
            "'kedro run --pipeline package' has written, or write it anew."
        ) from error


def _read_manifest(path: Path, text: bytes) -> _Manifest:
    content = json.loads(text)
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
            f"{path} has a fault ({where}: {fault['msg']}): copy it again, or make it "
            "anew with 'kedro run --pipeline package'."
        ) from error


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()

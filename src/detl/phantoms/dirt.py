"""Faults of real collections, planted where a test can find them."""

from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

import cv2
import numpy as np

from detl.phantoms.encoding import encode_jpeg, encode_png
from detl.phantoms.films import Film
from detl.phantoms.layouts import Collection, Row, covid_name, nih_name
from detl.phantoms.other_views import draw_axial_slice, draw_lateral

Manifest = list[dict[str, str]]
"""The faults: ``file``, relative to the folder of both collections, and ``kind``."""


def soil_nih(collection: Collection, films: Sequence[Film]) -> Manifest:
    """Plant each kind of ``NIH_FAULTS`` in one film, in place; return their list."""
    manifest = []
    for (kind, plant), film in zip(NIH_FAULTS.items(), films, strict=True):
        name = nih_name(film)
        plant(collection, find_row(collection, "Image Index", name), film)
        manifest.append({"file": f"nih/images/{name}", "kind": kind})
    return manifest


def soil_covid(collection: Collection, films: Sequence[Film]) -> Manifest:
    """Plant each kind of ``COVID_FAULTS`` in one film, in place; return their list."""
    manifest = []
    for (kind, plant), film in zip(COVID_FAULTS.items(), films, strict=True):
        row = find_row(collection, "filename", covid_name(film))
        plant(collection, row, film)
        manifest.append(
            {"file": f"covid-chestxray/images/{row['filename']}", "kind": kind}
        )
    return manifest


def find_row(collection: Collection, column: str, value: str) -> Row:
    """Return the first row with this value."""
    return next(row for row in collection.rows if row[column] == value)


def truncate(collection: Collection, row: Row, film: Film) -> None:
    """Leave the first half of the file, as a broken download does."""
    data = collection.images[row["Image Index"]]
    collection.images[row["Image Index"]] = data[: len(data) // 2]


def remove_file(collection: Collection, row: Row, film: Film) -> None:
    """Leave the row without its file."""
    del collection.images[row["Image Index"]]


def remove_row(collection: Collection, row: Row, film: Film) -> None:
    """Leave the file without its row."""
    collection.rows.remove(row)


def store_rgba(collection: Collection, row: Row, film: Film) -> None:
    """Store the film with three equal colours and an opaque alpha channel."""
    pixels = cv2.cvtColor(film.pixels, cv2.COLOR_GRAY2BGRA).astype(np.uint8)
    collection.images[row["Image Index"]] = encode_png(pixels)


def store_sixteen_bits(collection: Collection, row: Row, film: Film) -> None:
    """Store the film with 65,536 grey levels."""
    pixels = film.pixels.astype(np.uint16) * np.uint16(257)
    collection.images[row["Image Index"]] = encode_png(pixels)


def mistype_age(collection: Collection, row: Row, film: Film) -> None:
    """Give the patient an age that the first release of the labels holds."""
    row["Patient Age"] = "413"


def invent_finding(collection: Collection, row: Row, film: Film) -> None:
    """Name an unknown finding."""
    row["Finding Labels"] = "Widget"


def turn_into_slice(collection: Collection, row: Row, film: Film) -> None:
    """Replace the film by an axial CT slice, also in the row."""
    replace_picture(collection, row, draw_axial_slice(film.pixels.shape[0]))
    row |= {"modality": "CT", "view": "Axial"}


def turn_sideways(collection: Collection, row: Row, film: Film) -> None:
    """Replace the film by a lateral one, also in the row."""
    replace_picture(collection, row, draw_lateral(film.pixels.shape[0]))
    row["view"] = "L"


def replace_picture(collection: Collection, row: Row, pixels: np.ndarray) -> None:
    """Replace the content of a row's file, in the file's format."""
    encode = encode_jpeg if row["filename"].endswith(".jpg") else encode_png
    collection.images[row["filename"]] = encode(pixels)


def drop_age(collection: Collection, row: Row, film: Film) -> None:
    """Leave the age empty."""
    row["age"] = ""


def duplicate(collection: Collection, row: Row, film: Film) -> None:
    """Turn the film into a copy of the first diseased one, under its own patient."""
    del collection.images[row["filename"]]
    original = next(row for row in collection.rows if row["finding"] != "No Finding")
    old = PurePosixPath(original["filename"])
    new = PurePosixPath(row["filename"]).with_suffix(old.suffix)
    row |= original | {"patientid": row["patientid"], "filename": new.name}
    collection.images[new.name] = collection.images[old.name]
    collection.masks[new.stem + ".png"] = collection.masks[old.stem + ".png"]
    collection.boxes += [
        [new.name, *box[1:]] for box in collection.boxes if box[0] == old.name
    ]


Fault = Callable[[Collection, Row, Film], None]

NIH_FAULTS: dict[str, Fault] = {
    "truncated": truncate,
    "missing": remove_file,
    "not_in_table": remove_row,
    "rgba": store_rgba,
    "sixteen_bit": store_sixteen_bits,
    "bad_age": mistype_age,
    "unknown_finding": invent_finding,
}
COVID_FAULTS: dict[str, Fault] = {
    "ct": turn_into_slice,
    "lateral": turn_sideways,
    "empty_age": drop_age,
    "duplicate": duplicate,
}

"""The folders of films in the layouts of the public collections."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import cv2
import numpy as np

from detl.phantoms.encoding import encode_jpeg, encode_mask, encode_png
from detl.phantoms.films import GROUPS_AT_MOST, Film
from detl.phantoms.lesions import Lesion

LICENSE = "CC0 1.0"
"""Of all phantoms."""

NIH_COLUMNS = (
    "Image Index",
    "Finding Labels",
    "Follow-up #",
    "Patient ID",
    "Patient Age",
    "Patient Gender",
    "View Position",
    # Each of the last two headings holds an unquoted comma and becomes two columns.
    "OriginalImage[Width",
    "Height]",
    "OriginalImagePixelSpacing[x",
    "y]",
)
NIH_BOX_COLUMNS = (
    "Image Index",
    "Finding Label",
    "Bbox [x",
    "y",
    "w",
    "h]",
    "",
    "",
    "",
)
NIH_BOX_NAMES = {"Infiltration": "Infiltrate"}
"""Findings with another name in the list of boxes."""
NIH_FRAME = 1024
"""Side of the published images in pixels, which are the unit of the boxes."""

COVID_COLUMNS = (
    "patientid",
    "offset",
    "sex",
    "age",
    "finding",
    "survival",
    "intubated",
    "intubation_present",
    "went_icu",
    "in_icu",
    "needed_supplemental_O2",
    "extubated",
    "temperature",
    "pO2_saturation",
    "leukocyte_count",
    "neutrophil_count",
    "lymphocyte_count",
    "view",
    "modality",
    "date",
    "location",
    "folder",
    "filename",
    "doi",
    "url",
    "license",
    "clinical_notes",
    "other_notes",
    # The last column has no name in the original.
    "",
)
COVID_BOX_COLUMNS = ("filename", "finding", "x", "y", "w", "h")

Row = dict[str, str]


@dataclass(frozen=True)
class Entry:
    """What one film becomes in a collection."""

    patient: int
    follow_up: int
    name: str
    """File name of the image."""
    image: bytes
    mask: tuple[str, bytes] | None
    """File name and content; None of a healthy film."""
    row: Row
    boxes: list[Sequence[str]]


@dataclass
class Collection:
    """A collection in memory; ``dirt`` plants faults in it before it is written."""

    images: dict[str, bytes] = field(default_factory=dict)
    """File name to content of ``images/``."""
    masks: dict[str, bytes] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    """The rows of the table of images, column to text."""
    boxes: list[Sequence[str]] = field(default_factory=list)


def collect(entries: Iterable[Entry]) -> Collection:
    """Return the collection that has these entries, by patient and follow-up."""
    collection = Collection()
    for entry in sorted(entries, key=lambda entry: (entry.patient, entry.follow_up)):
        collection.images[entry.name] = entry.image
        collection.rows.append(entry.row)
        collection.boxes += entry.boxes
        if entry.mask:
            name, content = entry.mask
            collection.masks[name] = content
    return collection


def nih_entry(film: Film) -> Entry:
    """Return what a film becomes in ChestX-ray14."""
    name = nih_name(film)
    scale = NIH_FRAME / film.pixels.shape[0]
    boxes: list[Sequence[str]] = [
        [
            name,
            NIH_BOX_NAMES.get(lesion.finding, lesion.finding),
            *(f"{scale * value:g}" for value in box),
        ]
        for lesion in film.lesions
        for box in boxes_of(lesion)
    ]
    return Entry(
        patient=film.patient,
        follow_up=film.follow_up,
        name=name,
        image=encode_png(film.pixels),
        mask=(name, encode_mask(film.mask)) if film.lesions else None,
        row=nih_row(film, name),
        boxes=boxes,
    )


def nih_name(film: Film) -> str:
    """Return the file name of a film in the NIH folder."""
    return f"{film.patient:08d}_{film.follow_up:03d}.png"


def covid_name(film: Film) -> str:
    """Return the file name of a film in the covid-chestxray folder."""
    # Half of the patients have JPEG films, since the real collection holds both.
    extension = "jpg" if film.patient // GROUPS_AT_MOST % 2 else "png"
    return f"phantom-{film.patient}-day{3 * film.follow_up}.{extension}"


def nih_row(film: Film, name: str) -> Row:
    """Return the row of one film in ``Data_Entry_2017.csv``."""
    pa = film.view == "PA"
    return dict(
        zip(
            NIH_COLUMNS,
            [
                name,
                "|".join(film.findings) or "No Finding",
                str(film.follow_up),
                str(film.patient),
                str(film.age),
                film.sex,
                film.view,
                "2992" if pa else "3056",
                "2991" if pa else "2544",
                "0.143" if pa else "0.139",
                "0.143" if pa else "0.139",
            ],
            strict=True,
        )
    )


def covid_entry(film: Film) -> Entry:
    """Return what a film becomes in the COVID-19 image data collection."""
    name = covid_name(film)
    encode = encode_jpeg if name.endswith(".jpg") else encode_png
    mask_name = PurePosixPath(name).with_suffix(".png").name
    boxes: list[Sequence[str]] = [
        [name, lesion.finding, *(str(value) for value in box)]
        for lesion in film.lesions
        for box in boxes_of(lesion)
    ]
    return Entry(
        patient=film.patient,
        follow_up=film.follow_up,
        name=name,
        image=encode(film.pixels),
        mask=(mask_name, encode_mask(film.mask)) if film.lesions else None,
        row=covid_row(film, name),
        boxes=boxes,
    )


def covid_row(film: Film, name: str) -> Row:
    """Return the row of one film in ``metadata.csv``."""
    return dict.fromkeys(COVID_COLUMNS, "") | {
        "patientid": str(film.patient),
        "offset": str(3 * film.follow_up),
        "sex": film.sex,
        "age": str(film.age),
        "finding": ", ".join(film.findings) or "No Finding",
        "view": film.view,
        "modality": "X-ray",
        "date": "2020",
        "location": "Phantom",
        "folder": "images",
        "filename": name,
        "license": LICENSE,
        "clinical_notes": "Synthetic radiograph.",
    }


def boxes_of(lesion: Lesion) -> list[tuple[int, int, int, int]]:
    """Return x, y, width and height of every piece of a lesion, in pixels."""
    _, _, statistics, _ = cv2.connectedComponentsWithStats(lesion.mask.astype(np.uint8))
    return [
        (int(row[0]), int(row[1]), int(row[2]), int(row[3])) for row in statistics[1:]
    ]


def nih_files(collection: Collection) -> dict[str, bytes]:
    """Return the files of the NIH folder: relative path to content."""
    rows = [list(row.values()) for row in collection.rows]
    return _pictures(collection) | {
        "Data_Entry_2017.csv": encode_csv(NIH_COLUMNS, rows),
        "BBox_List_2017.csv": encode_csv(NIH_BOX_COLUMNS, collection.boxes),
    }


def covid_files(collection: Collection) -> dict[str, bytes]:
    """Return the files of the covid-chestxray folder: relative path to content."""
    rows = [list(row.values()) for row in collection.rows]
    return _pictures(collection) | {
        "metadata.csv": encode_csv(COVID_COLUMNS, rows),
        "boxes.csv": encode_csv(COVID_BOX_COLUMNS, collection.boxes),
    }


def _pictures(collection: Collection) -> dict[str, bytes]:
    images = {f"images/{name}": data for name, data in collection.images.items()}
    masks = {f"masks/{name}": data for name, data in collection.masks.items()}
    return images | masks


def encode_csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Return a csv file with the same line ends on every system."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()

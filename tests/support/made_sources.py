"""Small sources of images, written and ingested."""

import cv2
import numpy as np

from detl.pipelines.ingest.nodes import decode_images, read_sources
from detl.schemas.parameters import IngestParameters

NIH_HEADER = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,"
    "View Position\n"
)


def name_sources(**sources):
    return IngestParameters.model_validate(
        {
            "sources": {
                name.replace("_", "-"): {"reader": reader, "folder": str(folder)}
                for name, (reader, folder) in sources.items()
            },
            "views": ["PA", "AP"],
            "input_size": 32,
            "fit": "crop",
            "largest_image": 10_000,
        }
    )


def make_picture(seed):
    return np.random.default_rng(seed).integers(0, 256, (40, 40), dtype=np.uint8)


def write_nih(folder, patients, pictures):
    """Write one image per patient; a picture is a seed, or the bytes of the file."""
    (folder / "images").mkdir(parents=True)
    rows = []
    for number, (patient, picture) in enumerate(zip(patients, pictures, strict=True)):
        name = f"{patient:08d}_{number:03d}.png"
        rows.append(f"{name},Mass,0,{patient},50,M,PA\n")
        if isinstance(picture, bytes):
            (folder / "images" / name).write_bytes(picture)
        else:
            cv2.imwrite(str(folder / "images" / name), make_picture(picture))
    (folder / "Data_Entry_2017.csv").write_text(NIH_HEADER + "".join(rows))


def ingest(raw, parameters):
    candidates, rejected_rows = read_sources(raw, parameters)
    return decode_images(raw, candidates, rejected_rows, parameters)

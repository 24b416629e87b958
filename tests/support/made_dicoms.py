"""Small DICOM films with the headers that hospitals and exports write."""

import warnings
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    generate_uid,
)


def draw_film(seed: int) -> np.ndarray:
    """Return a film unlike that of another seed, uint8 (64, 64)."""
    noise = np.random.default_rng(seed).integers(0, 256, (64, 64), dtype=np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 4)


def make_dicom(seed: int = 0, **elements: Any) -> Dataset:
    """Return a film, and what else its header is to say; None leaves an element out."""
    film = draw_film(seed)
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    described = {
        "Modality": "DX",
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": film.shape[0],
        "Columns": film.shape[1],
        "BitsAllocated": 8,
        "BitsStored": 8,
        "HighBit": 7,
        "PixelRepresentation": 0,
        "PixelData": film.tobytes(),
    }
    with warnings.catch_warnings():
        # Of words that the standard does not allow, which are what is tested.
        warnings.simplefilter("ignore")
        for name, value in {**described, **elements}.items():
            if value is not None:
                setattr(dataset, name, value)
    return dataset


def write_dicom(path: Path, seed: int = 0, **elements: Any) -> Path:
    """Write ``make_dicom`` to a file, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset = make_dicom(seed, **elements)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pydicom.dcmwrite(path, dataset, enforce_file_format=True)
    return path


def code(value: str, scheme: str = "SCT") -> list[Dataset]:
    """Return a sequence of one code."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator = value, scheme
    item.CodeMeaning = "Secret^Meaning"
    return [item]

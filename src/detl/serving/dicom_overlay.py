"""An answer's picture as a DICOM file (Secondary Capture), which any archive shows.

Of a source's header only the number of its study is read and written again, by which an
archive files the picture beside its film. Whose film it is, the new file does not say.
"""

from pathlib import Path

import numpy as np

from detl.imaging.grey import ImageRejected

DESCRIPTION = "DETL Grad-CAM. RESEARCH ONLY, NOT FOR DIAGNOSIS"
"""Of the new series."""

_EMPTY = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
    *("StudyDate", "StudyTime", "StudyID", "AccessionNumber"),
    *("ReferringPhysicianName", "PatientOrientation", "Laterality"),
)
"""Elements that must be there, and may be empty."""


def read_study(path: Path) -> str | None:
    """Return a file's StudyInstanceUID; None if it is no DICOM, or has no valid one.

    Args:
        path: An image of any kind that could be decoded.
    """
    from pydicom.uid import UID

    from detl.imaging.dicom import read_dicom_dataset

    try:
        dataset = read_dicom_dataset(path, ["StudyInstanceUID"])
    except ImageRejected:
        return None
    study = UID(str(dataset.get("StudyInstanceUID") or ""))
    return str(study) if study.is_valid else None


def write_secondary_capture(
    path: Path, picture: np.ndarray, study: str | None, version: str
) -> None:
    """Write a picture as a DICOM file of a new series.

    It says that it may have annotations burned in, since a film may have them.

    Args:
        path: The file.
        picture: RGB, (height, width, 3), uint8.
        study: StudyInstanceUID; None for a new one.
        version: Of the software.
    """
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import (
        ExplicitVRLittleEndian,
        SecondaryCaptureImageStorage,
        generate_uid,
    )

    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    height, width = picture.shape[:2]
    elements = {
        **dict.fromkeys(_EMPTY, ""),
        # From random numbers, and from nothing of this machine.
        "SOPInstanceUID": generate_uid(prefix=None),
        "SeriesInstanceUID": generate_uid(prefix=None),
        "StudyInstanceUID": study or generate_uid(prefix=None),
        "SOPClassUID": SecondaryCaptureImageStorage,
        "Modality": "OT",
        "ConversionType": "WSD",
        "ImageType": ["DERIVED", "SECONDARY"],
        "SeriesDescription": DESCRIPTION,
        "SeriesNumber": 999,
        "InstanceNumber": 1,
        "BurnedInAnnotation": "YES",
        "Manufacturer": "detl",
        "SoftwareVersions": version,
        "SamplesPerPixel": 3,
        "PhotometricInterpretation": "RGB",
        "PlanarConfiguration": 0,
        "Rows": height,
        "Columns": width,
        "BitsAllocated": 8,
        "BitsStored": 8,
        "HighBit": 7,
        "PixelRepresentation": 0,
        "PixelData": np.ascontiguousarray(picture).tobytes(),
    }
    for name, value in elements.items():
        setattr(dataset, name, value)
    dataset.save_as(path, enforce_file_format=True)

"""Small DICOM files with chosen traits."""

from io import BytesIO

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    generate_uid,
)

from detl.imaging.decode import decode_image

VALUES = np.array([[100, 200, 300], [400, 500, 600]], np.uint16)


def make_dataset(values=VALUES, **elements):
    """Return a grey image of these stored values, with further elements."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.PatientName = "Secret^Person"
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = values.shape[-2:]
    dataset.BitsAllocated = 8 * values.itemsize
    dataset.BitsStored = dataset.BitsAllocated
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(np.issubdtype(values.dtype, np.signedinteger))
    dataset.PixelData = values.tobytes()
    for name, value in elements.items():
        setattr(dataset, name, value)
    return dataset


def encode(dataset):
    """Return the bytes of a file that keeps to the rules."""
    file = BytesIO()
    pydicom.dcmwrite(file, dataset, enforce_file_format=True)
    return file.getvalue()


def decode(dataset, largest_image=10_000):
    return decode_image(encode(dataset), largest_image)


def compress(dataset, frame, syntax):
    """Return the image with its pixels compressed, as a frame and a syntax say."""
    dataset.PixelData = encapsulate([frame])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = syntax
    return dataset


def rename_syntax(content, old, new):
    """Return a file that names another transfer syntax than it is written in."""

    def write(syntax):
        text = str(syntax).encode()
        text += bytes(len(text) % 2)
        return len(text).to_bytes(2, "little") + text

    assert content.count(write(old)) == 1
    return content.replace(write(old), write(new))


def scale(values):
    """Return values from their own range to 0..255."""
    values = np.asarray(values, float)
    span = values.max() - values.min()
    return np.rint((values - values.min()) * 255 / span).astype(int)


def encode_lossless_jpeg(values, precision, selection=1):
    """Return a lossless JPEG (ITU-T T.81, annex H), with one code length for all."""
    values = np.asarray(values).astype(np.int64)
    predicted = np.zeros_like(values)
    predicted[0, 0] = 1 << (precision - 1)
    predicted[0, 1:] = values[0, :-1]
    predicted[1:, 0] = values[:-1, 0]
    left, above, both = values[1:, :-1], values[:-1, 1:], values[:-1, :-1]
    predicted[1:, 1:] = {
        **{1: left, 2: above, 3: both, 4: left + above - both},
        **{5: left + ((above - both) >> 1), 6: above + ((left - both) >> 1)},
        7: (left + above) >> 1,
    }[selection]
    bits = []
    for difference in (values - predicted).ravel().tolist():
        size = abs(difference).bit_length()
        bits.append(f"{size:05b}")
        if size:
            number = difference if difference > 0 else difference + (1 << size) - 1
            bits.append(f"{number:0{size}b}")
    scan = "".join(bits)
    scan += "1" * (-len(scan) % 8)
    data = int(scan, 2).to_bytes(len(scan) // 8).replace(b"\xff", b"\xff\0")
    height, width = values.shape
    size = bytes([precision]) + height.to_bytes(2) + width.to_bytes(2)
    table = bytes([0, 0, 0, 0, 0, 17, *([0] * 11), *range(17)])
    segments = (
        *((0xC3, size + bytes([1, 1, 0x11, 0])), (0xC4, table)),
        (0xDA, bytes([1, 1, 0, selection, 0, 0])),
    )
    header = b"".join(
        bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2) + body
        for marker, body in segments
    )
    return b"\xff\xd8" + header + data + b"\xff\xd9"

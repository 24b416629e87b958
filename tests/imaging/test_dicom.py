from contextlib import suppress
from io import BytesIO

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import DigitalXRayImageStorageForPresentation

from detl.imaging.decode import decode_image
from detl.imaging.dicom import read_dicom_dataset
from detl.imaging.grey import ImageRejected, NotReadNow
from dicom_files import VALUES, decode, encode, make_dataset


def test_values_are_scaled_from_their_own_range():
    np.testing.assert_array_equal(
        decode(make_dataset()), [[0, 51, 102], [153, 204, 255]]
    )


def test_monochrome1_is_inverted():
    inverted = decode(make_dataset(PhotometricInterpretation="MONOCHROME1"))

    np.testing.assert_array_equal(inverted, [[255, 204, 153], [102, 51, 0]])


def test_the_window_is_applied():
    grey = decode(make_dataset(WindowCenter=350, WindowWidth=301))

    np.testing.assert_array_equal(grey, [[0, 0, 85], [170, 255, 255]])


def test_of_several_windows_the_first_is_applied():
    one = decode(make_dataset(WindowCenter=350, WindowWidth=301))
    two = decode(make_dataset(WindowCenter=[350, 100], WindowWidth=[301, 50]))

    np.testing.assert_array_equal(one, two)


def test_the_voi_table_is_applied():
    table = Dataset()
    table.LUTDescriptor = [3, 100, 16]
    table.LUTData = np.array([0, 0, 1000], "<u2").tobytes()
    values = np.array([[100, 101, 102]], np.uint16)

    grey = decode(make_dataset(values, VOILUTSequence=[table]))

    np.testing.assert_array_equal(grey, [[0, 0, 255]])


def test_slope_and_intercept_are_applied_before_the_window():
    rescaled = make_dataset(
        RescaleSlope=2, RescaleIntercept=-100, WindowCenter=600, WindowWidth=601
    )

    np.testing.assert_array_equal(decode(rescaled), [[0, 0, 85], [170, 255, 255]])


def test_a_negative_slope_inverts():
    grey = decode(make_dataset(RescaleSlope=-1, RescaleIntercept=0))

    np.testing.assert_array_equal(grey, [[255, 204, 153], [102, 51, 0]])


def test_signed_values_are_read():
    grey = decode(make_dataset(VALUES.astype(np.int16) - 350))

    np.testing.assert_array_equal(grey, [[0, 51, 102], [153, 204, 255]])


def test_8_bit_values_are_read():
    grey = decode(make_dataset(np.array([[0, 255]], np.uint8)))

    np.testing.assert_array_equal(grey, [[0, 255]])


def test_several_frames_are_rejected():
    frames = np.stack([VALUES, VALUES])

    with pytest.raises(ImageRejected, match="DICOM with several frames: 2"):
        decode(make_dataset(frames, NumberOfFrames=2))


def test_colours_are_rejected():
    coloured = make_dataset(PhotometricInterpretation="RGB", SamplesPerPixel=3)

    with pytest.raises(ImageRejected, match="DICOM that is not grey: RGB"):
        decode(coloured)


def test_what_is_no_word_of_the_standard_is_not_quoted():
    dataset = make_dataset(PhotometricInterpretation="Secret^Person")

    with pytest.raises(ImageRejected, match="an interpretation that is not known"):
        decode(dataset)


def test_a_large_image_is_rejected():
    with pytest.raises(ImageRejected, match="too large: 3 x 2 pixels"):
        decode(make_dataset(), largest_image=5)


def test_a_file_cut_short_is_rejected():
    with pytest.raises(ImageRejected, match="DICOM"):
        decode_image(encode(make_dataset())[:-4], 1000)


def test_a_file_without_pixels_is_rejected():
    dataset = make_dataset()
    del dataset.PixelData

    with pytest.raises(ImageRejected, match="DICOM with no pixels"):
        decode(dataset)


def test_a_file_without_a_size_is_rejected():
    dataset = make_dataset()
    del dataset.Rows

    with pytest.raises(ImageRejected, match="broken DICOM"):
        decode(dataset)


def test_no_reason_tells_who_the_patient_is():
    dataset = make_dataset()
    dataset.PatientID = "Secret"
    dataset.Rows = 5000

    with pytest.raises(ImageRejected) as rejected:
        decode(dataset, largest_image=10**8)

    assert "Secret" not in str(rejected.value)


@pytest.mark.parametrize("byte", [0, 0x41, 0xFF])
def test_nothing_but_a_rejection_comes_of_a_damaged_header(byte):
    table = Dataset()
    table.add_new("LUTDescriptor", "US", [3, 100, 16])
    table.add_new("LUTData", "OW", np.array([0, 0, 1000], "<u2").tobytes())
    content = encode(
        make_dataset(
            VOILUTSequence=[table],
            WindowCenter=350,
            WindowWidth=301,
            RescaleSlope=1,
            RescaleIntercept=0,
            PixelPaddingValue=0,
        )
    )

    for place in range(128, len(content)):
        damaged = content[:place] + bytes([byte]) + content[place + 1 :]
        with suppress(ImageRejected):
            assert decode_image(damaged, 1000).dtype == np.uint8


def test_only_the_elements_asked_for_are_read():
    dataset = read_dicom_dataset(BytesIO(encode(make_dataset())), ["Rows", "Columns"])

    assert {element.keyword for element in dataset} == {"Rows", "Columns"}


def test_a_header_is_read_from_a_file(tmp_path):
    file = tmp_path / "film"
    file.write_bytes(encode(make_dataset()))

    assert read_dicom_dataset(file, ["Rows"]).Rows == 2


def test_a_file_that_is_not_there_may_be_read_another_time(tmp_path):
    with pytest.raises(NotReadNow, match="file cannot be read: No such file"):
        read_dicom_dataset(tmp_path / "film", ["Rows"])


def test_what_is_no_dicom_has_no_header():
    with pytest.raises(ImageRejected, match="neither PNG nor JPEG nor DICOM"):
        read_dicom_dataset(BytesIO(b"<!DOCTYPE html>" + bytes(200)), ["Rows"])


BARE = {
    "implicit": (True, True),
    "explicit": (False, True),
    "explicit big endian": (False, False),
}


def _write_bare(dataset, encoding):
    """Return the elements alone, without preamble, mark and file meta information."""
    implicit, little_endian = BARE[encoding]
    del dataset.file_meta
    dataset.SOPClassUID = DigitalXRayImageStorageForPresentation
    if not little_endian:
        dataset.PixelData = VALUES.astype(">u2").tobytes()
    dataset["PixelData"].VR = "OW"
    file = BytesIO()
    dataset.save_as(file, implicit_vr=implicit, little_endian=little_endian)
    return file.getvalue()


@pytest.mark.parametrize("encoding", BARE)
def test_a_file_without_preamble_and_mark_is_read(encoding):
    content = _write_bare(make_dataset(), encoding)

    np.testing.assert_array_equal(
        decode_image(content, 1000), [[0, 51, 102], [153, 204, 255]]
    )


@pytest.mark.parametrize("before", [b"DICM", bytes(128) + b"DICM"])
@pytest.mark.parametrize("encoding", BARE)
def test_a_file_without_transfer_syntax_is_read(encoding, before):
    content = before + _write_bare(make_dataset(), encoding)

    np.testing.assert_array_equal(
        decode_image(content, 1000), [[0, 51, 102], [153, 204, 255]]
    )


def test_a_file_that_begins_with_its_file_meta_information_is_read():
    content = encode(make_dataset())[132:]

    np.testing.assert_array_equal(
        decode_image(content, 1000), [[0, 51, 102], [153, 204, 255]]
    )


def test_a_file_cut_short_in_its_header_is_rejected():
    content = encode(make_dataset())

    for length in range(132, len(content), 7):
        with pytest.raises(ImageRejected, match="DICOM"):
            decode_image(content[:length], 1000)

"""Pictures of answers as DICOM files."""

import json

import cv2
import numpy as np
import pydicom
import pytest
from pydicom.uid import SecondaryCaptureImageStorage

from detl.errors import DetlError
from detl.serving.dicom_overlay import read_study, write_secondary_capture
from detl.serving.predictor import Predictor
from detl.serving.run import predict_files
from made_dicoms import write_dicom
from tiny_bundle import tiny_bundle, training_pixels

STUDY = "1.2.826.0.1.3680043.8.498.1"
SECRETS = {
    "PatientID": "SECRET4711",
    "PatientName": "Secret^Person",
    "PatientBirthDate": "19460814",
    "InstitutionName": "ST SECRET",
    "AccessionNumber": "SECRET12",
    "StudyDate": "20200301",
    "SeriesInstanceUID": "1.2.826.0.1.3680043.8.498.2",
    "SOPInstanceUID": "1.2.826.0.1.3680043.8.498.3",
}


@pytest.fixture(scope="module")
def predictor():
    return Predictor(tiny_bundle())


@pytest.fixture(scope="module")
def predicted(predictor, tmp_path_factory):
    """Return a folder of answers for a DICOM film and a PNG."""
    folder = tmp_path_factory.mktemp("dicom")
    film = training_pixels()[3]
    pixels = {"Rows": len(film), "Columns": len(film), "PixelData": film.tobytes()}
    header = {"StudyInstanceUID": STUDY, "ViewPosition": "PA", **pixels, **SECRETS}
    write_dicom(folder / "films/a.dcm", **header)
    cv2.imwrite(str(folder / "films/b.png"), film)
    predict_files(predictor, folder / "films", folder / "out", dicom=True)
    return folder / "out"


def test_a_film_of_a_study_gets_a_picture_of_that_study(predicted):
    read = pydicom.dcmread(predicted / "overlays/a.dcm_overlay.dcm")

    assert read.SOPClassUID == SecondaryCaptureImageStorage
    assert read.StudyInstanceUID == STUDY
    assert (read.BurnedInAnnotation, read.Modality) == ("YES", "OT")
    assert "NOT FOR DIAGNOSIS" in read.SeriesDescription


def test_its_pixels_are_those_of_the_overlay(predicted):
    read = pydicom.dcmread(predicted / "overlays/a.dcm_overlay.dcm")
    shown = cv2.imread(str(predicted / "overlays/a.dcm_overlay.jpg"))

    # A JPEG loses a little.
    assert cv2.PSNR(np.ascontiguousarray(read.pixel_array[..., ::-1]), shown) > 30


def test_nothing_else_of_the_header_is_copied(predicted):
    content = (predicted / "overlays/a.dcm_overlay.dcm").read_bytes()

    assert not [value for value in SECRETS.values() if value.encode() in content]


def test_a_picture_of_no_study_has_one_of_its_own(predicted):
    read = pydicom.dcmread(predicted / "overlays/b.png_overlay.dcm")

    uids = {read.StudyInstanceUID, read.SeriesInstanceUID, read.SOPInstanceUID}
    assert len(uids - {STUDY}) == 3
    assert all(uid.is_valid for uid in uids)
    assert read.PatientID == ""


def test_the_arguments_tell_of_the_files(predicted):
    assert json.loads((predicted / "arguments.json").read_text())["dicom"]


def test_by_default_there_are_none(predictor, tmp_path):
    cv2.imwrite(str(tmp_path / "b.png"), training_pixels()[3])

    predict_files(predictor, tmp_path / "b.png", tmp_path / "out")

    written = (tmp_path / "out/overlays").iterdir()
    assert [path.name for path in written] == ["b.png_overlay.jpg"]


def test_without_pictures_there_is_nothing_to_write(tmp_path):
    predictor = Predictor(tiny_bundle(), explains=False)

    with pytest.raises(DetlError, match="switched off"):
        predict_files(predictor, tmp_path, tmp_path / "out", dicom=True)


@pytest.mark.parametrize("study", ["no UID", "1." * 40, None])
def test_a_study_of_no_valid_number_is_none(tmp_path, study):
    film = write_dicom(tmp_path / "film.dcm", StudyInstanceUID=study)

    assert read_study(film) is None


def test_a_picture_of_an_odd_number_of_bytes_can_be_read(tmp_path):
    picture = np.arange(27, dtype="uint8").reshape(3, 3, 3)

    write_secondary_capture(tmp_path / "x.dcm", picture, None, "0")

    read = pydicom.dcmread(tmp_path / "x.dcm").pixel_array
    np.testing.assert_array_equal(read, picture)

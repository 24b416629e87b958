import pandas as pd
import pytest

from detl.pipelines.ingest.nodes import decode_images, read_sources
from detl.schemas.parameters import IngestParameters
from made_dicoms import write_dicom


@pytest.fixture
def parameters():
    return IngestParameters.model_validate(
        {
            "sources": {
                name: {"reader": "folder", "folder": name}
                for name in ("clinic", "ward")
            },
            "views": ["PA", "AP"],
            "input_size": 32,
            "fit": "crop",
            "largest_image": 10_000,
        }
    )


@pytest.fixture
def ingest(tmp_path, parameters):
    """Return a function that ingests the films with a key."""
    films = (
        ("clinic/Mass/a.dcm", {"PatientID": "1", "ViewPosition": "PA"}),
        ("clinic/Mass/b.dcm", {"PatientID": "2", "ViewPosition": "LL"}),
        ("clinic/Mass/c.dcm", {"PatientID": "3", "BodyPartExamined": "HAND"}),
        ("clinic/Mass/d.dcm", {"PatientID": "4"}),
        ("clinic/Mass/e.dcm", {}),
        ("ward/Mass/f.dcm", {"PatientID": "0001", "PatientAge": "061Y"}),
        ("ward/Mass/g.dcm", {"PatientID": "5"}),
    )
    for seed, (name, elements) in enumerate(films):
        write_dicom(tmp_path / name, seed, **elements)

    def ingest(key="patient_key"):
        tables = read_sources(tmp_path, parameters, tmp_path / key)
        images, _, rejected, _ = decode_images(tmp_path, *tables, parameters)
        return images.set_index("image_id"), rejected.set_index("name")["reason"]

    return ingest


def test_films_of_one_patient_in_two_sources_are_one_group(ingest):
    images, _ = ingest()

    assert images["group"].to_dict() == {
        "clinic/Mass/a.dcm": "clinic/Mass/a.dcm",
        "clinic/Mass/d.dcm": "clinic/Mass/d.dcm",
        "clinic/Mass/e.dcm": "clinic/Mass/e.dcm",
        "ward/Mass/f.dcm": "clinic/Mass/a.dcm",
        "ward/Mass/g.dcm": "ward/Mass/g.dcm",
    }


def test_laterals_and_other_parts_are_rejected_with_their_reasons(ingest):
    _, reasons = ingest()

    assert reasons.to_dict() == {
        "Mass/b.dcm": "view: L",
        "Mass/c.dcm": "part of the body: HAND",
    }


def test_nothing_but_the_pseudonyms_depends_on_the_key(ingest):
    one, _ = ingest("one_key")
    other, _ = ingest("other_key")

    named = ["clinic/Mass/a.dcm", "clinic/Mass/d.dcm", "ward/Mass/f.dcm"]
    assert (one.loc[named, "patient_id"] != other.loc[named, "patient_id"]).all()
    pd.testing.assert_frame_equal(
        one.drop(columns="patient_id"), other.drop(columns="patient_id")
    )

"""What a run leaves behind, of people whose films it has read."""

import stat

import pandas as pd
import pytest
import yaml

from made_dicoms import write_dicom
from project_copy import copy_project, run_kedro

SECRETS = ("SECRET4711", "Secret^Person", "19460814", "ST SECRET")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Return a project that has ingested films of people."""
    folder = tmp_path_factory.mktemp("privacy")
    project, raw = copy_project(folder), folder / "raw"
    for seed, name in enumerate(
        ("clinic/healthy/a", "clinic/healthy/b", "ward/COVID/c")
    ):
        write_dicom(
            raw / name,
            seed,
            PatientID=SECRETS[0],
            PatientName=SECRETS[1],
            PatientBirthDate=SECRETS[2],
            IssuerOfPatientID=SECRETS[3],
            InstitutionName=SECRETS[3],
            ViewPosition="PA",
        )
    sources = {
        # Under the names that the parameters of the split ask for.
        source: {
            "reader": "folder",
            "folder": folder_name,
            "findings": {"healthy": "No Finding", "COVID": "COVID-19"},
        }
        for source, folder_name in (("nih", "clinic"), ("covid_chestxray", "ward"))
    }
    local = project / "conf/local/parameters_ingest.yml"
    local.write_text(yaml.safe_dump({"ingest": {"sources": sources}}))
    finished = run_kedro(project, "run", "--pipeline", "ingest", DETL_DATA=str(raw))
    assert finished.returncode == 0, finished.stdout
    (folder / "printed").write_text(finished.stdout)
    return project


def test_no_file_of_a_run_tells_who_the_patients_are(project):
    key_file = project / "conf/local/patient_key"
    secrets = [*SECRETS, key_file.read_text().strip()]
    written = [
        path
        for path in [*project.rglob("*"), project.parent / "printed"]
        if path.is_file() and path != key_file and "src" not in path.parts
    ]
    contents = {path.name: path.read_bytes() for path in written}
    # Their text is compressed.
    for path in written:
        if path.suffix == ".parquet":
            contents[path.name] = pd.read_parquet(path).to_csv().encode()

    assert {"images.parquet", "candidates.parquet", "rejected.csv"} <= set(contents)
    found = [
        (name, secret)
        for name, content in contents.items()
        for secret in secrets
        if secret.encode() in content
    ]
    assert found == []


def test_one_patient_is_one_in_all_that_follows(project):
    images = pd.read_parquet(project / "data/02_intermediate/images.parquet")

    assert len(images) == 3
    assert images["patient_id"].nunique() == images["group"].nunique() == 1
    assert images["patient_id"].str.startswith("dicom/").all()


def test_the_key_stays_on_the_machine_for_the_owners_eyes(project):
    mode = (project / "conf/local/patient_key").stat().st_mode

    assert stat.S_IMODE(mode) == 0o600

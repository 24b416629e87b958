"""``kedro clean`` removes what the runs of one environment have made, nothing else."""

import pytest
from kedro.io import DataCatalog

from detl.datasets import AtomicCSVDataset, KeptFileDataset
from detl.session.clean import remove_made_files
from detl.session.simultaneous_runs import FOLDER, Use, using
from project_copy import copy_project, run_kedro

MADE = {
    "02_intermediate/images.parquet",
    "02_intermediate/.partial-pixels.npy",
    "02_intermediate/decoded_files.sqlite",
    "02_intermediate/decoded_files.sqlite-journal",
    "02_intermediate/external/source.json",
    "03_primary/folds.parquet",
    "made_with.json",
    ".next/replaces.json",
    ".next/08_reporting/report.html",
    "04_feature/alexnet_without_centre.npy",
    "05_model_input/fold_3.parquet",
    "05_model_input/other_protocol/folds.parquet",
    "06_models/vgg16/pretrained.keras",
    "06_models/resnet50/other_protocol/fold_5.keras",
    "07_model_output/alexnet/fold_1_predictions.csv",
    "08_reporting/report.html",
    "08_reporting/figures/sanity.png",
}
OF_A_USER = {
    "08_reporting/my_notes.docx",
    "08_reporting/report_2025.html",
    "08_reporting/.gitkeep",
    "06_models/mine/pretrained.keras",
    "06_models/vgg16/mine.keras",
    "06_models/vgg16/fold_1 (copy).keras",
    "02_intermediate/images.parquet.bak",
    "my-data/nih/Data_Entry_2017.csv",
    "01_raw/clinic/a.png",
    "environment/globals.yml",
}


def write(folder, names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")


def files_of(folder):
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and FOLDER not in path.parts
    }


@pytest.fixture(scope="module")
def cleaned(tmp_path_factory):
    """Return a cleaned project whose data folder is a link, with what was printed."""
    project = copy_project(tmp_path_factory.mktemp("clean"))
    elsewhere = project.with_name("large disk")
    (project / "data").rename(elsewhere)
    (project / "data").symlink_to(elsewhere)
    for raw in ("01_raw", "test/01_raw"):
        (elsewhere / raw / "phantoms").unlink()
    write(elsewhere, {*MADE, *OF_A_USER})
    write(elsewhere / "paper", MADE)
    write(elsewhere / "test", {*MADE, *OF_A_USER})
    (elsewhere / "08_reporting/empty").mkdir()
    run = run_kedro(project, "clean")
    assert run.returncode == 0, run.stdout
    return project, run.stdout


def test_what_runs_have_made_is_removed_and_all_else_is_kept(cleaned):
    project, printed = cleaned
    others = {f"paper/{name}" for name in MADE}
    others |= {f"test/{name}" for name in MADE | OF_A_USER}
    assert files_of(project / "data") == OF_A_USER | others
    assert "of environment base: " in printed


def test_folders_that_are_empty_now_are_removed_and_others_kept(cleaned):
    project, _ = cleaned
    assert not (project / "data/03_primary").exists()
    assert not (project / "data/06_models/resnet50").exists()
    assert (project / "data/08_reporting/empty").is_dir()


def test_no_store_is_made_where_there_is_none(cleaned):
    project, _ = cleaned
    assert not (project / "mlflow.db").exists()


@pytest.mark.long
def test_an_environment_that_needs_data_is_cleaned_without(cleaned):
    project, _ = cleaned
    run = run_kedro(project, "clean", "--env", "paper")
    assert run.returncode == 0, run.stdout
    assert files_of(project / "data/paper") == set()
    assert files_of(project / "data/test") == MADE | OF_A_USER


@pytest.mark.long
def test_an_environment_without_files_gets_none(cleaned):
    project, _ = cleaned
    run = run_kedro(project, "clean", KEDRO_ENV="reduced")
    assert run.returncode == 0, run.stdout
    assert "of environment reduced: 0 files" in run.stdout
    assert not (project / "data/reduced").exists()


def test_a_misspelt_environment_is_not_taken_for_another_one(cleaned):
    project, _ = cleaned
    run = run_kedro(project, "clean", "--env", "tset")
    assert run.returncode == 1
    assert "tset" in run.stdout
    assert files_of(project / "data/test") == MADE | OF_A_USER


def test_nothing_is_removed_while_a_run_is_going_on(tmp_path):
    project = copy_project(tmp_path)
    write(project / "data/test", MADE)
    reads = Use(frozenset({"pixels"}), frozenset({"leaks"}), frozenset())
    with using(project / "data/test", reads, "kedro run --env test"):
        run = run_kedro(project, "clean", "--env", "test")
    assert run.returncode == 1
    assert "'kedro run --env test' is using" in run.stdout
    assert files_of(project / "data/test") == MADE


def test_a_file_that_is_a_link_is_removed_and_what_it_leads_to_is_kept(tmp_path):
    precious = tmp_path / "precious.csv"
    precious.write_bytes(b"mine")
    made = tmp_path / "data" / "leaks.csv"
    made.parent.mkdir()
    made.symlink_to(precious)
    catalog = DataCatalog({"leaks": AtomicCSVDataset(filepath=made.as_posix())})
    assert remove_made_files(catalog, tmp_path / "data") == 1
    assert precious.read_bytes() == b"mine"
    assert not made.is_symlink()


def test_what_the_catalog_names_outside_the_data_folder_is_kept(tmp_path):
    shared = tmp_path / "shared" / "leaks.csv"
    shared.parent.mkdir()
    shared.write_bytes(b"mine")
    (tmp_path / "data").mkdir()
    catalog = DataCatalog({"leaks": AtomicCSVDataset(filepath=shared.as_posix())})
    assert remove_made_files(catalog, tmp_path / "data") == 0
    assert shared.read_bytes() == b"mine"


def test_a_folder_that_is_a_link_is_kept_when_it_is_empty(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "data").mkdir()
    layer = tmp_path / "data" / "02_intermediate"
    layer.symlink_to(tmp_path / "elsewhere")
    (layer / "decoded.sqlite").touch()
    kept = KeptFileDataset(filepath=layer / "decoded.sqlite")
    assert remove_made_files(DataCatalog({"decoded_files": kept}), tmp_path) == 1
    assert layer.is_symlink()

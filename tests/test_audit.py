"""The audit and the external test, as a user runs them after ``detl``."""

import pandas as pd
import pytest

from made_sample import sample_folder
from project_copy import copy_run, run_kedro
from run_store import Store

pytestmark = pytest.mark.long

CHECKS = 15


def _read(project, name: str) -> pd.DataFrame:
    return pd.read_csv(project / f"data/test/08_reporting/{name}.csv")


def _list_unused(project) -> pd.DataFrame:
    """Return films that ``detl`` has not used, with three that it has."""
    data = project / "data/test"
    images = pd.read_parquet(data / "02_intermediate/images.parquet")
    used = pd.concat(
        [pd.read_parquet(data / f"03_primary/data_{part}.parquet") for part in "ab"]
    )
    is_new = ~images["group"].isin(used["group"])
    chosen = pd.concat(
        [images[is_new].groupby("findings").head(14), images[~is_new][:3]]
    )
    phantoms = sample_folder()
    folders = {"nih": "nih/images", "covid_chestxray": "covid-chestxray/images"}
    return pd.DataFrame(
        {
            "file": [
                str(phantoms / folders[source] / image_id.split("/")[1])
                for source, image_id in zip(
                    chosen["source"], chosen["image_id"], strict=True
                )
            ],
            "label": chosen["findings"],
            "patient": chosen["patient_id"],
        }
    )


def _list_results(project) -> dict[str, int]:
    """Return every file that the pipelines have written, and when."""
    files = (project / "data/test").rglob("*")
    return {str(f): f.stat().st_mtime_ns for f in files if f.is_file()}


@pytest.fixture(scope="module")
def audited(finished_run, tmp_path_factory):
    """Return a project in which ``detl``, the audit and an external test have run.

    And the verdict after each of them.
    """
    project = copy_run(finished_run, tmp_path_factory.mktemp("audited"))
    verdicts = [_read(project, "audit_verdict").set_index("check")]
    for pipeline in ("audit", "external"):
        more = ()
        if pipeline == "external":
            _list_unused(project).to_csv(project / "elsewhere.csv", index=False)
            more = ("--params", "source=elsewhere.csv")
        run = run_kedro(project, "run", "--pipeline", pipeline, "--env", "test", *more)
        assert run.returncode == 0, run.stdout
        verdicts.append(_read(project, "audit_verdict").set_index("check"))
    return project, verdicts


@pytest.fixture(scope="module")
def store(audited):
    return Store(audited[0])


def test_after_detl_the_cheap_checks_are_computed_and_no_other_one_passes(audited):
    after_detl = audited[1][0]

    assert len(after_detl) == CHECKS
    assert after_detl.loc["Leaks", "verdict"] == "pass"
    assert after_detl.loc["Calibration", "verdict"] != "not computed"
    assert after_detl.loc["Cues beside the lungs", "verdict"] == "fail"
    # Tiny data may give no number, and then no command would.
    for check in ("COVID-19 in its own source", "Source in the features"):
        assert "kedro run" not in after_detl.loc[check, "meaning"]
    assert after_detl.loc["Pointing at lesions", "verdict"] != "not computed"
    for check in ("Without the lungs", "Images from elsewhere", "Deletion"):
        assert after_detl.loc[check, "verdict"] == "not computed"


def test_the_audit_trains_without_the_lungs_and_deletes_what_maps_mark(audited):
    after_audit = audited[1][1]

    assert after_audit.loc["Leave one source out", "number"].startswith(
        "not identifiable"
    )
    assert after_audit.loc["Deletion", "verdict"] != "not computed"
    # A network that is not above chance has no ratio, and may have no maps to compare.
    for check in ("Without the lungs", "Sanity of Grad-CAM"):
        assert "kedro run" not in after_audit.loc[check, "meaning"]


def test_the_external_test_completes_the_verdict(audited):
    assert audited[1][2].loc["Images from elsewhere", "verdict"] != "not computed"


def test_images_that_training_has_seen_are_left_out_of_the_external_test(audited):
    project, _ = audited
    path = project / "data/test/02_intermediate/external/rejected.csv"
    rejected = pd.read_csv(path)

    seen = rejected["reason"].str.startswith("seen in training: patient")
    assert seen.sum() == 3


def test_the_card_grades_every_input_on_every_image(audited):
    parts = [_read(audited[0], f"alexnet/{part}") for part in ("cues", "without_lungs")]
    card = pd.concat(parts).set_index("input")

    assert set(card.index) == {
        "whole image",
        "centre greyed out",
        "border alone",
        "16 x 16 thumbnail",
        "metadata alone",
        "source alone",
    }
    assert (card["images"] == 48).all()
    assert card.loc["source alone", "auc_covid_19"] == 1.0


def test_no_class_of_the_papers_layout_is_identifiable(audited):
    identifiable = _read(audited[0], "identifiable").set_index("class")

    assert not identifiable["identifiable"].any()
    assert (
        "disease and source cannot be told apart"
        in identifiable.loc["covid_19", "reason"]
    )


def test_everything_lands_in_the_one_tree_of_mlflow_runs(store):
    (parent,) = store.below(None)
    (alexnet,) = store.below(parent)
    names = {run.info.run_name for run in store.below(alexnet)}

    assert names >= {"alexnet-fold_1", "alexnet-fold_2", "alexnet-fold_3"}
    assert "alexnet-without_centre" in names
    assert alexnet.data.metrics["sensitivity_covid_19"] >= 0
    assert parent.info.status == alexnet.info.status == "FINISHED"


def test_tables_and_pictures_of_the_audit_are_artifacts(store):
    (parent,) = store.below(None)
    (alexnet,) = store.below(parent)

    def list_files(run):
        return {f.path for f in store.client.list_artifacts(run.info.run_id)}

    assert {"audit_verdict.csv", "leaks.csv", "paired_tests.csv"} <= list_files(parent)
    assert list_files(alexnet) >= {
        f"{table}.csv"
        for table in (
            *("scores", "calibration", "operating_points", "subgroups", "cues"),
            *("same_source", "source_probe", "sources_out", "without_lungs"),
            *("localisation", "deletion", "sanity", "external_scores"),
            *("external_predictions", "external_fold_predictions"),
        )
    }


def test_the_report_leads_with_the_verdict(audited):
    page = (audited[0] / "data/test/08_reporting/report.html").read_text()

    assert page.index('id="verdict"') < page.index('id="limits"')
    assert "Run 'kedro run --pipeline audit' to compute it" not in page


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ((), "The external test has no images: name a folder or a csv with --params"),
        (("--params", "source=mistyped"), "There is no "),
    ],
)
def test_an_external_test_without_its_source_is_refused_and_changes_no_file(
    audited, source, said
):
    project, _ = audited
    before = _list_results(project)

    run = run_kedro(project, "run", "--pipeline", "external", "--env", "test", *source)

    assert run.returncode == 1
    assert run.stdout.splitlines()[-1].startswith(f"Error: {said}")
    assert "--params source=PATH" in run.stdout
    assert _list_results(project) == before


def test_what_lies_there_is_not_taken_for_the_results_of_another_source(audited):
    project, _ = audited
    (project / "other.csv").write_bytes((project / "elsewhere.csv").read_bytes())
    command = ("run", "--pipeline", "external", "--env", "test")
    missing = ("--only-missing-outputs", "--params", "source=other.csv")

    run = run_kedro(project, *command, *missing)

    assert run.returncode == 1
    assert "source = elsewhere.csv, and other.csv is asked for" in run.stdout


def test_another_source_is_tested_in_the_same_run_whose_tag_names_it(audited, store):
    project, _ = audited
    _list_unused(project)[:-3].to_csv(project / "other.csv", index=False)
    command = ("run", "--pipeline", "external", "--env", "test")
    (before,) = store.below(None)

    run = run_kedro(project, *command, "--params", "source=other.csv")

    assert run.returncode == 0, run.stdout
    (after,) = store.below(None)
    assert before.data.tags["detl.source"] == "elsewhere.csv"
    assert after.data.tags["detl.source"] == "other.csv"

"""From a csv to the page, on images of two sources that are written as PNG."""

import cv2
import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset

from detl.datasets import OptionalCSVDataset
from detl.pipelines.audit_predictions import create_pipeline
from detl.schemas.parameters import AuditParameters, IngestParameters
from detl.session.runner import FoldByFoldRunner
from made_tables import make_split

FINDINGS = ("No Finding", "Mass", "Pneumonia", "COVID-19")
PER_CLASS = 12
AUDIT = AuditParameters(
    centre_share=0.8, border_share=0.1, explained_images=4, prevalences=[0.1]
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with labels.csv, each image a patient; disease is brighter."""
    made = tmp_path_factory.mktemp("films")
    rng = np.random.default_rng(0)
    rows = []
    for place, finding in enumerate(FINDINGS):
        for number in range(PER_CLASS):
            name = f"{place}-{number}.png"
            film = rng.integers(0, 100, (80, 80)) + 30 * place
            cv2.imwrite(str(made / name), film.astype("uint8"))
            rows.append((name, finding, f"patient {place}-{number}"))
    rows.append(("lost.png", "Mass", "patient lost"))
    table = pd.DataFrame(rows, columns=["file", "label", "patient"])
    table.to_csv(made / "labels.csv", index=False)
    return made


def audit(folder, csv):
    """Return the page and the verdict on a csv of images of the folder."""
    ingest = IngestParameters.model_validate(
        {
            "sources": {"own": {"reader": "folder", "folder": str(folder)}},
            "views": ["PA", "AP"],
            **{"input_size": 32, "fit": "crop", "largest_image": 100_000},
        }
    )
    inputs = {
        **{"radiographs": folder, "patient_key": None},
        **{"params:predictions": str(csv), "params:source": str(folder)},
        **{"params:ingest": ingest, "params:split": make_split()},
        **{"params:audit": AUDIT, "params:seed": 0},
    }
    catalog = DataCatalog({name: MemoryDataset(data) for name, data in inputs.items()})
    catalog["audit_predictions_page"] = MemoryDataset()
    catalog["audit_predictions_verdict"] = OptionalCSVDataset(
        filepath=str(csv.with_name("verdict.csv")), save_args={"index": False}
    )
    FoldByFoldRunner().run(create_pipeline(), catalog)
    verdict = catalog.load("audit_predictions_verdict").set_index("check")
    return catalog.load("audit_predictions_page"), verdict


def write(path, answer, more=()):
    rows = [
        {"file": f"{place}-{number}.png", **answer(place, number)}
        for place in range(4)
        for number in range(PER_CLASS)
    ]
    pd.DataFrame([*rows, *more]).to_csv(path, index=False)
    return path


def sure_of(place, number):
    """Return answers of which one in six is wrong."""
    named = (place + (number % 6 == 0)) % 4
    names = ("p_normal", "p_other_disease", "p_pneumonia", "p_covid_19")
    return {name: 0.7 if k == named else 0.1 for k, name in enumerate(names)}


@pytest.fixture(scope="module")
def audited(folder, tmp_path_factory):
    more = [
        {"file": "lost.png", **sure_of(0, 1)},
        {"file": "nowhere.png", **sure_of(0, 1)},
        {"file": "refused.png"},
    ]
    csv = tmp_path_factory.mktemp("csv") / "theirs.csv"
    return audit(folder, write(csv, sure_of, more))


def test_the_verdict_has_every_check_that_needs_no_training(audited):
    verdict = audited[1]

    assert list(verdict.index) == [
        "Accuracy",
        "Beside simple models",
        "Cues beside the lungs",
        "COVID-19 in its own source",
        "Source in the answers",
        "Calibration",
        "Operating point",
        "Subgroups",
    ]
    assert verdict.loc["Accuracy", "number"] == "83.3 %"
    assert verdict.loc["Accuracy", "verdict"] == "pass"
    assert verdict.loc["COVID-19 in its own source", "verdict"] == "pass"


def test_a_model_that_is_no_better_than_the_border_of_its_images_fails(audited):
    row = audited[1].loc["Beside simple models"]

    assert row["verdict"] == "fail"
    assert row["meaning"].startswith("A regression on the border alone reaches")


def test_rows_that_are_not_judged_are_counted_and_named(audited):
    page = audited[0]

    assert "theirs.csv answers for 48 images" in page
    for name in ("lost.png", "nowhere.png", "refused.png"):
        assert name in page


def test_the_page_is_made_of_the_sections_of_the_report(audited):
    page = audited[0]

    anchors = ("verdict", "judged", "scores", "calibration", "subgroups", "shortcuts")
    for anchor in (*anchors, "sources", "glossary"):
        assert f'id="{anchor}"' in page
    assert "http://" not in page
    assert "https://" not in page


def test_two_classes_with_a_threshold_are_judged_too(folder, tmp_path):
    def covid_or_not(place, number):
        p = 0.4 if place == 3 else 0.1 + 0.01 * number
        return {"p_covid_19": p, "p_other": 1 - p, "threshold": 0.3}

    page, verdict = audit(folder, write(tmp_path / "two.csv", covid_or_not))

    assert verdict.loc["Accuracy", "number"] == "100.0 %"
    assert verdict.loc["Subgroups", "verdict"] == "not computed"
    assert "normal, other disease and pneumonia, for which" in page
    assert "threshold" in page


def test_without_covid_19_what_is_about_it_is_not_computed(folder, tmp_path):
    def normal_or_not(place, number):
        p = 0.8 if place else 0.1 + 0.01 * number
        return {"p_normal": 1 - p, "p_other": p}

    _, verdict = audit(folder, write(tmp_path / "two.csv", normal_or_not))

    missing = verdict.index[verdict["verdict"] == "not computed"]
    assert {"COVID-19 in its own source", "Operating point"} <= set(missing)

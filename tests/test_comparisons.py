"""The comparisons, as a user runs them after ``detl``, with one architecture."""

import pandas as pd
import pytest

from detl.design import ARMS, OTHER_PROTOCOL, REFERENCE_ARM
from project_copy import copy_run, run_kedro
from run_store import Store

pytestmark = pytest.mark.long

TRAINED = {
    arm
    for arm, (initialisation, _) in ARMS.items()
    if initialisation != "imagenet" and arm != REFERENCE_ARM
}
"""AlexNet has no ImageNet weights, and the reference arm is the cross-validation."""

FOLDS = ["fold_1", "fold_2", "fold_3"]
"""Those of the finished run."""


@pytest.fixture(scope="module")
def compared(finished_run, tmp_path_factory):
    """Return a project in which ``detl`` and then all comparisons have run."""
    project = copy_run(finished_run, tmp_path_factory.mktemp("compared"))
    names = "optimism,ablation,stability"
    run = run_kedro(project, "run", "--pipelines", names, "--env", "test")
    assert run.returncode == 0, run.stdout
    return project, run.stdout


@pytest.fixture(scope="module")
def alexnet(compared):
    """Return the store and AlexNet's run in it."""
    store = Store(compared[0])
    (parent,) = store.below(None)
    (of_alexnet,) = store.below(parent)
    assert of_alexnet.info.status == "FINISHED"
    return store, of_alexnet


@pytest.fixture(scope="module")
def runs(alexnet):
    """Return the runs below AlexNet's, by the name of their arm."""
    store, of_alexnet = alexnet
    return store, {run.data.tags.get("arm"): run for run in store.below(of_alexnet)}


def _read(project, name: str) -> pd.DataFrame:
    return pd.read_csv(project / f"data/test/08_reporting/{name}.csv")


def test_the_optimism_is_of_every_image_of_data_b(compared):
    project, printed = compared
    (row,) = _read(project, "optimism").to_dict("records")

    assert row["images"] == 48
    assert row["difference"] == pytest.approx(
        row["accuracy_paper"] - row["accuracy_grouped"]
    )
    assert row["difference_low"] <= row["difference"] <= row["difference_high"]
    assert "protocol paper" in printed


def test_the_ablation_has_a_row_for_every_arm_also_for_those_that_were_not_run(
    compared,
):
    project, printed = compared
    table = _read(project, "ablation")

    arms = table["initialisation"] + "_" + table["unfreeze"]
    assert set(arms) == set(ARMS)
    was_run = table["initialisation"] != "imagenet"
    assert table.loc[was_run, "accuracy"].between(0, 1).all()
    assert table.loc[~was_run, "accuracy"].isna().all()
    assert (
        table.loc[~was_run, "note"].str.contains("no ImageNet weights of alexnet").all()
    )
    assert "starts from" in printed


def test_mlflow_has_a_run_for_every_arm_and_fold_with_its_tags(runs):
    store, by_arm = runs

    assert set(by_arm) >= {*TRAINED, OTHER_PROTOCOL}
    for arm in TRAINED:
        folds = store.below(by_arm[arm])
        assert [run.data.tags["fold"] for run in folds] == FOLDS
        for run in folds:
            tags = run.data.tags
            assert (tags["initialisation"], tags["unfreeze"]) == ARMS[arm]
            assert tags["architecture"] == "alexnet"
            assert run.info.status == "FINISHED"
            assert "sensitivity_covid_19" in run.data.metrics


def test_the_arm_of_the_other_protocol_says_which_it_is(runs):
    _, by_arm = runs

    assert by_arm[OTHER_PROTOCOL].data.tags["protocol"] == "paper"


def test_the_arms_know_the_accuracy_over_their_folds(compared, runs):
    table = _read(compared[0], "ablation")
    arms = table["initialisation"] + "_" + table["unfreeze"]
    expected = table.set_index(arms)["accuracy"]

    for arm in TRAINED:
        logged = runs[1][arm].data.metrics["accuracy"]
        assert logged == pytest.approx(expected[arm])


def test_the_first_pretraining_is_that_of_the_cross_validation(compared):
    project, printed = compared
    table = _read(project, "stability")

    assert table["pretraining"].tolist() == ["1", "2", "all"]
    summary = _read(project, "summary")
    assert table["accuracy"].iloc[0] == pytest.approx(summary["accuracy"].iloc[0])
    assert table["accuracy"].iloc[2] == pytest.approx(table["accuracy"].iloc[:2].mean())
    assert "SD over pretrainings" in printed


def test_the_accuracies_on_other_pretrainings_are_metrics_of_the_architecture(
    compared, alexnet
):
    table = _read(compared[0], "stability")
    store, run = alexnet

    mean, last = table["accuracy"].iloc[2], table["accuracy"].iloc[1]
    assert run.data.metrics["pretrainings/accuracy"] == pytest.approx(mean)
    assert run.data.metrics["pretrainings/accuracy_of_each"] == pytest.approx(last)
    assert run.data.metrics["pretrainings/number"] == 2
    (parent,) = store.below(None)
    assert "pretrainings" not in parent.data.params


def test_the_report_holds_all_comparisons(compared):
    project, _ = compared
    page = (project / "data/test/08_reporting/report.html").read_text()

    for pipeline in ("optimism", "ablation", "stability"):
        assert f"kedro run --pipeline {pipeline}" not in page
    assert "Holm" in page
    assert "all 2" in page

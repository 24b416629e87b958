"""The whole graph, as a user runs it, in environment ``test``."""

import json
import re
from pathlib import Path

import cv2
import mlflow
import numpy as np
import pandas as pd
import pytest
import yaml

from detl.design import ARCHITECTURES
from detl.schemas.classes import DATA_B_CLASSES
from detl.session.metric_keys import HEADLINE
from detl.wording import network_title
from project_copy import run_kedro
from run_store import FOLDS_OF_WHOLE_RUN as FOLDS
from run_store import PICTURES_OF_A_FOLD, Store

METRICS = {"accuracy", "balanced_accuracy", "macro_f1", "macro_auc"} | {
    f"{metric}_{name}"
    for metric in ("sensitivity", "specificity", "ppv", "auc")
    for name in DATA_B_CLASSES
}


@pytest.fixture(scope="module")
def finished(whole_run):
    """Return the project, and what its run has printed."""
    return whole_run, (whole_run.parent / "printed").read_text()


@pytest.fixture(scope="module")
def store(finished):
    return Store(finished[0])


def test_the_run_ends_with_the_table_and_the_next_commands(finished):
    _, printed = finished
    table = printed[printed.index("network accuracy, 95 % interval") :]

    networks = [line.split()[0] for line in table.splitlines()[1:4]]
    assert networks == [network_title(name) for name in ARCHITECTURES]
    assert table.count("make ") == 3


def test_without_a_terminal_there_are_no_epochs_bars_or_library_notes(finished):
    _, printed = finished

    for noise in ("epoch 1/", "it/s", "Loading data from", "oneDNN", "Traceback"):
        assert noise not in printed


def test_the_summary_has_a_row_per_architecture(finished):
    project, _ = finished
    summary = pd.read_csv(project / "data/test/08_reporting/summary.csv")

    assert list(summary["architecture"]) == list(ARCHITECTURES)
    assert summary["accuracy"].between(0, 1).all()
    assert summary["ensemble_accuracy"].between(0, 1).all()
    assert (summary["seeds"] == 2).all()


def test_a_network_that_has_not_learnt_is_warned_of_in_the_summary(finished):
    project, printed = finished
    summary = pd.read_csv(project / "data/test/08_reporting/summary.csv")

    # Two epochs of a tiny network teach it nothing.
    assert summary["warnings"].str.contains("not above chance|never predicted").any()
    assert "Warning, " in printed


def test_the_pooled_confusion_matrix_counts_every_image_of_data_b_once(finished):
    project, _ = finished
    data_b = pd.read_parquet(project / "data/test/03_primary/data_b.parquet")
    for architecture in ARCHITECTURES:
        path = f"data/test/08_reporting/{architecture}/confusion_matrix.csv"
        matrix = pd.read_csv(project / path).set_index("label")

        expected = data_b["label"].value_counts()[matrix.index]
        assert list(matrix.sum(axis=1)) == list(expected)


def test_no_group_is_in_two_subsets_of_a_fold_or_in_data_a_and_data_b(finished):
    project, _ = finished
    primary = project / "data/test/03_primary"
    data_a, data_b, folds = (
        pd.read_parquet(primary / f"{name}.parquet")
        for name in ("data_a", "data_b", "folds")
    )
    subsets = folds.merge(data_b, on="image_id").groupby(["fold", "group"])["subset"]

    assert (subsets.nunique() == 1).all()
    assert not set(data_a["group"]) & set(data_b["group"])


def test_what_is_not_taken_is_in_rejected_with_its_reason(finished):
    project, _ = finished
    rejected = pd.read_csv(project / "data/test/02_intermediate/rejected.csv")
    planted = json.loads((project / "data/test/01_raw/phantoms/dirt.json").read_text())
    taken_all_the_same = {"rgba", "sixteen_bit", "empty_age", "bad_age"}

    assert len(rejected) == sum(d["kind"] not in taken_all_the_same for d in planted)
    assert rejected["reason"].str.len().min() > 0


def test_the_store_holds_one_parent_three_architectures_and_their_folds(store):
    (parent,) = store.below(None)
    architectures = store.below(parent)

    assert [run.info.run_name for run in architectures] == sorted(ARCHITECTURES)
    for run in architectures:
        names = [fold.info.run_name for fold in store.below(run)]
        assert names == [f"{run.info.run_name}-{fold}" for fold in FOLDS]
    every = [parent, *architectures, *store.folds()]
    assert {run.info.status for run in every} == {"FINISHED"}


def test_the_store_is_in_the_projects_root_and_nowhere_else(finished):
    project, _ = finished

    assert [p.relative_to(project) for p in project.rglob("mlflow.db")] == [
        Path("mlflow.db")
    ]
    assert not list(project.rglob("mlruns"))


def test_every_fold_has_the_same_scores_and_all_else_in_groups(store):
    for fold in store.folds():
        first = {key for key in fold.data.metrics if "/" not in key}
        assert first == METRICS | {"val_loss"}
        groups = {key.partition("/")[0] for key in set(fold.data.metrics) - first}
        assert groups == {"train", "val", "kept", "seed", "ensemble"}


def test_the_first_metric_of_a_fold_is_the_one_that_folds_are_compared_by(store):
    for fold in store.folds():
        assert next(iter(fold.data.metrics)) == HEADLINE[0]


def test_networks_and_session_have_the_headline_under_the_keys_of_the_folds(store):
    (parent,) = store.below(None)
    networks = {run.info.run_name: run.data.metrics for run in store.below(parent)}

    for metrics in networks.values():
        assert set(HEADLINE) <= metrics.keys()
        groups = {key.partition("/")[0] for key in metrics if "/" in key}
        assert groups == {"interval", "ensemble", "seed", "pretrain"}
    best = networks[parent.data.tags["network"]]
    assert parent.data.metrics == {key: best[key] for key in HEADLINE}
    assert best["accuracy"] == max(m["accuracy"] for m in networks.values())


def test_every_fold_has_its_architecture_and_fold_as_parameters_and_tags(store):
    for fold in store.folds():
        expected = fold.info.run_name.split("-")

        assert [fold.data.params[k] for k in ("architecture", "fold")] == expected
        assert [fold.data.tags[k] for k in ("architecture", "fold")] == expected


def test_every_fold_has_curves_with_a_point_per_epoch(store):
    for fold in store.folds():
        for key in ("train/loss", "train/accuracy", "val_loss", "val/accuracy"):
            points = store.client.get_metric_history(fold.info.run_id, key)
            assert [point.step for point in points] == [1, 2]


def test_every_fold_has_an_accuracy_by_seed(store):
    for fold in store.folds():
        points = store.client.get_metric_history(fold.info.run_id, "seed/accuracy")
        mean = sum(point.value for point in points) / len(points)
        assert [point.step for point in points] == [0, 1]
        assert fold.data.metrics["accuracy"] == pytest.approx(mean)


def test_every_fold_has_its_pictures_under_the_same_names_and_shows_them(store):
    for fold in store.folds():
        assert store.pictures(fold) == PICTURES_OF_A_FOLD
        shown = fold.data.tags["mlflow.note.content"].splitlines()[::2]
        assert len(shown) == 2
        assert all(line.endswith(f"run_uuid={fold.info.run_id})") for line in shown)


def test_no_picture_is_of_a_kind_that_the_pages_cannot_show(store):
    (parent,) = store.below(None)
    for run in (parent, *store.below(parent), *store.folds()):
        suffixes = {Path(path).suffix for path in store.files(run)}
        assert suffixes <= {".png", ".csv", ".html", ".yml"}


def test_every_fold_has_its_network_which_says_what_the_fold_has_predicted(
    finished, store
):
    project, _ = finished
    fold = store.folds()[0]
    name = fold.data.tags["architecture"]
    pixels = np.load(project / "data/test/02_intermediate/pixels.npy")
    data_b = pd.read_parquet(project / "data/test/03_primary/data_b.parquet")
    said = pd.read_csv(
        project / f"data/test/07_model_output/{name}/fold_1_predictions.csv"
    )
    rows = data_b.set_index("image_id").loc[said["image_id"], "row"]
    (model,) = store.models(fold)

    network = mlflow.keras.load_model(model.artifact_location)

    expected = said[[f"p_{label}" for label in DATA_B_CLASSES]]
    found = network.predict_on_batch(pixels[rows][..., np.newaxis])
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert {len(store.models(fold)) for fold in store.folds()} == {1}


def test_the_architectures_have_the_pretraining_and_few_parameters(store):
    (parent,) = store.below(None)
    for run in store.below(parent):
        assert {"pretrain/val_loss", "pretrain/accuracy"} <= set(run.data.metrics)
        assert float(run.data.params["network.width_multiplier"]) < 0.1
        assert len(run.data.params) < 20


def test_the_parent_has_all_parameters_as_a_file_and_the_folds_as_a_data_set(store):
    (parent,) = store.below(None)
    text = mlflow.artifacts.load_text(f"{parent.info.artifact_uri}/parameters.yml")

    assert parent.data.params["ingest.input_size"] == "32"
    assert len(parent.data.params) < 10
    whole = yaml.safe_load(text)
    assert whole["split"]["data_b"]["covid_19"]["findings"] == {"COVID-19": 12}
    assert [item.dataset.name for item in parent.inputs.dataset_inputs] == ["folds"]


def test_the_parent_is_described_and_tagged_with_what_made_it(store):
    (parent,) = store.below(None)
    tags = parent.data.tags

    assert tags["mlflow.note.content"].startswith("**Can the figures be believed?**")
    assert "synthetic radiographs" in tags["mlflow.note.content"]
    assert tags["runner"] == "FoldByFoldRunner"
    assert tags["kedro_command"] == "kedro run --pipeline detl --env test"
    assert {"detl.versions", "detl.machine", "detl.accelerators"} <= tags.keys()


def test_the_saved_view_shows_the_runs_in_the_order_of_the_folds(finished, store):
    view = json.loads(store.experiment.tags["mlflow.sharedViewState.folds"])
    state = json.loads(view["state"])

    shown = store.client.search_runs(
        [store.experiment.experiment_id],
        state["searchFilter"],
        order_by=[f"{state['orderByKey']} ASC"],
    )

    expected = ["detl"]
    for name in sorted(ARCHITECTURES):
        expected += [name, *(f"{name}-{fold}" for fold in FOLDS)]
    assert [run.info.run_name for run in shown] == expected
    assert "runs?workflowType=machine_learning&viewStateShareKey=folds" in finished[1]


def test_a_panel_is_a_picture_that_shows_right_and_wrong_images(finished):
    project, _ = finished
    for architecture in ARCHITECTURES:
        path = project / f"data/test/08_reporting/{architecture}/fold_1_grad_cam.png"
        assert cv2.imread(str(path)).std() > 10


def test_the_ledger_names_every_file_that_is_on_disk(finished):
    project, _ = finished
    (made,) = json.loads((project / "data/test/made_with.json").read_text())

    assert {"images", "data_b", "summary", "report_page"} <= set(made["datasets"])
    assert made["parameters"]["split.protocol"] == "grouped"


def test_the_report_is_one_page_that_loads_nothing(finished):
    project, _ = finished
    page = (project / "data/test/08_reporting/report.html").read_text()

    assert "<script" not in page
    assert set(re.findall(r'src="([^"]{5})', page)) == {"data:"}
    links = set(re.findall(r'href="([^"]+)"', page))
    assert {link for link in links if not link.startswith("#")} == {
        "https://arxiv.org/abs/2004.10507"
    }
    assert page.count('src="data:image/png') >= 8


def test_the_report_says_how_to_repeat_it_and_that_the_images_are_synthetic(finished):
    project, _ = finished
    page = (project / "data/test/08_reporting/report.html").read_text()

    assert "kedro run --pipeline detl --env test" in page
    assert "architectures.vgg16.pretrain.learning_rate" in page
    assert "synthetic" in page


def test_the_pictures_of_the_report_lie_beside_it(finished):
    project, _ = finished
    figures = project / "data/test/08_reporting/figures"

    names = {"samples", "cooccurrence", "curves", "accuracies", "roc"}
    names |= {"reliability", "net_benefit", "shortcuts"}
    names |= {f"{architecture}_grad_cam" for architecture in ARCHITECTURES}
    names |= {f"{architecture}_errors" for architecture in ARCHITECTURES}
    names |= {f"{architecture}_regions" for architecture in ARCHITECTURES}
    assert {path.stem for path in figures.glob("*.png")} == names


def test_the_report_is_logged_in_the_parent(store):
    (parent,) = store.below(None)

    assert "report.html" in store.files(parent)
    assert len(store.pictures(parent)) == 9


def test_the_bundle_answers_a_folds_test_images_as_the_cross_validation_did(finished):
    from detl.schemas.classes import PROBABILITIES
    from detl.serving.bundle import load_bundle
    from detl.serving.predictor import BATCH_SIZE, Predictor

    data = finished[0] / "data/test"
    images = pd.read_parquet(data / "02_intermediate/images.parquet")
    pixels = np.load(data / "02_intermediate/pixels.npy")
    for architecture in ARCHITECTURES:
        predictor = Predictor(
            load_bundle(data / f"06_models/{architecture}/bundle.zip")
        )
        scaled = pd.read_parquet(
            data / f"07_model_output/{architecture}/scaled.parquet"
        )
        for place, fold in enumerate(FOLDS):
            tested = scaled[scaled["fold"] == fold].head(BATCH_SIZE)
            rows = images.set_index("image_id")["row"][tested["image_id"]]
            _, by_fold = predictor.run_networks(pixels[rows])
            np.testing.assert_allclose(
                by_fold[place], tested[PROBABILITIES], atol=1e-6, rtol=0
            )


def test_a_bundle_gives_its_test_images_the_answers_of_the_run(finished):
    from detl.serving.bundle import load_bundle
    from detl.serving.deviation import TOLERANCE, measure_deviation

    bundle = load_bundle(finished[0] / "data/test/06_models/alexnet/bundle.zip")
    assert len(bundle.known_answers) == 10
    assert measure_deviation(bundle) < TOLERANCE
    assert bundle.about.licences == {"phantoms": ["CC0 1.0"]}


def test_the_card_has_the_figures_of_the_report_and_its_verdict(finished):
    project, _ = finished
    folder = project / "data/test/08_reporting"
    card = (folder / "vgg16/model_card.md").read_text()
    summary = pd.read_csv(folder / "summary.csv").set_index("architecture")
    verdict = pd.read_csv(folder / "audit_verdict.csv")

    assert f"{100 * summary.loc['vgg16', 'accuracy']:.1f} %" in card
    for check in verdict["check"]:
        assert f"| {check} |" in card
    assert "No honest score of all five folds together exists" in card
    assert "nan" not in card.split()
    assert "(nan)" not in card


def test_predict_answers_a_folder_and_leaves_no_run_in_mlflow(
    finished, store, tmp_path
):
    project, _ = finished
    films = project / "data/test/01_raw/phantoms/covid-chestxray/images"
    before = len(store.below(None))
    options = f"input={films},output={tmp_path}/answers,network=vgg16"

    command = ("run", "--pipeline", "predict", "--env", "test", "--params", options)
    run = run_kedro(project, *command)

    assert run.returncode == 0, run.stdout
    answers = pd.read_csv(tmp_path / "answers/predictions.csv")
    assert len(answers) == len(list(films.iterdir()))
    assert set(answers["decision"]) <= {"accepted", "warned", "refused"}
    assert len(store.below(None)) == before


def test_predict_without_an_input_says_what_to_type(finished):
    project, _ = finished

    command = ("run", "--pipeline", "predict", "--env", "test")
    run = run_kedro(project, *command)

    assert run.returncode != 0
    assert "--params input=PATH" in run.stdout

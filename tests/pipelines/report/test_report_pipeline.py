import subprocess
import sys

import pytest
from kedro.io import CatalogConfigResolver
from kedro.pipeline import Pipeline

from detl.design import unit_of
from detl.pipelines.report import create_pipeline
from detl.pipelines.report.audit_pipeline import JUDGED
from detl.pipelines.report.sections import ABLATION, EXAMPLES, FIGURES
from project_copy import read_catalog


@pytest.fixture
def pipeline() -> Pipeline:
    return create_pipeline(["vgg16", "alexnet"], ["fold_1", "fold_2"])


def test_what_reaches_the_page_of_an_architecture_is_collected_or_judged(pipeline):
    page = pipeline.filter(node_namespaces=["report"])
    of_vgg16 = {name for name in page.inputs() if name.startswith("vgg16.")}
    collected = {"vgg16.report.results", "vgg16.report.examples"}
    assert of_vgg16 == collected | {f"vgg16.{table}" for table in JUDGED.values()}


def test_the_page_is_all_that_leaves_the_report(pipeline):
    assert pipeline.outputs() == {"report_page"}


def test_what_is_of_an_architecture_is_logged_in_its_run(pipeline):
    units = {node.short_name: unit_of(node.namespace) for node in pipeline.nodes}
    assert units["draw_examples"] in {("vgg16",), ("alexnet",)}
    assert units["write_page"] == ()


def test_a_run_of_one_architecture_ends_with_the_report(pipeline):
    kept = {node.name for node in pipeline.only_nodes_with_tags("vgg16").nodes}
    assert "report.write_page" in kept
    assert "vgg16.report.collect_results" in kept
    assert "alexnet.report.collect_results" not in kept


def test_the_verdict_comes_first(pipeline):
    (page,) = (node for node in pipeline.nodes if node.short_name == "write_page")
    assert page.inputs[4:] == [
        f"report.{section}"
        for section in (
            *("verdict", "limits", "data", "leak_check", "pretraining", "crossval"),
            *("scores", "calibration", "subgroups", "shortcuts", "external"),
            *("grad_cam", "explanation_scores", "comparisons", "repeat"),
        )
    ]


def test_the_files_that_the_report_names_are_those_of_the_catalog(pipeline):
    resolver = CatalogConfigResolver(read_catalog())
    paths = {resolver.resolve_pattern(n).get("filepath") for n in pipeline.datasets()}
    for path in (*FIGURES, EXAMPLES.format(architecture="vgg16"), ABLATION):
        assert f"data/08_reporting/{path}" in paths


def test_listing_the_pipeline_imports_nothing_heavy():
    program = (
        "import sys\n"
        "from detl.pipelines.report import create_pipeline\n"
        "create_pipeline()\n"
        "heavy = {'keras', 'jax', 'cv2', 'matplotlib', 'sklearn', 'scipy', 'jinja2'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)\n"
    )
    subprocess.run(
        [sys.executable, "-c", program], check=True, stderr=subprocess.DEVNULL
    )

import pytest
from kedro.io import CatalogConfigResolver
from kedro.pipeline import Pipeline

from detl.design import unit_of
from detl.pipelines.report import create_pipeline
from detl.report.sections.repeat import ABLATION, EXAMPLES, FIGURES
from project_copy import read_catalog


@pytest.fixture
def pipeline() -> Pipeline:
    return create_pipeline(["vgg16", "alexnet"], ["fold_1", "fold_2"])


def test_what_two_networks_have_made_reaches_the_page_as_two_objects(pipeline):
    (node,) = (node for node in pipeline.nodes if node.short_name == "gather_run")
    of_networks = {name for name in node.inputs if name.endswith("_network")}
    assert of_networks == {"report.vgg16_network", "report.alexnet_network"}


def test_what_is_of_an_architecture_is_logged_in_its_run(pipeline):
    units = {node.short_name: unit_of(node.namespace) for node in pipeline.nodes}
    assert units["draw_network_examples"] in {("vgg16",), ("alexnet",)}
    assert units["write_page"] == ()


def test_the_files_that_the_report_names_are_those_of_the_catalog(pipeline):
    resolver = CatalogConfigResolver(read_catalog())
    paths = {resolver.resolve_pattern(n).get("filepath") for n in pipeline.datasets()}
    for path in (*FIGURES, EXAMPLES.format(architecture="vgg16"), ABLATION):
        assert f"data/08_reporting/{path}" in paths

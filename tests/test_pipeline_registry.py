"""The registered pipelines; what is slow to import waits until a node needs it."""

import subprocess
import sys

from detl.design import ARCHITECTURES
from detl.pipeline_registry import PICTURE, PURPOSES, register_pipelines

HEAVY = {
    *("keras", "tensorflow", "jax", "mlflow", "kedro_mlflow"),
    *("cv2", "PIL", "pydicom", "imagecodecs", "skimage"),
    *("matplotlib", "scipy", "sklearn", "statsmodels", "jinja2"),
}


def test_listing_the_pipelines_imports_nothing_heavy():
    program = (
        "import sys\n"
        "from detl.pipeline_registry import register_pipelines\n"
        "register_pipelines()\n"
        f"print(*({HEAVY!r} & set(sys.modules)))\n"
    )
    listed = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        capture_output=True,
        text=True,
        check=True,
    )
    assert listed.stdout.split() == []


def test_every_pipeline_has_a_few_words_on_what_it_is_for():
    assert PURPOSES.keys() == register_pipelines().keys() - {"__default__"}


def test_one_network_alone_goes_from_the_raw_images_to_the_report():
    one = register_pipelines()["detl"].only_nodes_with_tags("vgg16")
    names = {node.name for node in one.nodes}

    assert {"ingest.read_sources", "vgg16.pretrain.pretrain_network"} <= names
    assert "report.write_page" in names
    assert not [name for name in names if name.startswith(("alexnet", "resnet50"))]


def test_the_picture_has_a_box_per_stage_and_the_datasets_of_the_whole():
    known = register_pipelines()
    stages = {node.namespace.split(".")[0] for node in known[PICTURE].nodes}

    assert stages == {
        *("ingest", "split", "pretrain", "transfer"),
        *("crossval", "explain", "evaluate", "shortcuts", "lesions"),
        *("report", "package"),
    }
    assert known[PICTURE].datasets() == known["detl"].datasets()
    assert not set(ARCHITECTURES) & stages


def test_the_picture_has_the_nodes_that_kedro_viz_takes_for_those_of_the_whole():
    known = register_pipelines()

    assert {str(node) for node in known[PICTURE].nodes} == {
        str(node) for node in known["detl"].nodes
    }

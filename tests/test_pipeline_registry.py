"""What is slow to import waits until a node needs it."""

import subprocess
import sys

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

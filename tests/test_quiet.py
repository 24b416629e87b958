import os
import subprocess
import sys


def test_mlflow_does_not_phone_home():
    """MLflow looks at the environment when it is imported, so in a fresh process."""
    code = (
        "from detl.quiet import quieten_libraries; quieten_libraries();"
        "from mlflow.telemetry.utils import is_telemetry_disabled;"
        "print(is_telemetry_disabled())"
    )
    plain = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME")}

    said = subprocess.run(
        [sys.executable, "-c", code],
        env=plain,
        capture_output=True,
        text=True,
        check=False,
    )

    assert said.stdout.strip() == "True", said.stderr

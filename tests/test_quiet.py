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


def test_pydicom_prints_nothing_of_a_file_that_is_cut_short(tmp_path):
    file = tmp_path / "film"
    pixels_without_end = b"\xe0\x7f\x10\0OB\0\0" + b"\xff" * 4 + bytes(500)
    file.write_bytes(bytes(128) + b"DICM" + pixels_without_end)
    code = (
        "import logging, pathlib, sys; logging.basicConfig();"
        "{quieten} from detl.imaging.dicom import read_dicom_dataset;"
        "read_dicom_dataset(pathlib.Path(sys.argv[1]), ['PixelData'])"
    )
    quieten = "from detl.quiet import quieten_libraries; quieten_libraries();"

    said = [
        subprocess.run(
            [sys.executable, "-c", code.format(quieten=first), str(file)],
            capture_output=True,
            text=True,
            check=True,
        ).stderr
        for first in ("", quieten)
    ]

    assert "End of file reached" in said[0]
    assert "End of file reached" not in said[1]

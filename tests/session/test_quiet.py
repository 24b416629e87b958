import os
import subprocess
import sys

import pytest

from another_user import AS_USER_12345, can_be_another_user
from project_copy import PROJECT


def test_mlflow_does_not_phone_home():
    """MLflow looks at the environment when it is imported, so in a fresh process."""
    code = (
        "from detl.session.quiet import quieten_libraries; quieten_libraries();"
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


@pytest.mark.skipif(not can_be_another_user(), reason="no users of its own here")
def test_a_user_without_a_name_and_a_home_can_record_a_run():
    """As in a container that runs under a number which its passwd file has not."""
    code = (
        "from detl.session.quiet import quieten_libraries; quieten_libraries();"
        "import mlflow;"
        "from mlflow.tracking.context.default_context import DefaultRunContext;"
        "print(DefaultRunContext().tags()['mlflow.user'])"
    )

    said = subprocess.run(
        [*AS_USER_12345, sys.executable, "-c", code],
        env={k: v for k, v in os.environ.items() if k in ("PATH", "PYTHONPATH")},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert said.stdout.strip() == "user-12345", said.stderr
    assert said.stderr == ""


@pytest.mark.parametrize(
    "number", [0, *(pytest.param(number, marks=pytest.mark.long) for number in (1, 2))]
)
def test_a_closed_stream_is_opened_so_that_no_other_file_takes_its_place(number):
    code = (
        "import os, sys;"
        f"os.close({number});"
        "sys.stdin = sys.stdout = sys.stderr = None;"
        "from detl.session.quiet import quieten_libraries; quieten_libraries();"
        "print('of no interest'); print('nor this', file=sys.stderr);"
        "sys.stdin.read(0);"
        "sys.exit(open(os.devnull).fileno())"
    )

    said = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, check=False
    )

    assert said.returncode > 2, said


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        ("DetlError('There is no folder a: make it.')", "Error: There is no folder a"),
        pytest.param(
            "ZeroDivisionError('a fault')", "Traceback", marks=pytest.mark.long
        ),
        pytest.param("KeyboardInterrupt()", "\nAborted!\n", marks=pytest.mark.long),
    ],
)
def test_an_error_in_a_command_of_another_package_is_told_as_in_ours(raised, told):
    code = (
        "from detl.session.quiet import quieten_libraries; quieten_libraries();"
        f"from detl.errors import DetlError; raise {raised}"
    )

    said = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert said.returncode != 0
    assert said.stderr.startswith(told)


def test_pydicom_prints_nothing_of_a_file_that_is_cut_short(tmp_path):
    file = tmp_path / "film"
    pixels_without_end = b"\xe0\x7f\x10\0OB\0\0" + b"\xff" * 4 + bytes(500)
    file.write_bytes(bytes(128) + b"DICM" + pixels_without_end)
    code = (
        "import logging, pathlib, sys; logging.basicConfig();"
        "{quieten} from detl.imaging.dicom import read_dicom_dataset;"
        "read_dicom_dataset(pathlib.Path(sys.argv[1]), ['PixelData'])"
    )
    quieten = "from detl.session.quiet import quieten_libraries; quieten_libraries();"

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

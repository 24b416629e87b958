"""What the served model says, and what its log has, when it fails."""

import base64
import logging
from dataclasses import replace
from types import SimpleNamespace

import cv2
import pandas as pd
import pytest
from mlflow.exceptions import MlflowException

from detl.serving.bundle import save_bundle
from detl.session.served_model import ServedModel
from tiny_bundle import tiny_bundle, training_pixels


def test_the_log_has_the_cause_of_a_failure_which_the_answer_does_not_show(
    tmp_path, caplog
):
    bundle = tiny_bundle()
    about = bundle.about.model_copy(update={"classes": bundle.about.classes[:3]})
    save_bundle(replace(bundle, about=about), tmp_path / "bundle")
    model = ServedModel()
    model.load_context(SimpleNamespace(artifacts={"bundle": tmp_path / "bundle"}))
    film = base64.b64encode(cv2.imencode(".png", training_pixels()[3])[1]).decode()

    with (
        caplog.at_level(logging.ERROR),
        pytest.raises(
            MlflowException, match=r"^The model failed \(ValueError\)"
        ) as told,
    ):
        model.predict(None, pd.DataFrame({"image": [film]}))

    assert "zip()" not in str(told.value)
    assert "ValueError: zip()" in caplog.text
    assert "in describe_answer" in caplog.text
    assert film[:20] not in caplog.text

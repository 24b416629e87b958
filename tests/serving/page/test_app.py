"""The page's server."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from detl.serving.page import app as page
from tiny_bundle import training_pixels

STATIC = Path(page.__file__).with_name("static")


def _png(pixels):
    return cv2.imencode(".png", pixels)[1].tobytes()


def test_a_film_gets_probabilities_a_map_and_the_notice(send):
    answers = [
        send("POST", "/api/predict", data=_png(pixels)).json()
        for pixels in training_pixels()[:5]
    ]
    said = next(answer for answer in answers if answer["decision"] == "accepted")

    assert sum(said["probabilities"].values()) == pytest.approx(1)
    assert said["predicted"] in said["probabilities"]
    assert said["map"].startswith("data:image/png;base64,")
    assert "no medical device" in said["notice"]
    assert said["warnings"] == ["Trained on noise."]


def test_a_film_unlike_the_training_images_is_shown_without_a_class(send):
    pixels = np.ascontiguousarray(training_pixels()[0, :, ::-1])

    said = send("POST", "/api/predict", data=_png(pixels)).json()

    assert said["decision"] == "refused"
    assert said["probabilities"] is said["predicted"] is said["map"] is None
    assert said["image"]


def test_a_file_that_is_no_picture_is_answered_with_the_reason(send):
    answer = send("POST", "/api/predict", data=b"hello")

    assert answer.status_code == 422
    assert answer.json()["reasons"] == ["neither PNG nor JPEG nor DICOM"]


def test_a_file_that_is_too_large_is_not_read_to_its_end(send_to_narrow):
    answer = send_to_narrow("POST", "/api/predict", data=bytes(2000))

    assert answer.status_code == 413
    assert "more than" in answer.json()["detail"]


def test_another_host_is_not_answered(send):
    assert send("GET", "/", headers={"Host": "example.org"}).status_code == 400


def test_every_answer_forbids_what_is_not_of_this_page(send):
    for path in ("/", "/static/page.js", "/missing"):
        policy = send("GET", path).headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")


def test_nothing_describes_itself_with_scripts_from_elsewhere(send):
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert send("GET", path).status_code == 404


def test_the_static_files_name_no_other_address():
    for path in STATIC.iterdir():
        assert not re.search(r"https?:|//[a-z]", path.read_text()), path.name

"""The page in a browser, as a user has it: a file is chosen, and an answer is read."""

import cv2
import pytest

from browser import browse, find_chromium
from made_dicoms import write_dicom
from tiny_bundle import SIZE, training_pixels

pytestmark = pytest.mark.skipif(not find_chromium(), reason="no Chromium is installed")

NOTICE = "This is no medical device"
WIDTHS = (390, 1280)


@pytest.fixture(scope="module")
def page(address, tmp_path_factory):
    """Return the page, open in a browser."""
    with browse(find_chromium(), tmp_path_factory.mktemp("profile")) as opened:
        opened.open(f"{address}/")
        yield opened


@pytest.fixture(scope="module")
def film(send):
    """Return the pixels of a film that gets an answer."""

    def is_accepted(pixels):
        content = cv2.imencode(".png", pixels)[1].tobytes()
        said = send("POST", "/api/predict", data=content).json()
        return said["decision"] == "accepted"

    return next(filter(is_accepted, training_pixels()))


@pytest.fixture
def ask(page, tmp_path):
    """Return a function that has the page answer for a file, and returns its text."""

    def choose(path):
        page.evaluate("document.getElementById('status').textContent = ''")
        page.choose_file("#file", path)
        page.wait_for(
            "(s => s && !s.startsWith('Looking'))"
            "(document.getElementById('status').textContent)"
        )
        return page.text

    return choose


def _write(folder, film, kind):
    """Write a file of a kind, of a DICOM file its view, and return its path."""
    path = folder / kind
    if kind == "film.png":
        path.write_bytes(cv2.imencode(".png", film)[1].tobytes())
    elif kind == "broken.png":
        path.write_bytes(cv2.imencode(".png", film)[1].tobytes()[:-300])
    elif kind == "notes.txt":
        path.write_text("Not a film.")
    else:
        described = {"Rows": SIZE, "Columns": SIZE, "PixelData": film.tobytes()}
        described |= {"BodyPartExamined": "CHEST", "ViewPosition": path.stem}
        write_dicom(path, **described)
    return path


@pytest.mark.parametrize("kind", ["film.png", "PA.dcm"])
def test_a_film_gets_a_class_its_probabilities_and_a_map(
    page, ask, film, tmp_path, kind
):
    text = ask(_write(tmp_path, film, kind))

    assert "AlexNet: " in text
    assert text.count(" %\n") >= 4
    assert page.evaluate("document.getElementById('map').checkVisibility()")
    assert text.count(NOTICE) == 2


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("LL.dcm", "view L"),
        ("LATERAL.dcm", "view L"),
        ("broken.png", "Not usable: "),
        ("notes.txt", "neither PNG nor JPEG nor DICOM"),
    ],
)
def test_what_cannot_be_answered_gets_its_reason_and_no_class(
    page, ask, film, tmp_path, kind, reason
):
    ask(_write(tmp_path, film, "film.png"))

    text = ask(_write(tmp_path, film, kind))

    assert reason in text
    assert "AlexNet: " not in text
    assert "Calibrated probability" not in text
    for of_a_map in ("map", "fader"):
        element = f"document.getElementById('{of_a_map}')"
        assert not page.evaluate(f"{element}.checkVisibility()")
    assert NOTICE in text


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("kind", ["film.png", "LL.dcm", "notes.txt"])
def test_nothing_lies_beside_the_window(page, ask, film, tmp_path, width, kind):
    page.resize(width)

    ask(_write(tmp_path, film, kind))

    beside = "document.documentElement.scrollWidth - document.documentElement"
    assert page.evaluate(f"{beside}.clientWidth") <= 0

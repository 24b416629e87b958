from importlib.resources import files

from detl.datasets import PageDataset
from detl.datasets.page_dataset import BODY, CONTENTS


def test_what_stands_before_the_contents_is_shown_in_kedro_viz(tmp_path):
    dataset = PageDataset(filepath=tmp_path / "a.html")

    dataset.save("<head></head><body><h1>A_1\npasses</h1><nav>more</nav></body>")

    assert dataset.preview() == "<h1>A&#95;1 passes</h1>"


def test_the_page_of_the_report_has_what_the_preview_ends_at():
    template = files("detl.report").joinpath("page.html").read_text()

    assert template.count(BODY) == 1
    assert CONTENTS in template

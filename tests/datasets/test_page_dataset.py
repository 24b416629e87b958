from detl.datasets import PageDataset


def test_what_stands_before_the_contents_is_shown_in_kedro_viz(tmp_path):
    dataset = PageDataset(filepath=tmp_path / "a.html")

    dataset.save("<head></head><body><h1>A_1\npasses</h1><nav>more</nav></body>")

    assert dataset.preview() == "<h1>A&#95;1 passes</h1>"

from detl.datasets import TextDataset


def test_a_text_comes_back_as_it_was_saved(tmp_path):
    dataset = TextDataset(filepath=tmp_path / "below" / "a.html")

    dataset.save("<p>± 3 µm</p>\n")

    assert dataset.load() == "<p>± 3 µm</p>\n"
    assert [file.name for file in (tmp_path / "below").iterdir()] == ["a.html"]

"""Which files are to be predicted."""

import pytest

from detl.errors import DetlError
from detl.serving.inputs import Input, list_inputs


def test_a_file_is_itself(tmp_path):
    (tmp_path / "film.png").write_bytes(b"x")

    assert list_inputs(tmp_path / "film.png") == [
        Input("film.png", tmp_path / "film.png")
    ]


def test_a_folder_has_its_images_at_any_depth(tmp_path):
    for name in ("b.PNG", "a/x.dcm", "a/IM0001", "notes.txt", ".hidden/c.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")

    names = [one.name for one in list_inputs(tmp_path)]

    assert names == ["a/IM0001", "a/x.dcm", "b.PNG"]


def test_a_link_without_its_file_is_an_input_that_will_say_so(tmp_path):
    (tmp_path / "film.png").symlink_to(tmp_path / "nowhere.png")

    assert [one.name for one in list_inputs(tmp_path)] == ["film.png"]


def test_a_list_keeps_its_order_and_marks_what_lies_outside(tmp_path):
    lists = tmp_path / "study"
    lists.mkdir()
    (lists / "list.csv").write_text(
        "file,patient\nb.png,1\n../secret.png,2\n,3\na\0,4\nloop,5\n"
    )
    (lists / "loop").symlink_to(lists / "loop")

    found = list_inputs(lists / "list.csv")

    assert found == [
        Input("b.png", lists / "b.png"),
        Input("../secret.png", None),
        Input("", None),
        Input("a\0", None),
        Input("loop", lists / "loop"),
    ]


def test_what_is_not_there_is_refused(tmp_path):
    with pytest.raises(DetlError, match="There is no"):
        list_inputs(tmp_path / "nothing")


def test_a_folder_without_images_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("x")

    with pytest.raises(DetlError, match="has no image"):
        list_inputs(tmp_path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"path\nx.png\n", "has path, where a column 'file'"),
        (b"", "has no row"),
        (b"file\n\xff\xfe.png\n", "cannot be read as a csv in UTF-8"),
    ],
)
def test_a_list_that_names_no_files_is_refused(tmp_path, content, reason):
    (tmp_path / "list.csv").write_bytes(content)

    with pytest.raises(DetlError, match=reason):
        list_inputs(tmp_path / "list.csv")

import pandas as pd
import pytest

from detl.errors import DetlError
from detl.sources.predictions_csv import match_images, read_answers

FOUR = "image_id,p_normal,p_other_disease,p_pneumonia,p_covid_19"


@pytest.fixture
def read(tmp_path):
    def write_and_read(*lines):
        path = tmp_path / "predictions.csv"
        path.write_text("\n".join(lines) + "\n" if lines else "")
        return read_answers(path)

    return write_and_read


def test_each_row_has_the_probabilities_of_an_image(read):
    answers = read(FOUR, "nih/a.png,0.1,0.2,0.3,0.4")

    assert answers.rows["image"].tolist() == ["nih/a.png"]
    assert answers.rows["p_covid_19"].tolist() == [0.4]
    assert answers.classes == ("normal", "other_disease", "pneumonia", "covid_19")
    assert answers.joined == ()


def test_probabilities_that_were_cut_to_three_digits_add_up_to_1(read):
    rows = read("file,p_normal,p_covid_19", "a.png,0.333,0.666").rows

    assert rows["p_normal"][0] + rows["p_covid_19"][0] == pytest.approx(1)


def test_p_other_stands_for_all_classes_without_a_column(read):
    answers = read("file,p_covid_19,p_other", "a.png,0.3,0.7")

    assert answers.classes == ("other_disease", "covid_19")
    assert answers.joined == ("normal", "other_disease", "pneumonia")
    assert answers.rows["p_other_disease"].tolist() == [0.7]


def test_a_row_without_any_probability_is_left_out_and_named(read):
    answers = read("file,p_normal,p_other", "a.png,0.3,0.7", "colours.png,,")

    assert answers.left_out.to_dict("records") == [
        {"name": "colours.png", "reason": "no probability"}
    ]
    assert len(answers.rows) == 1


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "is empty"),
        ([FOUR], "has 0 rows"),
        (["p_normal,p_other", "0.5,0.5"], "image_id or file"),
        (["file,p_normal", "a,1"], "has 1 columns of probabilities"),
        (["file,p_normal,p_flu", "a,0.5,0.5"], "p_flu, which is of no known class"),
        (["file,p_other_disease,p_other", "a,0.5,0.5"], "p_other beside"),
        (["file,p_normal,p_other", "a,much,0.5"], "'much' in column p_normal"),
        (["file,p_normal,p_other", "a,,0.5"], "'' in column p_normal"),
        (["file,p_normal,p_other", "a,-0.5,1.5"], "'-0.5' in column p_normal"),
        (["file,p_normal,p_other", "a,nan,0.5"], "'nan' in column p_normal"),
        (["file,p_normal,p_other", "a,0.5,0.6"], "add up to 1.100"),
        (["file,p_normal,p_other", "a,0.5,0.5", "a,0.5,0.5"], "row 2, and .* row 3"),
        ([f"{FOUR},threshold", "a,0.1,0.2,0.3,0.4,0.5"], "4 probabilities"),
        (["file,p_normal,p_other,threshold", "a,0.5,0.5,2"], "'2' in column thresh"),
    ],
)
def test_a_csv_that_cannot_be_used_is_refused_in_one_sentence(read, lines, said):
    with pytest.raises(DetlError, match=said) as refused:
        read(*lines)

    assert str(refused.value).endswith(".")


def test_a_csv_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(DetlError, match=r"There is no none\.csv"):
        read_answers(tmp_path / "none.csv")


@pytest.fixture
def candidates():
    return pd.DataFrame(
        {
            "image_id": ["nih/a.png", "nih/b.png", "own/b.png"],
            "path": ["nih/images/a.png", "nih/images/b.png", "own/b.png"],
        }
    )


@pytest.mark.parametrize(
    "name",
    [
        "nih/a.png",
        "a.png",
        "nih/images/a.png",
        "./nih\\images\\a.png",
        "{}/nih/images/a.png",
    ],
)
def test_an_image_is_known_by_its_id_its_path_and_its_file(
    read, candidates, tmp_path, name
):
    answers = read("file,p_normal,p_other", f"{name.format(tmp_path)},0.3,0.7")

    rows, without = match_images(answers, candidates, tmp_path)

    assert rows["image_id"].tolist() == ["nih/a.png"]
    assert without.empty


def test_a_name_that_two_images_have_is_of_none(read, candidates, tmp_path):
    answers = read("file,p_normal,p_other", "b.png,0.3,0.7", "a.png,0.3,0.7")

    rows, without = match_images(answers, candidates, tmp_path)

    assert rows["image_id"].tolist() == ["nih/a.png"]
    assert without["name"].tolist() == ["b.png"]


def test_a_csv_of_other_images_is_refused(read, candidates, tmp_path):
    answers = read("file,p_normal,p_other", "z.png,0.3,0.7")

    with pytest.raises(DetlError, match=r"None of the 1 rows .*'z.png' first"):
        match_images(answers, candidates, tmp_path)


def test_two_names_of_one_image_are_refused(read, candidates, tmp_path):
    answers = read("file,p_normal,p_other", "a.png,0.3,0.7", "nih/a.png,0.3,0.7")

    with pytest.raises(DetlError, match=r"row 2, and .*row 3, name one image"):
        match_images(answers, candidates, tmp_path)

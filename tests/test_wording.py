import pytest

from detl import wording


def test_a_network_of_ones_own_keeps_its_name():
    assert wording.network_title("vgg16") == "VGG16"
    assert wording.network_title("my_network") == "my_network"


@pytest.mark.parametrize(
    ("attribute", "subgroup", "said"),
    [
        ("sex", "M", "men"),
        ("sex", "unknown", "sex unknown"),
        ("age", "40-59", "aged 40 to 59"),
        ("age", "80 and over", "aged 80 and over"),
        ("view", "AP", "AP films"),
        ("source", "nih", "images of nih"),
    ],
)
def test_a_subgroup_is_named_as_people_say_it(attribute, subgroup, said):
    assert wording.subgroup_title(attribute, subgroup) == said


def test_shares_are_in_percent_and_differences_in_points_with_their_sign():
    assert wording.in_percent(0.8298) == "83.0 %"
    assert wording.interval_in_percent(0.1, 0.25) == "10.0 to 25.0 %"
    assert wording.in_points(0.05) == "+5.0"
    assert wording.interval_in_points(-0.012, 0.1) == "-1.2 to +10.0"


def test_an_interval_that_is_missing_is_said_to_be():
    nowhere = float("nan"), float("nan")
    assert wording.interval_in_percent(*nowhere) == "no interval"
    assert wording.interval_in_points(*nowhere) == "no interval"


def test_a_number_without_an_interval_says_why():
    ends = {"low": float("nan"), "high": float("nan")}
    row = {"value": 0.25, **ends, "note": "no interval: it never varies"}
    assert wording.show_measured(row) == "25.0 % (no interval: it never varies)"


@pytest.mark.parametrize(
    ("names", "sentence"),
    [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_names_are_listed_as_in_a_sentence(names, sentence):
    assert wording.enumerate_names(names) == sentence


@pytest.mark.parametrize(
    ("p", "shown"),
    [
        (0.0004, "< 0.001"),
        (0.012, "0.012"),
        (0.0496, "0.0496"),
        (0.05, "0.050"),
        (0.05004, "0.05004"),
        (1.0, "1.000"),
    ],
)
def test_a_p_value_shows_on_which_side_of_its_level_it_lies(p, shown):
    assert wording.show_p(p) == shown


def test_a_spread_is_in_points_and_a_dash_where_there_is_none():
    assert wording.show_deviation(0.0234) == "2.3"
    assert wording.show_deviation(float("nan")) == "-"
    assert wording.show_deviation(None) == "-"

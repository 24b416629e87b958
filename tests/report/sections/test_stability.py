import pytest

from detl.report.sections.stability import describe_pretrainings
from made_results import make_stability


def test_a_pretraining_has_its_accuracy_and_sd_over_seeds():
    _, table = describe_pretrainings(make_stability())

    assert table.frame.iloc[1].tolist() == [
        "VGG16",
        "2",
        "3",
        "78.0 %",
        "-",
        "1.0",
        "-",
    ]


def test_all_pretrainings_have_an_interval_and_an_sd_over_them():
    _, table = describe_pretrainings(make_stability())

    assert table.frame.iloc[-1].tolist() == [
        "VGG16",
        "all 3",
        "3",
        "78.0 %",
        "70.0 to 85.0 %",
        "1.0",
        "2.0",
    ]


@pytest.mark.parametrize(("pretrainings", "is_said"), [(2, True), (3, False)])
def test_two_pretrainings_are_said_to_be_few(pretrainings, is_said):
    paragraph, _ = describe_pretrainings(make_stability(pretrainings))

    assert ("take three or more" in paragraph.text) == is_said

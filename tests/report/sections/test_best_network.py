import pandas as pd
import pytest

from detl.report.sections import best_network, limits
from made_audit import make_tests
from made_results import texts_of
from made_run import make_run


def compare(first, second, difference, ends, p):
    """Rows of table ``paired_tests`` of two networks."""
    table = make_tests(p, difference, ends)
    return table.assign(first=first, second=second)


def check_of(paired_tests):
    return best_network.check(make_run(paired_tests=paired_tests))


# AlexNet is best, beyond doubt; of the other two it is not known.
ONE_IS_BEST = pd.concat(
    [
        compare("alexnet", "vgg16", 0.2, (0.12, 0.28), 0.0001),
        compare("alexnet", "resnet50", 0.15, (0.06, 0.24), 0.012),
        compare("vgg16", "resnet50", -0.05, (-0.14, 0.04), 1.0),
    ]
)


def test_the_number_of_the_best_network_is_of_its_closest_rival():
    """And not the largest p, which is of the two others."""
    check = check_of(ONE_IS_BEST)

    assert (check.status, check.network, check.value) == ("pass", "alexnet", 0.15)
    assert (check.number, check.interval) == ("+15.0 points, p 0.012", "+6.0 to +24.0")
    assert "ResNet50" in check.meaning


def test_a_network_that_stands_second_in_the_table_may_be_the_best():
    check = check_of(make_tests(0.01, -0.1, ends=(-0.18, -0.02)))

    assert (check.status, check.network, check.value) == ("pass", "vgg16", 0.1)
    assert check.interval == "+2.0 to +18.0"


def test_without_a_significant_difference_no_network_is_best():
    check = check_of(make_tests(0.2))

    assert (check.status, check.network, check.value) == ("warn", "alexnet", 0.1)


def test_a_difference_that_patients_may_have_made_makes_no_network_the_best():
    """McNemar's p is too small where a patient has several images."""
    check = check_of(make_tests(0.01, ends=(-0.02, 0.22)))

    assert (check.status, check.interval) == ("warn", "-2.0 to +22.0")


def test_a_rival_that_patients_may_have_put_behind_is_shown_before_a_larger_p():
    tests = pd.concat(
        [
            compare("alexnet", "vgg16", 0.1, (0.01, 0.19), 0.04),
            compare("alexnet", "resnet50", 0.1, (-0.01, 0.21), 0.01),
            compare("vgg16", "resnet50", 0.0, (-0.1, 0.1), 1.0),
        ]
    )

    check = check_of(tests)

    assert (check.status, check.number) == ("warn", "+10.0 points, p 0.010")
    assert "established is only AlexNet over VGG16" in check.meaning


@pytest.mark.parametrize("names", [("alexnet", "vgg16"), ("vgg16", "alexnet")])
def test_of_two_that_are_right_equally_often_neither_is_best(names):
    check = check_of(compare(*names, 0.0, (-0.05, 0.05), 1.0))

    assert (check.status, check.value) == ("warn", 0)


def test_one_network_alone_is_compared_with_none():
    assert check_of(make_tests(0.2).iloc[:0]).status == "not computed"


def test_areas_under_curves_do_not_say_which_network_is_best():
    areas = make_tests(0.001).iloc[:1].assign(test="delong", quantity="macro_auc")

    assert check_of(pd.concat([make_tests(0.2), areas])).status == "warn"


@pytest.mark.parametrize(("p", "place"), [(0.01, 0), (0.2, 1)])
def test_the_section_on_limits_says_what_the_verdict_says(p, place):
    run = make_run(paired_tests=make_tests(p))
    check = best_network.check(run)

    said = [
        check.meaning[:-1] in " ".join(texts_of(part))
        for part in limits.section(run).subsections
    ]

    assert said.index(True) == place
    assert sum(said) == 1

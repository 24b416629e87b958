import pandas as pd
import pytest

from detl.report.best_network import describe_best_network, judge_best_network
from made_audit import make_tests
from made_results import make_result


def compare(first, second, difference, ends, p):
    """Rows of table ``paired_tests`` of two networks."""
    table = make_tests(p, difference, ends)
    return table.assign(first=first, second=second)


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
    check = judge_best_network(ONE_IS_BEST)

    assert check.verdict == "pass"
    assert (check.number, check.interval) == ("+15.0 points, p 0.012", "+6.0 to +24.0")
    assert check.meaning == (
        "AlexNet is better than each other network; the closest is ResNet50."
    )


def test_a_network_that_stands_second_in_the_table_may_be_the_best():
    check = judge_best_network(make_tests(0.01, -0.1, ends=(-0.18, -0.02)))

    assert check.verdict == "pass"
    assert (check.number, check.interval) == ("+10.0 points, p 0.010", "+2.0 to +18.0")
    assert check.meaning.startswith("VGG16 is better than each other network")


def test_without_a_significant_difference_no_network_is_best():
    check = judge_best_network(make_tests(0.2))

    assert (check.verdict, check.number) == ("warn", "+10.0 points, p 0.200")
    assert check.meaning == (
        "Which network is best is not known: AlexNet, which is right most often, may "
        "be no better than VGG16."
    )


def test_a_difference_that_patients_may_have_made_makes_no_network_the_best():
    """McNemar's p is too small where a patient has several images."""
    check = judge_best_network(make_tests(0.01, ends=(-0.02, 0.22)))

    assert (check.verdict, check.interval) == ("warn", "-2.0 to +22.0")


def test_a_rival_that_patients_may_have_put_behind_is_shown_before_a_larger_p():
    tests = pd.concat(
        [
            compare("alexnet", "vgg16", 0.1, (0.01, 0.19), 0.04),
            compare("alexnet", "resnet50", 0.1, (-0.01, 0.21), 0.01),
            compare("vgg16", "resnet50", 0.0, (-0.1, 0.1), 1.0),
        ]
    )

    check = judge_best_network(tests)

    assert (check.verdict, check.number) == ("warn", "+10.0 points, p 0.010")
    assert check.meaning.endswith(
        "no better than ResNet50; established is only AlexNet over VGG16."
    )


@pytest.mark.parametrize("names", [("alexnet", "vgg16"), ("vgg16", "alexnet")])
def test_of_two_that_are_right_equally_often_neither_is_best(names):
    check = judge_best_network(compare(*names, 0.0, (-0.05, 0.05), 1.0))

    assert (check.verdict, check.number) == ("warn", "+0.0 points, p 1.000")


def test_one_network_alone_is_compared_with_none():
    check = judge_best_network(make_tests(0.2).iloc[:0])

    assert check.verdict == "not computed"


def test_areas_under_curves_do_not_say_which_network_is_best():
    areas = make_tests(0.001).iloc[:1].assign(test="delong", quantity="macro_auc")
    tests = pd.concat([make_tests(0.2), areas])

    assert judge_best_network(tests).verdict == "warn"


def test_what_the_run_shows_of_the_best_network_is_what_is_judged():
    results = {
        name: make_result(accuracy_pooled=accuracy)
        for name, accuracy in (("alexnet", 0.8), ("vgg16", 0.6), ("resnet50", 0.65))
    }

    judgement = describe_best_network(ONE_IS_BEST, results)

    assert judgement.shown == [
        "AlexNet, 80.0 % (70.0 to 90.0 %), classifies more images correctly than "
        "VGG16 (+20.0 points, p < 0.001, +12.0 to +28.0) and ResNet50 (+15.0 points, "
        "p 0.012, +6.0 to +24.0)."
    ]
    assert judgement.not_shown == []

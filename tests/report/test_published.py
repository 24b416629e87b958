import pytest

from detl.report.published import PUBLISHED, question_published, smallest_deviation


def test_the_nearest_numbers_of_images_are_those_of_the_decisions():
    correct = {name: figure.correct for name, figure in PUBLISHED.items()}
    assert correct == {"alexnet": 1060, "vgg16": 1151, "resnet50": 1098}


def test_only_the_figure_of_alexnet_is_no_share_of_the_images():
    assert [name for name, f in PUBLISHED.items() if not f.is_pooled] == ["alexnet"]


def test_the_interval_of_vgg_is_that_of_the_decisions():
    assert PUBLISHED["vgg16"].interval == pytest.approx((0.884, 0.917), abs=5e-4)


def test_the_smallest_deviation_near_vggs_figure_is_that_of_the_decisions():
    assert smallest_deviation(1151) == pytest.approx(0.146, abs=5e-4)


def test_folds_that_are_all_right_do_not_differ():
    assert smallest_deviation(1277) == 0


def test_each_figure_is_questioned_with_its_numbers():
    alexnet, vgg, resnet = question_published()
    assert "82.98 % is no whole number of 1,277 images (1,060 are 83.01 %)" in alexnet
    assert "90.13 % is 1,151 of 1,277 images" in vgg
    assert "95 % interval is 88.4 to 91.7 %" in vgg
    assert all("is no SD in percentage points" in s for s in (alexnet, vgg, resnet))

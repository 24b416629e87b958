import numpy as np
import pandas as pd
import pytest

from detl.report.abstract import (
    score_source_rule,
    tabulate_accuracies,
    write_abstract,
)
from made_results import make_result
from made_run import make_run


@pytest.fixture
def images():
    return pd.DataFrame(
        {"image_id": list("abcde"), "source": ["nih", "nih", "nih", "cohen", "unused"]}
    )


@pytest.fixture
def data_b():
    return pd.DataFrame(
        {
            "image_id": list("abcd"),
            "group": ["p", "p", "q", "r"],
            "label": ["normal", "normal", "pneumonia", "covid_19"],
        }
    )


@pytest.fixture
def abstract(images, data_b):
    """Return a function that opens a run of these images, other fields changed."""

    def write(networks=None, **changes):
        fields = {"images": images, "data_b": data_b}
        return write_abstract(make_run(networks, **{**fields, **changes}))

    return write


def test_the_source_rule_names_the_commonest_class_of_each_source():
    sources = np.array(["a", "a", "a", "b", "b"])
    labels = np.array(["x", "x", "y", "y", "y"])
    assert score_source_rule(sources, labels) == 0.8


def test_the_abstract_counts_images_patients_and_sources(abstract):
    assert (
        "4 radiographs of 3 groups of patients, in 3 classes, from cohen and nih"
        in (abstract())
    )


def test_each_accuracy_stands_with_its_interval():
    better = {"results": make_result(accuracy=0.9)}
    table = tabulate_accuracies(make_run({"alexnet": {}, "vgg16": better})).frame
    assert table.to_numpy().tolist() == [
        ["AlexNet", "80.0 %", "70.0 to 90.0 %"],
        ["VGG16", "90.0 %", "70.0 to 90.0 %"],
    ]


def test_the_abstract_says_what_the_source_alone_tells(abstract):
    assert "reaches 75.0 %, and tells COVID-19 from the rest" in abstract()


def test_a_single_source_tells_nothing(abstract, images):
    one = images.assign(source="nih")
    assert "All images are of one source" in abstract(images=one)


def test_phantoms_are_called_synthetic(abstract):
    assert "synthetic" in abstract(is_synthetic=True)
    assert "synthetic" not in abstract(is_synthetic=False)


def test_the_abstract_says_that_it_is_no_medical_device(abstract):
    assert "no medical device" in abstract()


def test_the_accuracies_say_what_they_are_means_of_and_the_intervals_over():
    once = {"results": make_result(seeds=1)}
    several = tabulate_accuracies(make_run()).caption
    one = tabulate_accuracies(make_run({"vgg16": {}, "alexnet": once})).caption
    assert "mean of 3 trainings; intervals over patients and trainings" in several
    assert "classified correctly; intervals over patients." in one

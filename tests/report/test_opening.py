import numpy as np
import pandas as pd
import pytest

from detl.report.opening import score_source_rule, write_opening
from made_results import make_result


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


def test_the_source_rule_names_the_commonest_class_of_each_source():
    sources = np.array(["a", "a", "a", "b", "b"])
    labels = np.array(["x", "x", "y", "y", "y"])
    assert score_source_rule(sources, labels) == 0.8


def test_the_opening_counts_images_patients_and_sources(images, data_b):
    text = write_opening(images, data_b, {"vgg16": make_result()}, is_synthetic=False)
    assert "4 images of 3 groups of patients, in 3 classes, from cohen and nih" in text


def test_the_opening_has_each_accuracy_with_its_interval(images, data_b):
    results = {"alexnet": make_result(), "vgg16": make_result(accuracy_pooled=0.9)}
    text = write_opening(images, data_b, results, is_synthetic=False)
    assert "AlexNet 80.0 % (70.0 to 90.0 %) and VGG16 90.0 %" in text


def test_the_opening_says_what_the_source_alone_tells(images, data_b):
    text = write_opening(images, data_b, {"vgg16": make_result()}, is_synthetic=False)
    assert "reaches 75.0 %, and tells COVID-19 from the rest without error" in text


def test_a_single_source_tells_nothing(images, data_b):
    images["source"] = "nih"
    text = write_opening(images, data_b, {"vgg16": make_result()}, is_synthetic=False)
    assert "All images are of one source" in text


def test_phantoms_are_called_synthetic(images, data_b):
    results = {"vgg16": make_result()}
    assert "synthetic" in write_opening(images, data_b, results, is_synthetic=True)
    assert "synthetic" not in write_opening(images, data_b, results, is_synthetic=False)


def test_radiographs_are_not_said_to_be_published(images, data_b):
    text = write_opening(images, data_b, {"vgg16": make_result()}, is_synthetic=False)
    assert "learning on radiographs: 4 images" in text


def test_the_opening_says_that_it_is_no_medical_device(images, data_b):
    text = write_opening(images, data_b, {"vgg16": make_result()}, is_synthetic=False)
    assert text.endswith("This is no medical device.")

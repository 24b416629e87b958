import pytest

from detl.splitting.data_b import label_as_data_b


@pytest.fixture
def label(make_images, make_parameters):
    """Label images with these findings, from a source that Data-B does not use."""

    def make(*findings, **classes):
        images = make_images(*((f, f"p{i}", "other") for i, f in enumerate(findings)))
        return list(label_as_data_b(images, make_parameters(**classes).data_b))

    return make


def test_each_finding_makes_the_class_that_asks_for_it(label):
    labels = label("No Finding", "Mass", "Pneumonia", "COVID-19", "ARDS")

    assert labels == ["normal", "other_disease", "pneumonia", "covid_19", ""]


@pytest.mark.parametrize(
    "finding", ["SARS", "Streptococcus", "Bacterial", "Aspiration"]
)
def test_a_cause_of_pneumonia_counts_as_pneumonia(label, finding):
    assert label(finding, f"Pneumonia|{finding}") == ["pneumonia", "pneumonia"]


def test_pneumonia_with_another_finding_stays_of_no_class(label):
    assert label("Streptococcus|ARDS", "Pneumonia|Mass") == ["", ""]


def test_an_image_with_several_findings_has_a_class_only_where_it_may(label):
    assert label("COVID-19|ARDS") == [""]
    assert label("COVID-19|ARDS", covid_19={"multi_label": "if_short"}) == ["covid_19"]


def test_of_several_classes_the_last_one_counts(label):
    multi = {"multi_label": "if_short"}

    labels = label("COVID-19|Pneumonia", covid_19=multi, pneumonia=multi)

    assert labels == ["covid_19"]


def test_the_source_of_a_class_is_no_condition(label):
    assert label("Mass", other_disease={"sources": ["nih"]}) == ["other_disease"]


def test_other_disease_can_be_named_without_its_finding(label):
    assert label("Other Disease") == ["other_disease"]

import pytest

from detl.sources.findings import FINDINGS, translate_findings


@pytest.mark.parametrize(
    ("label", "findings"),
    [
        ("No Finding", "No Finding"),
        ("Cardiomegaly|Emphysema", "Cardiomegaly|Emphysema"),
        ("COVID-19, ARDS", "COVID-19|ARDS"),
        ("Pneumonia/Viral/COVID-19", "COVID-19"),
        ("Pneumonia/Viral/Herpes ", "Herpes"),
        ("Pneumonia/Bacterial/Staphylococcus/MRSA", "MRSA"),
        ("Pneumonia", "Pneumonia"),
        ("Mycoplasma Bacterial Pneumonia", "Mycoplasma"),
        ("no finding", "No Finding"),
        ("Mass|Mass", "Mass"),
    ],
)
def test_published_spellings_are_understood(label, findings):
    assert translate_findings(label, {}) == findings


@pytest.mark.parametrize("label", ["todo", "Unknown", "", "Mass|", "Pneumonia/?"])
def test_an_unknown_finding_is_not_guessed(label):
    assert translate_findings(label, {}) is None


def test_the_translation_goes_first():
    assert translate_findings("Mass", {"Mass": "Nodule"}) == "Nodule"


def test_the_translation_may_name_several_findings():
    assert translate_findings("severe", {"severe": "COVID-19|ARDS"}) == "COVID-19|ARDS"


def test_every_finding_stands_for_itself():
    assert [translate_findings(finding, {}) for finding in FINDINGS] == list(FINDINGS)

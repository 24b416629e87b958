import pytest

from detl.sources.findings import (
    CAUSES_OF_PNEUMONIA,
    FINDINGS,
    contradict,
    contradicts_itself,
    merge_causes_of_pneumonia,
    translate_findings,
)


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


@pytest.mark.parametrize("label", ["Pneumonia/No Finding", "normal/Effusion"])
def test_a_path_with_no_finding_in_it_contradicts_itself(label):
    assert contradicts_itself(translate_findings(label, {}))


def test_capitals_make_no_difference_in_a_translation():
    own = {"Healthy": "No Finding", "Sick": "Mass", "SICK": "Nodule"}

    said = ("HEALTHY", "healthy", "Sick", "SICK", "sick")
    assert [translate_findings(label, own) for label in said] == [
        *("No Finding", "No Finding", "Mass", "Nodule", None)
    ]


def test_the_translation_goes_first():
    assert translate_findings("Mass", {"Mass": "Nodule"}) == "Nodule"


def test_the_translation_may_name_several_findings():
    assert translate_findings("severe", {"severe": "COVID-19|ARDS"}) == "COVID-19|ARDS"


def test_every_finding_stands_for_itself():
    assert [translate_findings(finding, {}) for finding in FINDINGS] == list(FINDINGS)


def test_a_label_is_known_in_either_form_of_unicode_and_with_other_blanks():
    translation = {"Lungenentz\u00fcndung links": "Pneumonia"}

    assert translate_findings("Lungenentzu\u0308ndung\u00a0links", translation) == (
        "Pneumonia"
    )


def test_the_causes_of_pneumonia_are_those_of_the_collection():
    outside = {"ARDS", "COVID-19", "Tuberculosis", "Mass", "No Finding", "Pneumonia"}

    assert {"SARS", "Viral", "Streptococcus", "Lipoid", "H1N1"} < CAUSES_OF_PNEUMONIA
    assert CAUSES_OF_PNEUMONIA.isdisjoint(outside)


@pytest.mark.parametrize(
    ("label", "findings"),
    [
        ("Pneumonia/Bacterial/Streptococcus", "Pneumonia"),
        ("Streptococcus|ARDS|Viral", "Pneumonia|ARDS"),
        ("Pneumonia/Viral/COVID-19", "COVID-19"),
        ("Tuberculosis", "Tuberculosis"),
    ],
)
def test_a_cause_of_pneumonia_is_pneumonia(label, findings):
    assert merge_causes_of_pneumonia(translate_findings(label, {})) == findings


@pytest.mark.parametrize(
    ("one", "other", "is_so"),
    [
        ("No Finding", "Mass", True),
        ("Pneumonia", "COVID-19", True),
        ("Viral", "COVID-19", True),
        ("Mass", "Nodule", True),
        ("Other Disease", "Pneumonia", True),
        ("Other Disease", "No Finding", True),
        ("Mass", "Mass|Nodule", False),
        ("COVID-19|ARDS", "COVID-19", False),
        ("Pneumonia", "Streptococcus", False),
        ("Other Disease", "Mass", False),
    ],
)
def test_labels_of_one_picture_contradict_each_other_or_not(one, other, is_so):
    assert contradict(one, other) is is_so
    assert contradict(other, one) is is_so

import pandas as pd
import pytest

from detl.report.blocks import Figure
from detl.report.sections import data
from detl.sources.label_counts import count_cooccurrence
from made_results import tables_of, texts_of
from made_run import PUBLISHED_LABELS, make_data_b_counts, make_run
from made_tables import make_images, take

NO_AGE = float("nan")


@pytest.fixture
def describe():
    """Return a function that describes a small run with some arguments changed."""
    images = make_images(
        (0, "nih", "a", "No Finding", "PA", 30),
        (1, "nih", "b", "No Finding", "AP", NO_AGE),
        (2, "nih", "b", "No Finding", "AP", 50),
        (3, "nih", "c", "Mass", "PA", 50),
        (4, "nih", "d", "Pneumonia", "PA", 50),
        (5, "covid", "e", "COVID-19", "unknown", NO_AGE),
        (6, "covid", "e", "COVID-19", "AP Supine", NO_AGE),
        (7, "nih", "f", "No Finding", "PA", 40),
        (8, "nih", "g", "Nodule", "PA", 40),
    )
    labels = {0: "normal", 1: "normal", 2: "normal", 3: "other_disease"}
    labels |= {4: "pneumonia", 5: "covid_19", 6: "covid_19"}
    fields = {
        "images": images,
        "data_a": take(images, {7: "normal", 8: "diseased"}),
        "data_b": take(images, labels),
        "data_b_counts": make_data_b_counts((3, 1, 1, 2), (3, 1, 1, 2)),
        "rejected": pd.DataFrame({"source": [], "name": [], "reason": []}, dtype=str),
    }
    return lambda **changes: data.section(make_run(**{**fields, **changes}))


def _part(section, anchor):
    return next(part for part in section.subsections if part.anchor == anchor)


def test_images_are_counted_by_source(describe):
    first = texts_of(describe())[0]
    assert first.startswith("9 radiographs were taken, 7 from nih and 2 from covid.")


def test_synthetic_images_are_called_so(describe):
    section = describe(is_synthetic=True)
    assert "9 synthetic radiographs" in texts_of(section)[0]
    (figure,) = _part(section, "data-samples").blocks
    assert figure.caption.startswith("Fig. 1. Synthetic images")


# ------------------------------------------------------------ the label file


def test_the_published_label_file_is_recognised(describe):
    part = _part(describe(), "data-label-file")
    assert texts_of(part) == ["All 8 numbers are those of the published file."]
    assert tables_of(part)[0].iloc[0].tolist() == [
        "images",
        "112,120",
        "112,120",
        "108,948",
    ]


def test_another_label_file_is_told_from_the_published_one(describe):
    part = _part(
        describe(label_counts={**PUBLISHED_LABELS, "images": 7}), "data-label-file"
    )
    assert texts_of(part)[0].startswith("7 of the 8 numbers")


def test_the_first_release_is_recognised_by_its_pneumonia(describe):
    counts = {**PUBLISHED_LABELS, "pneumonia_alone": 307}
    part = _part(describe(label_counts=counts), "data-label-file")
    assert "first release of 2017" in texts_of(part)[0]


def test_a_run_without_nih_says_that_there_is_no_label_file(describe):
    section = describe(label_counts=None, cooccurrence=None, cooccurrence_picture=None)
    part = _part(section, "data-label-file")
    assert texts_of(part)[0].startswith("No source of this run is read as NIH")
    assert tables_of(part) == []
    assert "data-cooccurrence" not in [p.anchor for p in section.subsections]


# --------------------------------------------------------------- rejected


def test_rejected_images_are_counted_by_kind_of_reason(describe):
    rejected = pd.DataFrame(
        [
            ("nih", "a.png", "view: L"),
            ("nih", "b.png", "no image file"),
            ("nih", "c.png", "no image file"),
            ("covid", "d.png", "duplicate of covid/5"),
            ("covid", "e.png", "duplicate of covid/6"),
            ("nih", "f.png", "view: LL"),
            ("nih", "g.png", "no image file"),
        ],
        columns=["source", "name", "reason"],
    )
    (table,) = tables_of(_part(describe(rejected=rejected), "data-rejected"))
    assert table.to_numpy().tolist() == [
        ["duplicate", "covid", "2", "d.png (duplicate of covid/5)"],
        ["no image file", "nih", "3", "b.png"],
        ["view", "nih", "2", "a.png (view: L)"],
    ]


@pytest.mark.parametrize("is_synthetic", [True, False])
def test_faults_that_were_planted_are_said_to_be(describe, is_synthetic):
    rejected = pd.DataFrame([("nih", "a.png", "unknown finding: Widget")])
    rejected.columns = ["source", "name", "reason"]

    section = describe(rejected=rejected, is_synthetic=is_synthetic)

    text = " ".join(texts_of(_part(section, "data-rejected")))
    assert ("planted" in text) == is_synthetic


def test_where_nothing_was_rejected_the_section_says_so(describe):
    part = _part(describe(), "data-rejected")
    assert texts_of(part) == ["Nothing was rejected."]


# ---------------------------------------------------------------- classes


def test_the_classes_of_data_b_are_described(describe):
    table, _ = tables_of(_part(describe(), "data-classes"))
    assert table.iloc[0].tolist() == [
        "normal",
        "3",
        "2",
        "nih 3",
        "AP 2, PA 1",
        "40 (35 to 45), unknown 1",
        "women 3",
    ]


def test_what_is_not_known_comes_last(describe):
    table, _ = tables_of(_part(describe(), "data-classes"))
    covid = table.set_index("class").loc["COVID-19"]
    assert covid["views"] == "AP Supine 1, unknown 1"
    assert covid["age"] == "unknown 2"


def test_the_classes_of_data_a_are_described_too(describe):
    _, table = tables_of(_part(describe(), "data-classes"))
    assert table["class"].tolist() == ["normal", "diseased"]
    assert table["images"].tolist() == ["1", "1"]


# ----------------------------------------------------------- figure 2


def test_the_company_of_infiltration_is_told_in_numbers(describe):
    text, *_ = texts_of(
        _part(describe(cooccurrence=_INFILTRATION), "data-cooccurrence")
    )
    assert "of 4 images with Infiltration" in text
    assert "Atelectasis in 1 (25.0 %) and Effusion in 2 (50.0 %)" in text
    assert "alone in 1 (25.0 %)" in text


_INFILTRATION = count_cooccurrence(
    pd.DataFrame(
        {
            "findings": [
                "Infiltration",
                "Infiltration|Effusion",
                "Effusion|Infiltration",
                "Atelectasis|Infiltration",
            ]
        }
    )
)


def test_without_these_findings_there_is_the_figure_alone(describe):
    (block,) = _part(describe(), "data-cooccurrence").blocks
    assert isinstance(block, Figure)


def test_a_label_file_without_a_finding_has_no_figure(describe):
    empty = count_cooccurrence(pd.DataFrame({"findings": ["No Finding"]}))
    anchors = [p.anchor for p in describe(cooccurrence=empty).subsections]
    assert "data-cooccurrence" not in anchors

import pandas as pd
import pytest

from detl.report.sections.data.differences import (
    explain_diseased,
    explain_label_file,
    explain_normal,
    explain_other_disease,
    explain_overlapping_sources,
    explain_patients,
    explain_pneumonia,
    explain_sizes,
    explain_validation,
)
from detl.report.sections.data.table_one import (
    PAPER_DATA_B,
    account_for_data_a,
    describe_table_one,
)
from made_results import tables_of, texts_of
from made_run import make_run
from made_tables import make_images, make_split, take

PAPER_COUNTS = [
    ("normal", "train", 47_560),
    ("normal", "validation", 10_000),
    ("diseased", "train", 40_819),
    ("diseased", "validation", 10_000),
]
NOTHING_REJECTED = pd.DataFrame({"source": [], "reason": []}, dtype=str)


def _make_images():
    return make_images(
        (0, "nih", "a", "No Finding", "PA", 30),
        (1, "nih", "a", "No Finding", "PA", 31),
        (2, "nih", "b", "No Finding", "AP", 40),
        (3, "nih", "c", "Mass", "PA", 50),
        (4, "nih", "c", "Mass|Nodule", "PA", 51),
        (5, "nih", "d", "Pneumonia", "AP", 60),
        (6, "nih", "d", "Mass|Pneumonia", "AP", 61),
        (7, "nih", "e", "Nodule", "PA", 70),
        (8, "nih", "f", "No Finding", "PA", 20),
        (9, "covid", "g", "COVID-19", "PA", 20),
        (10, "covid", "g", "COVID-19|ARDS", "PA", 20),
    )


@pytest.fixture
def images():
    return _make_images()


@pytest.fixture
def data_b(images):
    labels = {0: "normal", 3: "other_disease", 5: "pneumonia", 9: "covid_19"}
    return take(images, labels)


def _count_data_a(ours=(1, 1, 1, 1)):
    table = pd.DataFrame(PAPER_COUNTS, columns=["class", "subset", "paper"])
    return table.assign(ours=ours)


def _count_data_b(**columns):
    taken = {"normal": 1, "other_disease": 1, "pneumonia": 1, "covid_19": 1} | columns
    findings = ("No Finding", "Mass", "Pneumonia", "COVID-19")
    return pd.DataFrame(
        {
            "class": taken.keys(),
            "finding": findings,
            "asked": [2, 1, 1, 1],
            "single_label_available": [4, 1, 1, 1],
            "multi_label_available": [0, 2, 1, 1],
            "taken": taken.values(),
            "short": [1, 0, 0, 0],
        }
    )


def test_table_one_shows_ours_beside_the_papers(images, data_b):
    data_a = take(images, {2: "normal", 8: "normal", 7: "diseased"})
    run = make_run(
        images=images,
        data_a=data_a,
        data_b=data_b,
        data_a_counts=_count_data_a(ours=(1_171, 42, 425, 41)),
        data_b_counts=_count_data_b(),
        rejected=NOTHING_REJECTED,
        label_counts=None,
        split=make_split(sources=["nih"]),
    )
    section = describe_table_one(run)
    assert tables_of(section)[0].to_numpy().tolist() == [
        ["Data-A, normal, training", "1,171", "47,560"],
        ["Data-A, normal, validation", "42", "10,000"],
        ["Data-A, diseased, training", "425", "40,819"],
        ["Data-A, diseased, validation", "41", "10,000"],
        ["Data-B, normal", "1", "350"],
        ["Data-B, other disease", "1", "300"],
        ["Data-B, pneumonia", "1", "322"],
        ["Data-B, COVID-19", "1", "305"],
    ]
    assert len(texts_of(section)) == 9


# ------------------------------------------------------ where the images went


def test_every_image_of_data_as_sources_is_accounted_for(images, data_b):
    data_a = take(images, {2: "normal", 8: "normal", 7: "diseased"})
    account = account_for_data_a(images, data_a, data_b, make_split())
    assert account.loc["normal"].tolist() == [4, 0, 1, 1, 0, 0, 2]
    assert account.loc["diseased"].tolist() == [5, 2, 1, 1, 0, 0, 1]
    parts = account.drop(columns="accepted").sum(axis=1)
    assert account["accepted"].equals(parts)


def test_under_the_papers_protocol_no_patient_is_left_out(images, data_b):
    labels = {1: "normal", 2: "normal", 8: "normal", 4: "diseased", 7: "diseased"}
    data_a = take(images, labels)
    account = account_for_data_a(images, data_a, data_b, make_split("paper"))
    assert account["patients"].sum() == 0
    assert account["limit"].sum() == 0


def test_what_is_above_the_limit_is_missing(images, data_b):
    data_a = take(images, {2: "normal", 7: "diseased"})
    split = make_split(most_per_class=1)
    account = account_for_data_a(images, data_a, data_b, split)
    assert account["limit"].tolist() == [1, 0]
    assert account["balance"].tolist() == [0, 0]


def test_what_else_is_missing_made_the_validation_part_balanced(images, data_b):
    data_a = take(images, {2: "normal", 7: "diseased"})
    account = account_for_data_a(images, data_a, data_b, make_split())
    assert account["limit"].tolist() == [0, 0]
    assert account["balance"].tolist() == [1, 0]


def test_only_images_with_pneumonia_alone_may_be_left_out(images, data_b):
    split = make_split(pneumonia="exclude_single")
    account = account_for_data_a(images, data_b.iloc[:0], data_b, split)
    assert account.loc["diseased", "pneumonia"] == 1


# ------------------------------------------------------------- the sentences


def _account(**diseased):
    columns = ["accepted", "pneumonia", "data_b", "patients", "limit", "balance"]
    columns += ["taken"]
    table = pd.DataFrame(0, index=["normal", "diseased"], columns=columns)
    for name, value in diseased.items():
        table.loc["diseased", name] = value
    return table


def _data_b_of(label, finding, count):
    data_b = pd.DataFrame({"image_id": [f"i/{k}" for k in range(count)]})
    return data_b.assign(label=label, finding=finding, group=data_b["image_id"])


def test_numbers_that_are_the_papers_get_no_sentence():
    full = _account(taken=50_819)
    full.loc["normal", "taken"] = 57_560
    counts = _count_data_a(ours=[size for *_, size in PAPER_COUNTS])
    asked = pd.DataFrame(
        {
            "class": PAPER_DATA_B.keys(),
            "finding": "x",
            "asked": PAPER_DATA_B.values(),
            "short": 0,
        }
    )
    other = _data_b_of("other_disease", "Mass", 50)
    pneumonia = _data_b_of("pneumonia", "Pneumonia", 322)
    covid = _data_b_of("covid_19", "COVID-19", 305)
    counts_b = pd.DataFrame(
        {
            "class": ["other_disease", "pneumonia"],
            "finding": ["Mass", "Pneumonia"],
            "single_label_available": [50, 322],
            "taken": [50, 322],
        }
    )
    split = make_split()
    assert not explain_label_file({"images": 108_948, "patients": 32_717}, full)
    assert not explain_sizes(asked, PAPER_DATA_B)
    assert not explain_diseased(full, split)
    assert not explain_normal(full)
    assert not explain_validation(counts, full, split)
    assert not explain_patients(covid, other.assign(group="x"), full, split)
    for data_b in (other, pneumonia):
        images = data_b.assign(findings=data_b["finding"], source="i")
        assert not explain_other_disease(images, other, counts_b)[1:]
    images = pneumonia.assign(findings="Pneumonia", source="i")
    assert not explain_pneumonia(images, pneumonia, counts_b)
    images = covid.assign(findings="COVID-19", source="i")
    assert not explain_overlapping_sources(images, covid, NOTHING_REJECTED, split)
    images = other.assign(findings="Mass", source="i")
    assert not explain_other_disease(images, other, counts_b)


def test_the_published_label_file_is_named_as_such():
    found = {"images": 112_120, "patients": 30_805}
    (sentence,) = explain_label_file(found, _account(accepted=1_599))
    assert "1,599 of them were taken" in sentence


def test_a_smaller_label_file_is_counted():
    found = {"images": 1_008, "patients": 585}
    (sentence,) = explain_label_file(found, _account(accepted=1_008))
    assert "1,008 of 585" in sentence


def test_without_a_label_file_nothing_is_said_of_it():
    assert explain_label_file(None, _account()) == []


def test_other_sizes_and_shortages_are_named():
    asked, short = explain_sizes(_count_data_b(), PAPER_DATA_B)
    assert "normal 2 instead of 350" in asked
    assert short.endswith("No Finding 1 of 2.")


def test_covid_images_are_counted_without_their_copies(images, data_b):
    rejected = pd.DataFrame(
        {
            "source": ["covid", "covid", "nih"],
            "reason": ["duplicate of covid/9", "view: L", "duplicate of nih/1"],
        }
    )
    (sentence,) = explain_overlapping_sources(images, data_b, rejected, make_split())
    assert "covid holds 2 different" in sentence
    assert "(1 with this label alone)" in sentence
    assert "after 1 copy" in sentence
    assert "1 are in Data-B" in sentence


def test_covid_images_of_two_sources_are_counted_together(images, data_b):
    sources = images["source"].mask(images["source"] == "covid", "ward")
    both = pd.concat([images, images.assign(source=sources)], ignore_index=True)

    (sentence,) = explain_overlapping_sources(
        both, data_b, NOTHING_REJECTED, make_split()
    )

    assert "covid and ward hold 4" in sentence


def test_pneumonia_with_others_is_told_from_pneumonia_alone(images):
    data_b = take(images, {5: "pneumonia", 6: "pneumonia"})
    (sentence,) = explain_pneumonia(images, data_b, _count_data_b())
    assert "1 with Pneumonia alone" in sentence
    assert "1 with others" in sentence


def test_other_diseases_say_how_many_are_single_label(images):
    data_b = take(images, {3: "other_disease", 4: "other_disease"})
    (sentence,) = explain_other_disease(images, data_b, _count_data_b())
    assert "1 with this finding alone" in sentence
    assert "1 with others" in sentence


def test_diseased_images_are_counted_after_pneumonia():
    account = _account(accepted=1_154, pneumonia=492, taken=467)
    (sentence,) = explain_diseased(account, make_split())
    assert "of 1,154 images" in sentence
    assert "492 that carry Pneumonia" in sentence
    assert "467 are in Data-A" in sentence


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"validation_per_class": 100, "largest_validation_share": 0.2},
            "213 normal images",
        ),
        (
            {"validation_per_class": 42, "largest_validation_share": 0.5},
            "42 of each",
        ),
    ],
)
def test_the_size_of_the_validation_part_has_its_reason(changes, reason):
    counts = _count_data_a(ours=(171, 42, 425, 41))
    account = _account(taken=466)
    account.loc["normal", "taken"] = 213
    (sentence,) = explain_validation(counts, account, make_split(**changes))
    assert "42 normal and 41 diseased" in sentence
    assert reason in sentence


def test_it_is_of_the_images_that_there_were_before_its_balance():
    """Of 200 diseased images a quarter goes there, and 12 normal ones are left out."""
    counts = _count_data_a(ours=(146, 50, 150, 50))
    account = _account(taken=200)
    account.loc["normal", ["taken", "balance"]] = 196, 12
    split = make_split(validation_per_class=100, largest_validation_share=0.25)
    (sentence,) = explain_validation(counts, account, split)
    assert "at most 25 %" in sentence
    assert "200 diseased images" in sentence


def test_patients_left_out_of_data_a_are_counted(images, data_b):
    data_a = take(images, {2: "normal", 7: "diseased"})
    account = _account(patients=127)
    (sentence,) = explain_patients(data_a, data_b, account, make_split())
    assert "leaves out 127 further images" in sentence


def test_patients_of_both_data_sets_are_counted_under_the_papers_protocol(
    images, data_b
):
    data_a = take(images, {1: "normal", 4: "diseased", 7: "diseased"})
    split = make_split("paper")
    (sentence,) = explain_patients(data_a, data_b, _account(), split)
    assert "2 of Data-B's 4 groups" in sentence
    assert "2 images in Data-A" in sentence

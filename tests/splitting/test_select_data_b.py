import logging

import pytest

from detl.errors import DetlError
from detl.splitting.data_b import select_data_b

FINDINGS = ["No Finding", "Mass", "Pneumonia", "COVID-19"]


@pytest.fixture
def plenty(make_images):
    rows = [(f, f"{f}-{i}", "nih") for f in FINDINGS for i in range(20)]
    return make_images(*rows)


@pytest.fixture
def one_each(make_images):
    """Return a builder: one image per class but Mass, whose images are given."""

    def make(*masses):
        others = [(f, f, "nih") for f in FINDINGS if f != "Mass"]
        return make_images(
            *others, *((m, f"p{i}", "nih") for i, m in enumerate(masses))
        )

    return make


def mass(multi_label, count=2, **others):
    return {"findings": {"Mass": count}, "multi_label": multi_label, **others}


def taken_masses(data_b, images):
    ids = data_b.loc[data_b["label"] == "other_disease", "image_id"]
    return sorted(images.set_index("image_id")["findings"][ids])


def test_each_class_has_the_number_of_images_asked(plenty, make_parameters):
    data_b, counts = select_data_b(plenty, make_parameters(), seed=0)
    assert data_b["label"].value_counts().to_dict() == {
        "normal": 2,
        "other_disease": 2,
        "pneumonia": 2,
        "covid_19": 2,
    }
    assert counts["short"].sum() == 0


def test_the_columns_are_those_of_the_contract(plenty, make_parameters):
    data_b, counts = select_data_b(plenty, make_parameters(), seed=0)
    assert list(data_b) == ["image_id", "row", "group", "finding", "label"]
    assert list(counts) == [
        "class",
        "finding",
        "asked",
        "single_label_available",
        "multi_label_available",
        "taken",
        "short",
    ]


def test_one_seed_draws_the_same_images_again(plenty, make_parameters):
    first, _ = select_data_b(plenty, make_parameters(), seed=3)
    second, _ = select_data_b(plenty, make_parameters(), seed=3)
    assert first.equals(second)


def test_another_seed_draws_other_images(plenty, make_parameters):
    first, _ = select_data_b(plenty, make_parameters(), seed=3)
    second, _ = select_data_b(plenty, make_parameters(), seed=4)
    assert set(first["image_id"]) != set(second["image_id"])


def test_asking_for_more_keeps_the_images_drawn_before(plenty, make_parameters):
    few, _ = select_data_b(plenty, make_parameters(), seed=0)
    more = make_parameters(other_disease=mass("never", count=9))
    many, _ = select_data_b(plenty, more, seed=0)
    assert set(few["image_id"]) < set(many["image_id"])


def test_the_images_are_left_as_they_were(plenty, make_parameters):
    before = plenty.copy()
    select_data_b(plenty, make_parameters(), seed=0)
    assert plenty.equals(before)


def test_never_takes_no_image_with_further_findings(one_each, make_parameters):
    images = one_each("Mass", "Mass|Nodule", "Nodule|Mass")
    parameters = make_parameters(other_disease=mass("never"))
    data_b, counts = select_data_b(images, parameters, seed=0)
    assert taken_masses(data_b, images) == ["Mass"]
    line = counts.set_index("finding").loc["Mass"]
    assert (line["multi_label_available"], line["short"]) == (2, 1)


@pytest.mark.parametrize("seed", range(5))
def test_if_short_uses_up_single_labels_first(one_each, make_parameters, seed):
    images = one_each("Mass", "Mass|Nodule", "Nodule|Mass", "Mass")
    parameters = make_parameters(other_disease=mass("if_short"))
    data_b, _ = select_data_b(images, parameters, seed)
    assert taken_masses(data_b, images) == ["Mass", "Mass"]


def test_if_short_fills_up_with_further_findings(one_each, make_parameters):
    images = one_each("Mass", "Nodule|Mass")
    parameters = make_parameters(other_disease=mass("if_short"))
    data_b, _ = select_data_b(images, parameters, seed=0)
    assert taken_masses(data_b, images) == ["Mass", "Nodule|Mass"]


def test_always_draws_single_and_multi_label_alike(one_each, make_parameters):
    images = one_each("Mass", "Mass", "Mass|Nodule", "Mass|Nodule")
    parameters = make_parameters(other_disease=mass("always", count=1))
    drawn = {
        taken_masses(select_data_b(images, parameters, seed)[0], images)[0]
        for seed in range(20)
    }
    assert drawn == {"Mass", "Mass|Nodule"}


def test_an_unwanted_companion_is_never_taken(one_each, make_parameters):
    images = one_each("Mass", "Mass|Pneumonia")
    wanted = mass("if_short", never_with=["Pneumonia"])
    data_b, _ = select_data_b(images, make_parameters(other_disease=wanted), seed=0)
    assert taken_masses(data_b, images) == ["Mass"]


def test_a_finding_is_not_found_inside_a_longer_name(one_each, make_parameters):
    images = one_each("Mass", "Massive Effusion|Nodule")
    parameters = make_parameters(other_disease=mass("if_short"))
    data_b, _ = select_data_b(images, parameters, seed=0)
    assert taken_masses(data_b, images) == ["Mass"]


def test_covid_19_with_ards_fills_up_covid_19(make_images, make_parameters):
    rows = [(f, f, "nih") for f in FINDINGS]
    images = make_images(*rows, ("COVID-19|ARDS", "p", "covid"))
    wanted = {"multi_label": "if_short"}
    data_b, _ = select_data_b(images, make_parameters(covid_19=wanted), seed=0)
    assert data_b["finding"].tolist().count("COVID-19") == 2


def test_no_image_is_taken_for_two_findings(one_each, make_parameters):
    images = one_each("Mass|Nodule")
    wanted = {"findings": {"Mass": 1, "Nodule": 1}, "multi_label": "if_short"}
    data_b, counts = select_data_b(
        images, make_parameters(other_disease=wanted), seed=0
    )
    assert data_b["image_id"].is_unique
    assert counts.set_index("finding").loc["Nodule", "short"] == 1


def test_only_the_listed_sources_are_drawn_from(make_images, make_parameters):
    rows = [(f, f"{f}-{s}", s) for f in FINDINGS for s in ("nih", "covid")]
    parameters = make_parameters(normal={"sources": ["nih"]})
    data_b, _ = select_data_b(make_images(*rows), parameters, seed=0)
    assert data_b.loc[data_b["label"] == "normal", "group"].tolist() == [
        "No Finding-nih"
    ]


def test_shortage_is_warned_of_with_the_numbers(one_each, make_parameters, caplog):
    with caplog.at_level(logging.WARNING, logger="detl.split"):
        select_data_b(one_each("Mass", "Mass"), make_parameters(), seed=0)
    short = [r.getMessage() for r in caplog.records if r.name == "detl.split"]
    assert len(short) == 3
    assert "class covid_19, finding COVID-19: 1 taken of 2 asked" in short[2]


def test_shortage_stops_where_it_is_to_fail(one_each, make_parameters):
    parameters = make_parameters(on_shortage="fail")
    with pytest.raises(DetlError, match="finding COVID-19: 1 taken of 2 asked"):
        select_data_b(one_each("Mass", "Mass"), parameters, seed=0)


def test_enough_images_do_not_fail(plenty, make_parameters):
    select_data_b(plenty, make_parameters(on_shortage="fail"), seed=0)


@pytest.mark.parametrize("on_shortage", ["use_all", "fail"])
def test_a_class_without_an_image_stops(one_each, make_parameters, on_shortage):
    parameters = make_parameters(on_shortage=on_shortage)
    with pytest.raises(DetlError, match="other_disease asks for 2 images and 0 were"):
        select_data_b(one_each(), parameters, seed=0)


def test_an_unknown_source_is_named_with_the_known_ones(plenty, make_parameters):
    parameters = make_parameters(pneumonia={"sources": ["nhi"]})
    with pytest.raises(DetlError, match=r"data_b\.pneumonia\.sources .* nhi, .* nih:"):
        select_data_b(plenty, parameters, seed=0)

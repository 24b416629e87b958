import numpy as np
import pandas as pd
import pytest

from detl.sources.class_regions import OTHER_FINDING, unite_regions

UNREADABLE = pd.DataFrame(
    {"source": ["nih"], "reason": ["no file"], "count": [1], "example": ["z.png"]}
)


@pytest.fixture
def unite(make_parameters):
    split = make_parameters(other_disease={"findings": {"Mass": 11, "Nodule": 11}})

    def unite_by_class(regions, masks, data_b, unreadable=UNREADABLE[:0]):
        return unite_regions(regions, masks, unreadable, data_b, split)

    return unite_by_class


def make_regions(*rows):
    """Return regions of an image and findings, each a pixel of its own."""
    masks = np.zeros((len(rows), 4, 4), bool)
    masks[np.arange(len(rows)), 0, np.arange(len(rows))] = True
    table = pd.DataFrame(rows, columns=["image_id", "findings"])
    return table.assign(kind="box", area=1 / 16, row=range(len(rows))), masks


def label(**labels):
    names = [f"nih/{name}.png" for name in labels]
    return pd.DataFrame({"image_id": names, "label": list(labels.values())})


def test_lesions_of_the_class_are_united_and_others_left_out(unite):
    regions, masks = make_regions(
        ("nih/a.png", "Mass"), ("nih/a.png", "Effusion"), ("nih/a.png", "Nodule")
    )

    table, united, left_out = unite(regions, masks, label(a="other_disease"))

    assert table.to_dict("records") == [
        {
            "image_id": "nih/a.png",
            "findings": "Mass|Nodule",
            "kind": "box",
            "area": 2 / 16,
            "row": 0,
        }
    ]
    assert united[0, 0].tolist() == [True, False, True, False]
    assert left_out.empty


def test_an_image_whose_lesions_are_all_of_other_classes_is_counted(unite):
    regions, masks = make_regions(("nih/a.png", "Mass"), ("nih/a.png", "Effusion"))

    table, united, left_out = unite(regions, masks, label(a="pneumonia"))

    assert table.empty
    assert united.shape == (0, 4, 4)
    assert left_out.to_dict("records") == [
        {"source": "nih", "reason": OTHER_FINDING, "count": 1, "example": "a.png"}
    ]


def test_a_mask_speaks_for_a_class_if_one_of_its_findings_does(unite):
    regions, masks = make_regions(("nih/a.png", "Edema|Pneumonia"))

    table, _, _ = unite(regions, masks, label(a="pneumonia"))

    assert table["findings"].tolist() == ["Edema|Pneumonia"]


def test_images_beside_data_b_have_no_region(unite):
    regions, masks = make_regions(("nih/a.png", "Mass"), ("nih/b.png", "Mass"))

    table, united, _ = unite(regions, masks, label(b="other_disease"))

    assert table["image_id"].tolist() == ["nih/b.png"]
    assert united[0, 0].tolist() == [False, True, False, False]


def test_what_cannot_be_read_comes_before_what_is_not_used(unite):
    regions, masks = make_regions(("nih/a.png", "Effusion"))

    _, _, left_out = unite(regions, masks, label(a="pneumonia"), UNREADABLE)

    assert list(left_out["example"]) == ["z.png", "a.png"]

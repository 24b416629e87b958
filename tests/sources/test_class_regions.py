import numpy as np
import pandas as pd

from detl.sources.class_regions import OTHER_FINDING, unite_regions

FINDINGS = {"pneumonia": {"Pneumonia": 66}, "other_disease": {"Mass": 11, "Nodule": 11}}


def make_regions(*rows):
    """Return regions of an image and findings, each a pixel of its own."""
    masks = np.zeros((len(rows), 4, 4), bool)
    masks[np.arange(len(rows)), 0, np.arange(len(rows))] = True
    table = pd.DataFrame(rows, columns=["image_id", "findings"])
    return table.assign(kind="box", area=1 / 16, row=range(len(rows))), masks


def label(**labels):
    names = [f"nih/{name}.png" for name in labels]
    return pd.DataFrame({"image_id": names, "label": list(labels.values())})


def test_lesions_of_the_class_are_united_and_others_left_out():
    regions, masks = make_regions(
        ("nih/a.png", "Mass"), ("nih/a.png", "Effusion"), ("nih/a.png", "Nodule")
    )

    table, united, left_out = unite_regions(
        regions, masks, label(a="other_disease"), FINDINGS
    )

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


def test_an_image_whose_lesions_are_all_of_other_classes_is_counted():
    regions, masks = make_regions(("nih/a.png", "Mass"), ("nih/a.png", "Effusion"))

    table, united, left_out = unite_regions(
        regions, masks, label(a="pneumonia"), FINDINGS
    )

    assert table.empty
    assert united.shape == (0, 4, 4)
    assert left_out.to_dict("records") == [
        {"source": "nih", "reason": OTHER_FINDING, "count": 1, "example": "a.png"}
    ]


def test_a_mask_speaks_for_a_class_if_one_of_its_findings_does():
    regions, masks = make_regions(("nih/a.png", "Edema|Pneumonia"))

    table, _, _ = unite_regions(regions, masks, label(a="pneumonia"), FINDINGS)

    assert table["findings"].tolist() == ["Edema|Pneumonia"]


def test_images_beside_data_b_have_no_region():
    regions, masks = make_regions(("nih/a.png", "Mass"), ("nih/b.png", "Mass"))

    table, united, _ = unite_regions(regions, masks, label(b="other_disease"), FINDINGS)

    assert table["image_id"].tolist() == ["nih/b.png"]
    assert united[0, 0].tolist() == [False, True, False, False]

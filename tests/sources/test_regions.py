from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from detl.imaging.resize import make_square
from detl.pipelines.ingest.nodes import read_sources
from detl.schemas.parameters import IngestParameters
from detl.sources.regions import LEFT_OUT_COLUMNS, REGION_COLUMNS, read_regions
from made_sample import sample_folder

PROJECT = Path(__file__).parents[2]
SHARED = PROJECT.parent / "shared" / "data"
SIZE = 32
NIH_HEADER = "Image Index,Finding Label,Bbox [x,y,w,h],,,"


def _parameters(size=SIZE, fit="crop", **sources):
    sources = sources or {
        "nih": {"reader": "nih", "folder": "nih"},
        "covid_chestxray": {"reader": "covid_chestxray", "folder": "covid-chestxray"},
    }
    return IngestParameters(
        sources=sources,
        views=["PA"],
        input_size=size,
        fit=fit,
        largest_image=1_000_000,
    )


def _picture(path, height, width, inside=None):
    """Noise, or a mask with a rectangle (top, bottom, left, right)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(0).integers(0, 256, (height, width), np.uint8)
    if inside is not None:
        pixels[:] = 0
        top, bottom, left, right = inside
        pixels[top:bottom, left:right] = 255
    cv2.imwrite(str(path), pixels)


def _candidates(*names, source="nih", folder="nih", findings="Mass"):
    return pd.DataFrame(
        {
            "image_id": [f"{source}/{name}" for name in names],
            "source": source,
            "path": [f"{folder}/images/{name}" for name in names],
            "findings": findings,
        }
    )


def _covid_candidates():
    return _candidates("a.png", source="covid_chestxray", folder="covid-chestxray")


def _write_boxes(raw, *rows):
    (raw / "nih").mkdir(exist_ok=True)
    text = "".join(f"{line}\n" for line in (NIH_HEADER, *rows))
    (raw / "nih" / "BBox_List_2017.csv").write_text(text)


def _reasons(left_out, source="nih"):
    of_source = left_out[left_out["source"] == source]
    return dict(zip(of_source["reason"], of_source["count"], strict=True))


def test_a_box_in_the_published_frame_is_scaled_to_the_stored_pixels(tmp_path):
    _write_boxes(tmp_path, "a.png,Infiltrate,256,512,128,64,,,")

    regions, masks, _ = read_regions(tmp_path, _candidates("a.png"), _parameters())

    assert masks[0][16:18, 8:12].all()
    assert masks.sum() == 8
    assert regions.to_dict("records") == [
        {
            "image_id": "nih/a.png",
            "findings": "Infiltration",
            "kind": "box",
            "area": 8 / SIZE**2,
            "row": 0,
        }
    ]


def test_boxes_of_a_finding_are_united_and_those_of_two_are_not(tmp_path):
    _write_boxes(
        tmp_path,
        "a.png,Mass,0,0,32,32,,,",
        "a.png,Mass,992,992,32,32,,,",
        "a.png,Effusion,512,512,32,32,,,",
    )

    regions, masks, _ = read_regions(tmp_path, _candidates("a.png"), _parameters())

    assert regions["findings"].to_list() == ["Effusion", "Mass"]
    assert masks[0, 16, 16]
    assert masks[1, 0, 0]
    assert masks[1, -1, -1]
    assert masks.sum(axis=(1, 2)).tolist() == [1, 2]


def test_a_mask_goes_before_boxes_and_has_the_findings_of_the_image(tmp_path):
    _write_boxes(tmp_path, "a.png,Effusion,0,0,1024,1024,,,")
    _picture(tmp_path / "nih/images/a.png", 64, 64)
    _picture(tmp_path / "nih/masks/a.png", 64, 64, (10, 20, 30, 40))

    candidates = _candidates("a.png", findings="Mass|Nodule")
    regions, masks, _ = read_regions(tmp_path, candidates, _parameters())

    assert regions[["findings", "kind"]].iloc[0].to_list() == ["Mass|Nodule", "mask"]
    assert masks.sum() == 25
    assert masks[0, 5:10, 15:20].all()


@pytest.mark.parametrize("fit", ["crop", "pad", "squeeze"])
def test_a_mask_is_brought_to_the_stored_pixels_as_its_image_is(tmp_path, fit):
    """A bright rectangle in a wide image: the mask lies where its pixels do."""
    image = np.zeros((60, 90), np.uint8)
    image[20:40, 30:70] = 255
    stored = make_square(image, SIZE, fit)
    _picture(tmp_path / "covid-chestxray/images/a.png", 60, 90)
    _picture(tmp_path / "covid-chestxray/masks/a.png", 60, 90, (20, 40, 30, 70))
    candidates = _covid_candidates()

    _, masks, _ = read_regions(tmp_path, candidates, _parameters(fit=fit))

    np.testing.assert_array_equal(masks[0], stored > 127)


def test_boxes_in_pixels_of_the_file_are_cropped_with_it(tmp_path):
    _picture(tmp_path / "covid-chestxray/images/a.png", 64, 128)
    text = "filename,finding,x,y,w,h\na.png,COVID-19,64,0,32,32\n"
    (tmp_path / "covid-chestxray/boxes.csv").write_text(text)
    candidates = _covid_candidates()

    _, masks, _ = read_regions(tmp_path, candidates, _parameters())

    assert masks[0, :16, 16:].all()
    assert masks.sum() == 16 * 16


def test_the_file_of_an_accepted_image_is_not_read_for_its_size(tmp_path):
    (tmp_path / "covid-chestxray").mkdir()
    text = "filename,finding,x,y,w,h\na.png,COVID-19,64,0,32,32\n"
    (tmp_path / "covid-chestxray/boxes.csv").write_text(text)
    candidates = _covid_candidates()
    images = candidates.assign(height=64, width=128)

    _, masks, _ = read_regions(tmp_path, candidates, _parameters(), images)

    assert masks.sum() == 16 * 16


def test_a_box_in_the_part_that_is_cropped_off_is_named(tmp_path):
    _picture(tmp_path / "covid-chestxray/images/a.png", 64, 128)
    text = "filename,finding,x,y,w,h\na.png,COVID-19,0,0,16,32\n"
    (tmp_path / "covid-chestxray/boxes.csv").write_text(text)
    candidates = _covid_candidates()

    regions, _, left_out = read_regions(tmp_path, candidates, _parameters())

    assert regions.empty
    assert _reasons(left_out, "covid_chestxray") == {
        "box of which the stored pixels show nothing": 1
    }


def test_what_is_wrong_with_boxes_is_counted_by_reason(tmp_path):
    _write_boxes(
        tmp_path,
        "a.png,Mass,0,0,512,512,,,",
        "b.png,Mass,0,0,512,512,,,",
        "c.png,Mass,0,0,512,512,,,",
        "a.png,Mass,2000,0,512,512,,,",
        "a.png,Mass,0,0,0,512,,,",
        "a.png,Mass,x,0,512,512,,,",
        "a.png,Widget,0,0,512,512,,,",
    )

    regions, _, left_out = read_regions(tmp_path, _candidates("a.png"), _parameters())

    assert len(regions) == 1
    assert _reasons(left_out) == {
        "box without an image": 2,
        "box outside the picture": 1,
        "box without area": 1,
        "box without four numbers": 1,
        "box of an unknown finding: Widget": 1,
    }
    assert left_out["example"].iloc[0] == "b.png"


def test_what_is_wrong_with_masks_is_counted_by_reason(tmp_path):
    nih = tmp_path / "nih"
    for name in ("empty", "small", "broken", "unread"):
        _picture(nih / f"images/{name}.png", 64, 64)
    (nih / "images/unread.png").write_bytes(b"")
    _picture(nih / "masks/empty.png", 64, 64, (0, 0, 0, 0))
    _picture(nih / "masks/small.png", 32, 64, (0, 9, 0, 9))
    (nih / "masks/broken.png").write_bytes(b"not a picture")
    _picture(nih / "masks/unread.png", 64, 64, (0, 9, 0, 9))
    _picture(nih / "masks/alone.png", 64, 64, (0, 9, 0, 9))
    candidates = _candidates("empty.png", "small.png", "broken.png", "unread.png")

    regions, masks, left_out = read_regions(tmp_path, candidates, _parameters())

    assert regions.empty
    assert masks.shape == (0, SIZE, SIZE)
    assert _reasons(left_out) == {
        "mask without an image": 1,
        "mask: blank: all pixels have one value": 1,
        "mask of another size than its image": 1,
        "mask: neither PNG nor JPEG nor DICOM": 1,
        "mask of an image that cannot be read": 1,
    }


def test_rows_of_boxes_that_cannot_be_read_are_counted_with_where_they_stand(tmp_path):
    sound = "a.png,Mass,0,0,512,512,,,"
    _write_boxes(tmp_path, sound, ".\\a.png,Nodule,0,0,256,256,,,", "a.png", ",,,,,,,,")
    _picture(tmp_path / "nih/images/a.png", 64, 64)

    regions, _, left_out = read_regions(tmp_path, _candidates("a.png"), _parameters())

    assert regions["findings"].tolist() == ["Mass", "Nodule"]
    of_nih = left_out[left_out["source"] == "nih"].set_index("reason")["example"]
    assert of_nih.to_dict() == {
        "broken row": "BBox_List_2017.csv, row 4",
        "empty row": "BBox_List_2017.csv, row 5",
    }


def test_boxes_on_an_image_that_cannot_be_read_are_named(tmp_path):
    (tmp_path / "covid-chestxray/images").mkdir(parents=True)
    text = "filename,finding,x,y,w,h\na.png,COVID-19,0,0,16,32\n"
    (tmp_path / "covid-chestxray/boxes.csv").write_text(text)
    candidates = _covid_candidates()

    _, _, left_out = read_regions(tmp_path, candidates, _parameters())

    assert _reasons(left_out, "covid_chestxray") == {"box on an unreadable image": 1}


def test_sources_without_boxes_and_masks_give_an_empty_table_and_say_so(tmp_path):
    plain = {"mine": {"reader": "folder", "folder": "mine"}}
    (tmp_path / "mine").mkdir()
    candidates = _candidates("a.png", "b.png", source="mine", folder="mine")

    regions, masks, left_out = read_regions(tmp_path, candidates, _parameters(**plain))

    assert list(regions.columns) == REGION_COLUMNS
    assert regions.empty
    assert masks.shape == (0, SIZE, SIZE)
    assert list(left_out.columns) == LEFT_OUT_COLUMNS
    assert left_out.to_dict("records") == [
        {"source": "mine", "reason": "no boxes or masks", "count": 2, "example": ""}
    ]


def test_regions_are_in_the_order_of_the_candidates(tmp_path):
    _write_boxes(tmp_path, "a.png,Mass,0,0,512,512,,,", "b.png,Mass,0,0,512,512,,,")
    _picture(tmp_path / "nih/images/c.png", 64, 64)
    _picture(tmp_path / "nih/masks/c.png", 64, 64, (10, 20, 30, 40))

    regions, masks, _ = read_regions(
        tmp_path, _candidates("b.png", "c.png", "a.png"), _parameters()
    )

    assert list(regions["image_id"]) == ["nih/b.png", "nih/c.png", "nih/a.png"]
    assert list(regions["row"]) == [0, 1, 2]
    assert list(regions["area"]) == list(masks.mean(axis=(1, 2)))


def test_every_film_with_a_finding_of_the_sample_has_a_mask():
    raw, parameters = sample_folder(), _parameters(64)
    parameters = parameters.model_copy(update={"views": ["PA", "AP", "AP Supine"]})
    candidates, _ = read_sources(raw, parameters)

    regions, masks, left_out = read_regions(raw, candidates, parameters)

    ill = candidates.loc[candidates["findings"] != "No Finding", "image_id"]
    assert set(regions["image_id"]) == set(ill)
    assert set(regions["kind"]) == {"mask"}
    assert masks.any(axis=(1, 2)).all()
    assert left_out.empty


@pytest.mark.skipif(
    not (SHARED / "nih" / "BBox_List_2017.csv").is_file(),
    reason=f"the boxes of NIH ChestX-ray14 are not in {SHARED.resolve()}",
)
def test_the_boxes_of_the_real_subset_are_found():
    parameters = _parameters(64).model_copy(update={"views": ["PA", "AP"]})
    candidates, _ = read_sources(SHARED, parameters)

    regions, _, left_out = read_regions(SHARED, candidates, parameters)

    assert regions["image_id"].nunique() == 740
    assert _reasons(left_out) == {"box without an image": 157}
    assert _reasons(left_out, "covid_chestxray") == {
        "no boxes or masks": (candidates["source"] == "covid_chestxray").sum()
    }
    assert regions["area"].between(0, 0.6, inclusive="right").all()

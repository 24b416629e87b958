import pytest

from detl.sources.non_films import explain_non_films


def _why(path, *beside, first=1):
    return explain_non_films([path, *beside], first)[0]


@pytest.mark.parametrize(
    "folder",
    [
        *(
            "masks",
            "mask",
            "Lung Masks",
            "lung_masks",
            "infectionMasks",
            "segmentation",
        ),
        *("annotations", "thumbnails", "ground_truth", "left mask", "masks_2"),
        *("Ground-truths", "GT", "groundtruth", "Segmentierung"),
    ],
)
def test_what_lies_in_a_folder_of_masks_is_no_film(folder):
    assert _why(f"COVID/{folder}/a.png") == f"no film: in a folder {folder}"


@pytest.mark.parametrize(
    "folder", ["oxygen mask", "images", "left", "unmasked", "2020"]
)
def test_other_folders_may_hold_films(folder):
    assert _why(f"COVID/{folder}/a.png") == ""


def test_a_class_may_have_the_name_of_a_mask():
    assert _why("mask/a.png") == ""
    assert _why("mask/a.png", first=0) == "no film: in a folder mask"


@pytest.mark.parametrize(
    "name",
    [
        *("a_mask.png", "a-mask.PNG", "a mask.jpg", "a_thumb.png", "a.mask.png"),
        *("mask_a.png", "Mask a.jpg"),
    ],
)
def test_a_mask_beside_its_film_is_no_film(name):
    assert _why(f"COVID/{name}", "COVID/a.jpg").startswith("no film: ")


def test_a_name_of_a_mask_alone_may_be_a_film():
    assert _why("COVID/a_mask.png", "COVID/b.png") == ""


@pytest.mark.parametrize("name", ["README.md", "x.CSV", "x.xlsx", "x.zip", "x.nii.gz"])
def test_documents_are_no_films(name):
    assert _why(f"COVID/{name}").startswith("no film: .")


@pytest.mark.parametrize("name", ["IM0001", "1.2.840.113", "a.dcm", "a.tif", "a"])
def test_a_file_is_looked_into_where_its_name_does_not_tell(name):
    assert _why(f"COVID/{name}") == ""

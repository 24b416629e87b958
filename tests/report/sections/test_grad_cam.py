from detl.report.sections import grad_cam
from detl.schemas.classes import DATA_B_CLASSES
from made_results import make_result, tables_of, texts_of
from made_run import make_run


def judged(**peaks):
    """The sentence on a network whose right images have these mean peaks by class."""
    classes = {name: {"images": 0, "peak": None} for name in DATA_B_CLASSES}
    classes |= {name: {"images": 2, "peak": peak} for name, peak in peaks.items()}
    result = make_result(evidence={"largest": 2.0, "classes": classes})
    return texts_of(grad_cam.section(make_run({"vgg16": {"results": result}})))[-1]


def test_maps_of_normal_images_that_are_not_empty_are_called_so():
    sentence = judged(normal=0.5, covid_19=1.0)
    assert "not empty" in sentence
    assert "Their peak is 0.5, that of the other classes 1 on average" in sentence


def test_nearly_empty_maps_of_normal_images_are_called_so():
    assert "nearly empty" in judged(normal=0.04, covid_19=1.0)


def test_the_other_classes_count_by_their_images():
    assert "of the other classes 2 on average" in judged(
        normal=1.0, covid_19=1.0, pneumonia=3.0
    )


def test_without_a_right_normal_image_nothing_is_said_of_them():
    assert "no normal image was correctly" in judged(covid_19=1.0)


def test_without_other_right_images_nothing_is_compared():
    assert "no image of another class" in judged(normal=1.0)


def test_each_network_has_its_panel_with_its_scale():
    section = grad_cam.section(make_run({"vgg16": {}, "alexnet": {}}))
    captions = [block.caption for block in section.blocks if hasattr(block, "picture")]
    assert "VGG16" in captions[0]
    assert "AlexNet" in captions[1]
    assert "Red on the common scale is 2." in captions[0]


def test_the_table_has_the_peak_and_the_number_of_images():
    (table,) = tables_of(grad_cam.section(make_run()))
    assert table["VGG16"].tolist() == ["1 (2)"] * 4

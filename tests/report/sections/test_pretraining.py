from detl.evaluation.metrics import explain_unlearned
from detl.report.blocks import Note
from detl.report.sections import limits, pretraining
from detl.report.sections.pretraining import compare_on_data_a
from made_results import make_result, tables_of, texts_of
from made_run import make_run


def result(accuracy, low, high):
    return make_result(
        data_a_accuracy=accuracy, data_a_accuracy_low=low, data_a_accuracy_high=high
    )


def run_of(results):
    return make_run({"vgg16": {"results": results}})


def test_a_network_whose_interval_lies_above_all_others_is_best():
    results = {"vgg16": result(0.7, 0.6, 0.79), "resnet50": result(0.9, 0.8, 0.95)}
    assert "ResNet50 (90.0 %) is best" in compare_on_data_a(results)
    assert compare_on_data_a(results).endswith("intervals, as in the paper.")


def test_a_best_network_other_than_the_papers_is_called_so():
    results = {"vgg16": result(0.9, 0.8, 0.95), "resnet50": result(0.7, 0.6, 0.79)}
    assert compare_on_data_a(results).endswith("other than in the paper.")


def test_with_overlapping_intervals_no_network_is_best():
    results = {
        "alexnet": result(0.6, 0.55, 0.65),
        "vgg16": result(0.8, 0.7, 0.9),
        "resnet50": result(0.85, 0.8, 0.9),
    }
    sentence = compare_on_data_a(results)
    assert "overlaps with that of VGG16: which network is best cannot" in sentence


def test_a_single_network_is_compared_with_none():
    assert compare_on_data_a({"vgg16": make_result()}).endswith("was trained here.")


def test_the_table_has_the_accuracy_with_its_interval_chance_and_epoch():
    (table,) = tables_of(pretraining.section(make_run()))
    assert table.iloc[0].tolist() == [
        "VGG16",
        "70.0 %",
        "60.4 to 78.1 %",
        "70 of 100",
        "50.0 %",
        "90",
        "2 of 3",
    ]


def test_an_interval_that_reaches_chance_is_noted():
    section = pretraining.section(run_of(result(0.55, 0.45, 0.64)))
    (note,) = [block.text for block in section.blocks if isinstance(block, Note)]
    assert note.startswith("VGG16: The accuracy on Data-A's validation part, 55.0 %")


def test_the_note_the_warning_and_the_limits_say_the_same():
    one = result(0.55, 0.45, 0.64)
    section = pretraining.section(run_of(one))
    (note,) = [block.text for block in section.blocks if isinstance(block, Note)]
    sentence = explain_unlearned(one)
    _, not_shown = limits.section(run_of(one)).subsections
    assert note == f"VGG16: {sentence}"
    assert sentence[1:] in " ".join(texts_of(not_shown))


def test_without_intervals_no_network_is_best_on_data_a():
    results = {"vgg16": result(0.9, None, None), "resnet50": result(0.7, None, None)}
    assert "too few patients here" in compare_on_data_a(results)


def test_a_network_above_chance_has_no_note():
    section = pretraining.section(make_run())
    assert not [block for block in section.blocks if isinstance(block, Note)]

import pandas as pd
import pytest

from detl.report.blocks import Note
from detl.schemas.parameters import TransferParameters
from made_results import make_arm, make_optimism, make_result, tables_of
from made_run import make_ingest
from made_tables import make_two_sources

NOT_RUN = float("nan")


def test_synthetic_images_are_noted_first(describe):
    section, *_ = describe(is_synthetic=True, ingest=make_ingest(64))
    (note,) = section.blocks
    assert isinstance(note, Note)
    assert "10 images are synthetic" in note.text
    assert "64 x 64" in note.text


def test_real_images_are_called_radiographs(describe):
    section, *_ = describe()
    (paragraph,) = section.blocks
    assert "10 images are radiographs" in paragraph.text
    assert "8 groups" in paragraph.text


# ---------------------------------------------------------------- patients


def test_where_no_patient_was_seen_before_this_is_shown(describe):
    _, shown, not_shown = describe(inner="validation")
    assert "No network has seen" in shown
    assert "0 are in Data-A" in shown
    assert "Accuracy on new patients" not in not_shown
    assert "chosen on the test images" not in not_shown


def test_test_images_whose_patient_was_trained_on_are_counted(describe):
    # The group of images 0 and 1 is on both sides in both folds.
    _, shown, not_shown = describe(groups="aacdefgh")
    assert "Accuracy on new patients" in not_shown
    assert "2 of 8 test images" in not_shown
    assert "No network has seen" not in shown


def test_patients_of_both_data_sets_are_counted(describe):
    _, shown, not_shown = describe(pretrained={8: "normal", 9: "diseased"})
    assert "1 of Data-B's 8 groups" in not_shown
    assert "No network has seen" not in shown


def test_an_epoch_chosen_on_the_test_images_is_told(describe):
    _, _, not_shown = describe(inner="train")
    assert "chosen on the test images" in not_shown


def test_an_epoch_that_no_image_has_chosen_is_not_held_against_the_run(describe):
    transfer = TransferParameters.model_construct(read="average")
    read = {"alexnet": {"transfer": transfer}}
    _, _, not_shown = describe(inner="train", parameters={"architectures": read})
    assert "chosen on the test images" not in not_shown


# ----------------------------------------------------------------- sources


def test_a_class_with_a_source_of_its_own_is_named(describe):
    _, _, not_shown = describe()
    assert "COVID-19 is told by" in not_shown
    assert "2 images are of covid" in not_shown
    assert "nih, the source is no" in not_shown


def test_one_source_for_all_is_no_cue(describe):
    images, _ = make_two_sources("abcdefgh")
    _, shown, not_shown = describe(images=images.assign(source="nih"))
    assert "is told by" not in not_shown
    assert "than its source" not in shown + not_shown


def test_a_network_above_the_rule_is_told_from_one_within_and_one_below(describe):
    # The rule gets 50 %: half of the images are normal or COVID-19; with the view 75 %.
    results = {
        "vgg16": make_result(),
        "alexnet": make_result(accuracy_low=0.49),
        "resnet50": make_result(accuracy_low=0.4, accuracy_high=0.45),
    }
    section, shown, not_shown = describe(results)
    assert "VGG16 knows more" in shown
    assert "alone reaches 50.0 %" in shown
    assert "AlexNet and ResNet50 know more" in not_shown
    table = tables_of(section)[0].set_index("rule or network")["against the source"]
    assert table[["VGG16", "AlexNet", "ResNet50"]].tolist() == [
        "above 50.0 %",
        "around 50.0 %",
        "below 50.0 %",
    ]


def test_a_network_that_beats_the_source_is_held_against_the_view_too(describe):
    _, _, not_shown = describe()
    assert "That VGG16 knows more" in not_shown
    assert "its source and view" in not_shown
    assert "alone reaches 75.0 %" in not_shown


# ---------------------------------------------------------------- networks


def test_networks_that_learned_in_pretraining_are_named(describe):
    _, shown, not_shown = describe()
    assert "chance (50.0 %): VGG16 70.0" in shown
    assert "(60.4 to 78.1 %)" in shown
    assert "has learned in pretraining" not in not_shown


def test_an_interval_that_reaches_chance_is_no_learning(describe):
    result = make_result(data_a_accuracy_low=0.5)
    _, shown, not_shown = describe({"vgg16": result})
    for fact in (
        "VGG16 has learned in pretraining",
        "70 of 100 images",
        "90 groups of patients",
        "best of 3 epochs",
        "50.0 to 78.1 %",
        "not above chance, 50.0 %",
    ):
        assert fact in not_shown
    assert "Pretraining tells" not in shown


def test_without_an_interval_nothing_is_known_to_be_learned(describe):
    result = make_result(data_a_accuracy_low=None, data_a_accuracy_high=None)
    _, shown, not_shown = describe({"vgg16": result})
    assert "VGG16 has learned in pretraining" in not_shown
    assert "Pretraining tells" not in shown


def test_an_accuracy_of_the_commonest_class_is_no_learning(describe):
    _, _, not_shown = describe({"vgg16": make_result(accuracy_low=0.25)})
    assert "VGG16 has learned on Data-B" in not_shown


def test_a_class_that_is_never_predicted_is_not_recognised(describe):
    result = make_result(never_predicted=["covid_19"])
    _, _, not_shown = describe({"vgg16": result})
    assert "VGG16 recognises COVID-19" in not_shown
    assert "none of the 100" in not_shown


def test_several_classes_that_are_never_predicted_share_a_sentence(describe):
    result = make_result(never_predicted=["normal", "covid_19"])
    _, _, not_shown = describe({"vgg16": result})
    assert "recognises normal and COVID-19" in not_shown


def test_a_warning_of_data_a_is_not_repeated(describe):
    result = make_result(data_a_accuracy_low=0.5, warnings="It is not above chance.")
    _, _, not_shown = describe({"vgg16": result})
    assert not_shown.count("not above chance") == 1


def test_one_network_is_not_ranked(describe):
    _, shown, not_shown = describe()
    assert "Which network is best" not in shown + not_shown


# ------------------------------------------------------------------- sizes


def test_the_sizes_say_how_finely_can_be_measured(describe):
    # Images 0 and 4 are the normal ones, and both are of group a.
    _, _, not_shown = describe(groups="abcdafgh")
    assert "2 folds tests 2 images" in not_shown
    assert "1 to 2 groups" in not_shown
    assert "(fewest: normal)" in not_shown
    assert "20.0 points wide" in not_shown


def test_the_spread_over_seeds_says_how_far_one_training_lies_from_another(describe):
    _, _, not_shown = describe()
    assert "SD of 2.0 points" in not_shown
    assert "All seeds share one pretraining" in not_shown


def test_of_one_seed_nothing_is_shown_of_another_training(describe):
    once = make_result(seeds=1, accuracy_sd_seeds=None)
    _, _, not_shown = describe({"vgg16": once})
    assert "network was trained once" in not_shown
    assert "SD of" not in not_shown


# ------------------------------------------------------------- comparisons


def test_a_difference_of_protocols_that_excludes_0_is_shown(describe):
    _, shown, not_shown = describe(optimism=make_optimism(0.02, 0.18))
    assert "differs from VGG16" in shown
    assert "600 images" in shown
    assert "+10.0 points (+2.0 to +18.0)" in shown
    assert "includes 0" not in not_shown


@pytest.mark.parametrize(("seeds", "part"), [(1, "trained"), (3, "pretrained")])
def test_a_difference_of_two_trainings_is_not_said_to_be_of_the_protocol(
    describe, seeds, part
):
    _, shown, not_shown = describe(optimism=make_optimism(0.02, 0.18, seeds=seeds))
    assert "matters" not in shown
    assert "the protocol matters" in not_shown
    assert f"each protocol was {part} once" in not_shown


def test_a_difference_of_protocols_without_an_interval_is_not_shown(describe):
    _, shown, not_shown = describe(optimism=make_optimism(NOT_RUN, NOT_RUN))
    assert "too few for an interval" in not_shown
    assert "differs from VGG16" not in shown


def test_a_difference_of_protocols_below_0_is_shown_too(describe):
    table = make_optimism(-0.18, -0.02, difference=-0.1)
    _, shown, _ = describe(optimism=table)
    assert "-10.0 points (-18.0 to -2.0)" in shown


def test_a_difference_of_protocols_that_includes_0_is_not_shown(describe):
    _, shown, not_shown = describe(optimism=make_optimism(-0.02, 0.22))
    assert "(-2.0 to +22.0)" in not_shown
    assert "includes 0" in not_shown
    assert "up to 22.0 points" in not_shown
    assert "differs from VGG16" not in shown


def _make_ablation(difference, p):
    missing = {"accuracy": NOT_RUN, "note": "no weights"}
    return pd.DataFrame(
        [
            make_arm("detl", "last_block"),
            make_arm("scratch", "all", difference, p),
            make_arm("imagenet", "all", **missing),
        ]
    )


@pytest.mark.parametrize(("difference", "verdict"), [(-0.1, "worse"), (0.1, "better")])
def test_an_arm_that_differs_is_shown(describe, difference, verdict):
    _, shown, _ = describe(ablation=_make_ablation(difference, 0.01))
    assert f"VGG16 is {verdict} from random" in shown
    assert "all layers" in shown


def test_an_arm_that_does_not_differ_shows_nothing_of_pretraining(describe):
    _, shown, not_shown = describe(ablation=_make_ablation(-0.1, 0.2))
    assert "pretraining on Data-A helps VGG16" in not_shown
    assert "p 0.200 after Holm" in not_shown
    assert "random weights" not in shown


def test_an_arm_whose_interval_holds_0_shows_nothing_of_pretraining(describe):
    table = _make_ablation(-0.04, 0.01)
    _, shown, not_shown = describe(ablation=table)
    assert "pretraining on Data-A helps VGG16" in not_shown
    assert "random weights" not in shown


def test_an_arm_that_could_not_be_tested_shows_nothing_of_pretraining(describe):
    _, shown, not_shown = describe(ablation=_make_ablation(-0.1, NOT_RUN))
    assert "pretraining on Data-A helps VGG16" in not_shown
    assert "the same in every fold" in not_shown
    assert "random weights" not in shown


def test_arms_that_were_not_run_are_counted(describe):
    _, _, not_shown = describe(ablation=_make_ablation(-0.1, 0.2))
    assert "not run: VGG16 1" in not_shown


def test_what_was_not_compared_is_not_mentioned(describe):
    _, shown, not_shown = describe()
    assert "protocol matters" not in shown + not_shown
    assert "ablation" not in shown + not_shown

import numpy as np
import pandas as pd

from detl.report.sections import comparisons
from detl.report.sections.comparisons import describe_arms
from made_results import (
    make_arm,
    make_optimism,
    make_stability,
    tables_of,
    texts_of,
)
from made_run import PROVENANCE, make_run
from made_tables import make_split

NAN = float("nan")
REFERENCE = make_arm("detl", "last_block")
WORSE = make_arm("scratch", "head", -0.2, 0.001)
ALIKE = make_arm("detl", "all", 0.01, 0.8)
UNTESTED = make_arm(
    "scratch",
    "all",
    -0.1,
    difference_low=NAN,
    difference_high=NAN,
    note="no variance to test with",
)
MISSING = make_arm("imagenet", "all", accuracy=NAN, note="There are no weights.")


def described(optimism=None, ablation=None, protocol="grouped", environment="base"):
    run = make_run(
        optimism=optimism,
        ablation=ablation,
        split=make_split(protocol),
        provenance=PROVENANCE | {"environment": environment},
    )
    return comparisons.section(run)


def test_what_was_not_run_has_its_command():
    texts = texts_of(described())
    assert "kedro run --pipeline optimism" in texts
    assert "kedro run --pipeline ablation" in texts
    assert "kedro run --pipeline stability --params pretrainings=3" in texts


def test_the_command_names_another_environment():
    assert "kedro run --pipeline optimism --env reduced" in texts_of(
        described(environment="reduced")
    )


def test_the_protocols_stand_side_by_side_with_their_difference():
    (table,) = tables_of(described(make_optimism(0.02, 0.18)))
    assert table.iloc[0].tolist() == [
        "VGG16",
        "90.0 %",
        "80.0 %",
        "+10.0",
        "+2.0 to +18.0",
        "2.0",
        "600",
        "500",
    ]


def test_equal_training_parts_are_told_where_the_run_is_grouped():
    texts = " ".join(texts_of(described(make_optimism(0.02, 0.18))))
    assert "equal in size" in texts
    assert "larger training part" not in texts


def test_larger_training_parts_are_told_where_the_run_is_the_papers():
    section = described(make_optimism(0.02, 0.18), protocol="paper")
    texts = " ".join(texts_of(section))
    assert "larger training part" in texts
    assert "equal in size" not in texts


def test_an_arm_has_its_difference_and_only_the_p_that_is_judged():
    (table,) = tables_of(described(ablation=pd.DataFrame([REFERENCE, WORSE])))
    assert table.iloc[1].tolist() == [
        "last layer from random weights",
        "70.0 %",
        "60.0 to 80.0 %",
        "2.0",
        "5.0",
        "-20.0",
        "-25.0 to -15.0",
        "0.001",
        "",
    ]


def test_the_reference_is_compared_with_nothing():
    (table,) = tables_of(described(ablation=pd.DataFrame([REFERENCE, WORSE])))
    assert table["difference"].iloc[0] == "-"
    assert table["remark"].iloc[0] == "the reference"


def test_an_arm_that_cannot_be_tested_keeps_its_difference_and_says_why():
    (table,) = tables_of(described(ablation=pd.DataFrame([REFERENCE, UNTESTED])))
    assert table.iloc[1].tolist()[5:] == [
        "-10.0",
        "no interval",
        "-",
        "no variance to test with",
    ]


def test_arms_that_cannot_be_tested_are_named():
    (sentence,) = describe_arms(pd.DataFrame([REFERENCE, UNTESTED]))
    assert sentence.startswith("Not tested")
    assert "all layers from random weights" in sentence


def test_an_arm_that_was_not_run_says_why():
    (table,) = tables_of(described(ablation=pd.DataFrame([REFERENCE, MISSING])))
    assert table["accuracy"].iloc[1] == "-"
    assert table["remark"].iloc[1] == "There are no weights."


def test_an_arm_without_a_result_or_a_reason_was_not_run():
    arms = pd.DataFrame([REFERENCE, make_arm("scratch", "all", accuracy=NAN)])
    (table,) = tables_of(described(ablation=arms))
    assert table["remark"].iloc[1] == "not run"


def test_arms_from_imagenet_are_said_to_be_other_networks():
    arms = pd.DataFrame([REFERENCE, make_arm("imagenet", "all", 0.1, 0.01)])
    texts = " ".join(texts_of(described(ablation=arms)))
    assert "keras.applications" in texts


def test_arms_from_imagenet_that_were_not_run_are_not_described():
    arms = pd.DataFrame([REFERENCE, MISSING])
    assert "keras.applications" not in " ".join(texts_of(described(ablation=arms)))


def test_the_head_of_a_network_from_imagenet_is_all_new_layers():
    arms = pd.DataFrame([REFERENCE, make_arm("imagenet", "head", -0.1, 0.01)])
    (table,) = tables_of(described(ablation=arms))
    assert table["arm"].iloc[1] == "new layers from ImageNet"


def test_only_what_the_corrected_test_tells_apart_is_called_worse():
    worse, alike = describe_arms(pd.DataFrame([REFERENCE, WORSE, ALIKE]))
    assert worse.startswith("Tested worse")
    assert "last layer from random weights" in worse
    assert alike.startswith("1 of 2 arms cannot")


def test_the_widest_interval_is_of_the_arms_that_cannot_be_told_apart():
    wide = WORSE | {"difference_low": -0.4, "difference_high": -0.01}
    _, alike = describe_arms(pd.DataFrame([REFERENCE, wide, ALIKE]))
    assert alike.endswith("spans 10.0 points.")


def test_another_training_is_said_to_be_in_no_interval():
    texts = " ".join(
        texts_of(described(make_optimism(0.02, 0.18), pd.DataFrame([REFERENCE, WORSE])))
    )
    assert "in no interval and no" in texts


def _captions(optimism):
    section = described(optimism)
    return " ".join(getattr(b, "caption", "") for b in section.subsections[0].blocks)


def test_a_difference_of_protocols_says_what_its_interval_is_over():
    several = _captions(make_optimism(0.02, 0.18))
    once = _captions(make_optimism(0.02, 0.18, seeds=1))

    assert "patients and trainings" in several
    assert "of one training each" in once
    assert "its own pretraining" in several


def test_an_arm_whose_interval_holds_0_differs_by_no_test():
    wide = WORSE | {"difference_high": 0.01}

    (sentence,) = describe_arms(pd.DataFrame([REFERENCE, wide]))

    assert sentence.startswith("1 of 1 arms cannot")


def test_arms_that_were_not_run_are_counted():
    (sentence,) = describe_arms(pd.DataFrame([REFERENCE, MISSING]))
    assert sentence.startswith("1 of 2 arms was")
    assert "not run" in sentence


def test_the_picture_of_the_arms_is_shown_where_there_is_one():
    picture = np.zeros((4, 4, 3), np.uint8)
    table = pd.DataFrame([REFERENCE, WORSE])
    run = make_run(ablation=table, ablation_picture=picture)
    section = comparisons.section(run).subsections[1]
    assert [block.picture is picture for block in section.blocks[1:2]] == [True]


def test_other_pretrainings_stand_where_they_were_run():
    section = comparisons.section(make_run(stability=make_stability())).subsections[2]

    assert section.title == "Other pretrainings"
    assert "kedro run --pipeline stability" not in " ".join(texts_of(section))

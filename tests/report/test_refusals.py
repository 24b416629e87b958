"""What is said of how often images would be refused."""

import numpy as np

from detl.report.refusals import describe_external, describe_held_out
from made_audit import make_refusals


def test_shares_are_told_with_their_number_of_images_and_intervals():
    said = describe_held_out(make_refusals(0.02))

    assert "600 images (300 groups of patients)" in said
    assert "2.0 % (1.0 to 3.0 %) would be refused (rank below 0.01)" in said
    assert (
        "4.0 % (3.0 to 5.0 %) would be answered with a warning (rank below 0.05)"
        in said
    )


def test_a_share_without_a_number_has_its_reason():
    table = make_refusals().assign(value=[np.nan, 0.04], note=["no rank is", np.nan])

    assert "has no number (no rank is)" in describe_held_out(table)


def test_without_a_validation_part_it_is_not_known():
    table = make_refusals(images=0).assign(value=np.nan)

    assert "no validation part" in describe_held_out(table)


def test_what_was_not_measured_is_not_known():
    assert "not computed" in describe_held_out(None)
    assert "none were tested" in describe_external(None)


def test_images_from_elsewhere_have_their_own_shares():
    assert "30.0 %" in describe_external(make_refusals(0.3, images=200))

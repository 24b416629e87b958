"""What is packed for use."""

import io

import pandas as pd
import pytest

from detl.pipelines.package.nodes import (
    choose_test_images,
    list_licences,
    list_refusals,
    name_warnings,
)
from made_audit import make_refusals


def _verdict(*verdicts):
    checks = [f"Check {number}" for number, _ in enumerate(verdicts)]
    return pd.DataFrame({"check": checks, "verdict": verdicts})


def test_where_all_is_well_nothing_is_warned_of():
    assert name_warnings(False, _verdict("pass", "warn")) == []


def test_phantoms_failed_checks_and_missing_ones_are_warned_of():
    warnings = name_warnings(True, _verdict("pass", "fail", "not computed", "fail"))

    assert "synthetic" in warnings[0]
    assert warnings[1] == "The audit fails: Check 1, Check 3."
    assert warnings[2] == "1 of 4 checks of the audit were not computed."


def _images(**licences):
    rows = [(image, image[0], licence) for image, licence in licences.items()]
    return pd.DataFrame(rows, columns=["image_id", "source", "license"])


def test_the_licences_of_a_source_are_listed_once():
    found = list_licences(_images(b2="CC0", a1="CC BY", a2="unknown", a3="CC BY"))

    assert found == {"a": ["CC BY", "unknown"], "b": ["CC0"]}


def _scaled(**labels):
    rows = [("fold_1", image, label) for image, label in labels.items()]
    return pd.DataFrame(rows, columns=["fold", "image_id", "label"])


def test_test_images_are_taken_from_each_class_in_turn():
    scaled = _scaled(a="normal", b="normal", c="normal", d="covid_19", e="pneumonia")
    licences = pd.Series("CC0", index=list("abcde"))

    chosen = choose_test_images(scaled, licences, number=4)

    assert chosen["image_id"].tolist() == ["a", "d", "e", "b"]


@pytest.mark.parametrize("licence", ["unknown", "CC BY-NC-ND 4.0", "cc by-nd"])
def test_an_image_that_may_not_be_copied_smaller_is_not(licence):
    licences = pd.Series({"a": licence, "b": "CC BY-NC-SA"})

    chosen = choose_test_images(_scaled(a="normal", b="normal"), licences)

    assert chosen["image_id"].tolist() == ["b"]


def test_where_none_may_be_copied_none_is_chosen():
    licences = pd.Series({"a": "unknown"})

    assert choose_test_images(_scaled(a="normal"), licences).empty


def test_a_bundle_has_the_shares_as_they_are_read_from_a_csv():
    table = pd.read_csv(io.StringIO(make_refusals(0.02).to_csv(index=False)))
    unknown = table.assign(value=float("nan"), note="no images to measure it on")

    held_out, *_, external, _ = list_refusals(table, unknown)

    assert (held_out.of, held_out.decision) == ("held out", "refused")
    assert (held_out.value, held_out.note) == (0.02, "")
    assert (external.of, external.value) == ("external", None)
    assert external.note == "no images to measure it on"
    assert len(list_refusals(table, None)) == 2

"""Whether a bundle answers here as it did in the run."""

from dataclasses import replace

import pytest

from detl.errors import DetlError
from detl.serving.deviation import TOLERANCE, measure_deviation
from tiny_bundle import tiny_bundle


def _with_first(**changed):
    """Return the tiny bundle with something else expected of its first test image."""
    bundle = tiny_bundle()
    first, *others = bundle.known_answers
    expected = first.expected.model_copy(update=changed)
    return replace(bundle, known_answers=[replace(first, expected=expected), *others])


def test_the_answers_of_the_run_are_given_again():
    assert measure_deviation(tiny_bundle()) < TOLERANCE


@pytest.mark.parametrize("expected", ["of_fold", "probabilities"])
def test_an_answer_that_changed_is_measured(expected):
    before = getattr(tiny_bundle().known_answers[0].expected, expected)
    bundle = _with_first(**{expected: [before[0] + 0.125, *before[1:]]})

    assert measure_deviation(bundle) == pytest.approx(0.125, abs=TOLERANCE)


def test_the_answer_is_that_of_the_fold_that_had_not_seen_the_image():
    assert measure_deviation(_with_first(fold="fold_2")) > 100 * TOLERANCE


def test_a_picture_that_is_read_otherwise_is_refused():
    with pytest.raises(DetlError, match=r"Test image 1 is not read .* other pixels"):
        measure_deviation(_with_first(pixels_sha256="0" * 64))


def test_a_bundle_without_test_images_has_nothing_to_compare():
    with pytest.raises(DetlError, match="no test images"):
        measure_deviation(replace(tiny_bundle(), known_answers=[]))

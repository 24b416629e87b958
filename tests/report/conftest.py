"""What several tests of the report share."""

import pytest

from detl.report.limits import describe_limits
from made_audit import make_tests
from made_results import make_result
from made_tables import (
    make_folds,
    make_split,
    make_two_sources,
    take,
    texts_of,
)


@pytest.fixture
def describe():
    """Return a function that gives what is shown and not, arguments changed."""

    # Images 0, 2, ... are tested in one fold and 1, 3, ... in the other.
    def call(
        results=None, groups="abcdefgh", pretrained=None, inner="train", **changes
    ):
        images, data_b = make_two_sources(groups)
        arguments = {
            "images": images,
            "data_a": take(images, pretrained or {8: "normal"}).replace("h", "z"),
            "data_b": data_b,
            "folds": make_folds(data_b, inner=inner),
            "split": make_split(),
            "results": results or {"vgg16": make_result()},
            "paired_tests": make_tests(0.2).iloc[:0],
            "optimism": None,
            "ablation": None,
            "is_synthetic": False,
        }
        section = describe_limits(**{**arguments, **changes})
        shown, not_shown = section.subsections
        return section, " ".join(texts_of(shown)), " ".join(texts_of(not_shown))

    return call

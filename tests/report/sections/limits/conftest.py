"""What the tests of the limits, and of what the paper allows, share."""

import pytest

from detl.report.sections import limits
from made_results import texts_of
from made_run import make_run
from made_tables import make_folds, make_two_sources, take


@pytest.fixture
def describe():
    """Return a function that gives what is shown and not, fields changed."""

    # Images 0, 2, ... are tested in one fold and 1, 3, ... in the other.
    def call(
        results=None, groups="abcdefgh", pretrained=None, inner="train", **changes
    ):
        images, data_b = make_two_sources(groups)
        fields = {
            "images": images,
            "data_a": take(images, pretrained or {8: "normal"}).replace("h", "z"),
            "data_b": data_b,
            "folds": make_folds(data_b, inner=inner),
        }
        networks = {name: {"results": r} for name, r in (results or {}).items()}
        section = limits.section(make_run(networks, **{**fields, **changes}))
        shown, not_shown = section.subsections
        return section, " ".join(texts_of(shown)), " ".join(texts_of(not_shown))

    return call

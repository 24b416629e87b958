import base64
import re
from html.parser import HTMLParser

import cv2
import numpy as np
import pandas as pd
import pytest

from detl.errors import DetlError
from detl.report.blocks import (
    Bullets,
    Checks,
    Code,
    Figure,
    Folded,
    Links,
    Note,
    Paragraph,
    Section,
    Table,
)
from detl.report.page import render_page

PICTURE = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
TABLE = pd.DataFrame({"class": ["normal", "sick"], "images": ["1,000", "62.9 %"]})
SECTIONS = [
    Section(
        "first",
        "First",
        [
            Paragraph("a < b & c"),
            Note("mind this"),
            Bullets(["one", "two"]),
            Code("kedro run\n  --env test"),
            Table(TABLE, "What is there"),
            Figure(PICTURE, "A picture", 'It shows "noise"'),
        ],
        [Section("part", "Part", subsections=[Section("deep", "Deep")])],
    ),
    Section("second", "Second"),
]


class _Reader(HTMLParser):
    """Keeps the elements, and fails where they do not close in order."""

    def __init__(self):
        super().__init__()
        self.open, self.found = [], []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def _read(page):
    reader = _Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader.found


@pytest.fixture(scope="module")
def page():
    return render_page("A run", "What it is.", SECTIONS)


def test_the_elements_of_the_page_close_in_order(page):
    assert len(_read(page)) > 30


def test_the_page_loads_nothing_and_runs_nothing(page):
    elements = _read(page)
    assert not re.search(r"https?:|url\(|@import", page)
    assert not {"script", "link", "iframe"} & {tag for tag, _ in elements}
    sources = [attributes["src"] for tag, attributes in elements if tag == "img"]
    assert all(source.startswith("data:image/png;base64,") for source in sources)


def test_the_picture_in_the_page_is_the_one_given(page):
    encoded = re.search(r'base64,([^"]+)"', page).group(1)
    pixels = cv2.imdecode(np.frombuffer(base64.b64decode(encoded), np.uint8), 1)
    np.testing.assert_array_equal(pixels[..., ::-1], PICTURE)


def test_a_grey_picture_is_shown_too():
    grey = Section("a", "A", [Figure(PICTURE[..., 0], "A picture", "Grey")])
    assert "data:image/png" in render_page("A run", "", [grey])


def test_a_figure_is_described_for_those_who_cannot_see_it(page):
    images = [attributes for tag, attributes in _read(page) if tag == "img"]
    assert [image["alt"] for image in images] == ['It shows "noise"']


def test_text_is_shown_as_it_is_written(page):
    assert "<p>a &lt; b &amp; c</p>" in page


def test_code_keeps_its_lines(page):
    assert "<code>kedro run\n  --env test</code>" in page


def test_the_contents_lead_to_two_levels_of_sections(page):
    elements = _read(page)
    links = [attributes["href"] for tag, attributes in elements if tag == "a"]
    names = [a["id"] for tag, a in elements if tag == "section"]
    assert links == ["#first", "#part", "#second"]
    assert names == ["first", "part", "deep", "second"]


def test_headings_go_down_with_the_sections(page):
    headings = re.findall(r"<(h\d)>(\w+)</h\d>", page[page.index("<main>") :])
    assert headings == [
        ("h2", "First"),
        ("h3", "Part"),
        ("h4", "Deep"),
        ("h2", "Second"),
    ]


def test_the_first_column_of_a_table_names_the_rows(page):
    assert '<th scope="row" class="text">normal</th>' in page


def test_columns_of_numbers_are_told_from_columns_of_words(page):
    assert '<th scope="col" class="number">images</th>' in page
    assert '<th scope="col" class="text">class</th>' in page


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["62.9 % (56.8 to 68.9)", ""], "number"),
        (["+1.2 points", ""], "number"),
        (["3 of 5"], "number"),
        (["", ""], "text"),
        (["AP 3"], "text"),
    ],
)
def test_a_column_is_one_of_numbers_if_it_has_no_other_words(cells, kind):
    table = Table(pd.DataFrame({"a": cells}), "")
    page = render_page("A run", "", [Section("a", "A", [table])])
    assert f'<th scope="col" class="{kind}">' in page


def test_a_number_and_its_per_cent_stay_on_one_line(page):
    assert "62.9\N{NO-BREAK SPACE}%" in page


def test_the_same_sections_give_the_same_page(page):
    assert render_page("A run", "What it is.", SECTIONS) == page


def test_two_sections_with_one_anchor_stop():
    twice = [Section("a", "A"), Section("b", "B", subsections=[Section("a", "C")])]
    with pytest.raises(DetlError, match="2 sections with the anchor a"):
        render_page("A run", "", twice)


CHECKS = pd.DataFrame(
    {
        "verdict": ["fail", "warn", "pass"],
        "check": ["Cues", "Subgroups", "Leaks"],
        "found": ["0.90 (0.80 to 0.95)", "", "0 crossings"],
        "meaning": ["The border tells.", "Few images.", "None."],
    }
)


def test_a_check_has_a_sign_and_a_word_beside_its_colour():
    page = render_page("A run", "", [Section("a", "A", [Checks(CHECKS, "Checks.")])])
    found = re.findall(
        r'<tr class="(\w+)">\s*<td><strong class="verdict">'
        r'<span aria-hidden="true">(.)</span> (\w+)</strong>',
        page,
    )
    assert found == [
        ("fail", "\N{BALLOT X}", "fail"),
        ("warn", "!", "warn"),
        ("pass", "\N{CHECK MARK}", "pass"),
    ]


def test_what_is_folded_is_closed_below_a_line_that_says_what_it_is():
    folded = Folded("The rest", [Paragraph("Much."), Table(TABLE, "What is there")])
    page = render_page("A run", "", [Section("a", "A", [folded])])
    inside = page[page.index("<details>") : page.index("</details>")]
    assert "<summary>The rest</summary>" in inside
    assert "<p>Much.</p>" in inside
    assert "<table>" in inside


def test_a_link_leads_to_its_address():
    links = Links({"The paper": "https://arxiv.org/abs/2004.10507"})
    page = render_page("A run", "", [Section("a", "A", [links])])
    assert '<a href="https://arxiv.org/abs/2004.10507">The paper</a>' in page


def test_the_opening_stands_between_the_lead_and_the_first_section():
    page = render_page("A run", "Lead.", SECTIONS, [Paragraph("Opening.")])
    places = [page.index(text) for text in ("Lead.", "Opening.", 'id="first"', "<nav")]
    assert places == sorted(places)

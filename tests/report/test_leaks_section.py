import pandas as pd

from detl.report.leaks import describe_leaks, judge_leaks
from made_results import tables_of, texts_of


def make_leaks(groups):
    return pd.DataFrame(
        {
            "boundary": ["Data-A and Data-B", "Data-A and Data-B"],
            "link": ["patient", "group"],
            "groups": [groups, groups],
            "images": [2 * groups, 2 * groups],
            "example": ["nih/a.png, nih/b.png" if groups else ""] * 2,
        }
    )


def test_no_crossing_is_a_pass():
    check = judge_leaks(make_leaks(0))

    assert (check.verdict, check.number) == ("pass", "0 crossings")


def test_a_crossing_that_the_protocol_allows_is_counted_and_fails():
    check = judge_leaks(make_leaks(3))

    assert (check.verdict, check.number) == ("fail", "3 crossings")
    assert "Data-A and Data-B" in check.meaning


def test_the_section_counts_the_copies_and_shows_every_boundary():
    section = describe_leaks(make_leaks(0), pd.DataFrame({"image_id": ["a"]}))

    assert "1 pair found" in " ".join(texts_of(section))
    assert tables_of(section)[0]["groups crossing"].tolist() == ["0", "0"]

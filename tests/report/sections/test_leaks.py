from detl.report.sections import leaks
from made_audit import make_leaks
from made_results import tables_of
from made_run import make_run


def test_no_crossing_is_a_pass():
    (check,) = leaks.checks(make_run(leaks=make_leaks(0)))

    assert (check.status, check.value) == ("pass", 0)


def test_a_crossing_that_the_protocol_allows_is_counted_and_fails():
    (check,) = leaks.checks(make_run(leaks=make_leaks(3)))

    assert (check.status, check.value) == ("fail", 3)
    assert "Data-A and Data-B" in check.meaning


def test_the_section_shows_every_boundary():
    (table,) = tables_of(leaks.section(make_run(leaks=make_leaks(0))))

    assert table["groups crossing"].tolist() == ["0", "0"]

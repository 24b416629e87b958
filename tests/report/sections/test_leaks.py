from detl.report.blocks import Folded
from detl.report.sections import leaks
from made_audit import make_leaks
from made_results import tables_of, texts_of
from made_run import make_run


def test_no_crossing_is_a_pass():
    (check,) = leaks.checks(make_run(leaks=make_leaks(0)))

    assert (check.status, check.value) == ("pass", 0)


def test_a_crossing_that_the_protocol_allows_is_counted_and_fails():
    (check,) = leaks.checks(make_run(leaks=make_leaks(3)))

    assert (check.status, check.value) == ("fail", 3)
    assert "Data-A and Data-B" in check.meaning


def test_boundaries_that_nothing_crosses_are_folded():
    section = leaks.section(make_run(leaks=make_leaks(0)))

    assert "None crosses a boundary: " in " ".join(texts_of(section))
    (table,) = tables_of(section)
    assert table["groups crossing"].tolist() == ["0", "0"]
    assert isinstance(section.blocks[-1], Folded)


def test_boundaries_that_are_crossed_are_seen():
    shown, every = tables_of(leaks.section(make_run(leaks=make_leaks(3))))

    assert "0" not in shown["groups crossing"].tolist()
    assert len(shown) <= len(every) == 2

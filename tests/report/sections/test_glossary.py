from detl.report.blocks import Folded
from detl.report.sections import glossary
from made_results import tables_of
from made_run import make_run


def test_every_word_has_one_meaning_below_a_fold():
    section = glossary.section(make_run())
    (table,) = tables_of(section)
    assert isinstance(section.blocks[0], Folded)
    assert table["word"].is_unique
    assert table["meaning"].str.len().gt(0).all()

"""The model card."""

from detl.report.card import write_card
from detl.report.verdict import judge_audit
from made_audit import make_refusals
from made_run import make_run


def _write(**fields):
    run = make_run({"vgg16": fields})
    return write_card(run, judge_audit(run), "vgg16")


def test_the_card_tells_how_often_held_out_and_external_images_are_refused():
    card = _write(
        refusals=make_refusals(0.02), external_refusals=make_refusals(0.3, images=200)
    )

    assert "Of 600 images" in card
    assert "Of 200 images" in card


def test_what_was_not_measured_is_not_guessed():
    card = _write()

    assert "images of the same collections are refused: not computed" in card
    assert "images of another hospital are refused is not known" in card

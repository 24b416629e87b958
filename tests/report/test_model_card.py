"""The model card."""

from detl.report.model_card import write_card
from detl.report.verdict import judge_audit, judge_network
from made_audit import make_localisation, make_refusals
from made_run import make_run


def _write(**fields):
    run = make_run({"vgg16": fields})
    return write_card(run, judge_network(run, "vgg16"), "vgg16")


def test_the_card_tells_how_often_held_out_and_external_images_are_refused():
    card = _write(
        refusals=make_refusals(0.02), external_refusals=make_refusals(0.3, images=200)
    )

    assert "Of 600 images" in card
    assert "Of 200 images" in card


def test_the_audit_is_of_the_network_that_the_card_is_about():
    good, bad = make_localisation(0.4, 0.3, 0.5), make_localisation(-0.2, -0.3, -0.1)
    run = make_run({"alexnet": {"localisation": bad}, "vgg16": {"localisation": good}})

    card = write_card(run, judge_network(run, "vgg16"), "vgg16")
    of_run = judge_audit(run).set_index("check")["verdict"]

    (row,) = [line for line in card.splitlines() if "| Pointing at lesions |" in line]
    assert row.endswith("+40.0 points (+30.0 to +50.0) | **pass** |")
    assert of_run["Pointing at lesions"] == "fail"


def test_what_was_not_measured_is_not_guessed():
    card = _write()

    assert "images of the same collections are refused: not computed" in card
    assert "images of another hospital are refused is not known" in card

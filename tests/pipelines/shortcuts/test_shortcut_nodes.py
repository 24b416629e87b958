from detl.evaluation.shortcuts.card import CUE_INPUTS, WHOLE
from detl.pipelines.shortcuts.nodes import grade_cues, predict_from_each_cue
from detl.schemas.parameters import AuditParameters
from made_study import make_folds, make_study

AUDIT = AuditParameters(
    centre_share=0.5, border_share=0.1, explained_images=4, prevalences=[0.1]
)


def test_every_cue_predicts_every_image_in_the_fold_that_tests_it():
    data_b, images, pixels = make_study("nih")

    table = predict_from_each_cue(data_b, images, pixels, make_folds(data_b), AUDIT)

    assert set(table["cue"]) == {"source", "metadata", "border", "thumbnail"}
    for _, cue in table.groupby("cue"):
        assert sorted(cue["image_id"]) == sorted(data_b["image_id"])
        assert (cue["group"] == cue["image_id"]).all()


def test_the_card_has_whole_images_and_every_cue():
    data_b, images, pixels = make_study("nih")
    cues = predict_from_each_cue(data_b, images, pixels, make_folds(data_b), AUDIT)
    tested = cues[cues["cue"] == "thumbnail"].drop(columns="cue")

    card = grade_cues(tested.assign(seed=0), cues, images, seed=0)

    assert set(card["input"]) == {WHOLE, *CUE_INPUTS.values()}

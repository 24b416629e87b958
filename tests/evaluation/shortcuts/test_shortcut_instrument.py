"""The card on phantoms: it finds a planted mark, and nothing where there is none.

The whole image and the image without its centre are judged by the same linear model
here; ``benchmarks/shortcut_instrument.py`` shows the same of a network.
"""

from pathlib import Path

import pandas as pd
import pytest
from sklearn.model_selection import StratifiedKFold

from detl.evaluation.shortcuts.card import WITHOUT_LUNGS, make_shortcut_card
from detl.evaluation.shortcuts.cue_models import build_linear_model
from detl.evaluation.shortcuts.cues import black_out_centre
from detl.schemas.classes import class_indices
from detl.schemas.tables import tabulate_predictions

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
CENTRE_SHARE = 0.8
SMALL_STUDY = {"size": 48, "normal": 60, "per_class": 60, "per_other_disease": 10}
"""60 phantoms of each class, as there are six other diseases."""


@pytest.fixture(scope="module")
def instrument():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        import shortcut_instrument

        yield shortcut_instrument


def predict_linearly(table, pixels):
    """Return pooled predictions of linear models of the standardised images."""
    inputs = pixels.reshape(len(pixels), -1).astype(float)
    inputs -= inputs.mean(axis=1, keepdims=True)
    inputs /= inputs.std(axis=1, keepdims=True)
    labels = class_indices(table["label"])
    folds = []
    splits = StratifiedKFold(5, shuffle=True, random_state=0).split(inputs, labels)
    for number, (train, test) in enumerate(splits, start=1):
        model = build_linear_model(inputs.shape[1]).fit(inputs[train], labels[train])
        said = tabulate_predictions(table.iloc[test], model.predict_proba(inputs[test]))
        folds.append(
            said.assign(fold=f"fold_{number}", group=table["group"].to_numpy()[test])
        )
    return pd.concat(folds, ignore_index=True)


def grade_without_lungs(table, pixels):
    """Return the row of the card for images with the centre greyed out."""
    blackened = black_out_centre(pixels, CENTRE_SHARE)
    card = make_shortcut_card(
        predict_linearly(table, pixels),
        {WITHOUT_LUNGS: predict_linearly(table, blackened)},
        table,
        seed=0,
    )
    return card.set_index("input").loc["centre greyed out"]


def test_a_planted_mark_scores_at_least_nine_tenths(instrument):
    study = instrument.draw_study("corner", 0, **SMALL_STUDY)

    assert grade_without_lungs(*study)["shortcut_ratio"] >= instrument.LOWEST_WITH


def test_signs_in_the_lungs_alone_score_at_most_two_tenths(instrument):
    row = grade_without_lungs(*instrument.draw_study("none", 0, **SMALL_STUDY))

    assert row["shortcut_ratio"] <= instrument.HIGHEST_WITHOUT
    assert row["shortcut_ratio_low"] < 0 < row["shortcut_ratio_high"]

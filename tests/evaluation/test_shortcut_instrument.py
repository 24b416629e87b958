"""The card on phantoms: it finds a planted mark, and nothing where there is none.

The whole image and the image without its centre are judged by the same linear model
here; ``benchmarks/shortcut_instrument.py`` shows the same of a network.
"""

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold

from detl.classes import DATA_B_CLASSES
from detl.evaluation.cue_models import build_linear_model
from detl.evaluation.cues import black_out_centre
from detl.evaluation.shortcuts import grade_shortcuts
from detl.imaging.square import make_square
from detl.parameters import PhantomParameters
from detl.phantoms.marker import class_of
from detl.phantoms.sample import draw_covid, draw_nih
from detl.tables import tabulate_predictions

CENTRE_SHARE = 0.8
OTHER_DISEASES = (
    "Atelectasis",
    "Cardiomegaly",
    "Infiltration",
    "Effusion",
    "Nodule",
    "Mass",
)


def draw_study(marker):
    """Return a table and the pixels of 60 clear phantoms of each class."""
    parameters = PhantomParameters(
        seed=0,
        size=48,
        noise=1.5,
        lesion_strength=2.0,
        films_of_a_patient="one",
        marker=marker,
        nih={"No Finding": 60, "Pneumonia": 60, **dict.fromkeys(OTHER_DISEASES, 10)},
        covid_chestxray={"COVID-19": 60},
        dirt=False,
    )
    films = [*draw_nih(parameters), *draw_covid(parameters)]
    names = [f"image_{k}" for k in range(len(films))]
    table = pd.DataFrame({"image_id": names, "group": names, "source": "phantom"})
    table["label"] = [class_of(film.findings) for film in films]
    return table, np.stack([make_square(film.pixels, 48, "crop") for film in films])


def predict_linearly(table, pixels):
    """Return pooled predictions of linear models of the standardised images."""
    inputs = pixels.reshape(len(pixels), -1).astype(float)
    inputs -= inputs.mean(axis=1, keepdims=True)
    inputs /= inputs.std(axis=1, keepdims=True)
    labels = table["label"].map(DATA_B_CLASSES.index).to_numpy()
    folds = []
    splits = StratifiedKFold(5, shuffle=True, random_state=0).split(inputs, labels)
    for number, (train, test) in enumerate(splits, start=1):
        model = build_linear_model(inputs.shape[1]).fit(inputs[train], labels[train])
        said = tabulate_predictions(table.iloc[test], model.predict_proba(inputs[test]))
        folds.append(
            said.assign(fold=f"fold_{number}", group=table["group"].to_numpy()[test])
        )
    return pd.concat(folds, ignore_index=True)


def grade_without_lungs(marker):
    """Return the row of the card for images with the centre blacked out."""
    table, pixels = draw_study(marker)
    card = grade_shortcuts(
        predict_linearly(table, pixels),
        predict_linearly(table, black_out_centre(pixels, CENTRE_SHARE)),
        {},
        table,
        seed=0,
    )
    return card.set_index("input").loc["centre blacked out"]


def test_a_planted_mark_scores_at_least_nine_tenths():
    assert grade_without_lungs("corner")["shortcut_ratio"] >= 0.9


def test_signs_in_the_lungs_alone_score_at_most_two_tenths():
    row = grade_without_lungs("none")
    assert row["shortcut_ratio"] <= 0.2
    assert row["shortcut_ratio_low"] < 0 < row["shortcut_ratio_high"]

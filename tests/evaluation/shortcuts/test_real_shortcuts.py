"""The simple models on real radiographs: what the subset's makers warn of.

They found that trivial features tell COVID-19 from NIH with an AUC of 0.86, and
diseased from normal within NIH with 0.86. An instrument that shows nothing here is
wrong.
"""

from pathlib import Path

import numpy as np
import pytest
from omegaconf import OmegaConf

from detl.design import FOLDS
from detl.evaluation.metrics import score_predictions
from detl.evaluation.shortcuts.cue_models import predict_from_cues
from detl.pipelines.ingest.nodes import decode_images, read_sources
from detl.schemas.parameters import IngestParameters, SplitParameters
from detl.splitting.data_b import select_data_b
from detl.splitting.folds import assign_folds
from detl.statistics.areas import measure_ranking

PROJECT = Path(__file__).parents[3]
DATA = PROJECT.parent / "shared" / "data"

pytestmark = pytest.mark.skipif(
    not (DATA / "nih").is_dir(), reason="the real subset is not beside the project"
)


@pytest.fixture(scope="module")
def study():
    """Return Data-B, images, pixels (64 px) and folds of environment ``reduced``."""
    conf = PROJECT / "conf"
    files = [
        *sorted((conf / "base").glob("parameters_*.yml")),
        *sorted((conf / "reduced").glob("parameters_*.yml")),
    ]
    parameters = OmegaConf.to_container(OmegaConf.merge(*map(OmegaConf.load, files)))
    ingest = IngestParameters(**{**parameters["ingest"], "input_size": 64})
    split = SplitParameters(**parameters["split"])
    images, pixels, *_ = decode_images(DATA, *read_sources(DATA, ingest), ingest)
    data_b, _ = select_data_b(images, split, 0)
    return data_b, images, pixels, assign_folds(data_b, split, 0, folds=FOLDS)


def area_within_nih(predictions):
    """Return the AUC of normal against diseased, among the images of the NIH."""
    of_nih = predictions[predictions["label"] != "covid_19"]
    names = ["p_normal", "p_other_disease", "p_pneumonia"]
    share = of_nih["p_normal"] / of_nih[names].sum(axis=1)
    is_normal = (of_nih["label"] == "normal").to_numpy()
    areas = measure_ranking(np.ones((1, len(of_nih))), is_normal, share.to_numpy())
    return areas[0, 0]


def test_the_source_alone_is_always_right_about_covid(study):
    scores = score_predictions(predict_from_cues("source", *study, border_share=0.1))
    assert scores["auc_covid_19"] == 1
    assert scores["accuracy"] == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(
    ("cue", "covid", "normal"),
    [("metadata", 0.99, 0.75), ("border", 0.8, 0.7), ("thumbnail", 0.86, 0.78)],
)
def test_without_the_lungs_covid_and_normal_are_told_far_above_chance(
    study, cue, covid, normal
):
    predictions = predict_from_cues(cue, *study, border_share=0.1)
    assert score_predictions(predictions)["auc_covid_19"] > covid
    assert area_within_nih(predictions) > normal

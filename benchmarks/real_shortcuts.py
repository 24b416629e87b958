"""The simple models on real radiographs: what the subset's makers warn of.

    python benchmarks/real_shortcuts.py [FOLDER]

They found that trivial features tell COVID-19 from NIH with an AUC of 0.86, and
diseased from normal within NIH with 0.86. An instrument that shows nothing there is
wrong: the exit status says whether each model tells both far above chance. FOLDER is
the raw data folder of environment ``reduced``, ``../shared/data`` unless named. Takes
about a minute.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from omegaconf import OmegaConf

from detl.design import FOLDS
from detl.evaluation.metrics import score_predictions
from detl.evaluation.shortcuts.cue_models import predict_from_cues
from detl.pipelines.ingest.nodes import decode_images, read_sources
from detl.schemas.parameters import IngestParameters, SplitParameters
from detl.splitting.data_b import select_data_b
from detl.splitting.folds import assign_folds
from detl.statistics.areas import measure_ranking

PROJECT = Path(__file__).parents[1]
LEAST = {
    "source": (1.0, 0.0),
    "metadata": (0.99, 0.75),
    "border": (0.8, 0.7),
    "thumbnail": (0.86, 0.78),
}
"""Least AUC of COVID-19, and of normal within NIH, by what the model sees."""


def read_study(data: Path) -> tuple:
    """Return Data-B, images, pixels (64 px) and folds of environment ``reduced``."""
    conf = PROJECT / "conf"
    files = [
        *sorted((conf / "base").glob("parameters_*.yml")),
        *sorted((conf / "reduced").glob("parameters_*.yml")),
    ]
    parameters = OmegaConf.to_container(OmegaConf.merge(*map(OmegaConf.load, files)))
    ingest = IngestParameters(**{**parameters["ingest"], "input_size": 64})
    split = SplitParameters(**parameters["split"])
    images, pixels, *_ = decode_images(data, *read_sources(data, ingest), ingest)
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


def main() -> None:
    """Print a row per model, and exit with 1 where one tells too little."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", default=PROJECT.parent / "shared" / "data")
    study = read_study(Path(parser.parse_args().folder))
    failed = False
    print("sees       AUC of COVID-19  of normal within NIH")
    for cue, (least_covid, least_normal) in LEAST.items():
        predictions = predict_from_cues(cue, *study, border_share=0.1)
        covid = score_predictions(predictions)["auc_covid_19"]
        normal = area_within_nih(predictions)
        failed |= covid < least_covid or normal < least_normal
        print(f"{cue:9}  {covid:15.3f}  {normal:20.3f}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()

"""A csv of what a regression on thumbnails says, to be audited as any other model's.

    python benchmarks/thumbnail_predictions.py FOLDER predictions.csv
    kedro run --pipeline audit-predictions --params predictions=predictions.csv

FOLDER holds the raw data of the sources of environment base, such as the sample,
``data/01_raw/phantoms``. The regression sees 16 x 16 grey levels of an image, and
answers for each image from those of other patients. A minute for a thousand images.
"""

import argparse
from pathlib import Path

import pandas as pd
import yaml

from detl.evaluation.answers import assign_parts
from detl.evaluation.shortcuts.cue_models import predict_from_cues
from detl.imaging.read import PixelFormat
from detl.pipelines.ingest.nodes import read_sources
from detl.schemas.classes import PROBABILITIES
from detl.schemas.parameters import IngestParameters, SplitParameters
from detl.sources.decoding import decode_candidates
from detl.splitting.data_b import label_as_data_b

CONF = Path(__file__).parents[1] / "conf/base"


def predict(folder: Path, most: int) -> pd.DataFrame:
    """Return ``image_id`` and ``p_<class>``, of so many images of a class at most."""
    ingest = IngestParameters.model_validate(_read("ingest"))
    split = SplitParameters.model_validate(_read("split"))
    candidates, _ = read_sources(folder, ingest)
    labels = label_as_data_b(candidates, split.data_b)
    chosen = labels[labels != ""].groupby(labels).head(most).index
    candidates = candidates.loc[chosen].reset_index(drop=True)
    decoded = decode_candidates(
        candidates,
        [folder / path for path in candidates["path"]],
        PixelFormat(ingest.input_size, ingest.fit, ingest.largest_image),
    )
    images = decoded.images.assign(label=label_as_data_b(decoded.images, split.data_b))
    folds = assign_parts(images, seed=1)
    said = predict_from_cues("thumbnail", images, images, decoded.pixels, folds, 0.1)
    return said[["image_id", *PROBABILITIES]].round(6)


def _read(name: str) -> dict[str, object]:
    text = (CONF / f"parameters_{name}.yml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text)[name])


def main() -> None:
    """Write the csv."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("predictions", type=Path)
    parser.add_argument("--most", type=int, default=200, help="images of a class")
    arguments = parser.parse_args()
    table = predict(arguments.folder, arguments.most)
    table.to_csv(arguments.predictions, index=False)
    print(f"{arguments.predictions}: {len(table)} images")


if __name__ == "__main__":
    main()

"""Whether Data-A's validation part is like its training part, on real labels.

    python benchmarks/validation_draw.py Data_Entry_2017.csv [--protocol grouped]

Draws Data-B and Data-A of environment ``paper`` from the label file of NIH ChestX-ray14
(also ``.csv.gz``; 305 rows of COVID-19 are made up) with several seeds, and the
validation part as well in the way that was given up: groups in random order, each taken
where neither class then has too many. Prints, for the images of each class, the mean
over the seeds of three quantities in both parts: the share whose patient has no image
of the other class, the share taken AP, and the number of the patient's films.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from detl.schemas.classes import DATA_A_CLASSES
from detl.schemas.parameters import SplitParameters
from detl.sources.nih import read_nih_labels
from detl.splitting.data_a import select_data_a
from detl.splitting.data_b import select_data_b

CONF = Path(__file__).parents[1] / "conf/paper/parameters_split.yml"


def read_images(path: Path) -> pd.DataFrame:
    """Return what the split needs of the table ``images``, and ``view``."""
    labels = read_nih_labels(path)
    nih = pd.DataFrame(
        {
            "image_id": "nih/" + labels["name"],
            "source": "nih",
            "findings": labels["findings"],
            "group": "nih/" + labels["patient"],
            "view": labels["view"],
        }
    )
    names = [f"covid/{number}" for number in range(305)]
    covid = pd.DataFrame({"image_id": names, "group": names, "view": "PA"})
    covid = covid.assign(source="covid", findings="COVID-19")
    images = pd.concat([nih, covid], ignore_index=True)
    return images.assign(row=range(len(images)))


def pass_over(allowed: pd.DataFrame, per_class: int, seed: int) -> np.ndarray:
    """Return the subsets as they were drawn before."""
    sizes = pd.crosstab(allowed["group"], allowed["label"])[list(DATA_A_CLASSES)]
    sizes = sizes.sample(frac=1, random_state=seed)
    room, taken = np.full(2, per_class), []
    for group, size in zip(sizes.index, sizes.to_numpy(), strict=True):
        if (size <= room).all():
            taken.append(group)
            room -= size
    return np.where(allowed["group"].isin(taken), "validation", "train")


def main(arguments: argparse.Namespace) -> None:
    """Print the table of both ways, and how many images the present one leaves out."""
    images = read_images(arguments.labels)
    values = yaml.safe_load(CONF.read_text())["split"]
    values["protocol"] = arguments.protocol
    parameters = SplitParameters.model_validate(values)
    unit = "image_id" if arguments.protocol == "paper" else "group"
    drawn, sizes = [], []
    for seed in range(arguments.seeds):
        data_b, _ = select_data_b(images, parameters, seed)
        data_a, counts = select_data_a(images, data_b, parameters, seed)
        allowed = images[~images[unit].isin(data_b[unit]) & (images["source"] == "nih")]
        allowed = allowed[~allowed["findings"].str.contains("Pneumonia")]
        is_normal = allowed["findings"] == "No Finding"
        by_patient = is_normal.groupby(allowed["group"])
        allowed = allowed.assign(
            label=np.where(is_normal, *DATA_A_CLASSES),
            alone=by_patient.transform("nunique") == 1,
            ap=allowed["view"] == "AP",
            films=by_patient.transform("size"),
        )
        sizes.append((len(allowed) - len(data_a), counts["ours"]))
        now = data_a[["image_id", "subset"]].merge(allowed)
        passed = pass_over(allowed, parameters.data_a.validation_per_class, seed)
        drawn += [now.assign(way="now"), allowed.assign(subset=passed, way="before")]
    table = pd.concat(drawn).groupby(["label", "way", "subset"])
    print(table[["alone", "ap", "films"]].mean().round(3).to_string())
    left_out = [number for number, _ in sizes]
    of_seed_0 = ", ".join(f"{number:,}" for number in sizes[0][1])
    print(
        f"Left out, of the validation part's patients: {np.mean(left_out):,.0f} images "
        f"of {len(allowed):,} ({min(left_out):,} to {max(left_out):,})"
    )
    print(f"Seed 0, normal and diseased, training and validation: {of_seed_0}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("labels", type=Path)
    parser.add_argument("--protocol", default="grouped", choices=["grouped", "paper"])
    parser.add_argument("--seeds", type=int, default=5)
    main(parser.parse_args())

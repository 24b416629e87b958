"""How often images would be refused, or warned of, by their likeness."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from detl.schemas.keras_model import KerasModel
from detl.schemas.parameters import RefusalParameters
from detl.statistics.bootstrap import Measurement, draw_weights
from detl.statistics.rates import measure_share

if TYPE_CHECKING:
    from detl.serving.familiarity import Familiarity

MOST_IMAGES = 600
"""Through the frozen part: of these a share of 1 % is known to about one point."""


def choose_held_out(data_a: pd.DataFrame, data_b: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of Data-A's validation part that are new to the networks.

    No patient of theirs is in Data-B, nor in the part of Data-A that was trained on.

    Args:
        data_a: Table ``data_a``.
        data_b: Table ``data_b``.
    """
    is_trained = data_a["subset"] == "train"
    trained = {*data_a.loc[is_trained, "group"], *data_b["group"]}
    return data_a[~is_trained & ~data_a["group"].isin(trained)]


def measure_refusals(
    trunk: KerasModel,
    familiarity: "Familiarity",
    pixels: np.ndarray,
    images: pd.DataFrame,
    refusal: RefusalParameters,
    seed: int,
) -> pd.DataFrame:
    """Return ``tabulate_decisions`` of images, of which the frozen part sees some.

    Where there are more than ``MOST_IMAGES``, so many are drawn: the frozen part takes
    seconds for these, and the interval says what they leave open.

    Args:
        trunk: The frozen part.
        familiarity: The training images, with which new ones are compared.
        pixels: uint8 (n, size, size), of which ``row`` is the first index.
        images: ``row`` and ``group`` of each image.
        refusal: When an image is not answered.
        seed: Of the images that are drawn, and of the bootstrap.
    """
    from detl.training.features import extract_features

    if len(images) > MOST_IMAGES:
        images = images.sample(MOST_IMAGES, random_state=seed).sort_values("row")
    ranks = np.ones(0)
    if len(images):
        rows = images["row"].to_numpy("int64")
        features = extract_features(trunk, pixels, rows)
        ranks = familiarity.rank(pixels[rows], features)
    known = len(familiarity.distances)
    return tabulate_decisions(ranks, images["group"].to_numpy(), known, refusal, seed)


def tabulate_decisions(
    ranks: np.ndarray,
    groups: np.ndarray,
    training_images: int,
    refusal: RefusalParameters,
    seed: int,
) -> pd.DataFrame:
    """Return which share of images would be refused, and which warned of.

    Only likeness is counted. The rules on file, shape and header come before it.

    Args:
        ranks: What ``Familiarity.rank`` says of the images, (n,).
        groups: Their groups of patients, (n,).
        training_images: That they are compared with.
        refusal: When an image is not answered.
        seed: Of the bootstrap.

    Returns:
        A row per ``decision``: ``refused``; and ``warned``, where a class is named
        with a warning. ``below`` is the rank for it, ``value`` the share with ``low``
        and ``high``, the 95 % interval over groups, of ``images`` in ``groups``;
        ``note`` says why a number is missing, which is NaN then.
    """
    groups = np.asarray(groups, dtype=object)
    bounds = {"refused": refusal.refused_below, "warned": refusal.warned_below}
    is_refused = ranks < refusal.refused_below
    hits = {
        "refused": is_refused,
        "warned": (ranks < refusal.warned_below) & ~is_refused,
    }
    weights = draw_weights(groups, seed)
    rows = []
    for decision, below in bounds.items():
        smallest = 1 / (training_images + 1)
        if not len(ranks):
            share = Measurement.missing(0, "no images to measure it on")
        elif smallest >= below:
            share = Measurement.missing(
                len(set(groups)),
                f"no image can be: with {training_images} training images no rank is "
                f"below {smallest:.2g}",
            )
        else:
            among = np.ones(len(ranks), bool)
            share = measure_share(hits[decision], among, weights, groups)
        rows.append(
            {
                **{"decision": decision, "below": below},
                **share.as_columns("value"),
                **{"images": len(ranks), "groups": share.groups, "note": share.note},
            }
        )
    return pd.DataFrame(rows).rename(columns={"value_low": "low", "value_high": "high"})

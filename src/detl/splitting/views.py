"""The same mixture of views in each class, so that the view does not tell the class."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from detl.schemas.parameters import View


def share_out(number: int, shares: Mapping[View, float]) -> dict[View, int]:
    """Return how many images of each view make up ``number``, rounded to that sum.

    Args:
        number: Images in all.
        shares: Of each view, between 0 and 1, 1 in all.
    """
    ends = np.round(np.cumsum([*shares.values()]) * number).astype(int)
    return dict(zip(shares, np.diff(ends, prepend=0).tolist(), strict=True))


def keep_view_shares(
    images: pd.DataFrame, shares: Mapping[View, float], rng: np.random.Generator
) -> pd.DataFrame:
    """Return the most images that have these shares of views, a random draw.

    Images of other views, or of an unknown one, are left out.

    Args:
        images: One row per image, with ``view``.
        shares: Of each view, between 0 and 1, 1 in all.
        rng: Chooses the images.
    """
    available = images["view"].value_counts()
    number = min(int(available.get(view, 0) / share) for view, share in shares.items())
    shuffled = images.sample(frac=1, random_state=rng)
    parts = [
        shuffled[shuffled["view"] == view].head(count)
        for view, count in share_out(number, shares).items()
    ]
    return pd.concat(parts)

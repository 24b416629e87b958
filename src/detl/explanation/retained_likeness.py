"""How much of a map is left when the classifier is randomised."""

import numpy as np
import pandas as pd

from detl.explanation.sanity import OTHER_IMAGE

RETAINED_COLUMNS = ["method", "layer", "retained", "note"]


def measure_retained(table: pd.DataFrame) -> pd.DataFrame:
    """Return how much each method's maps keep when the classifier is randomised.

    Only the topmost layer is random, so the network still sees everything. A map that
    does not change therefore shows what the network sees and not what speaks for a
    class. The score is ``retained = (s - r) / (1 - r)``, with s the similarity to the
    trained network's map and r the similarity of maps of different images. It is 1 if
    nothing changes, and 0 if a map becomes as different as that of another image. So a
    method with the same map for all images gains nothing. The larger of both
    similarities' scores counts.

    Args:
        table: Result of ``follow_randomisation``.

    Returns:
        A row per method: the random ``layer``; ``retained``; and ``note``, the reason
        for a missing number.
    """
    rows = [_measure(str(name), of) for name, of in table.groupby("method", sort=False)]
    return pd.DataFrame(rows, columns=RETAINED_COLUMNS)


def _measure(method: str, table: pd.DataFrame) -> dict[str, float | str]:
    of_others = table[table["layer"] == OTHER_IMAGE].set_index("similarity")
    below = table[table["layer"] != OTHER_IMAGE]
    layer = below["layer"].iloc[0]
    similarity = below[below["layer"] == layer].set_index("similarity")["value"]
    reference = of_others["value"].reindex(similarity.index)
    row: dict[str, float | str] = {"method": method, "layer": layer}
    if similarity.isna().any() or reference.isna().any() or (reference >= 1).any():
        note = "maps that cannot be compared, or that are alike for all images"
        return row | {"retained": np.nan, "note": note}
    retained = float(((similarity - reference) / (1 - reference)).max())
    return row | {"retained": retained, "note": ""}

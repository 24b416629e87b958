"""Verdict of the randomisation test on each method."""

import numpy as np
import pandas as pd

from detl.explanation.sanity import GUIDED, OTHER_IMAGE

PASS_AT_MOST = 0.25
FAIL_FROM = 0.5

VERDICT_COLUMNS = ["method", "layer", "retained", "verdict", "note"]


def judge_randomisation(table: pd.DataFrame) -> pd.DataFrame:
    """Return whether each method's maps change when the classifier is randomised.

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
        A row per method: the random ``layer``; ``retained``; ``verdict``: pass
        (``PASS_AT_MOST`` or less), fail (``FAIL_FROM`` or more), else warn, "" without
        a number; and ``note``, the reason for a missing number. If the control, guided
        backpropagation, does not fail, the test cannot find a fault, and every pass
        becomes warn with a note.
    """
    rows = [_judge(str(name), of) for name, of in table.groupby("method", sort=False)]
    verdicts = pd.DataFrame(rows, columns=VERDICT_COLUMNS)
    control = verdicts.loc[verdicts["method"] == GUIDED, "verdict"]
    if list(control) != ["fail"]:
        passed = (verdicts["verdict"] == "pass") & (verdicts["method"] != GUIDED)
        verdicts.loc[passed, "verdict"] = "warn"
        verdicts.loc[passed, "note"] = "the control did not fail"
    return verdicts


def _judge(method: str, table: pd.DataFrame) -> dict[str, float | str]:
    of_others = table[table["layer"] == OTHER_IMAGE].set_index("similarity")
    below = table[table["layer"] != OTHER_IMAGE]
    layer = below["layer"].iloc[0]
    similarity = below[below["layer"] == layer].set_index("similarity")["value"]
    reference = of_others["value"].reindex(similarity.index)
    row: dict[str, float | str] = {"method": method, "layer": layer}
    if similarity.isna().any() or reference.isna().any() or (reference >= 1).any():
        note = "maps that cannot be compared, or that are alike for all images"
        return row | {"retained": np.nan, "verdict": "", "note": note}
    retained = float(((similarity - reference) / (1 - reference)).max())
    if retained <= PASS_AT_MOST:
        verdict = "pass"
    else:
        verdict = "fail" if retained >= FAIL_FROM else "warn"
    return row | {"retained": retained, "verdict": verdict, "note": ""}

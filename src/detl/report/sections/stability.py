"""What other pretrainings give, for the section on the comparisons."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from detl.evaluation.stability import ALL
from detl.report.blocks import Block, Paragraph, Table
from detl.wording import (
    in_percent,
    interval_in_percent,
    network_title,
    show_deviation,
)

_ABSENT = "-"


def describe_pretrainings(stability: pd.DataFrame) -> list[Block]:
    """Return the accuracies by pretraining, and what their mean and interval are over.

    Args:
        stability: Table ``stability``.
    """
    is_all = stability["pretraining"] == ALL
    few = (
        " Two say little of how far others would lie; take three or more."
        if stability.loc[is_all, "pretrainings"].min() == 2
        else ""
    )
    rows = [_show(line) for line in stability.to_dict("records")]
    return [
        Paragraph(
            "The same images and folds, with other seeds from the pretraining on: each "
            "pretraining has a frozen part and tails of its own. The accuracy of all "
            "is the mean over pretrainings, and its interval is over patients and "
            "pretrainings, of which the seeds are a part. The SD over pretrainings "
            f"says how far the accuracy of one lies from that of another.{few}"
        ),
        Table(
            pd.DataFrame(rows),
            "Accuracy by pretraining, means over seeds, and of all pretrainings; SDs "
            "in percentage points. The first pretraining is that of the "
            "cross-validation.",
        ),
    ]


def _show(line: Mapping[Hashable, Any]) -> dict[str, str]:
    is_all = line["pretraining"] == ALL
    interval = interval_in_percent(line["accuracy_low"], line["accuracy_high"])
    return {
        "network": network_title(line["architecture"]),
        "pretraining": f"all {line['pretrainings']}" if is_all else line["pretraining"],
        "seeds": f"{line['seeds']}",
        "accuracy": in_percent(line["accuracy"]),
        "95 % interval": interval if is_all else _ABSENT,
        "SD over seeds": show_deviation(line["accuracy_sd_seeds"]),
        "SD over pretrainings": show_deviation(line["accuracy_sd_pretrainings"]),
    }

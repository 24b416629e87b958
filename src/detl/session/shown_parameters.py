"""The few parameters that MLflow shows; a file beside them has all."""

import re
from collections.abc import Mapping
from typing import Any

from detl.design import Unit
from detl.schemas.parameters import flatten
from detl.session.commands import NAMING_FILES, Setting

OF_EVERY_RUN = ("split.protocol", "ingest.input_size", "seed", "seeds")
"""Parameters that every run shows."""

OF_A_NETWORK = (
    "network.width_multiplier",
    "pretrain.epochs",
    "pretrain.learning_rate",
    "transfer.epochs",
    "transfer.learning_rate",
    "transfer.read",
)
"""Those of an architecture's block, which it and its folds show besides."""


def choose_parameters(
    unit: Unit, setting: Setting, given: Mapping[str, Any]
) -> dict[str, str]:
    """Return the parameters that the run of a unit shows, by name.

    A name is the same for every architecture, so that their folds can be compared.
    ``parameters`` is the digest of all: where two runs have the same, nothing else
    differs either.

    Args:
        unit: What the run is of.
        setting: The environment and all parameters.
        given: Those that the user has given with ``--params``, which are shown too.
    """
    flat = flatten(
        {k: v for k, v in setting.parameters.items() if k not in NAMING_FILES}
    )
    own = f"architectures.{unit[0]}." if unit else None
    names = [*OF_EVERY_RUN, *flatten(given)]
    if own:
        names += [own + name for name in OF_A_NETWORK]
    shown = {"environment": setting.environment, "parameters": setting.digest}
    for name in names:
        is_others = name.startswith("architectures.") and own and own not in name
        if name in flat and not is_others:
            short = name.removeprefix(own or "")
            # MLflow refuses other signs in a name.
            shown[re.sub(r"[^\w\-. :/]", "_", short)] = str(flat[name])
    return shown

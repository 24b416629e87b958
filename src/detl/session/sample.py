"""Making the sample of phantoms where a run needs it and it is not there."""

import json
import logging
from pathlib import Path

from detl.datasets import FolderDataset
from detl.datasets.folder_dataset import MARKER
from detl.phantoms.sample import PARAMETERS, make_phantoms
from detl.schemas.parameters import PhantomParameters, flatten_parameters
from detl.session.simultaneous_runs import one_at_a_time

logger = logging.getLogger("detl.sample")


def ensure_sample(sample: FolderDataset, parameters: PhantomParameters) -> None:
    """Make the sample unless it is there and was made with these parameters.

    Of several runs one makes it, and the others wait. A folder of somebody's own is
    left as it is.

    Raises:
        DetlError: It was made with other parameters and has been changed since.
    """
    if _find_reason(sample.path, parameters) is None:
        return
    with one_at_a_time(sample.path.parent):
        reason = _find_reason(sample.path, parameters)
        if reason is not None:
            counts = (*parameters.nih.values(), *parameters.covid_chestxray.values())
            logger.info(
                "%s; making it: %s synthetic radiographs in %s",
                reason,
                f"{sum(counts):,}",
                sample.path,
            )
            sample.save(make_phantoms(parameters))


def _find_reason(folder: Path, parameters: PhantomParameters) -> str | None:
    """Return why the sample has to be made; None if it need not be."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return "The sample is not there yet"
    if not (folder / MARKER).is_file():
        return None
    if not (folder / PARAMETERS).is_file():
        return f"The sample does not say what it was made with ({PARAMETERS})"
    before, asked = (
        flatten_parameters({"phantom": values})
        for values in (
            json.loads((folder / PARAMETERS).read_bytes()),
            parameters.model_dump(),
        )
    )
    names = sorted({*before, *asked})
    changed = [name for name in names if before.get(name) != asked.get(name)]
    if not changed:
        return None
    name = changed[0]
    return (
        f"The sample was made with {name} = {before.get(name, 'nothing')}, and "
        f"{asked.get(name, 'nothing')} is asked for (parameters changed: "
        f"{len(changed)})"
    )

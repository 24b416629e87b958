"""Images from elsewhere, as a test set: a folder or a list, in any known layout."""

from collections.abc import Mapping
from pathlib import Path

from detl.errors import DetlError
from detl.parameters import SourceParameters
from detl.sources import READERS
from detl.sources.source_table import SourceTable

EXTERNAL = "external"
"""Name of the source, where its layout is that of no source that was ingested."""


def read_external(path: Path, known: Mapping[str, SourceParameters]) -> SourceTable:
    """Return the images of a folder, or of a csv that lists some, of every view.

    The layout is told from what lies there: ``Data_Entry_2017*`` (ChestX-ray14),
    ``metadata.csv`` (covid-chestxray), else ``labels.csv`` or class folders. Where a
    source with that published layout was ingested, the images and patients take its
    name, so that those which training has seen are recognised. In a list of one's own
    a patient may be named with the source, ``nih/00000001``, to the same end.

    Args:
        path: A folder, or a csv with the columns ``file``, ``label`` and ``patient``.
        known: The sources that were ingested.

    Raises:
        DetlError: There is no such path, or its reader misses something.
    """
    if not path.exists():
        raise DetlError(
            f"There is no {path}, where the images of the external test should be: "
            "name a folder or a csv with --params source=PATH."
        )
    reader = _tell_layout(path)
    same = [name for name, p in known.items() if p.reader == reader != "folder"]
    source = same[0] if same else EXTERNAL
    parameters = SourceParameters(reader=reader, folder=str(path))
    table = READERS[reader](path, source, parameters)
    return SourceTable(
        candidates=table.candidates.assign(
            patient_id=_keep_named_sources(table, source, known)
        ),
        rejected=table.rejected,
    )


def _tell_layout(path: Path) -> str:
    if path.is_dir() and list(path.glob("Data_Entry_2017*")):
        return "nih"
    return "covid_chestxray" if (path / "metadata.csv").is_file() else "folder"


def _keep_named_sources(
    table: SourceTable, source: str, known: Mapping[str, SourceParameters]
) -> list[str]:
    """Return the patients; those named with an ingested source keep its name alone."""
    own = table.candidates["patient_id"].str.removeprefix(f"{source}/")
    return [
        patient if patient.split("/")[0] in known else f"{source}/{patient}"
        for patient in own
    ]

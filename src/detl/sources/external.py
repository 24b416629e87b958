"""Images from elsewhere, as a test set: a folder or a list, in any known layout."""

from collections.abc import Collection, Mapping
from pathlib import Path

from detl.classes import DATA_B_CLASSES
from detl.errors import DetlError
from detl.parameters import SourceParameters
from detl.sources import read_source
from detl.sources.files import EXTERNAL, where_to_set
from detl.sources.pseudonyms import drop_sources
from detl.sources.source_table import SourceTable, select_views


def read_external(
    path: Path,
    known: Mapping[str, SourceParameters],
    views: Collection[str],
    patient_key: Path | None = None,
) -> SourceTable:
    """Return the images of a folder, or of a csv that lists some.

    The layout is told from what lies there: ``Data_Entry_2017*`` (ChestX-ray14),
    ``metadata.csv`` (covid-chestxray), else ``labels.csv`` or class folders. Where a
    source with that published layout was ingested, the images and patients take its
    name, so that those which training has seen are recognised. In a list of one's own
    a patient may be named with the source, ``nih/00000001``, to the same end; and one
    whom a DICOM header names has the same pseudonym everywhere.

    Args:
        path: A folder, or a csv with the columns ``file``, ``label`` and ``patient``.
        known: The sources that were ingested.
        views: Views to take, spelt as in column ``view``.
        patient_key: File of the key of these pseudonyms; None makes none.

    Raises:
        DetlError: There is no such path, its reader misses something, or not one image
            can be taken.
    """
    if not path.exists():
        raise DetlError(
            f"There is no {path}, where the images of the external test should be: "
            "name a folder or a csv with --params source=PATH."
        )
    reader = _tell_layout(path)
    parameters = SourceParameters(reader=reader, folder=str(path))
    # Under the name that its errors know how to mend, until it is read.
    found = read_source(Path(), EXTERNAL, parameters, patient_key)
    table = select_views(found, views)
    _require_candidates(path, table)
    same = [name for name, p in known.items() if p.reader == reader != "folder"]
    return _name_after(table, same[0] if same else EXTERNAL, known)


def _tell_layout(path: Path) -> str:
    if path.is_dir() and list(path.glob("Data_Entry_2017*")):
        return "nih"
    return "covid_chestxray" if (path / "metadata.csv").is_file() else "folder"


def _require_candidates(path: Path, table: SourceTable) -> None:
    if not table.candidates.empty:
        return
    counts = table.rejected["reason"].value_counts()
    named = [f"{reason} {count}" for reason, count in counts.head(3).items()]
    if len(counts) > 3:
        named.append(f"other reasons {counts.iloc[3:].sum()}")
    raise DetlError(
        f"None of the {len(table.rejected)} images of {path} could be taken "
        f"({', '.join(named) or 'it names none'}), where class folders directly in it, "
        "or paths from where the csv lies, written with /, were expected, and as "
        f"classes findings or {', '.join(DATA_B_CLASSES)}: mend that, or "
        f"{where_to_set(EXTERNAL)}."
    )


def _name_after(
    table: SourceTable, source: str, known: Mapping[str, SourceParameters]
) -> SourceTable:
    """Return the table of another source; named patients keep their own source."""
    images = table.candidates
    files = images["image_id"].str.removeprefix(f"{EXTERNAL}/")
    named = images["patient_id"].str.removeprefix(f"{EXTERNAL}/")
    is_known = named.str.split("/").str[0].isin(list(known))
    patients = drop_sources(named.where(is_known, f"{source}/" + named))
    return SourceTable(
        candidates=images.assign(
            source=source, image_id=f"{source}/" + files, patient_id=patients
        ),
        rejected=table.rejected.assign(source=source).astype(str),
    )

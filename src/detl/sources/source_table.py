"""The table that every reader returns, and the rules that hold for all sources."""

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pandas as pd

from detl.errors import DetlError
from detl.schemas.parameters import SourceParameters
from detl.schemas.tables import UNKNOWN
from detl.sources.findings import (
    FINDINGS,
    contradicts_itself,
    list_findings,
    translate_findings,
)
from detl.sources.patients import explain_spoilt_patients
from detl.sources.views import normalise_view

_COLUMNS = (
    *("name", "patient", "findings", "view", "age", "sex", "license"),
    *("path", "why_no_file", "where", "reason"),
)
_YEARS = {"Y": 1.0, "": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}
_LONGEST_AGE = 5  # characters, such as 2000M

logger = logging.getLogger("detl.sources")


@dataclass(frozen=True)
class SourceTable:
    """The images that a reader found in one source.

    Attributes:
        candidates: Images that can be used, table ``CANDIDATES``; ``path`` is relative
            to the source's folder.
        rejected: Images and csv rows that cannot be used, table ``REJECTED``.
    """

    candidates: pd.DataFrame
    rejected: pd.DataFrame


def build_source_table(
    rows: pd.DataFrame,
    source: str,
    parameters: SourceParameters,
    unnamed: pd.DataFrame | None = None,
) -> SourceTable:
    """Return the rows that can be used, and the reason why each other row cannot.

    Args:
        rows: One row per image that the source names, in columns of text:
            ``name``, unique within the source; ``patient`` (normalised), ``findings``,
            ``view``, ``age`` (years, or ``058Y``, ``012M``, ``003D``), ``sex`` and
            ``license`` as in the source, "" if unknown; ``path`` relative to the
            source's folder, None without a file; ``why_no_file``, "" with a file;
            ``where``, the place in the list; and ``reason``, "" if the reader accepts
            the row.
        parameters: ``findings`` translates the labels of the source.
        unnamed: Files and rows without an image: columns ``name`` and ``reason``.

    Raises:
        DetlError: ``rows`` or ``unnamed`` lacks a column, a spreadsheet has changed at
            least half of the patients, or ``parameters.findings`` translates to an
            unknown finding.
    """
    _require_columns(rows, _COLUMNS, "rows", source)
    if unnamed is not None:
        _require_columns(unnamed, ("name", "reason"), "unnamed", source)
    views = {said: normalise_view(said) for said in set(rows["view"])}
    rows = rows.reset_index(drop=True).assign(
        label=rows["findings"].to_numpy(),
        findings=_translate(rows["findings"], source, parameters.findings).to_numpy(),
        years=_read_ages(rows["age"], source).to_numpy(),
        view=rows["view"].map(views).to_numpy(object),
        said=rows["view"].to_numpy(),
    )
    reason = _reasons(rows, _find_spoilt(rows, source))
    taken = rows[reason == ""]
    # A row without a name is identified by its place in the list.
    name = rows["name"].mask(rows["name"] == "", rows["where"])
    rejected = rows.assign(name=name, reason=reason)[reason != ""][["name", "reason"]]
    if unnamed is not None:
        rejected = pd.concat([rejected, unnamed[["name", "reason"]]])
    return SourceTable(
        candidates=_to_candidates(taken, source),
        rejected=rejected.assign(source=source)[["source", "name", "reason"]]
        .astype(str)
        .reset_index(drop=True),
    )


def select_views(table: SourceTable, views: Collection[str]) -> SourceTable:
    """Return the table with the images of these views; the others are rejected.

    An image of unknown view stays (decision 24).

    Args:
        views: Wanted views, spelt as in column ``view``.
    """
    images = table.candidates
    others = images[~images["view"].isin([*views, UNKNOWN])]
    names = [
        image_id.removeprefix(f"{source}/")
        for image_id, source in zip(others["image_id"], others["source"], strict=True)
    ]
    rejected = pd.DataFrame(
        {"source": others["source"], "name": names, "reason": "view: " + others["view"]}
    ).astype(str)
    return SourceTable(
        candidates=images.drop(others.index).reset_index(drop=True),
        rejected=pd.concat([table.rejected, rejected], ignore_index=True),
    )


def hide_patients(reasons: pd.Series) -> pd.Series:
    """Return the reasons without the patients that some of them name.

    ``seen in training: patient nih/00000001`` becomes ``seen in training: patient``.
    """
    before = "patient changed by a spreadsheet|no patient of that source"
    return reasons.str.replace(
        rf"(?s)^({before}|seen in training: patient)\b.*", r"\1", regex=True
    )


def count_reasons(reasons: pd.Series) -> str:
    """Return in words how many images were rejected for each kind of reason.

    Args:
        reasons: The reason of each image, such as ``duplicate of nih/1.png`` or
            ``view: L``. Its kind is the text before the colon or the ``of``.
    """
    kinds = reasons.str.replace(r"(?s)(:| of ).*", "", regex=True).value_counts()
    return ", ".join(f"{kind} {count}" for kind, count in kinds.items()) or "none"


def _require_columns(
    table: pd.DataFrame, expected: Collection[str], which: str, source: str
) -> None:
    missing = [name for name in expected if name not in table]
    if missing:
        raise DetlError(
            f"The reader of source {source} gives build_source_table {which!r} without "
            f"the {'column' if len(missing) == 1 else 'columns'} "
            f"{', '.join(missing)}, where {', '.join(expected)} were expected: add "
            f"{'it' if len(missing) == 1 else 'them'}, as text, empty if unknown."
        )


def _find_spoilt(rows: pd.DataFrame, source: str) -> pd.Series:
    """Return why each row's patient cannot be told from others, "" if it can."""
    # An unknown patient has the name of the file, which may look like a date.
    is_file = rows["patient"] == rows["name"]
    patients = rows["patient"].mask(is_file, "file")
    return explain_spoilt_patients(patients, f"The list of source {source}")


def _translate(
    labels: pd.Series, source: str, translation: Mapping[str, str]
) -> pd.Series:
    for label, finding in translation.items():
        if translate_findings(finding, {}) is None:
            raise DetlError(
                f"ingest.sources.{source}.findings translates {label} to {finding}, "
                f"where one of {', '.join(FINDINGS)} was expected; correct it."
            )
    known = {label: translate_findings(label, translation) for label in set(labels)}
    return labels.map(known)


def _read_ages(ages: pd.Series, source: str) -> pd.Series:
    """Return years; NaN if nothing is given, or no possible age (``413``, ``>89``)."""
    parts = ages.str.upper().str.extract(r"^(\d+(?:\.\d+)?)\s*([YMWD]?)$")
    years = parts[0].astype(float) * parts[1].map(_YEARS).astype(float)
    years = years.where(years.between(0, 120))
    unread = ages[years.isna() & (ages != "")]
    if len(unread):
        # A longer text may be a birth date or a name in the wrong column.
        shown = unread.where(unread.str.len() <= _LONGEST_AGE, "longer text")
        logger.info(
            "Source %s: ages that are not between 0 and 120 years and count as "
            "unknown: %d (%s)",
            source,
            len(unread),
            ", ".join(shown.unique()[:5]),
        )
    return years


def _reasons(rows: pd.DataFrame, spoilt: pd.Series) -> pd.Series:
    """Return the first reason why each row cannot be used, "" if it can."""
    contradictory = rows["findings"].map(contradicts_itself, na_action="ignore")
    reason = rows["reason"].astype(str)
    for failed, words in (
        (spoilt != "", spoilt),
        (rows["name"] == "", "no image name: " + rows["where"]),
        *_find_repeated(rows),
        (rows["patient"] == "", pd.Series("no patient", rows.index)),
        (
            rows["findings"].isna(),
            "unknown finding: " + rows["label"].replace("", "none is given"),
        ),
        (contradictory.eq(True), "contradictory label: " + rows["label"]),
        (rows["view"].isna(), "view: " + rows["said"]),
        (rows["path"].isna(), rows["why_no_file"]),
    ):
        reason = reason.mask(failed & (reason == ""), words)
    return reason


def _find_repeated(rows: pd.DataFrame) -> list[tuple[pd.Series, pd.Series]]:
    """Return the rows that repeat a name or a file, and the reason in words."""
    found = []
    for column in ("name", "path"):
        again = rows[column].duplicated() & rows[column].notna()
        named = rows[rows[column].isin(set(rows.loc[again, column]))]
        words = dict.fromkeys(rows.index, "named a second time")
        labels: dict[str, frozenset[str] | str] = {}
        patients: dict[str, str] = {}
        columns = (named[name] for name in (column, "findings", "label", "patient"))
        for row, name, findings, label, patient in zip(
            named.index, *columns, strict=True
        ):
            known = label if pd.isna(findings) else list_findings(findings)
            if patients.setdefault(name, patient) != patient:
                words[row] += ", with another patient"
            if labels.setdefault(name, known) != known:
                words[row] += f", with another label: {label}"
        found.append((again, pd.Series(words, dtype=str)))
    return found


def _to_candidates(rows: pd.DataFrame, source: str) -> pd.DataFrame:
    sex = rows["sex"].str.upper().str[:1]
    texts = {
        "image_id": f"{source}/" + rows["name"],
        "source": pd.Series(source, rows.index),
        "patient_id": f"{source}/" + rows["patient"],
        "path": rows["path"],
        "findings": rows["findings"],
        "view": rows["view"].replace("", UNKNOWN),
        "age": rows["years"],
        "sex": sex.where(sex.isin(["M", "F"]), UNKNOWN),
        "license": rows["license"].mask(rows["license"] == "", UNKNOWN),
    }
    table = pd.DataFrame(texts)
    return table.astype({name: str for name in table if name != "age"}).reset_index(
        drop=True
    )

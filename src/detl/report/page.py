"""The page of a run, one file of HTML."""

import base64
import io
import re
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from detl.errors import DetlError
from detl.report.abstract import tabulate_accuracies
from detl.report.blocks import Block, Section
from detl.report.inputs import Run
from detl.report.verdict import describe_verdict, summarise_verdict

TITLE = "DETL: what this run shows"

SIGNS = {"pass": "\N{CHECK MARK}", "warn": "!", "fail": "\N{BALLOT X}"}
"""The sign of a check beside its colour and its word."""


def write_page(run: Run, audit_verdict: pd.DataFrame) -> str:
    """Return the report of a run: its verdict, then every section, as HTML."""
    from detl.report.sections import SECTIONS

    sections = [module.section(run) for module in SECTIONS]
    return render_page(
        TITLE,
        summarise_verdict(audit_verdict, run),
        [describe_verdict(audit_verdict, run), *sections],
        [tabulate_accuracies(run)],
    )


def render_page(
    title: str, lead: str, sections: Sequence[Section], opening: Sequence[Block] = ()
) -> str:
    """Return the page as HTML that needs no other file and loads nothing.

    It contains its pictures (PNG in data URIs), prints, fits a phone, and has a table
    of contents of two levels, below the first section where the page is narrow. The
    same arguments give the same text.

    Args:
        title: Heading of the page.
        lead: Its first paragraph.
        sections: Its sections, in order.
        opening: What stands between the first paragraph and the first section.

    Raises:
        DetlError: Two sections have the same anchor.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    anchors = [section.anchor for section in _walk(sections)]
    for anchor in anchors:
        if anchors.count(anchor) > 1:
            raise DetlError(
                f"The report has {anchors.count(anchor)} sections with the anchor "
                f"{anchor}, where each needs one of its own: rename all but one."
            )
    environment = Environment(
        loader=PackageLoader("detl", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_keep_units_with_numbers,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.tests["block"] = lambda block, kind: type(block).__name__ == kind
    environment.filters["data_uri"] = _to_data_uri
    environment.filters["columns"] = _describe_columns
    template = environment.get_template("page.html")
    return template.render(
        title=title, lead=lead, sections=sections, opening=opening, signs=SIGNS
    )


def _walk(sections: Sequence[Section]) -> Iterator[Section]:
    for section in sections:
        yield section
        yield from _walk(section.subsections)


def _keep_units_with_numbers(value: object) -> object:
    # A line must not break between a number and its per cent sign.
    if type(value) is str:
        return re.sub(r"(?<=\d) %", "\N{NO-BREAK SPACE}%", value)
    return value


def _to_data_uri(picture: np.ndarray) -> str:
    from PIL import Image

    buffer = io.BytesIO()
    # Half the time of the usual level 6, and 6 % more bytes.
    Image.fromarray(picture).save(buffer, "PNG", compress_level=4)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _describe_columns(frame: pd.DataFrame) -> list[tuple[str, str]]:
    """Return the name of each column, and its class: ``number`` or ``text``."""
    return [
        (str(name), "number" if _holds_numbers(frame.iloc[:, position]) else "text")
        for position, name in enumerate(frame.columns)
    ]


def _holds_numbers(column: pd.Series) -> bool:
    """Return whether the cells hold numbers, intervals and units, and no words.

    The page aligns such columns at the right.
    """
    cells = [re.sub(r"\b(to|of|points?)\b", "", str(cell)) for cell in column]
    has_words = any(re.search(r"[^\W\d_]", cell) for cell in cells)
    return not has_words and any(re.search(r"\d", cell) for cell in cells)

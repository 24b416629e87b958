"""The parts of a page: sections of paragraphs, lists, tables and figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of plain text."""

    text: str


@dataclass(frozen=True)
class Note:
    """A paragraph that stands out, because the reader must not miss it."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    sentences: Sequence[str]


@dataclass(frozen=True)
class Code:
    """Lines to copy into a terminal."""

    text: str


@dataclass(frozen=True)
class Table:
    """A table with its caption above it.

    The page shows the cells unchanged, so the section formats its numbers. The first
    column names the rows.
    """

    frame: pd.DataFrame
    caption: str


@dataclass(frozen=True)
class Figure:
    """A picture with its caption below it.

    Attributes:
        picture: RGB or grey, uint8.
        caption: What the picture shows.
        description: The same for a reader who cannot see it.
    """

    picture: np.ndarray
    caption: str
    description: str


@dataclass(frozen=True)
class Checks:
    """The table of the checks: a sign, a colour and a word for each, then the rest.

    Attributes:
        frame: ``verdict`` (pass, warn or fail), ``check``, ``found`` and ``meaning``,
            a row per check, in the order of the page.
        caption: What stands above it.
    """

    frame: pd.DataFrame
    caption: str


@dataclass(frozen=True)
class Links:
    """A list of addresses with what is to be found there."""

    addresses: Mapping[str, str]
    """Text to address."""


@dataclass(frozen=True)
class Folded:
    """Blocks that only the reader who asks for them sees; a printed page has none.

    Attributes:
        summary: What is in them, which is always seen.
        blocks: What is seen when it is opened.
    """

    summary: str
    blocks: Sequence["Block"]


Block: TypeAlias = (
    Paragraph | Note | Bullets | Code | Table | Figure | Checks | Links | Folded
)


@dataclass(frozen=True)
class Section:
    """A part of the page, with an entry in the table of contents.

    Attributes:
        anchor: Its name in the address of the page, lower case with hyphens.
        title: Heading.
        blocks: Its content, in order.
        subsections: Its parts, each with a heading.
    """

    anchor: str
    title: str
    blocks: Sequence[Block] = ()
    subsections: Sequence["Section"] = field(default=())

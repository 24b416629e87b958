"""What the page consists of: sections of paragraphs, lists, tables and figures."""

from collections.abc import Sequence
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
    """A paragraph that stands out: something the reader must not overlook."""

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

    Cells are shown as they are: numbers are formatted by who makes the table. The
    first column is a heading of its row.
    """

    frame: pd.DataFrame
    caption: str


@dataclass(frozen=True)
class Figure:
    """A picture with its caption below it.

    Attributes:
        picture: RGB or grey, uint8.
        caption: What is to be seen.
        description: The same for someone who cannot see it.
    """

    picture: np.ndarray
    caption: str
    description: str


Block: TypeAlias = Paragraph | Note | Bullets | Code | Table | Figure


@dataclass(frozen=True)
class Section:
    """A part of the page, with an entry in the table of contents.

    Attributes:
        anchor: Name in the page's address, lower case with hyphens.
        title: Heading.
        blocks: What stands in it, in order.
        subsections: Parts of it, with headings of their own.
    """

    anchor: str
    title: str
    blocks: Sequence[Block] = ()
    subsections: Sequence["Section"] = field(default=())

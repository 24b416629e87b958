"""The text of a whole page, compared with the one kept in ``golden/page.txt``.

Where a change of the page is meant, write the file again and read what git says has
changed in it:

    PYTHONPATH=src:tests/support python tests/report/test_golden_page.py
"""

import html
import re
from pathlib import Path

from detl.report.page import write_page
from detl.report.verdict import judge_audit
from made_run import make_whole_run

GOLDEN = Path(__file__).parent / "golden" / "page.txt"


def render_text() -> str:
    """Return the page of a run that has computed all, a line per block, row or cell."""
    run = make_whole_run()
    page = write_page(run, judge_audit(run))
    main = page[page.index("</style>") :]
    pictures = re.sub(r'<img [^>]*alt="([^"]*)"[^>]*>', r"[\1]\n", main)
    rows = re.sub(r"</t[hd]>\s*<t[hd][^>]*>", " | ", pictures)
    words = html.unescape(re.sub(r"<[^>]+>", "\n", rows))
    return "\n".join(line for line in words.splitlines() if line.strip()) + "\n"


def test_the_page_reads_as_the_golden_one():
    assert render_text() == GOLDEN.read_text()


if __name__ == "__main__":
    GOLDEN.write_text(render_text())

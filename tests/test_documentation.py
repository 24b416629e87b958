"""Files, nodes and links that the pages name exist.

Links between the pages of ``docs/`` are checked where ``make docs`` builds the site.
"""

import re

import pytest

from detl.pipeline_registry import register_pipelines
from detl.report.sections.glossary import WORDS
from project_copy import PROJECT

AT_ROOT = ["README.md", "CONTRIBUTING.md"]
PAGES = AT_ROOT + [f"docs/{page.name}" for page in (PROJECT / "docs").glob("*.md")]

PYTHON_FILE = re.compile(r"(?:[\w-]+/)+[\w-]+\.(?:py|ipynb)\b")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
NODES = re.compile(r"--(?:from|to)-nodes ([\w.,]+)")
NEW_FILE = re.compile(r"^New file `.*`:$", re.MULTILINE)
CODE_BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def text_of(page: str) -> str:
    """Return the page without the code and the files that a reader is to write."""
    return NEW_FILE.sub("", CODE_BLOCK.sub("", (PROJECT / page).read_text()))


@pytest.mark.parametrize("page", PAGES)
def test_every_python_file_that_a_page_names_exists(page):
    named = PYTHON_FILE.findall(text_of(page))
    roots = (PROJECT, PROJECT / "src" / "detl")
    assert {
        path for path in named if not any((root / path).exists() for root in roots)
    } == set()


@pytest.mark.parametrize("page", AT_ROOT)
def test_every_link_leads_to_a_file(page):
    links = LINK.findall(text_of(page))
    assert {path for path in links if not (PROJECT / path).exists()} == set()


def test_every_node_that_a_command_names_is_in_the_graph():
    text = (PROJECT / "docs" / "mlflow.md").read_text()
    # The page adds an architecture of the reader's own.
    named = ",".join(NODES.findall(text.replace("shallow.", "vgg16."))).split(",")
    nodes = {node.name for p in register_pipelines().values() for node in p.nodes}
    assert set(named) - nodes == set()


def test_a_word_of_the_report_begins_in_the_glossary_with_the_same_meaning():
    text = " ".join((PROJECT / "docs" / "glossary.md").read_text().split())
    shared = [word for word in WORDS if f"**{word}**" in text]
    assert shared
    assert [w for w in shared if f"**{w}**: {WORDS[w]}" not in text] == []

"""What docs/paper.md says of the project is so: files, names, values, numbers."""

import ast
import re
from collections import Counter

import pytest
from omegaconf import OmegaConf

from detl.report.published import PUBLISHED
from project_copy import PROJECT

DOCS = PROJECT / "docs"
CODE_BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
PAGE = CODE_BLOCK.sub("", (DOCS / "paper.md").read_text())
ROW = re.compile(r"^\| ([\w -]+) (\d+)(?:-(\d+))? \| (.+) \| (.+) \|$", re.MULTILINE)
ROWS = [
    (kind, number, in_few_words, said)
    for kind, first, last, in_few_words, said in ROW.findall(PAGE)
    for number in range(int(first), int(last or first) + 1)
]

NUMBERED = {
    "III": 1,
    "III-A": 13,
    "Table I": 3,
    "III-B": 34,
    "IV": 14,
    "V": 14,
    "Footnote": 9,
    "Figure": 4,
    "Equation": 2,
}
"""How many of each the paper has in its sections III to V."""

FILE = r"(?P<path>[\w/.-]*(/[\w.-]*|\.(py|toml|yml)))(:(?P<name>[\w.]+))?"
PARAMETER = r"(?P<key>[\w.*\- ]+): (?P<value>.+)"
COMMAND = r"kedro run( --pipeline (?P<pipeline>\w+))?( --params (?P<key>[\w.]+)=\w+)?"
WORD = r"\w+"
ANSWER = r"`.*[/:].*`|[Dd]ecisions? \d|Nothing to build|Not done|, below|As III-B|\]\("


def references(kind, text=PAGE):
    """Return the matches of the code spans that are of this kind."""
    spans = re.findall(r"`([^`]+)`", text)
    return [match for span in spans if (match := re.fullmatch(kind, span))]


def decisions_named(text):
    """Return the numbers in "decision 7" and "decisions 8, 9 and 18"."""
    lists = re.findall(r"[Dd]ecisions? (\d+(?:(?:, | and )\d+)*)", text)
    return {number for numbers in lists for number in re.findall(r"\d+", numbers)}


def decisions_taken():
    table = (DOCS / "decisions.md").read_text()
    return set(re.findall(r"^\| (\d+) \|", table, re.MULTILINE))


def resolve(path):
    """Return the file or folder that the page means."""
    in_code = PROJECT / "src" / "detl" / path
    return in_code if in_code.exists() else PROJECT / path


def names_in(path):
    """Return the functions, classes, methods and constants of a module."""
    names = set()
    for node in ast.parse(path.read_text()).body:
        match node:
            case ast.FunctionDef():
                names.add(node.name)
            case ast.ClassDef():
                methods = [n.name for n in node.body if isinstance(n, ast.FunctionDef)]
                names |= {node.name, *(f"{node.name}.{method}" for method in methods)}
            case ast.Assign() | ast.AnnAssign():
                targets = getattr(node, "targets", None) or [node.target]
                names |= {n.id for n in targets if isinstance(n, ast.Name)}
    return names


def anchors_of(page):
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings]
    return {heading.replace(" ", "-") for heading in plain}


@pytest.fixture(scope="module")
def parameters():
    """Return the parameters of environment paper, as Kedro merges them."""
    files = [
        file
        for environment in ("base", "paper")
        for file in sorted((PROJECT / "conf" / environment).glob("parameters*.yml"))
    ]
    return OmegaConf.merge(*map(OmegaConf.load, files))


def has(parameters, key, value):
    """Whether the parameter of a dotted key is there and has the value, as YAML."""
    expected = OmegaConf.create(f"value: {value}")["value"]
    *above, last = key.split(".")
    for part in above:
        parameters = parameters.get(part, {})
    return last in parameters and parameters[last] == expected


def test_every_sentence_of_the_paper_has_a_row():
    assert Counter(kind for kind, *_ in ROWS) == NUMBERED


def test_the_numbers_of_the_rows_have_no_gaps():
    for kind, last in NUMBERED.items():
        numbers = [number for of, number, *_ in ROWS if of == kind]
        assert numbers == list(range(1, last + 1)), kind


def test_every_row_says_what_became_of_the_sentence():
    silent = [f"{kind} {n}" for kind, n, _, said in ROWS if not re.search(ANSWER, said)]
    assert silent == []


def test_everything_set_as_code_in_the_rows_is_of_a_kind_that_is_checked():
    answers = "\n".join(said for *_, said in ROWS)
    spans = {match[0] for match in references(".+", answers)}
    for kind in (FILE, PARAMETER, COMMAND, WORD):
        spans -= {match[0] for match in references(kind, answers)}
    assert spans == set()


def test_every_file_named_exists():
    named = {match["path"] for match in references(FILE)}
    assert {path for path in named if not resolve(path).exists()} == set()


def test_every_name_stands_in_its_file():
    named = [match for match in references(FILE) if match["name"]]
    assert [
        match[0]
        for match in named
        if match["name"] not in names_in(resolve(match["path"]))
    ] == []


def test_every_parameter_has_the_value_that_the_page_says(parameters):
    assert [
        match[0]
        for match in references(PARAMETER)
        for architecture in PUBLISHED
        if not has(parameters, match["key"].replace("*", architecture), match["value"])
    ] == []


def test_every_command_runs_a_pipeline_that_is_registered():
    registry = (PROJECT / "src" / "detl" / "pipeline_registry.py").read_text()
    named = {match["pipeline"] for match in references(COMMAND)} - {None}
    assert {name for name in named if f'"{name}":' not in registry} == set()


def test_every_command_sets_a_parameter_that_exists(parameters):
    named = {match["key"] for match in references(COMMAND)} - {None}
    assert {k for k in named if OmegaConf.select(parameters, k) is None} == set()


def test_the_decisions_named_are_those_about_the_paper():
    assert decisions_named(PAGE) == decisions_taken()


def test_every_link_leads_to_a_heading():
    for file, anchor in re.findall(r"\]\(([\w.]*)#?([^)]*)\)", PAGE):
        page = DOCS / (file or "paper.md")
        assert not anchor or anchor in anchors_of(page), (file, anchor)

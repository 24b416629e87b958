"""The notebooks, executed in a project in which environment ``test`` has run."""

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

from project_copy import PROJECT, environment_of

PICTURES = {"01_look_at_the_data.ipynb": 4, "02_compare_folds.ipynb": 4}
"""Least number of pictures that each notebook shows."""


def read_notebook(name: str) -> NotebookNode:
    return nbformat.read(PROJECT / "notebooks" / name, as_version=4)


def cells_of(notebook: NotebookNode, kind: str) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == kind]


@pytest.fixture(scope="module", params=PICTURES)
def executed(request, whole_run):
    """Return a notebook's name, and the outputs of its cells, all in one list.

    It runs in a folder that is neither the project's root nor that of the notebooks.
    """
    notebook = read_notebook(request.param)
    folder = whole_run / "data" / "test"
    client = NotebookClient(
        notebook,
        timeout=120,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute(env=environment_of(whole_run, DETL_ENV="test"))
    outputs = [output for cell in cells_of(notebook, "code") for output in cell.outputs]
    return request.param, outputs


def test_a_notebook_shows_its_pictures(executed):
    name, outputs = executed
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(pictures) >= PICTURES[name]


def test_a_notebook_runs_without_warnings_and_library_notes(executed):
    _, outputs = executed
    assert [output for output in outputs if output.output_type == "stream"] == []


def test_every_notebook_is_executed_here():
    assert {path.name for path in (PROJECT / "notebooks").glob("*.ipynb")} == set(
        PICTURES
    )


@pytest.mark.parametrize("name", PICTURES)
def test_a_notebook_is_stored_without_outputs(name):
    for cell in cells_of(read_notebook(name), "code"):
        assert cell.outputs == []
        assert cell.execution_count is None


@pytest.mark.parametrize("name", PICTURES)
def test_every_cell_of_code_has_a_sentence_above_it(name):
    kinds = [cell.cell_type for cell in read_notebook(name).cells]
    assert kinds == ["markdown", "code"] * (len(kinds) // 2)

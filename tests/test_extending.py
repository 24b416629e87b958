"""What docs/extending.md says works: its blocks are taken out and applied."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from detl.schemas.classes import DATA_B_CLASSES
from made_sample import sample_folder
from project_copy import PROJECT, copy_project, keep_architectures, run_kedro

pytestmark = pytest.mark.long

PAGE = (PROJECT / "docs" / "extending.md").read_text()
REPORTS = "data/test/08_reporting"

_BLOCK = re.compile(
    r"^(New file|In|At the end of) `(?P<path>[^`]+)`:\n\n"
    r"```(?P<kind>\w+)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Return a copy of the project to which the whole page was applied."""
    folder = tmp_path_factory.mktemp("extending")
    project = copy_project(folder)
    for block in _BLOCK.finditer(PAGE):
        apply(block, project)
    return project


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """Return a raw data folder with the two sources of the page beside the phantoms."""
    raw = tmp_path_factory.mktemp("raw")
    for name in ("nih", "covid-chestxray"):
        (raw / name).symlink_to(sample_folder() / name)
    films = ["a.png", "b.png", "c.png"]
    draw_films(raw / "ward" / "films", [*films, "unlisted.png"], seed=0)
    rows = [f"{film},{film[0]},corona,PA,58" for film in films]
    header = "film,person,diagnosis,projection,age"
    (raw / "ward" / "list.csv").write_text("\n".join([header, *rows]))
    draw_films(raw / "clinic" / "COVID", ["1.png", "2.png"], seed=1)
    draw_films(raw / "clinic" / "healthy", ["1.png", "2.png"], seed=2)
    return raw


@pytest.fixture(scope="module")
def extended(project, raw):
    """Return the project after one run, in which only the new architecture is left."""
    keep_architectures(project, "shallow")
    block = "architectures.shallow"
    epochs = f"{block}.pretrain.epochs=3,{block}.transfer.epochs=2"
    command = ("run", "--pipeline", "detl", "--env", "test", "--params", epochs)
    run = run_kedro(project, *command, DETL_DATA=str(raw))
    assert run.returncode == 0, run.stdout
    return project


def apply(block: re.Match[str], project: Path) -> None:
    """Change the file that a block of the page names, as the page says."""
    path, text = project / block["path"], block["text"]
    if block[1] == "New file":
        assert not path.exists()
        path.write_text(text)
    elif block[1] == "At the end of":
        path.write_text(path.read_text() + text)
    else:
        content = path.read_text()
        for hunk in text.split("@@\n"):
            lines = hunk.splitlines()
            before = "\n".join(line[1:] for line in lines if line[0] in " -") + "\n"
            after = "\n".join(line[1:] for line in lines if line[0] in " +") + "\n"
            assert content.count(before) == 1, f"{path} has not once:\n{before}"
            content = content.replace(before, after)
        path.write_text(content)


def draw_films(folder: Path, names: list[str], seed: int) -> None:
    folder.mkdir(parents=True)
    random = np.random.default_rng(seed)
    for name in names:
        Image.fromarray(random.integers(0, 255, (64, 64), np.uint8)).save(folder / name)


def snippets() -> list[str]:
    """Return the programs of the page's section on notebooks."""
    section = PAGE.partition("## Without Kedro")[2].partition("\n## ")[0]
    return re.findall(r"^```python\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)


def test_a_new_architecture_is_in_the_summary(extended):
    summary = pd.read_csv(extended / REPORTS / "summary.csv")
    assert summary["architecture"].tolist() == ["shallow"]


def test_a_new_architecture_is_explained_in_every_fold(extended):
    pictures = (extended / REPORTS / "shallow").glob("fold_*_grad_cam.png")
    assert sorted(picture.name for picture in pictures) == [
        f"fold_{number}_grad_cam.png" for number in (1, 2, 3)
    ]


def test_another_number_of_folds_is_collected(extended):
    folds = pd.read_csv(extended / REPORTS / "shallow" / "fold_summary.csv")
    assert folds["fold"].tolist() == ["fold_1", "fold_2", "fold_3"]


def test_a_new_check_is_a_row_of_the_verdict(extended):
    verdict = pd.read_csv(extended / REPORTS / "audit_verdict.csv")
    row = verdict.set_index("check").loc["Weakest class"]
    assert row["verdict"] in {"pass", "warn", "fail"}
    assert "shallow" in row["meaning"]


def test_a_new_check_has_its_section_on_the_page(extended):
    page = (extended / REPORTS / "report.html").read_text()
    places = [page.index(f'id="{name}"') for name in ("subgroups", "weakest-class")]
    assert places == sorted(places)


def test_images_of_a_new_source_are_taken(extended):
    images = pd.read_parquet(extended / "data/test/02_intermediate/images.parquet")
    ward = images[images["source"] == "ward"]
    assert ward[["image_id", "findings", "age"]].to_numpy().tolist() == [
        [f"ward/{name}.png", "COVID-19", 58.0] for name in "abc"
    ]


def test_a_file_that_a_new_source_does_not_name_is_rejected(extended):
    rejected = pd.read_csv(extended / "data/test/02_intermediate/rejected.csv")
    ward = rejected[rejected["source"] == "ward"]
    assert ward[["name", "reason"]].to_numpy().tolist() == [
        ["unlisted.png", "no row in list.csv"]
    ]


def test_a_folder_of_ones_own_needs_no_code(extended, raw):
    run = run_kedro(extended, "run", "--pipeline", "ingest", DETL_DATA=str(raw))
    assert run.returncode == 0, run.stdout
    images = pd.read_parquet(extended / "data/02_intermediate/images.parquet")
    clinic = images[images["source"] == "clinic"]
    assert clinic[["image_id", "findings"]].to_numpy().tolist() == [
        ["clinic/COVID/1.png", "COVID-19"],
        ["clinic/COVID/2.png", "COVID-19"],
        ["clinic/healthy/1.png", "No Finding"],
        ["clinic/healthy/2.png", "No Finding"],
    ]


def test_a_film_is_explained_without_kedro(extended, monkeypatch, capsys):
    monkeypatch.chdir(extended)
    program, _ = snippets()
    here = program.replace("data/06_models/vgg16", "data/test/06_models/shallow")
    exec(here, {})
    predicted, shape = capsys.readouterr().out.split(maxsplit=1)
    assert (predicted in DATA_B_CLASSES, shape) == (True, "(32, 32, 3)\n")


def test_a_source_is_read_without_kedro(extended, monkeypatch, capsys):
    monkeypatch.chdir(extended)
    _, program = snippets()
    exec(program, {})
    assert "unknown finding: Widget" in capsys.readouterr().out

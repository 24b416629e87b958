import hashlib

import pandas as pd
import pytest

from detl.report.sections import repeat
from detl.report.sections.repeat import describe_duration, hash_manifest
from detl.schemas.parameters import ExplainParameters, flatten_parameters
from made_results import tables_of, texts_of
from made_run import PROVENANCE, make_run


@pytest.fixture
def images():
    return pd.DataFrame({"image_id": ["b", "a"], "sha256": ["22", "11"]})


def test_the_hash_is_that_of_the_sorted_lines(images):
    assert hash_manifest(images) == hashlib.sha256(b"a 11\nb 22\n").hexdigest()


def test_the_order_of_the_images_does_not_change_the_hash(images):
    assert hash_manifest(images[::-1]) == hash_manifest(images)


def test_another_content_changes_the_hash(images):
    other = images.assign(sha256=["22", "12"])
    assert hash_manifest(other) != hash_manifest(images)


def test_parameters_are_flattened_to_their_whole_names():
    tree = {"seed": 0, "a": {"b": {"c": None}, "d": ["x", "y"]}, "e": {}, "f": "PA"}
    assert flatten_parameters(tree) == {
        "a.b.c": "null",
        "a.d": '["x", "y"]',
        "e": "{}",
        "f": "PA",
        "seed": "0",
    }


def test_typed_parameters_are_flattened_like_the_rest():
    tree = {"explain": ExplainParameters(images_per_class=3)}
    assert flatten_parameters(tree) == {"explain.images_per_class": "3"}


def test_the_command_the_code_and_the_data_are_named(images):
    section = repeat.section(make_run(images=images))
    rows = dict(tables_of(section)[0].itertuples(index=False))
    assert "kedro run --env test" in texts_of(section)
    assert rows["seed"] == "3"
    assert rows["git revision"] == "0123abcd, without changes"
    assert rows["SHA-256 of the list of images"] == hash_manifest(images)


def test_versions_figures_and_parameters_are_listed():
    versions, figures, parameters = tables_of(repeat.section(make_run()))[1:]
    assert versions.iloc[0].tolist() == ["keras", "3.15"]
    assert figures["file"].tolist()[-1] == "figures/vgg16_errors.png"
    assert ["seed", "3"] in parameters.to_numpy().tolist()


def test_a_figure_that_was_not_drawn_is_not_listed():
    run = make_run(cooccurrence=None, cooccurrence_picture=None)
    figures = tables_of(repeat.section(run))[2]
    assert not {"figures/cooccurrence.png", "ablation.png"} & set(figures["file"])


def test_a_changed_working_tree_is_noted():
    run = make_run(provenance=PROVENANCE | {"changed": True})
    texts = " ".join(texts_of(repeat.section(run)))
    assert "The working tree differed from the revision" in texts


def test_code_outside_git_is_noted():
    run = make_run(provenance=PROVENANCE | {"revision": None})
    assert "not in a git working tree" in " ".join(texts_of(repeat.section(run)))


def test_a_clean_working_tree_needs_no_note():
    texts = texts_of(repeat.section(make_run()))
    assert not any("working tree" in text for text in texts)


def test_date_duration_processor_and_mlflow_run_are_named():
    rows = dict(tables_of(repeat.section(make_run()))[0].itertuples(index=False))
    assert rows["started"] == "2026-11-28, 17:54 UTC"
    assert rows["duration up to this page"] == "1 h 5 min"
    assert rows["processor"] == "Zilog Z80"
    assert rows["MLflow run"] == "4711"


def test_a_run_that_mlflow_has_not_logged_says_so():
    run = make_run(provenance=PROVENANCE | {"mlflow_run": None})
    rows = dict(tables_of(repeat.section(run))[0].itertuples(index=False))
    assert rows["MLflow run"] == "none"


@pytest.mark.parametrize(
    ("seconds", "words"), [(12.4, "12 s"), (600, "10 min"), (7_260, "2 h 1 min")]
)
def test_a_duration_is_told_in_the_unit_that_fits(seconds, words):
    assert describe_duration(seconds) == words

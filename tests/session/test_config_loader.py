"""What cannot be read in ``conf/`` is told with file, line and reason."""

import os
import re
from pathlib import Path

import pytest
import yaml

from another_user import refusal_as_another_user
from detl.errors import DetlError
from detl.session.config_loader import (
    ReadableConfigLoader,
    check_environment,
    environment_variable,
    giving,
)
from detl.settings import CONFIG_LOADER_ARGS
from project_copy import PROJECT

pytestmark = pytest.mark.filterwarnings("ignore:register_new_resolver")


@pytest.fixture
def conf(tmp_path):
    for name in ("base", "local"):
        (tmp_path / "conf" / name).mkdir(parents=True)
    return tmp_path / "conf"


def _refusal(conf, name, content):
    path = conf / "base" / name
    path.write_bytes(content)
    with pytest.raises(DetlError) as error:
        check_environment(conf, "base")
    sentence = str(error.value)
    assert sentence.startswith(str(path))
    assert "\n" not in sentence
    return sentence.removeprefix(str(path))


@pytest.mark.parametrize(
    "name",
    ["parameters_ingest.yml", "catalog.yml", "globals.yml", "mlflow.yml", "x.yaml"],
)
def test_a_tab_is_told_with_its_line(conf, name):
    sentence = _refusal(conf, name, b"ingest:\n  fit: crop\n\tinput_size: 64\n")

    assert sentence.startswith(", line 3, cannot be read (a tab,")


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (b"a: 1\nb: 2\na: 3\n", 3, "'a' stands there a second time"),
        (b"a:\n  b: 1\n  b: 2\n", 3, "'b' stands there a second time"),
        (b"a: [{b: 1, b: 2}]\n", 1, "'b' stands there a second time"),
        (b"- a\n- b\n", 1, "a list or a single value"),
        (b"only words\n", 1, "a list or a single value"),
        (b"a: {b: 1\nc: 2\n", 2, "expected"),
        (b"a: 1\n b: 2\n", 2, "mapping values are not allowed"),
        (b"a: *nowhere\n", 1, "undefined alias"),
        (b"a: 'open\nb: 2\n", 3, "unexpected end of stream"),
        (b"a: 1\n--- \nb: 2\n", 2, "another document"),
    ],
)
def test_what_is_no_mapping_is_told_with_its_line(conf, content, line, reason):
    sentence = _refusal(conf, "parameters.yml", content)

    assert sentence.startswith(f", line {line}, cannot be read ("), sentence
    assert reason in sentence


@pytest.mark.parametrize(
    ("ours", "told"),
    [
        (
            "ingest:\n  - a\n",
            "line 2, cannot be read (a list, where conf/base has names",
        ),
        ("ingest:\n  views: {a: 1}\n", "line 2, cannot be read (names with values, wh"),
    ],
)
def test_another_container_than_in_base_is_told_with_its_line(conf, ours, told):
    (conf / "base" / "parameters.yml").write_text("ingest:\n  views: [PA]\n")
    (conf / "local" / "parameters_mine.yml").write_text(ours)

    with pytest.raises(DetlError) as error:
        ReadableConfigLoader(conf, base_env="base", default_run_env="local")

    assert f"parameters_mine.yml, {told}" in str(error.value)


@pytest.mark.parametrize("kind", ["parameters", "catalog", "globals", "mlflow"])
def test_a_name_in_two_files_is_told_with_both(conf, kind):
    def load():
        patterns = {kind: [f"{kind}*"]}
        loader = ReadableConfigLoader(
            conf, base_env="base", default_run_env="local", config_patterns=patterns
        )
        return loader[kind]

    for name in (f"{kind}.yml", f"{kind} (copy).yml"):
        (conf / "local" / name).write_text("images: {type: a}\n")

    with pytest.raises(DetlError) as error:
        load()

    for told in (f"{kind}.yml", f"{kind} (copy).yml", "images", "leave each name"):
        assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_a_character_that_is_no_utf_8_is_told_with_its_line(conf):
    sentence = _refusal(
        conf, "globals.yml", "a: 1\nraw: Lungenbefünde".encode("cp1252")
    )

    assert sentence.startswith(", line 2, has a character that is not in UTF-8")


@pytest.mark.parametrize("closed", ["base", "base/parameters.yml"])
def test_what_may_not_be_read_is_told(conf, closed):
    (conf / "base" / "parameters.yml").write_text("a: 1\n")
    (conf / closed).chmod(0)
    try:
        told = refusal_as_another_user(
            "from pathlib import Path\n"
            "from detl.session.config_loader import check_environment\n"
            f"check_environment(Path({str(conf)!r}), 'base')"
        )
    finally:
        (conf / closed).chmod(0o755)

    assert told.startswith(f"{conf / closed} may not be read")


def test_a_control_character_is_told(conf):
    sentence = _refusal(conf, "globals.yml", b"a: 1\x00\n")

    assert "cannot be read" in sentence


def test_json_that_is_none_is_told(conf):
    assert "line 1" in _refusal(conf, "parameters.json", b'{"a": 1,,}')


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"# only a comment\n",
        b"\xef\xbb\xbfa: 1\n",
        b"a: 1\r\nb: 2\r\n",
        b"a: &x {b: 1}\nc: *x\nd: {<<: *x, e: 2}\n",
        "a: Lungenbefünde\n".encode(),
    ],
)
def test_what_yaml_can_read_is_no_error(conf, content):
    (conf / "base" / "parameters.yml").write_bytes(content)

    check_environment(conf, "base")
    assert ReadableConfigLoader(
        conf, base_env="base", default_run_env="local"
    ).conf_source == str(conf)
    yaml.safe_load(content)


def test_files_that_kedro_does_not_read_are_not_checked(conf):
    for name in ("parameters.yml~", ".gitkeep", "notes.md"):
        (conf / "base" / name).write_bytes(b"\ta\xff")

    check_environment(conf, "base")


def test_an_unknown_environment_is_told_with_the_known_ones(conf):
    with pytest.raises(DetlError, match=r"environment 'papre'.*choose.*base, local"):
        check_environment(conf, "papre")


def test_a_missing_folder_local_is_told_to_be_made(conf):
    (conf / "local").rmdir()

    with pytest.raises(DetlError, match=r"no folder .*local.*make it"):
        ReadableConfigLoader(conf, base_env="base", default_run_env="local")


def test_a_missing_folder_base_is_told_to_be_brought_back(conf):
    (conf / "base").rmdir()

    with pytest.raises(DetlError, match=r"no folder .*base, from which every run"):
        ReadableConfigLoader(conf, base_env="base", default_run_env="local")


@pytest.mark.parametrize("name", ["a[x]", "a{b}", "a?", "a*"])
def test_a_project_in_which_kedro_finds_no_files_is_told_why(tmp_path, name):
    conf = tmp_path / name / "conf"
    (conf / "base").mkdir(parents=True)

    with pytest.raises(DetlError, match=re.escape(name[1])):
        ReadableConfigLoader(conf, base_env="base", default_run_env="base")


@pytest.mark.parametrize("name", ["a%20b", "a b", "a#b", "ä&+;@=:,'$", ".hidden"])
def test_other_names_are_no_obstacle(tmp_path, name):
    conf = tmp_path / name / "conf"
    (conf / "base").mkdir(parents=True)
    (conf / "base" / "parameters.yml").write_text("a: 1\n")

    loader = ReadableConfigLoader(conf, base_env="base", default_run_env="base")

    assert loader["parameters"] == {"a": 1}


@pytest.mark.parametrize("environment", ["base", "test", "reduced", "lungs", "paper"])
def test_the_environments_of_the_project_can_be_read(environment):
    check_environment(PROJECT / "conf", environment)


@pytest.mark.parametrize("environment", ["reduced", "lungs"])
def test_real_radiographs_keep_the_last_map_that_they_were_measured_with(
    environment, monkeypatch
):
    monkeypatch.setenv("DETL_DATA", "data")
    loader = ReadableConfigLoader(PROJECT / "conf", environment, **CONFIG_LOADER_ARGS)

    networks = {
        name: (a["network"]["last_stride"], a["network"]["head_input"])
        for name, a in loader["parameters"]["architectures"].items()
    }

    assert networks == {
        "alexnet": (2, "average"),
        "vgg16": (1, "average"),
        "resnet50": (2, "average"),
    }


@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_variable_that_is_not_set_is_told_with_what_it_means(value, monkeypatch):
    monkeypatch.setenv("DETL_DATA", value or "")
    if value is None:
        monkeypatch.delenv("DETL_DATA")

    with pytest.raises(DetlError, match=r"DETL_DATA is not set.*raw data sets"):
        environment_variable("DETL_DATA")
    assert environment_variable("DETL_DATA", "data/01_raw") == "data/01_raw"
    assert environment_variable("DETL_DATA", None) is None


def test_a_variable_that_would_be_taken_for_a_reference_is_told(monkeypatch):
    monkeypatch.setenv("DETL_DATA", "/data/${x}")
    with pytest.raises(DetlError, match=r"DETL_DATA is '/data/\$\{x\}'"):
        environment_variable("DETL_DATA")


def test_a_variable_that_is_set_has_its_value(monkeypatch, tmp_path: Path):
    monkeypatch.setenv("DETL_DATA", str(tmp_path))

    assert environment_variable("DETL_DATA") == str(tmp_path)


def test_a_command_may_give_a_variable_in_place_of_the_environment(monkeypatch):
    monkeypatch.setenv("DETL_DATA", "here")

    with giving("DETL_DATA", "there"), giving("DETL_DATA", None):
        assert environment_variable("DETL_DATA") == "there"
        assert os.environ["DETL_DATA"] == "here"
    assert environment_variable("DETL_DATA") == "here"

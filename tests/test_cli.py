"""The commands' own options, without running anything."""

import click
import pytest
from click.testing import CliRunner
from omegaconf import OmegaConf

from detl import cli
from detl.errors import DetlError

AWKWARD = "some folder/a,b = c: #1 [x] 'y' \"z\""


@pytest.fixture
def asked(monkeypatch):
    """Return what ``kedro run`` is asked for; nothing is run."""
    options = {}
    monkeypatch.setattr(cli.kedro_run, "callback", options.update)
    return options


def test_the_source_of_the_external_test_may_have_any_name(asked):
    said = CliRunner().invoke(
        cli.run, ["--pipeline", "external", "--source", AWKWARD, "--params", "seed=3"]
    )

    assert said.exit_code == 0, said.output
    assert asked["params"] == {"seed": 3, "source": AWKWARD}


def test_what_a_path_has_of_a_reference_of_omegaconf_is_none(asked):
    CliRunner().invoke(cli.run, ["--source", "a${b}"])

    merged = OmegaConf.create(asked["params"])
    assert OmegaConf.to_container(merged, resolve=True) == {"source": "a${b}"}


def test_without_a_source_the_parameters_are_as_given(asked):
    CliRunner().invoke(cli.run, ["--pipeline", "ingest", "--params", "source=a b"])

    assert asked["params"] == {"source": "a b"}


@pytest.mark.parametrize("given", ["source=some/folder/a,b", "seed", "=3"])
def test_parameters_that_cannot_be_divided_are_told_with_the_other_way(given):
    said = CliRunner().invoke(cli.run, ["--params", given])

    assert said.exit_code == 1
    assert said.output.startswith("Error: ")
    assert "--source PATH" in said.output
    assert said.output.count("\n") == 1


@pytest.mark.parametrize(
    "name", ["Nope", "detl.nope.Runner", "detl.session.runner.Nope", "."]
)
def test_a_runner_that_is_not_there_is_told(asked, name):
    said = CliRunner().invoke(cli.run, ["--pipeline", "ingest", "--runner", name])

    assert said.exit_code == 1
    assert said.output.startswith(f"Error: There is no runner {name!r}")
    assert not asked


def test_an_error_that_a_user_can_mend_is_told_without_its_traceback():
    def fail():
        raise DetlError("There is no folder a: make it.")

    with pytest.raises(click.ClickException, match="There is no folder a"):
        cli._in_one_sentence(fail)()


def test_an_error_that_is_not_known_is_raised_as_it_is():
    with pytest.raises(ZeroDivisionError):
        cli._in_one_sentence(lambda: 1 / 0)()


def test_a_backend_that_is_not_ours_is_refused_before_anything_runs(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")

    with pytest.raises(click.ClickException, match="'tensorflow' or 'jax'"):
        cli._in_one_sentence(lambda: pytest.fail("it was run"))()


def test_parameters_that_a_runner_does_not_take_are_told_with_those_it_takes(asked):
    said = CliRunner().invoke(
        cli.run,
        ["--runner", "detl.cluster.DaskRunner", "--runner-params", "worker=2"],
    )

    assert said.exit_code == 1
    assert said.output.startswith("Error: --runner-params is refused by DaskRunner")
    assert "workers" in said.output
    assert not asked

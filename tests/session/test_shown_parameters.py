import pytest

from detl.session.commands import Setting
from detl.session.shown_parameters import (
    OF_A_NETWORK,
    OF_EVERY_RUN,
    choose_parameters,
)
from project_copy import read_parameters

SHARED = {"environment", "parameters", *OF_EVERY_RUN}


@pytest.fixture(scope="module")
def setting():
    return Setting("test", read_parameters(), "data/01_raw", "data")


def test_a_session_shows_what_every_run_shares(setting):
    assert choose_parameters((), setting, {}).keys() == SHARED


def test_a_fold_shows_its_networks_parameters_under_names_that_all_networks_have(
    setting,
):
    shown = [
        choose_parameters((name, "fold_1"), setting, {})
        for name in ("vgg16", "alexnet")
    ]

    assert shown[0].keys() == shown[1].keys() == SHARED | set(OF_A_NETWORK)
    of_vgg16 = setting.parameters["architectures"]["vgg16"]["transfer"]["epochs"]
    assert shown[0]["transfer.epochs"] == str(of_vgg16)


def test_what_the_user_gives_is_shown_in_the_runs_that_it_concerns(setting):
    given = {"architectures": {"vgg16": {"transfer": {"batch_size": 8}}}, "source": "x"}
    given["predictions"] = "theirs.csv"

    vgg16, alexnet = (
        choose_parameters((name,), setting, given) for name in ("vgg16", "alexnet")
    )

    batch_size = setting.parameters["architectures"]["vgg16"]["transfer"]["batch_size"]
    assert vgg16["transfer.batch_size"] == str(batch_size)
    assert alexnet.keys() == SHARED | set(OF_A_NETWORK)


def test_any_other_parameter_changes_the_digest(setting):
    changed = {**setting.parameters, "explain": {}}
    other = Setting("test", changed, setting.raw, setting.results)

    before, after = (choose_parameters((), s, {}) for s in (setting, other))

    assert before.pop("parameters") != after.pop("parameters")
    assert before == after

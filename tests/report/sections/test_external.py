import numpy as np
import pandas as pd
import pytest

from detl.report.sections import external
from made_audit import make_external
from made_results import tables_of, texts_of
from made_run import make_run

SOURCE = "/home/someone/wards/north"


def run_of(source=SOURCE, **tables):
    networks = {name: {"external": table} for name, table in tables.items()}
    return make_run(networks, external_source=source)


def check_of(source=SOURCE, **tables):
    (check,) = external.checks(run_of(source, **tables))
    return check


@pytest.mark.parametrize(
    ("drop", "low", "high", "status"),
    [
        (0.0, -0.05, 0.05, "pass"),
        (0.10, 0.02, 0.18, "warn"),
        (0.20, 0.12, 0.28, "fail"),
    ],
)
def test_the_status_follows_the_drop_and_its_interval(drop, low, high, status):
    check = check_of(vgg16=make_external(drop, low, high))

    assert (check.status, check.value, check.network) == (status, drop, "vgg16")


def test_the_network_that_loses_most_is_named():
    check = check_of(
        vgg16=make_external(0.02, -0.03, 0.07), alexnet=make_external(0.2, 0.12, 0.28)
    )

    assert check.network == "alexnet"


def test_without_external_images_the_command_is_named():
    (check,) = external.checks(make_run())

    assert check.status == "not computed"
    assert "--params source=PATH" in check.meaning
    assert "--params source=PATH" in " ".join(texts_of(external.section(make_run())))


def test_a_network_without_a_number_keeps_the_others_from_a_pass():
    check = check_of(
        vgg16=make_external(0.0, -0.05, 0.05),
        alexnet=make_external(np.nan, np.nan, np.nan),
    )

    assert (check.status, check.missing) == ("warn", ("AlexNet",))


def test_the_section_shows_both_sides_the_drop_and_the_ensemble():
    section = external.section(run_of(vgg16=make_external(0.1, 0.02, 0.18)))

    row = tables_of(section)[0].iloc[0]
    assert row["elsewhere"] == "70.0 % (70.0 to 70.0 %)"
    assert row["drop"] == "+10.0 (+2.0 to +18.0)"
    assert row["elsewhere, ensemble"] == "80.0 % (80.0 to 80.0 %)"


@pytest.mark.parametrize(
    ("source", "named"),
    [(SOURCE, "wards/north"), ("../elsewhere.csv", "../elsewhere.csv")],
)
def test_of_an_absolute_path_only_the_end_is_shown(source, named):
    check = check_of(source, vgg16=make_external(0.1, 0.02, 0.18))

    assert f"images of {named}" in check.meaning
    assert "someone" not in check.meaning


def test_a_class_that_is_missing_elsewhere_is_named_and_no_pass():
    table = make_external(0.0, -0.05, 0.05)
    of_class = table.assign(score="sensitivity", note="")
    present = of_class.assign(**{"class": "normal"})
    lacking = of_class.assign(**{"class": "covid_19", "drop": np.nan})

    check = check_of(vgg16=pd.concat([table, present, lacking], ignore_index=True))

    assert (check.status, check.missing) == ("warn", ("VGG16 on COVID-19",))


def test_classes_are_named_as_they_are_written():
    run = run_of(vgg16=make_external(0.1, 0.02, 0.18))

    (check,) = external.checks(run)
    table = tables_of(external.section(run))[0]

    assert "(over normal, COVID-19)" in check.meaning
    assert table["note"].iloc[0] == "over normal, COVID-19"

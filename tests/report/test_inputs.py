from made_audit import make_card
from made_run import make_run


def test_a_table_of_all_networks_says_of_which_each_row_is():
    run = make_run({"vgg16": make_card(), "alexnet": make_card()})

    table = run.table("card")

    assert table["architecture"].tolist() == ["vgg16"] * 6 + ["alexnet"] * 6


def test_a_network_without_a_table_has_no_rows_in_it():
    run = make_run({"vgg16": make_card(), "alexnet": {}})

    assert run.table("card")["architecture"].unique().tolist() == ["vgg16"]


def test_a_table_that_no_network_has_is_none():
    assert make_run().table("card") is None

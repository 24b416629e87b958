import pytest
from kedro.pipeline import Node

from detl.errors import DetlError
from detl.pipelines.binding import of_those_there


def _spell(**tables):
    return " ".join(f"{name}={table}" for name, table in tables.items())


def test_a_node_over_all_networks_takes_those_that_are_there():
    assert of_those_there(_spell)(alexnet=None, vgg16=1) == "vgg16=1"


def test_where_nothing_is_there_the_command_for_one_network_is_told():
    with pytest.raises(DetlError, match="kedro run --tags NETWORK"):
        of_those_there(_spell)(alexnet=None, vgg16=None)


def test_the_node_keeps_the_name_of_the_function():
    node = Node(of_those_there(_spell), inputs={"vgg16": "a"}, outputs="b")

    assert node._func_name == "_spell"

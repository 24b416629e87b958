import pytest

from detl.units import unit_of


@pytest.mark.parametrize(
    ("namespace", "unit"),
    [
        (None, ()),
        ("split", ()),
        ("vgg16.pretrain", ("vgg16",)),
        ("vgg16.crossval.fold_1", ("vgg16", "fold_1")),
        ("vgg16.explain.fold_1", ("vgg16", "fold_1")),
    ],
)
def test_a_namespace_says_architecture_and_fold(namespace, unit):
    assert unit_of(namespace) == unit

import pytest

from detl.design import labels_of, unit_of


@pytest.mark.parametrize(
    ("namespace", "unit"),
    [
        (None, ()),
        ("split", ()),
        ("vgg16.pretrain", ("vgg16",)),
        ("vgg16.crossval.fold_1", ("vgg16", "fold_1")),
        ("vgg16.explain.fold_1", ("vgg16", "fold_1")),
        ("vgg16.ablation", ("vgg16",)),
        ("vgg16.ablation.scratch_all.fold_1", ("vgg16", "scratch_all", "fold_1")),
    ],
)
def test_a_namespace_says_architecture_arm_and_fold(namespace, unit):
    assert unit_of(namespace) == unit


@pytest.mark.parametrize(
    ("unit", "labels"),
    [
        ((), {}),
        (("vgg16", "fold_1"), {"architecture": "vgg16", "fold": "fold_1"}),
        (
            ("vgg16", "other_protocol", "fold_2"),
            {"architecture": "vgg16", "arm": "other_protocol", "fold": "fold_2"},
        ),
        (
            ("vgg16", "scratch_last_block"),
            {
                "architecture": "vgg16",
                "arm": "scratch_last_block",
                "initialisation": "scratch",
                "unfreeze": "last_block",
            },
        ),
    ],
)
def test_a_units_parts_are_told_by_name(unit, labels):
    assert labels_of(unit) == labels

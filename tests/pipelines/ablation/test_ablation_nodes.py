import numpy as np
import pandas as pd
import pytest

from detl.design import ARMS
from detl.errors import DetlError
from detl.networks import build_network
from detl.pipelines.ablation.nodes import (
    ARM_COLUMNS,
    build_from_imagenet,
    build_untrained,
    compare_with_reference,
    tabulate_arms,
    take_pixels,
    unfreeze_all,
    unfreeze_head,
    unfreeze_last_block,
)
from detl.schemas.classes import DATA_B_CLASSES
from detl.schemas.parameters import ImagenetParameters, NetworkParameters

FOLDS = ("fold_1", "fold_2")
IMAGES = 20
WITH_WEIGHTS = ImagenetParameters(weights="vgg16.h5")
WITHOUT_WEIGHTS = ImagenetParameters(weights=None)
PIXELS = np.zeros((3, 32, 32), "uint8")


@pytest.fixture
def folds() -> pd.DataFrame:
    """Return two folds, whose test part is a quarter of what they train on."""
    rows = [(f, s) for f in FOLDS for s in ["train"] * 4 + ["test"]]
    table = pd.DataFrame(rows, columns=["fold", "subset"])
    return table.assign(image_id=[f"image_{k}" for k in range(len(table))])


@pytest.fixture
def model(tiny_network):
    return build_network(tiny_network("alexnet"), 32, 4, seed=0)


def _tabulate(
    folds: pd.DataFrame,
    network: NetworkParameters,
    imagenet: ImagenetParameters = WITHOUT_WEIGHTS,
    **accuracies: list[float],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the tables of arms and their folds where only these have been run."""
    tested = {
        arm: _test(accuracies[arm]) if arm in accuracies else None for arm in ARMS
    }
    compared, by_fold = compare_with_reference(folds, seed=0, **tested)
    return tabulate_arms(compared, network, imagenet), by_fold


def _test(accuracies: list[float]) -> pd.DataFrame:
    """Return predictions of which this share is right in each fold."""
    tables = []
    for fold, accuracy in zip(FOLDS, accuracies, strict=True):
        name = [f"{fold}_{k}" for k in range(IMAGES)]
        table = pd.DataFrame({"image_id": name, "group": name, "label": "normal"})
        right = np.arange(IMAGES) < round(accuracy * IMAGES)
        table["predicted"] = np.where(right, "normal", "covid_19")
        for label in DATA_B_CLASSES:
            table[f"p_{label}"] = (table["predicted"] == label).astype(float)
        tables.append(table.assign(fold=fold, seed=0))
    return pd.concat(tables, ignore_index=True)


def test_the_pixels_are_those_of_data_b_in_its_order():
    pixels = np.arange(5, dtype="uint8")[:, np.newaxis, np.newaxis]

    taken = take_pixels(pixels, pd.DataFrame({"row": [3, 0, 2]}))

    assert taken.dtype == "uint8"
    assert taken.ravel().tolist() == [3, 0, 2]


def test_an_untrained_network_is_as_large_as_the_pixels_and_tells_four_classes(
    tiny_network,
):
    model = build_untrained(tiny_network("alexnet"), PIXELS, seed=0)

    assert model.input_shape == (None, 32, 32, 1)
    assert model.output_shape == (None, 4)


def test_an_untrained_network_is_a_function_of_the_seed(tiny_network):
    one, same, other = (
        build_untrained(tiny_network("alexnet"), PIXELS, seed).get_weights()
        for seed in (0, 0, 1)
    )

    assert all(map(np.array_equal, one, same))
    assert not all(map(np.array_equal, one, other))


def test_a_network_without_imagenet_weights_is_not_available(tiny_network):
    with pytest.raises(DetlError, match="No ImageNet weights of vgg16 are given"):
        build_from_imagenet(tiny_network("vgg16"), WITHOUT_WEIGHTS, PIXELS, seed=0)


@pytest.mark.parametrize("unfreeze", [unfreeze_head, unfreeze_last_block])
def test_frozen_and_trained_part_are_the_network_together(unfreeze, model):
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 1))

    frozen, tail = unfreeze(model, "some_arm")

    np.testing.assert_allclose(tail(frozen(images)), model(images), atol=1e-6)
    assert tail.name == "alexnet-some_arm"


def test_where_all_is_trained_the_network_is_taken_whole(model):
    tail = unfreeze_all(model, "some_arm")

    assert tail.name == "alexnet-some_arm"
    assert len(tail.trainable_weights) == len(model.trainable_weights)
    assert all(map(np.array_equal, tail.get_weights(), model.get_weights()))


def test_arms_are_compared_with_the_reference_arm(folds, tiny_network):
    table, by_fold = _tabulate(
        folds,
        tiny_network("vgg16"),
        detl_last_block=[0.6, 0.8],
        scratch_all=[0.5, 0.6],
    )

    arm = table.set_index(["initialisation", "unfreeze"]).loc[("scratch", "all")]
    assert list(table.columns) == ARM_COLUMNS
    assert arm["accuracy"] == arm["ensemble_accuracy"] == pytest.approx(0.55)
    assert arm["difference_low"] < arm["difference"] < arm["difference_high"]
    assert arm["difference"] == pytest.approx(-0.15)
    assert arm["p_holm"] == arm["p"]
    assert list(by_fold["accuracy"]) == [0.6, 0.8, 0.5, 0.6]


def test_an_arm_that_differs_by_as_much_in_every_fold_says_that_it_is_not_tested(
    folds, tiny_network
):
    table, _ = _tabulate(
        folds,
        tiny_network("vgg16"),
        detl_last_block=[0.6, 0.8],
        scratch_all=[0.5, 0.7],
    )

    arm = table.set_index(["initialisation", "unfreeze"]).loc[("scratch", "all")]
    assert arm["difference"] == pytest.approx(-0.1)
    assert np.isnan(arm["p"])
    assert arm["note"] == "no variance to test with"


def test_arms_that_are_missing_say_why(folds, tiny_network):
    def notes(imagenet: ImagenetParameters) -> list[str]:
        table, _ = _tabulate(
            folds, tiny_network("vgg16"), imagenet, detl_last_block=[0.6, 0.8]
        )
        return list(table["note"])

    *_, scratch, imagenet = notes(WITHOUT_WEIGHTS)[3:7]
    assert scratch == "Not run."
    assert imagenet.startswith("No ImageNet weights of vgg16 are given")
    assert notes(WITH_WEIGHTS) == ["Not run.", ""] + ["Not run."] * 7


def test_an_architecture_none_of_whose_arms_has_been_run_stands_in_the_table(
    folds, tiny_network
):
    arms, by_fold = _tabulate(folds, tiny_network("vgg16"), WITH_WEIGHTS)

    assert list(arms["note"]) == ["Not run."] * 9
    assert by_fold.empty

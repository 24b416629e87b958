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
    collect_arm,
    join_architectures,
    tabulate_arms,
    take_pixels,
    unfreeze_all,
    unfreeze_head,
    unfreeze_last_block,
)
from detl.schemas.parameters import ImagenetParameters

FOLDS = ("fold_1", "fold_2")
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


def _arm_results(**accuracies: list[float]) -> dict:
    """Return the results of these arms, and None for all others."""
    results: dict = {}
    for arm in ARMS:
        of_folds = accuracies.get(arm)
        results[f"{arm}_folds"] = results[f"{arm}_summary"] = None
        if of_folds:
            results[f"{arm}_folds"] = pd.DataFrame(
                {"fold": FOLDS, "accuracy": of_folds}
            )
            results[f"{arm}_summary"] = {"accuracy_pooled": 0.45}
    return results


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


def test_an_arm_without_a_fold_cannot_be_collected(folds):
    with pytest.raises(DetlError, match="The metrics are of fold_1"):
        collect_arm(folds, fold_1_metrics={"accuracy": 1.0}, fold_1_predictions=None)


def test_arms_are_compared_with_the_reference_arm(folds, tiny_network):
    results = _arm_results(detl_last_block=[0.6, 0.8], scratch_all=[0.5, 0.6])

    table, by_fold = tabulate_arms(
        folds, tiny_network("vgg16"), WITHOUT_WEIGHTS, **results
    )

    arm = table.set_index(["initialisation", "unfreeze"]).loc[("scratch", "all")]
    assert list(table.columns) == ARM_COLUMNS
    assert arm["accuracy_mean"] == pytest.approx(0.55)
    assert arm["accuracy_pooled"] == 0.45
    assert arm["difference"] == pytest.approx(-0.15)
    assert arm["p_holm"] == arm["p"]
    assert list(by_fold["accuracy"]) == [0.6, 0.8, 0.5, 0.6]


def test_an_arm_that_differs_by_as_much_in_every_fold_says_that_it_is_not_tested(
    folds, tiny_network
):
    results = _arm_results(detl_last_block=[0.6, 0.8], scratch_all=[0.5, 0.7])

    table, _ = tabulate_arms(folds, tiny_network("vgg16"), WITHOUT_WEIGHTS, **results)

    arm = table.set_index(["initialisation", "unfreeze"]).loc[("scratch", "all")]
    assert arm["difference"] == pytest.approx(-0.1)
    assert np.isnan(arm["p"])
    assert arm["note"] == "no variance to test with"


def test_arms_that_are_missing_say_why(folds, tiny_network):
    results = _arm_results(detl_last_block=[0.6, 0.8])

    def notes(imagenet: ImagenetParameters) -> list[str]:
        table, _ = tabulate_arms(folds, tiny_network("vgg16"), imagenet, **results)
        return list(table["note"])

    *_, scratch, imagenet = notes(WITHOUT_WEIGHTS)[3:7]
    assert scratch == "Not run."
    assert imagenet.startswith("No ImageNet weights of vgg16 are given")
    assert notes(WITH_WEIGHTS) == ["Not run.", ""] + ["Not run."] * 7


def test_an_architecture_none_of_whose_arms_has_been_run_stands_in_the_table(
    folds, tiny_network
):
    arms, by_fold = tabulate_arms(
        folds, tiny_network("vgg16"), WITH_WEIGHTS, **_arm_results()
    )

    ablation, ablation_folds, _ = join_architectures(
        vgg16_arms=arms, vgg16_folds=by_fold
    )

    assert list(ablation["note"]) == ["Not run."] * 9
    assert ablation_folds.empty


def test_architectures_that_have_not_been_run_are_left_out(folds, tiny_network):
    results = _arm_results(detl_last_block=[0.6, 0.8])
    arms, by_fold = tabulate_arms(
        folds, tiny_network("vgg16"), WITHOUT_WEIGHTS, **results
    )

    ablation, ablation_folds, picture = join_architectures(
        alexnet_arms=None, alexnet_folds=None, vgg16_arms=arms, vgg16_folds=by_fold
    )

    assert list(ablation["architecture"]) == ["vgg16"] * 9
    assert list(ablation_folds["architecture"]) == ["vgg16"] * 2
    assert picture.ndim == 3

import keras
import numpy as np
import pandas as pd
import pytest

from detl.errors import DetlError
from detl.networks.ensemble import members_of
from detl.networks.names import LOGITS
from detl.pipelines.crossval.nodes import (
    collect_folds,
    collect_validated,
    draw_fold_matrix,
    predict_fold,
    score_fold,
    tabulate_summaries,
    train_fold,
)
from detl.schemas.classes import DATA_B_CLASSES, class_indices
from detl.schemas.parameters import TransferParameters

N = 24


@pytest.fixture
def data_b() -> pd.DataFrame:
    """Return a Data-B whose order is neither that of the rows nor of the labels."""
    order = np.random.default_rng(0).permutation(N)
    return pd.DataFrame(
        {
            "image_id": [f"nih/{k}" for k in order],
            "row": order + 100,
            "group": [f"g{k}" for k in order],
            "finding": "x",
            "label": [DATA_B_CLASSES[k % 4] for k in order],
        }
    )


@pytest.fixture
def features(data_b) -> np.ndarray:
    """Return features that say the label: one row per row of Data-B."""
    labels = class_indices(data_b["label"])
    return 5 * np.eye(4, dtype="float32")[labels][:, np.newaxis, np.newaxis]


@pytest.fixture
def fold(data_b) -> pd.DataFrame:
    """Return a fold in another order than Data-B."""
    names = sorted(data_b["image_id"])
    subsets = ["train"] * 12 + ["validation"] * 4 + ["test"] * 8
    return pd.DataFrame({"image_id": names, "fold": "fold_1", "subset": subsets})


def _tail(untrained: bool = False) -> keras.Model:
    inputs = keras.Input((1, 1, 4))
    x = keras.layers.Flatten()(inputs)
    if untrained:
        x = keras.layers.Dense(4, kernel_initializer="zeros", name=LOGITS)(x)
    return keras.Model(inputs, x, name="net")


def _parameters(epochs: int, read: str = "best") -> TransferParameters:
    return TransferParameters(
        epochs=epochs,
        read=read,
        batch_size=4,
        optimizer="sgd",
        learning_rate=0.1,
        momentum=0.9,
        schedule="constant",
        warm_up_epochs=0,
        jit_compile="auto",
        distribution="none",
    )


def _train(tail, features, data_b, fold, parameters, **changes):
    values = {
        "views": np.empty((0, *features.shape), "float16"),
        "protocol": "grouped",
        "seed": 0,
        "seeds": 1,
    }
    return train_fold(
        tail=tail,
        features=features,
        data_b=data_b,
        fold=fold,
        parameters=parameters,
        **values | changes,
    )


def test_predictions_are_of_the_folds_test_images_with_their_own_features(
    data_b, features, fold
):
    predictions, *_ = predict_fold(_tail(), features, data_b, fold, seed=0)

    tested = set(fold.loc[fold["subset"] == "test", "image_id"])
    assert set(predictions["image_id"]) == tested
    assert (predictions["predicted"] == predictions["label"]).all()
    right = dict(zip(data_b["image_id"], data_b["label"], strict=True))
    assert [right[i] for i in predictions["image_id"]] == list(predictions["label"])


def test_validation_images_are_predicted_apart_from_the_test_images(
    data_b, features, fold
):
    _, validated, _ = predict_fold(_tail(), features, data_b, fold, seed=0)

    expected = set(fold.loc[fold["subset"] == "validation", "image_id"])
    assert set(validated["image_id"]) == expected
    assert (validated["predicted"] == validated["label"]).all()


def test_a_fold_without_validation_part_has_no_predictions_of_one(
    data_b, features, fold
):
    of_paper = fold.replace("validation", "train")

    predictions, validated, _ = predict_fold(
        _tail(), features, data_b, of_paper, seed=0
    )

    assert len(predictions) == 8
    assert len(validated) == 0
    assert list(validated.columns) == list(predictions.columns)


def test_training_a_fold_leaves_the_tail_that_it_was_given_as_it_was(
    data_b, features, fold
):
    tail = _tail(untrained=True)
    parameters = _parameters(epochs=10)

    model, history = _train(tail, features, data_b, fold, parameters)

    assert not np.any(tail.get_weights()[0])
    assert history["val_accuracy"][-1] == 1.0
    predictions, *_ = predict_fold(model, features, data_b, fold, seed=0)
    assert (predictions["predicted"] == predictions["label"]).all()


def test_under_the_papers_protocol_a_fold_chooses_its_epoch_on_the_test_part(
    data_b, fold
):
    noise = np.random.default_rng(1).normal(size=(N, 1, 1, 4)).astype("float32")
    of_paper = fold.replace("validation", "train")

    model, history = _train(
        _tail(untrained=True),
        noise,
        data_b,
        of_paper,
        _parameters(epochs=6),
        protocol="paper",
    )

    predictions, *_ = predict_fold(model, noise, data_b, of_paper, seed=0)
    tested = (predictions["predicted"] == predictions["label"]).mean()
    assert tested == pytest.approx(max(history["val_accuracy"]))
    assert len(set(history["val_accuracy"])) > 1


def test_without_validation_part_no_other_fold_may_choose_on_its_test_part(
    data_b, features, fold
):
    without = fold.replace("validation", "train")

    with pytest.raises(DetlError, match=r"best epoch is to be read \(net, fold 1\)"):
        _train(_tail(untrained=True), features, data_b, without, _parameters(epochs=2))


def test_where_nothing_is_chosen_the_curves_show_the_test_part_and_change_nothing(
    data_b, features, fold
):
    without = fold.replace("validation", "train")
    parameters = _parameters(epochs=3, read="average")
    of_train = without[without["subset"] == "train"]

    seen, history = _train(_tail(untrained=True), features, data_b, without, parameters)
    elsewhere = (
        of_train["image_id"].iloc[::2].to_frame().assign(fold="fold_1", subset="test")
    )
    other, _ = _train(
        _tail(untrained=True),
        features,
        data_b,
        pd.concat([of_train, elsewhere]),
        parameters,
    )

    assert len(history["val_accuracy"]) == 3
    for one, another in zip(seen.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, another)


@pytest.fixture
def ensemble(data_b, features, fold) -> keras.Model:
    """Return three tails of a fold."""
    parameters = _parameters(epochs=1, read="last")
    tail = _tail(untrained=True)
    return _train(tail, features, data_b, fold, parameters, seed=7, seeds=3)[0]


def test_a_fold_trains_a_tail_per_seed_each_with_its_own_head(
    ensemble, data_b, features, fold
):
    alone, _ = _train(
        _tail(untrained=True),
        features,
        data_b,
        fold,
        _parameters(epochs=1, read="last"),
        seed=7,
    )

    kernels = [member.get_layer(LOGITS).kernel for member in members_of(ensemble)]
    assert len(kernels) == 3
    assert np.abs(kernels[1] - kernels[2]).max() > 0.1
    np.testing.assert_allclose(kernels[0], alone.get_layer(LOGITS).kernel, atol=1e-6)


def test_a_folds_prediction_is_the_mean_of_what_its_tails_say(
    ensemble, data_b, features, fold
):
    predictions, validated, by_seed = predict_fold(
        ensemble, features, data_b, fold, seed=7
    )

    names = [f"p_{name}" for name in DATA_B_CLASSES]
    mean = by_seed.groupby("image_id", sort=False)[names].mean()
    assert by_seed.groupby("seed").size().to_dict() == {7: 8, 8: 8, 9: 8}
    assert list(mean.index) == list(predictions["image_id"])
    np.testing.assert_allclose(mean, predictions[names], atol=1e-6)
    assert len(validated) == 4


def test_a_view_stands_in_for_the_image_at_random(data_b, features, fold):
    """Its views say another class, so that the images alone cannot be learnt by it."""
    views = np.roll(features, 1, axis=-1)[np.newaxis].astype("float16")
    parameters = _parameters(epochs=10, read="last")
    tail = _tail(untrained=True)

    _, clean = _train(tail, features, data_b, fold, parameters)
    _, mixed = _train(tail, features, data_b, fold, parameters, views=views)

    assert clean["train_accuracy"][-1] == 1.0
    assert mixed["train_accuracy"][-1] < 0.95


def _tested(data_b) -> pd.DataFrame:
    names = {f"p_{name}": 0.25 for name in DATA_B_CLASSES}
    folds = np.repeat(["fold_1", "fold_2"], N // 2)
    return data_b[["image_id", "label", "group"]].assign(fold=folds, **names)


def test_temperatures_are_fitted_on_the_validation_parts_where_there_are_some(
    data_b, features, fold
):
    _, validated, _ = predict_fold(_tail(), features, data_b, fold, seed=0)

    found = collect_validated(data_b, _tested(data_b), "grouped", fold_1=validated)

    assert list(found["image_id"]) == list(validated["image_id"])


def test_without_validation_parts_they_are_fitted_across_the_folds(data_b, fold):
    none = pd.DataFrame(columns=["image_id", "label"])
    tested = _tested(data_b)

    found = collect_validated(data_b, tested, "grouped", fold_1=none, fold_2=none)

    of_other = tested.loc[tested["fold"] == "fold_2", "image_id"]
    assert set(found.loc[found["fold"] == "fold_1", "image_id"]) == set(of_other)


def test_under_the_papers_protocol_nothing_is_fitted(data_b):
    none = pd.DataFrame(columns=["image_id", "label"])

    found = collect_validated(data_b, _tested(data_b), "paper", fold_1=none)

    assert found.empty


def _collect(right: float) -> tuple[pd.DataFrame, pd.DataFrame, dict]:
    """Return what is collected of two folds of which this share is right."""
    labels = np.array(DATA_B_CLASSES * 2)
    predicted = np.where(np.arange(8) < 8 * right, labels, np.roll(labels, 1))
    tested = pd.DataFrame(
        {
            "fold": np.repeat(["fold_1", "fold_2"], 8),
            "image_id": [f"nih/{k}" for k in range(16)],
            "label": np.tile(labels, 2),
            "predicted": np.tile(predicted, 2),
            "group": [f"patient {k}" for k in range(16)],
        }
    )
    for name in DATA_B_CLASSES:
        tested[f"p_{name}"] = (tested["predicted"] == name).astype(float)
    folds = tested[["image_id", "fold"]].assign(subset="test")
    history = {"loss": [3.0, 2.0, 1.0], "val_accuracy": [0.1, 0.9, 0.9]}
    curves = {"fold_1": history, "fold_2": history}
    by_seed = pd.concat([tested.assign(seed=0), tested.assign(seed=1)])
    parameters = _parameters(epochs=3)
    return collect_folds(by_seed, tested, folds, PRETRAINING, parameters, 0, **curves)


def test_a_fold_is_scored_with_the_epoch_that_was_kept(data_b, features, fold):
    tested, _, by_seed = predict_fold(_tail(), features, data_b, fold, seed=0)
    history = {"val_loss": [2.0, 1.0], "val_accuracy": [0.5, 0.25], "loss": [3.0, 2.0]}

    scores = score_fold(by_seed, tested, history, _parameters(epochs=2))

    assert scores["accuracy"] == 1
    assert (scores["kept_epoch"], scores["kept_val_loss"]) == (1, 2.0)


def test_a_folds_confusion_matrix_is_a_picture(data_b, features, fold):
    tested, *_ = predict_fold(_tail(), features, data_b, fold, seed=0)

    right = draw_fold_matrix(tested, "net, fold 1")
    wrong = draw_fold_matrix(tested.assign(predicted="normal"), "net, fold 1")

    assert right.dtype == np.uint8
    assert right.shape == wrong.shape
    assert (right != wrong).any()


PRETRAINING = {
    "data_a_correct": 50,
    "data_a_images": 100,
    "data_a_groups": 60,
    "data_a_chance": 0.5,
    "data_a_accuracy": 0.5,
    "data_a_accuracy_low": 0.4,
    "data_a_accuracy_high": 0.6,
    "data_a_epochs": 2,
    "data_a_choices": 2,
}


def test_collecting_scores_the_folds_and_warns_of_what_was_not_learnt():
    table, matrix, summary = _collect(right=0.5)

    assert list(table["fold"]) == ["fold_1", "fold_2"]
    assert list(table["epoch"]) == [2, 2]
    assert matrix.set_index("label").to_numpy().sum() == 16
    assert summary["accuracy"] == summary["ensemble_accuracy"] == 0.5
    assert (summary["seeds"], summary["accuracy_sd_seeds"]) == (2, 0)
    assert "not above chance" in summary["warnings"]


def test_the_summary_has_a_row_per_architecture_and_logs_the_warnings(caplog):
    _, _, summary = _collect(right=1.0)

    table = tabulate_summaries(net=summary)

    assert list(table["architecture"]) == ["net"]
    assert table["accuracy"].item() == 1.0
    assert "net: The accuracy on Data-A's validation part" in caplog.text

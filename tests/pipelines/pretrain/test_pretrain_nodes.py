import keras
import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from detl.pipelines.pretrain.nodes import score_pretraining
from detl.schemas.parameters import PretrainParameters

HISTORY = {"loss": [4.0, 3.0, 2.0, 1.0], "val_accuracy": [0.5, 0.9, 0.7, 0.6]}
BEST = PretrainParameters(
    epochs=4,
    batch_size=16,
    optimizer="adam",
    learning_rate=1e-3,
    momentum=0.0,
    schedule="constant",
    warm_up_epochs=0,
    read="best",
    jit_compile="auto",
    distribution="none",
    augmentation=None,
)


@pytest.fixture(scope="module")
def bright_is_diseased():
    """A network that calls an image diseased where it is brighter than 100."""
    inputs = keras.Input((4, 4, 1))
    mean = keras.layers.GlobalAveragePooling2D()(inputs)
    logits = keras.layers.Dense(2)
    model = keras.Model(inputs, logits(mean))
    logits.set_weights([np.array([[0.0, 1.0]]), np.array([0.0, -100.0])])
    return model


def make_study(patients, images=2):
    """Half of the patients diseased; a fifth of them look as if they were not."""
    group = np.repeat(np.arange(patients), images)
    is_diseased = group % 2 == 1
    is_bright = is_diseased ^ (group % 5 == 0)
    pixels = np.where(is_bright, 150, 50).astype("uint8")[:, None, None]
    data_a = pd.DataFrame(
        {
            "row": np.arange(len(group)),
            "label": np.where(is_diseased, "diseased", "normal"),
            "group": [f"patient {k}" for k in group],
            "subset": "validation",
        }
    )
    return np.repeat(np.repeat(pixels, 4, axis=1), 4, axis=2), data_a


def test_the_interval_is_over_patients_and_allows_for_the_choice_of_epoch(
    bright_is_diseased,
):
    pixels, data_a = make_study(200)

    scores = score_pretraining(bright_is_diseased, HISTORY, pixels, data_a, BEST, 0)

    # Images of a patient go together, so it is that of 160 of 200, one in 20 for four.
    wilson = binomtest(160, 200).proportion_ci(1 - 0.05 / 4, method="wilson")
    ends = scores["data_a_accuracy_low"], scores["data_a_accuracy_high"]
    assert scores["data_a_accuracy"] == pytest.approx(0.8)
    assert ends == pytest.approx((wilson.low, wilson.high), abs=0.01)
    counts = {k: scores[f"data_a_{k}"] for k in ("correct", "images", "groups")}
    assert counts == {"correct": 320, "images": 400, "groups": 200}
    assert (scores["data_a_epoch"], scores["data_a_epochs"]) == (2, 4)
    assert scores["data_a_chance"] == 0.5


def test_training_images_do_not_count(bright_is_diseased):
    pixels, data_a = make_study(40)
    data_a.loc[data_a.index < 20, "subset"] = "train"

    scores = score_pretraining(bright_is_diseased, HISTORY, pixels, data_a, BEST, 0)

    assert (scores["data_a_images"], scores["data_a_groups"]) == (60, 30)


def test_few_patients_have_an_accuracy_and_no_ends(bright_is_diseased):
    pixels, data_a = make_study(6, images=10)

    scores = score_pretraining(bright_is_diseased, HISTORY, pixels, data_a, BEST, 0)

    assert scores["data_a_accuracy"] == pytest.approx(4 / 6)
    assert scores["data_a_accuracy_low"] is scores["data_a_accuracy_high"] is None


def test_where_nothing_is_chosen_the_interval_allows_for_no_choice(bright_is_diseased):
    pixels, data_a = make_study(200)
    average = BEST.model_copy(update={"read": "average"})

    chosen, averaged = (
        score_pretraining(bright_is_diseased, HISTORY, pixels, data_a, parameters, 0)
        for parameters in (BEST, average)
    )

    assert (chosen["data_a_choices"], averaged["data_a_choices"]) == (4, 1)
    assert averaged["data_a_accuracy_low"] > chosen["data_a_accuracy_low"]
    epochs = averaged["data_a_first_epoch"], averaged["data_a_epoch"]
    assert epochs == (3, 4)

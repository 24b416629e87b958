import pytest

from detl.training.kept_weights import describe_kept, describe_reading, epochs_read

HISTORY = {
    "loss": [3.0, 2.0, 1.0, 0.5, 0.4],
    "train_accuracy": [0.5, 0.6, 0.7, 0.8, 0.9],
    "val_loss": [1.9, 1.2, 1.3, 1.1, 1.4],
    "val_accuracy": [0.4, 0.7, 0.6, 0.7, 0.5],
}


@pytest.mark.parametrize(
    ("read", "epochs"), [("best", (2, 2)), ("last", (5, 5)), ("average", (3, 5))]
)
def test_the_epochs_whose_weights_are_read_are_named(read, epochs):
    assert epochs_read(HISTORY, read) == epochs


@pytest.mark.parametrize(
    ("read", "words"),
    [
        ("best", "validation accuracy 0.700 after epoch 2 of 5"),
        ("last", "validation accuracy 0.500 after epoch 5 of 5"),
        ("average", "weights averaged over the epochs 3 to 5"),
    ],
)
def test_what_is_read_is_said_in_words(read, words):
    assert describe_reading(HISTORY, read) == words


def test_without_validation_part_the_accuracy_is_that_of_the_training():
    curves = {name: HISTORY[name] for name in ("loss", "train_accuracy")}

    said = describe_reading(curves, "last")

    assert said == "training accuracy 0.900 after epoch 5 of 5"


def test_the_epoch_that_was_chosen_is_kept_with_what_it_was_chosen_by():
    chosen = {"kept_epoch": 2, "kept_val_loss": 1.2, "kept_val_accuracy": 0.7}

    assert describe_kept(HISTORY, "best") == chosen


@pytest.mark.parametrize("read", ["last", "average"])
def test_where_nothing_is_chosen_the_last_epoch_is_kept(read):
    assert describe_kept(HISTORY, read) == {"kept_epoch": 5}

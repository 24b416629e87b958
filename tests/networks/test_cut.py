import keras
import numpy as np
import pytest

from detl.errors import DetlError
from detl.networks import NETWORKS, build_network
from detl.networks.cut import (
    copy_model,
    cut_head,
    cut_network,
    cut_trunk,
    replace_head,
)
from detl.networks.names import END_OF_TRUNK, EXPLAINED_LAYER
from detl.training.batches import RowBatches
from detl.training.features import extract_features
from detl.training.fit import fit_network

PIXELS = np.random.default_rng(0).integers(0, 256, (96, 32, 32), dtype="uint8")
NETWORK_OF_A_USER = f"""
import keras

def build_ours(parameters, input_size, classes, seed):
    pixels = keras.Input((input_size, input_size, 1))
    stem = keras.layers.Conv2D(2, 1, name="stem")(pixels)
    end = keras.layers.Identity(name="{END_OF_TRUNK}")(stem)
    return keras.Model(pixels, keras.layers.Add(name="sum")([stem, end]), name="ours")
"""
LABELS = np.random.default_rng(1).integers(0, 4, 96)


@pytest.fixture(scope="module", params=sorted(NETWORKS))
def pretrained(request, tiny_network):
    return build_network(tiny_network(request.param), 32, 2, seed=0)


def test_the_two_parts_one_after_the_other_are_the_network(pretrained):
    lower, upper = cut_network(pretrained, EXPLAINED_LAYER)
    images = PIXELS[:4, ..., np.newaxis]

    np.testing.assert_allclose(upper(lower(images)), pretrained(images), atol=1e-6)


def test_a_part_can_be_cut_again(pretrained):
    _, tail = cut_trunk(pretrained)
    lower, upper = cut_network(tail, EXPLAINED_LAYER)
    features = np.random.default_rng(0).normal(size=(3, *tail.input_shape[1:]))

    np.testing.assert_allclose(upper(lower(features)), tail(features), atol=1e-5)


def test_before_the_head_everything_is_frozen_but_the_last_layer(pretrained):
    images = PIXELS[:4, ..., np.newaxis]

    body, head = cut_head(pretrained)

    assert not body.trainable_weights
    assert [weight.name for weight in head.trainable_weights] == ["kernel", "bias"]
    np.testing.assert_allclose(head(body(images)), pretrained(images), atol=1e-6)


def test_a_layer_that_is_not_there_is_named(pretrained):
    with pytest.raises(ValueError, match="no_such_layer"):
        cut_network(pretrained, "no_such_layer")


def _residual_network(shortcut_from: str) -> keras.Model:
    """Return a network whose shortcut starts at ``stem`` or at the trunk's end."""
    pixels = keras.Input((8, 8, 1))
    stem = keras.layers.Conv2D(2, 1, name="stem")(pixels)
    end = keras.layers.Identity(name=END_OF_TRUNK)(stem)
    x = keras.layers.Conv2D(2, 1, name="conv")(end)
    shortcut = {"stem": stem, "end": end}[shortcut_from]
    return keras.Model(pixels, keras.layers.Add(name="sum")([shortcut, x]), name="ours")


def test_a_shortcut_around_the_cut_is_refused_with_both_of_its_ends():
    with pytest.raises(DetlError, match=f"ours .*{END_OF_TRUNK}.* sum .* stem"):
        cut_network(_residual_network("stem"), END_OF_TRUNK)


def test_a_shortcut_that_starts_at_the_cut_is_allowed():
    model = _residual_network("end")
    images = np.random.default_rng(0).normal(size=(2, 8, 8, 1))

    lower, upper = cut_network(model, END_OF_TRUNK)

    np.testing.assert_allclose(upper(lower(images)), model(images), atol=1e-6)


def test_a_network_with_a_shortcut_around_the_cut_is_refused_before_it_is_trained(
    tiny_network, tmp_path, monkeypatch
):
    (tmp_path / "network_of_a_user.py").write_text(NETWORK_OF_A_USER)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(NETWORKS, "ours", "network_of_a_user:build_ours")

    with pytest.raises(DetlError, match=f"ours .*{END_OF_TRUNK}.* sum .* stem"):
        build_network(tiny_network("ours"), 8, 2, seed=0)


def test_a_new_head_keeps_every_other_weight(pretrained):
    changed = replace_head(pretrained, 4, seed=1)

    assert changed.output_shape == (None, 4)
    before, after = pretrained.get_weights(), changed.get_weights()
    assert all(map(np.array_equal, before[:-2], after[:-2]))


def test_the_model_that_is_cut_stays_as_it_was(pretrained):
    before = pretrained.get_weights()

    trunk, tail = cut_trunk(pretrained)
    tail.set_weights([weight + 1 for weight in tail.get_weights()])

    assert pretrained.trainable
    assert not trunk.trainable_weights
    assert all(map(np.array_equal, before, pretrained.get_weights()))


def test_training_the_tail_on_cached_features_is_training_the_whole_frozen_network(
    tiny_network, short_training
):
    """The claim that carries the design: the frozen part needs to run only once.

    Of one network; of the others the parts make the same logits, as shown above.
    """
    pretrained = build_network(tiny_network("alexnet"), 32, 2, seed=0)
    whole = replace_head(pretrained, 4, seed=1)
    untrained = whole.predict(PIXELS[..., np.newaxis], verbose=0)
    trunk, tail = cut_trunk(whole)
    tail = copy_model(tail)
    trainable = {layer.name for layer in tail.layers}
    for layer in whole.layers:
        layer.trainable = layer.name in trainable
    rows = np.arange(96)
    features = extract_features(trunk, PIXELS, rows)

    for model, inputs in ((tail, features), (whole, PIXELS)):
        fit_network(
            model,
            RowBatches(inputs, rows[:64], LABELS[:64], 16, shuffle_seed=5),
            RowBatches(inputs, rows[64:], LABELS[64:], 16),
            short_training(),
            title="test",
        )

    logits_of_tail = tail.predict(features, verbose=0)
    logits_of_whole = whole.predict(PIXELS[..., np.newaxis], verbose=0)
    learnt = np.abs(logits_of_whole - untrained).max()
    assert np.abs(logits_of_tail - logits_of_whole).max() < 1e-3 * learnt

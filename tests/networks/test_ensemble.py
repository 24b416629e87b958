import keras
import numpy as np
import pytest
from scipy.special import softmax

from detl.explanation.class_activation import METHODS, map_evidence
from detl.networks import NETWORKS, build_network
from detl.networks.cut import copy_model, cut_trunk
from detl.networks.ensemble import join_members, members_of
from detl.networks.names import EXPLAINED_LAYER


@pytest.fixture(scope="module", params=sorted(NETWORKS))
def tails(request, tiny_network):
    """Return two tails of one shape with different weights."""
    parameters = tiny_network(request.param)
    return [cut_trunk(build_network(parameters, 32, 4, seed))[1] for seed in range(2)]


def _features(tails: list[keras.Model], rows: int) -> np.ndarray:
    shape = (rows, *tails[0].input_shape[1:])
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def test_the_answer_is_the_mean_of_the_members_probabilities(tails):
    features = _features(tails, 5)

    said = softmax(np.asarray(join_members(tails)(features)), axis=1)

    each = [softmax(np.asarray(tail(features)), axis=1) for tail in tails]
    np.testing.assert_allclose(said, np.mean(each, axis=0), atol=1e-6)


def test_a_saved_ensemble_is_read_as_it_was_with_its_members(tails, tmp_path):
    joined, features = join_members(tails), _features(tails, 3)

    keras.saving.save_model(joined, tmp_path / "fold.keras")
    read = keras.saving.load_model(tmp_path / "fold.keras", compile=False)

    np.testing.assert_array_equal(read(features), joined(features))
    for member, tail in zip(members_of(read), tails, strict=True):
        np.testing.assert_array_equal(member(features), tail(features))


def test_one_member_alone_is_the_network_itself(tails):
    assert join_members(tails[:1]) is tails[0]
    assert members_of(tails[0]) == [tails[0]]


def test_members_are_copies(tails):
    members = [copy_model(tail) for tail in tails]
    joined, features = join_members(members), _features(tails, 2)
    before = np.asarray(joined(features))

    for member in members:
        member.set_weights([0 * weight for weight in member.get_weights()])

    np.testing.assert_array_equal(joined(features), before)


def test_a_member_that_is_sure_of_nothing_else_leaves_the_answer_finite():
    """Of logits 200 apart the smaller probability is 0 in float32."""
    inputs = keras.Input((1,))
    sure = keras.Model(
        inputs, keras.layers.Dense(2, kernel_initializer="zeros")(inputs)
    )
    sure.set_weights([np.zeros((1, 2)), np.array([200.0, 0.0])])

    said = np.asarray(join_members([sure, sure])(np.zeros((1, 1))))

    np.testing.assert_allclose(said, [[0.0, -200.0]], atol=1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_the_map_of_an_ensemble_is_the_mean_of_its_members_maps(tails, method):
    features, classes = _features(tails, 3), np.array([0, 2, 3])

    found = map_evidence(
        join_members(tails), features, classes, EXPLAINED_LAYER, method
    )

    each = [
        map_evidence(tail, features, classes, EXPLAINED_LAYER, method) for tail in tails
    ]
    np.testing.assert_allclose(found, np.mean(each, axis=0), atol=1e-5)

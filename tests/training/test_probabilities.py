import keras
import numpy as np

from detl.training.probabilities import predict_inputs, predict_members


def make_network(*biases):
    inputs = keras.Input((1,))
    bias = keras.initializers.Constant(np.log(biases))
    logits = keras.layers.Dense(
        len(biases), kernel_initializer="zeros", bias_initializer=bias
    )
    return keras.Model(inputs, logits(inputs))


def test_every_input_has_its_probabilities():
    predicted = predict_inputs(make_network(1, 3), np.zeros((2, 1), "float32"))

    np.testing.assert_allclose(predicted, [[0.25, 0.75]] * 2, atol=1e-6)


def test_the_order_is_that_of_the_inputs_though_the_last_batch_is_smaller():
    inputs = np.arange(70, dtype="float32")[:, np.newaxis]
    network = make_network(1, 1)
    network.set_weights([np.array([[0.0, 0.1]]), np.zeros(2)])

    predicted = predict_inputs(network, inputs)

    expected = 1 / (1 + np.exp(-0.1 * inputs[:, 0]))
    np.testing.assert_allclose(predicted[:, 1], expected, atol=1e-6)


def test_of_no_image_nothing_is_predicted():
    network = make_network(1, 1, 1, 1)

    predicted = predict_inputs(network, np.zeros((0, 1), "float32"))

    assert predicted.shape == (0, 4)


def test_each_of_several_networks_says_what_it_says_alone():
    members = {name: make_network(1, int(name)) for name in ("1", "3")}
    inputs = np.zeros((2, 1), "float32")

    said = predict_members(members, inputs)

    for name, member in members.items():
        np.testing.assert_array_equal(said[name], predict_inputs(member, inputs))
    np.testing.assert_allclose(said["3"], [[0.25, 0.75]] * 2, atol=1e-6)

import keras
import numpy as np

from detl.training.predict import predict_with_ensemble


def make_network(*biases):
    inputs = keras.Input((1,))
    bias = keras.initializers.Constant(np.log(biases))
    logits = keras.layers.Dense(
        len(biases), kernel_initializer="zeros", bias_initializer=bias
    )
    return keras.Model(inputs, logits(inputs))


def test_the_mean_of_the_networks_probabilities_is_predicted():
    networks = [make_network(1, 3), make_network(1, 1)]

    predicted = predict_with_ensemble(networks, np.zeros((2, 1), "float32"))

    np.testing.assert_allclose(predicted, [[0.375, 0.625]] * 2, atol=1e-6)


def test_of_no_image_nothing_is_predicted():
    network = make_network(1, 1, 1, 1)

    predicted = predict_with_ensemble([network], np.zeros((0, 1), "float32"))

    assert predicted.shape == (0, 4)

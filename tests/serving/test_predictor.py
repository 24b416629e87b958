"""Answers for new images."""

from dataclasses import replace

import numpy as np
import pytest

from detl.evaluation.probabilities.temperature import scale_temperature
from detl.serving.intake import Taken
from detl.serving.predictor import Predictor
from detl.training.probabilities import predict_inputs
from tiny_bundle import SIZE, tiny_bundle, training_pixels


@pytest.fixture(scope="module")
def predictor():
    return Predictor(tiny_bundle())


def _unlike():
    """Return a film that is light at the right."""
    return np.ascontiguousarray(training_pixels()[0, :, ::-1])


def test_a_folds_probabilities_are_those_of_the_cross_validation(predictor):
    bundle, pixels = predictor.bundle, training_pixels()[:40]
    features = bundle.trunk.predict_on_batch(pixels[..., np.newaxis])
    expected = [
        scale_temperature(predict_inputs(tail, features), bundle.about.temperatures[f])
        for f, tail in bundle.tails.items()
    ]

    found = [predictor.run_networks(part)[1] for part in (pixels[:32], pixels[32:])]

    np.testing.assert_allclose(np.concatenate(found, 1), expected, atol=1e-6)


def test_an_answer_is_the_mean_over_the_folds(predictor):
    pixels = training_pixels()[:3]
    _, by_fold = predictor.run_networks(pixels)

    answers = predictor.answer([Taken(one) for one in pixels])

    for number, answer in enumerate(answers):
        mean = by_fold[:, number].mean(axis=0)
        np.testing.assert_allclose(answer.probabilities, mean)
        assert answer.predicted == predictor.bundle.about.classes[mean.argmax()]
        of_class = by_fold[:, number, mean.argmax()]
        assert answer.spread == pytest.approx(np.ptp(of_class))


def test_an_image_alone_gets_the_answer_that_it_gets_among_others(predictor):
    pixels = training_pixels()[:5]
    among = predictor.answer([Taken(one) for one in pixels])[3]

    (alone,) = predictor.answer([Taken(pixels[3])])

    np.testing.assert_allclose(alone.probabilities, among.probabilities, atol=1e-6)
    np.testing.assert_allclose(alone.heat_map, among.heat_map, atol=1e-5)


def test_an_image_like_those_trained_on_is_accepted_with_a_map(predictor):
    answers = predictor.answer([Taken(one) for one in training_pixels()[:20]])
    accepted = [answer for answer in answers if answer.decision == "accepted"]

    assert len(accepted) > 15
    assert accepted[0].heat_map.shape == (SIZE, SIZE)
    assert accepted[0].reasons == ()


def test_an_image_unlike_those_trained_on_is_refused_without_a_class(predictor):
    (answer,) = predictor.answer([Taken(_unlike())])

    assert answer.decision == "refused"
    assert answer.reasons == ("less like the training images than 200 of 200 of them",)
    assert answer.predicted is answer.probabilities is answer.heat_map is None


def test_an_answer_on_which_the_folds_differ_has_a_warning():
    bundle = tiny_bundle()
    about = bundle.about.model_copy(update={"warned_spread": 0.0})
    (answer,) = Predictor(replace(bundle, about=about), explains=False).answer(
        [Taken(training_pixels()[3])]
    )

    assert answer.decision == "warned"
    assert answer.reasons == (f"the folds differ by {100 * answer.spread:.0f} points",)


def test_a_file_with_a_reason_is_not_shown_to_the_networks(predictor):
    (answer,) = predictor.answer([Taken(training_pixels()[0], ("lateral",))])

    assert (answer.decision, answer.reasons) == ("refused", ("lateral",))
    assert answer.rank is None


def test_answers_come_in_the_order_of_the_files(predictor):
    every = [Taken(one) for one in training_pixels()[:70]]
    every[40] = Taken(None, ("broken",))

    answers = list(predictor.predict(iter(every)))

    assert len(answers) == 70
    assert [n for n, a in enumerate(answers) if a.reasons == ("broken",)] == [40]
    (alone,) = predictor.answer([every[69]])
    np.testing.assert_allclose(
        answers[69].probabilities, alone.probabilities, atol=1e-6
    )


def test_without_explanations_there_is_no_map():
    (answer,) = Predictor(tiny_bundle(), explains=False).answer(
        [Taken(training_pixels()[0])]
    )

    assert answer.heat_map is None
    assert answer.probabilities.sum() == pytest.approx(1)

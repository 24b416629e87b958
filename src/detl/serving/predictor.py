"""From files to answers: the one way by which new images are predicted."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

import keras
import numpy as np

from detl.evaluation.probabilities.temperature import scale_temperature
from detl.explanation.class_activation import EvidenceMapper
from detl.explanation.grad_cam import upsample
from detl.explanation.gradient import compile_function
from detl.networks.keras_settings import plain_keras
from detl.networks.names import EXPLAINED_LAYER
from detl.serving.bundle import Bundle
from detl.serving.intake import Taken
from detl.training.probabilities import to_probabilities

BATCH_SIZE = 32
"""Images that go through the networks at once."""

Decision = Literal["accepted", "warned", "refused"]


@dataclass(frozen=True)
class Answer:
    """What is said of one image.

    Attributes:
        decision: ``refused`` where no class is named; ``warned`` where one is, of an
            image unlike most that the networks were trained on, or on whose class the
            folds' networks differ.
        reasons: Why it is refused or warned of, in words.
        predicted: The class; None where the image is refused.
        probabilities: Of the classes, calibrated, the mean over the folds' networks,
            (classes,), float64; None where it is refused.
        spread: Largest minus smallest probability that a fold gives to the class.
        rank: Share of the training images that are as unlike the others, or more so,
            above 0 and up to 1; None where no network has seen the image.
        pixels: What the networks have seen, (size, size), uint8; None where the file
            has no picture.
        heat_map: Grad-CAM of the class, mean over the folds, (size, size), float32, 0
            or greater, in units of the logit; None where none was asked for, or the
            image is refused.
    """

    decision: Decision
    reasons: tuple[str, ...] = ()
    predicted: str | None = None
    probabilities: np.ndarray | None = None
    spread: float | None = None
    rank: float | None = None
    pixels: np.ndarray | None = None
    heat_map: np.ndarray | None = None


class Predictor:
    """Answers for images with the networks of a bundle.

    The networks are compiled at the first call. Calls from several threads must follow
    one another.

    Args:
        bundle: Networks, and what belongs to them.
        explains: Whether each answer has a heat map, which takes longer than the
            answer itself.
    """

    @plain_keras()
    def __init__(self, bundle: Bundle, explains: bool = True) -> None:
        self.bundle = bundle
        self.explains = explains
        self._mappers = [
            EvidenceMapper(tail, EXPLAINED_LAYER, compiles_always=True)
            for tail in (bundle.tails.values() if explains else ())
        ]
        trunk, tails = bundle.trunk, list(bundle.tails.values())

        def run(pixels: object) -> list[object]:
            features = trunk(pixels, training=False)
            return [features, *(tail(features, training=False) for tail in tails)]

        self._run = compile_function(run)

    def predict(self, taken: Iterable[Taken]) -> Iterator[Answer]:
        """Yield the answer for each file in turn.

        Args:
            taken: What ``intake`` says of the files; they are taken in batches, so that
                memory does not grow with their number.
        """
        every = iter(taken)
        while batch := list(islice(every, BATCH_SIZE)):
            yield from self.answer(batch)

    @plain_keras()
    def answer(self, taken: Sequence[Taken]) -> list[Answer]:
        """Return the answers for some files that have been read.

        Args:
            taken: At most ``BATCH_SIZE`` of them.
        """
        answers = [Answer("refused", t.reasons, pixels=t.pixels) for t in taken]
        seen = [n for n, one in enumerate(taken) if not one.reasons]
        if not seen:
            return answers
        pixels = np.stack([taken[n].pixels for n in seen])  # type: ignore[misc]
        features, by_fold = self.run_networks(pixels)
        ranks = self.bundle.familiarity.rank(pixels, features)
        mean = by_fold.mean(axis=0)
        chosen = mean.argmax(axis=1)
        of_class = by_fold[:, np.arange(len(seen)), chosen]
        spreads = of_class.max(axis=0) - of_class.min(axis=0)
        maps = self._map(features, chosen)
        for place, n in enumerate(seen):
            rank, spread = float(ranks[place]), float(spreads[place])
            decision, reasons = self._judge(rank, spread)
            answers[n] = Answer(decision, reasons, rank=rank, pixels=pixels[place])
            if decision != "refused":
                answers[n] = replace(
                    answers[n],
                    predicted=self.bundle.about.classes[chosen[place]],
                    probabilities=mean[place],
                    spread=spread,
                    heat_map=None if maps is None else maps[place],
                )
        return answers

    @plain_keras()
    def run_networks(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what the frozen part sees, and the folds' calibrated probabilities.

        Args:
            pixels: Grey values, uint8 (n, size, size), at most ``BATCH_SIZE`` of them.

        Returns:
            Features, (n, height, width, channels), float32; and probabilities, (folds,
            n, classes), float64, each at the temperature of its fold.
        """
        filled = _fill_batch(pixels[..., np.newaxis].astype("float32"))
        found = self._run(keras.ops.convert_to_tensor(filled))
        features, *logits = (
            keras.ops.convert_to_numpy(of_one)[: len(pixels)] for of_one in found
        )
        temperatures = self.bundle.about.temperatures.values()
        scaled = [
            scale_temperature(to_probabilities(of_fold), temperature)
            for of_fold, temperature in zip(logits, temperatures, strict=True)
        ]
        return features, np.stack(scaled)

    def _judge(self, rank: float, spread: float) -> tuple[Decision, tuple[str, ...]]:
        """Return whether an answer of this rank and spread is given, and why not."""
        about = self.bundle.about
        unlike = _describe_rank(rank, self.bundle)
        if rank < about.refused_below:
            return "refused", (unlike,)
        warnings = {
            unlike: rank < about.warned_below,
            f"the folds differ by {100 * spread:.0f} points": (
                spread > about.warned_spread
            ),
        }
        reasons = tuple(reason for reason, holds in warnings.items() if holds)
        return "warned" if reasons else "accepted", reasons

    def _map(self, features: np.ndarray, classes: np.ndarray) -> np.ndarray | None:
        if not self._mappers:
            return None
        filled = _fill_batch(features), _fill_batch(classes)
        of_folds = [mapper.map(*filled, "grad_cam") for mapper in self._mappers]
        maps = np.mean(of_folds, axis=0)[: len(features)]
        about = self.bundle.about
        return upsample(maps, about.input_size, about.map_shift)


def _fill_batch(rows: np.ndarray) -> np.ndarray:
    """Return a single row alone, or rows and zeros up to a whole batch.

    So what is compiled for each size is compiled for two.
    """
    missing = 0 if len(rows) == 1 else BATCH_SIZE - len(rows)
    return np.concatenate([rows, np.zeros((missing, *rows.shape[1:]), rows.dtype)])


def _describe_rank(rank: float, bundle: Bundle) -> str:
    images = len(bundle.familiarity.distances)
    closer = images - round(rank * (images + 1)) + 1
    return f"less like the training images than {closer} of {images} of them"

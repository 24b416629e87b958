"""The section on Grad-CAM (the paper's Fig. 4)."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from detl.report.blocks import Block, Bullets, Figure, Folded, Paragraph, Section, Table
from detl.report.inputs import Results, Run
from detl.schemas.classes import DATA_B_CLASSES
from detl.wording import class_title, network_title

_WHAT_IS_SEEN = (
    "Grad-CAM marks where the output of the last block speaks for a class. The maps "
    "are in units of the logit (the class's number before softmax), and are those of "
    "test images, made by the network of the fold that tests them. The probability "
    "beside an image is that of this network before temperature scaling: it is not "
    "calibrated."
)
_WHAT_RED_MEANS = (
    "Per network and true class, the most confident right image and the most confident "
    "wrong one of all folds, if there is one. In the second and the fourth column red "
    "is the largest value of the whole panel, so that a weak map stays pale; in the "
    "third each map has a scale of its own, and is red somewhere however little speaks "
    "for the class."
)
NEARLY_EMPTY = 0.05
"""Share of the other classes' mean peak below which maps are called nearly empty."""


def section(run: Run) -> Section:
    """Return the section: a panel per network, and a test of the paper's claim."""
    figures: list[Block] = [
        Figure(
            network.examples,
            f"Grad-CAM of {network_title(architecture)} (the paper's Fig. 4). Red on "
            f"the common scale is {network.results['evidence']['largest']:.3g}.",
            "Rows of test images of the four classes, right and wrong ones, each with "
            f"the heat maps of {network_title(architecture)} over it.",
        )
        for architecture, network in run.networks.items()
    ]
    texts: list[Block] = [Paragraph(_WHAT_IS_SEEN), Paragraph(_WHAT_RED_MEANS)]
    parts = [_test_claim(run.results), _show_errors(run)]
    return Section("grad-cam", "Grad-CAM", [*texts, *figures], parts)


def _test_claim(results: Mapping[str, Results]) -> Section:
    return Section(
        "grad-cam-normal",
        "Are normal images without highlighted regions?",
        [
            Paragraph(
                "The paper says of its Fig. 4 that normal images showed no highlighted "
                "regions. Measured here: the peak of the map of the predicted class, "
                "mean over the correctly classified images of each class that were "
                "explained. These are each fold's most confident ones, not a sample."
            ),
            Table(
                _tabulate_peaks(results),
                "Mean peak of the maps of right images, in units of the logit, by "
                "true class (number of images).",
            ),
            Bullets([_judge_normal(name, r) for name, r in results.items()]),
        ],
    )


def _show_errors(run: Run) -> Section:
    return Section(
        "grad-cam-errors",
        "The most confident errors",
        [
            Folded(
                f"{network_title(architecture)}: wrong test images and their maps",
                [
                    Figure(
                        network.errors,
                        "The wrong images with the highest probability among those "
                        "that were explained; the columns are those of Grad-CAM.",
                        f"Rows of test images that {network_title(architecture)} got "
                        "wrong, each with its heat maps.",
                    )
                ],
            )
            for architecture, network in run.networks.items()
        ],
    )


def _tabulate_peaks(results: Mapping[str, Results]) -> pd.DataFrame:
    table = {"true class": [class_title(label) for label in DATA_B_CLASSES]}
    for architecture, result in results.items():
        classes = result["evidence"]["classes"]
        table[network_title(architecture)] = [
            _show_peak(classes[label]) for label in DATA_B_CLASSES
        ]
    return pd.DataFrame(table)


def _show_peak(of_class: dict[str, Any]) -> str:
    if of_class["peak"] is None:
        return "no right image"
    return f"{of_class['peak']:.3g} ({of_class['images']})"


def _judge_normal(architecture: str, result: Results) -> str:
    """Return a sentence on the maps of normal images."""
    network = network_title(architecture)
    classes = result["evidence"]["classes"]
    normal = classes["normal"]["peak"]
    others = [
        c for label, c in classes.items() if label != "normal" and c["peak"] is not None
    ]
    if normal is None or not others:
        missing = "normal image" if normal is None else "image of another class"
        return (
            f"{network}: no {missing} was correctly classified, so nothing can be said."
        )
    images = sum(c["images"] for c in others)
    peak = sum(c["images"] * c["peak"] for c in others) / images
    if normal < NEARLY_EMPTY * peak:
        verdict = "the maps of normal images are nearly empty"
    else:
        verdict = "the maps of normal images are not empty"
    return (
        f"{network}: {verdict}. Their peak is {normal:.3g}, that of the other classes "
        f"{peak:.3g} on average."
    )

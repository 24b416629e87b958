"""Results of a network and the comparisons, as small as they can be."""

import pandas as pd

from detl.report.blocks import Folded
from detl.schemas.classes import DATA_B_CLASSES


def make_result(**changes):
    """80 of 100 images right in two folds; Data-A 70 of 100, from 60.4 to 78.1 %."""
    result = {
        "accuracy": 0.8,
        "accuracy_low": 0.7,
        "accuracy_high": 0.9,
        "accuracy_sd_seeds": 0.02,
        "accuracy_sd_folds": 0.028,
        "ensemble_accuracy": 0.83,
        "ensemble_accuracy_low": 0.75,
        "ensemble_accuracy_high": 0.89,
        "seeds": 3,
        "tested": 100,
        "groups": 60,
        "data_a_accuracy": 0.7,
        "data_a_accuracy_low": 0.604,
        "data_a_accuracy_high": 0.781,
        "data_a_correct": 70,
        "data_a_images": 100,
        "data_a_groups": 90,
        "data_a_chance": 0.5,
        "data_a_first_epoch": 2,
        "data_a_epoch": 2,
        "data_a_epochs": 3,
        "data_a_choices": 3,
        "warnings": "",
        "never_predicted": [],
        "history": {
            "loss": [0.7, 0.5, 0.4],
            "val_loss": [0.7, 0.6, 0.6],
            "train_accuracy": [0.5, 0.7, 0.8],
            "val_accuracy": [0.5, 0.7, 0.65],
        },
        "folds": [
            {
                "fold": "fold_1",
                "epoch": 3,
                "tested": 50,
                "accuracy": 0.82,
                "ensemble_accuracy": 0.84,
            },
            {
                "fold": "fold_2",
                "epoch": 1,
                "tested": 50,
                "accuracy": 0.78,
                "ensemble_accuracy": 0.82,
            },
        ],
        "classes": {
            name: {"sensitivity": 0.8, "specificity": 0.9, "ppv": 0.7, "auc": 0.95}
            for name in DATA_B_CLASSES
        },
        "evidence": {
            "largest": 2.0,
            "classes": {name: {"images": 2, "peak": 1.0} for name in DATA_B_CLASSES},
        },
        "width_multiplier": 1.0,
    }
    return {**result, **changes}


def texts_of(section):
    """All sentences of a section and those below it, in order."""
    found = []
    for block in unfold(section):
        found += getattr(block, "sentences", None) or [getattr(block, "text", "")]
    for below in section.subsections:
        found += texts_of(below)
    return [text for text in found if text]


def unfold(section):
    """All blocks of a section, and in place of what is folded the blocks in it."""
    for block in section.blocks:
        if isinstance(block, Folded):
            yield from unfold(block)
        else:
            yield block


def tables_of(section):
    """All tables of a section and those below it, in order."""
    found = [block.frame for block in unfold(section) if hasattr(block, "frame")]
    for below in section.subsections:
        found += tables_of(below)
    return found


def make_optimism(low, high, difference=0.1, seeds=3):
    """Table ``optimism`` of one network."""
    return pd.DataFrame(
        {
            "architecture": ["vgg16"],
            "accuracy_paper": [0.9],
            "accuracy_grouped": [0.8],
            "difference": [difference],
            "difference_low": [low],
            "difference_high": [high],
            "difference_sd_seeds": [0.02],
            "images": [600],
            "groups": [500],
            "seeds": [seeds],
        }
    )


def make_stability(pretrainings=3, architecture="vgg16"):
    """Table ``stability`` of one network: accuracies of 80 %, 78 %, 76 % and so on."""
    single = [
        {
            "architecture": architecture,
            "pretraining": str(number + 1),
            "accuracy": 0.8 - 0.02 * number,
            "accuracy_low": float("nan"),
            "accuracy_high": float("nan"),
            "accuracy_sd_seeds": 0.01,
            "accuracy_sd_pretrainings": float("nan"),
            "pretrainings": 1,
            "seeds": 3,
        }
        for number in range(pretrainings)
    ]
    mean = {
        "pretraining": "all",
        "accuracy": 0.8 - 0.01 * (pretrainings - 1),
        "accuracy_low": 0.7,
        "accuracy_high": 0.85,
        "accuracy_sd_pretrainings": 0.02,
        "pretrainings": pretrainings,
    }
    return pd.DataFrame([*single, single[0] | mean])


def make_arm(initialisation, unfreeze, difference=None, p_holm=None, **changes):
    """Row of table ``ablation``: an arm of VGG16, 5 points of interval on each side."""
    difference = float("nan") if difference is None else difference
    p_holm = float("nan") if p_holm is None else p_holm
    arm = {
        "architecture": "vgg16",
        "initialisation": initialisation,
        "unfreeze": unfreeze,
        "accuracy": 0.7,
        "accuracy_low": 0.6,
        "accuracy_high": 0.8,
        "accuracy_sd_seeds": 0.02,
        "accuracy_sd_folds": 0.05,
        "difference": difference,
        "difference_low": difference - 0.05,
        "difference_high": difference + 0.05,
        "p": p_holm / 2,
        "p_holm": p_holm,
        "note": "",
    }
    return arm | changes


def make_ablation():
    """Table ``ablation``: the reference, a worse arm, one like it, and one not run."""
    return pd.DataFrame(
        [
            make_arm("detl", "last_block"),
            make_arm("scratch", "head", -0.2, 0.001),
            make_arm("detl", "all", 0.01, 0.8),
            make_arm(
                "imagenet",
                "all",
                accuracy=float("nan"),
                note="There are no weights.",
            ),
        ]
    )

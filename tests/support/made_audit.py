"""Tables of the audit, as small as they can be, for the tests of the report."""

import numpy as np
import pandas as pd

from detl.evaluation.scores import measure_scores
from detl.schemas.classes import DATA_B_CLASSES

ENDS = ("", "_low", "_high")


def number(value, low=None, high=None, note=""):
    """A measured number; without ends it has none."""
    ends = {"low": np.nan if low is None else low}
    ends["high"] = np.nan if high is None else high
    return {"value": value, **ends, "groups": 40, "images": 50, "note": note}


def missing(note):
    return number(np.nan, note=note)


def named(name, value, low, high):
    return dict(zip((f"{name}{end}" for end in ENDS), (value, low, high), strict=True))


def make_predictions(images=120):
    """Pooled predictions of two folds; one in five is wrong."""
    label = [DATA_B_CLASSES[k % 4] for k in range(images)]
    predicted = [DATA_B_CLASSES[(k + (k % 5 == 0)) % 4] for k in range(images)]
    probabilities = {
        f"p_{name}": [0.7 if name == p else 0.1 for p in predicted]
        for name in DATA_B_CLASSES
    }
    return pd.DataFrame(
        {
            "fold": [f"fold_{k // 4 % 2 + 1}" for k in range(images)],
            "image_id": [f"image_{k}" for k in range(images)],
            "group": [f"patient_{k}" for k in range(images)],
            "label": label,
            "predicted": predicted,
            **probabilities,
        }
    )


def make_scores(low, value, high):
    """Table ``scores`` as it is measured; every score has the same number."""
    table = measure_scores(make_predictions(), seed=0)
    return table.assign(value=value, low=low, high=high, seed_sd=0.02)


def make_tests(p_holm, difference=0.1, ends=(0.02, 0.18)):
    """Table ``paired_tests`` of two networks; ends are those over patients."""
    row = {"first": "alexnet", "second": "vgg16", "quantity": "accuracy"}
    tests = {"mcnemar": (np.nan, np.nan), "two_way": ends}
    return pd.DataFrame(
        [
            {
                **row,
                **{"test": test, "difference": difference, "low": low, "high": high},
                "p": p_holm,
                "p_holm": p_holm if test == "mcnemar" else np.nan,
                **{"images": 50, "groups": 40, "note": ""},
            }
            for test, (low, high) in tests.items()
        ]
    )


def make_card(ratio=(0.1, 0.0, 0.2), auc=(0.9, 0.8, 0.95), note=""):
    """Both parts of the shortcut card, by field of ``Network``.

    The ratio is of the blacked-out centre, the AUC of all cues.
    """
    inputs = {
        "whole image": ((1.0, 1.0, 1.0), (0.9, 0.8, 0.95)),
        "centre greyed out": (ratio, auc),
        "border alone": (ratio, auc),
        "16 x 16 thumbnail": (ratio, auc),
        "metadata alone": (ratio, auc),
        "source alone": (ratio, auc),
    }
    card = pd.DataFrame(
        [
            {
                "input": name,
                **named("accuracy", 0.5, 0.4, 0.6),
                "accuracy_sd_seeds": 0.02,
                "chance": 0.25,
                **named("shortcut_ratio", *own_ratio),
                **named("auc_covid_19", *own_auc),
                "note": note,
            }
            for name, (own_ratio, own_auc) in inputs.items()
        ]
    )
    is_trained_again = card["input"] == "centre greyed out"
    return {"cues": card[~is_trained_again], "without_lungs": card[is_trained_again]}


def make_same_source(auc, low, high, called=0.25, excess=(0.02, -0.1, 0.1)):
    """Table ``same_source``."""
    return pd.DataFrame(
        [
            {
                "source": "cohen",
                "against": against,
                "covid_19_images": 30,
                "other_images": 20,
                **named("called_covid_19", called, 0.1, 0.4),
                "elsewhere_images": 60,
                **named("called_elsewhere", called - excess[0], 0.1, 0.4),
                **named("excess", *excess),
                **named("sensitivity", 0.8, 0.7, 0.9),
                **named("auc", auc, low, high),
                "note": "",
            }
            for against in ("all other images", "No Finding")
        ]
    )


def make_probe(auc, low, high, note="", probed=DATA_B_CLASSES):
    """Table ``source_probe``: only some classes have two sources."""
    nothing = named("auc", np.nan, np.nan, np.nan)
    only = "not identifiable: all images of this class are from nih"
    return pd.DataFrame(
        [
            {
                "class": label,
                "sources": "nih 20, cohen 15" if label in probed else "nih 20",
                "predicted_source": "nih",
                **{"images": 20, "groups": 15},
                **(named("auc", auc, low, high) if label in probed else nothing),
                "note": note if label in probed else only,
            }
            for label in DATA_B_CLASSES
        ]
    )


def make_identifiable(*unknown):
    """Table ``identifiable``: these classes are of one source."""
    return pd.DataFrame(
        [
            {
                "class": label,
                "images": 30,
                "sources": "nih 30" if label in unknown else "nih 15, cohen 15",
                "identifiable": label not in unknown,
                "reason": f"all 30 images of {label} are from nih"
                if label in unknown
                else "",
            }
            for label in DATA_B_CLASSES
        ]
    )


def make_sources_out(auc, low, high):
    """Table ``sources_out``."""
    return pd.DataFrame(
        [
            {
                **{"class": label, "source": "cohen", "images": 15, "other_images": 45},
                **named("sensitivity", 0.7, 0.5, 0.8),
                **named("specificity", 0.9, 0.8, 0.95),
                **named("auc", auc, low, high),
                "note": "",
            }
            for label in DATA_B_CLASSES
        ]
    )


def make_localisation(above, low, high, note="", **of_classes):
    """Table ``localisation`` of one finding.

    Args:
        **of_classes: By class, its own ``above``, ``low`` and ``high``.
    """
    quantities = {
        "pointing": number(0.6, 0.5, 0.7),
        "pointing_above_area": number(above, low, high, note),
        "area": number(0.2, 0.15, 0.25),
        **{f"iou{end}": number(0.3, 0.2, 0.4) for end in ("", "_at_0.1")},
        **{f"iou_at_{least}": number(0.3, 0.2, 0.4) for least in ("0.25", "0.5")},
        "energy_in_region": number(0.4, 0.3, 0.5),
        "energy_in_thorax": number(0.8, 0.7, 0.9),
        "empty": number(0.0, 0.0, 0.1),
    }
    # As a file has it, which keeps no empty text.
    parts = [("all", np.nan, {}), ("Mass", np.nan, {})]
    parts += [
        ("all", label, {"pointing_above_area": number(*gain)})
        for label, gain in of_classes.items()
    ]
    return pd.DataFrame(
        [
            {"method": method, "finding": finding, "class": label}
            | {"quantity": quantity, **found}
            for method in ("grad_cam", "hires_cam")
            for finding, label, own in parts
            for quantity, found in (quantities | own).items()
        ]
    )


def make_deletion(gain, low, high):
    """Table ``deletion``."""
    return pd.DataFrame(
        [
            {"method": method, "quantity": quantity, **number(gain, low, high)}
            for method in ("grad_cam", "random")
            for quantity in ("deletion_area", "deletion_gain")
            if (method, quantity) != ("random", "deletion_gain")
        ]
    )


def make_subgroups(gap, low, high):
    """Table ``subgroups``: women against men."""
    return pd.DataFrame(
        [
            {
                **{"attribute": "sex", "subgroup": subgroup, "quantity": quantity},
                "class": "",
                **number(0.2, 0.1, 0.3),
                **{"gap": gap_, "gap_low": low_, "gap_high": high_},
            }
            for subgroup, (gap_, low_, high_) in (
                ("F", (gap, low, high)),
                ("M", (-gap, -high, -low)),
            )
            for quantity in (
                "disease_sensitivity",
                "under_diagnosis_rate",
                "false_alarm_rate",
            )
        ]
    )


def make_calibration(error, low=0.01, high=0.12, note=""):
    """Table ``calibration``."""
    return pd.DataFrame(
        [
            {
                "quantity": quantity,
                "class": "",
                "probabilities": state,
                **number(error, low, high, note),
            }
            for quantity in ("expected calibration error", "Brier score")
            for state in ("as they are", "temperature scaled", "difference")
        ]
    )


def make_operating_points(value, low, high):
    """Table ``operating_points``."""
    return pd.DataFrame(
        [
            {
                **{"class": label, "target": f"{target} 95 %", "quantity": quantity},
                **number(value, low, high),
                "validation_images": 30,
            }
            for label in DATA_B_CLASSES
            for target in ("specificity", "sensitivity")
            for quantity in ("sensitivity", "specificity")
        ]
    )


def make_predictive_values():
    """Table ``predictive_values``."""
    return pd.DataFrame(
        [
            {
                **{"class": "covid_19", "operating_point": "specificity 95 %"},
                **{"prevalence": prevalence, "quantity": quantity},
                **number(0.5, 0.4, 0.6),
            }
            for prevalence in (0.01, 0.1)
            for quantity in ("positive predictive value", "negative predictive value")
        ]
    )


def make_leaks(groups):
    """Table ``leaks``: so many groups are in Data-A and Data-B."""
    return pd.DataFrame(
        {
            "boundary": ["Data-A and Data-B", "Data-A and Data-B"],
            "link": ["patient", "group"],
            "groups": [groups, groups],
            "images": [2 * groups, 2 * groups],
            "example": ["nih/a.png, nih/b.png" if groups else ""] * 2,
        }
    )


def make_sanity(alike, control=0.98):
    """Table ``sanity``: maps of different images have the likeness 0.2."""
    steps = {
        "grad_cam": {"another image": 0.2, "logits": alike, "conv1": 0.1},
        "guided_backpropagation": {"another image": 0.2, "logits": control},
    }
    return pd.DataFrame(
        [
            {
                **{"method": method, "layer": layer, "similarity": similarity},
                **number(value, value - 0.05, value + 0.05),
            }
            for method, layers in steps.items()
            for layer, value in layers.items()
            for similarity in ("ssim", "rank_correlation")
        ]
    )


def make_external(drop, low, high, note="over normal, covid_19"):
    """Table ``scores`` of the external test: the balanced accuracy."""
    numbers = {
        "internal": 0.8,
        "external": 0.8 - drop,
        "drop": drop,
        "drop_low": low,
        "drop_high": high,
        "ensemble": 0.9 - drop,
    }
    ends = {
        f"{p}_{e}": numbers[p]
        for p in ("internal", "external", "ensemble")
        for e in ("low", "high")
    }
    row = {"score": "balanced_accuracy", "class": "", **numbers, **ends, "note": note}
    return pd.DataFrame([{**row, "internal_images": 90, "external_images": 40}])


def make_refusals(refused=0.005, images=600):
    """Return what ``tabulate_decisions`` says of some images, two of each group."""
    return pd.DataFrame(
        {
            "decision": ["refused", "warned"],
            "below": [0.01, 0.05],
            "value": [refused, 0.04],
            "low": [max(refused - 0.01, 0), 0.03],
            "high": [refused + 0.01, 0.05],
            "images": images,
            "groups": images // 2,
            "note": "",
        }
    )

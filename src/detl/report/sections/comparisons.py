"""The section on the comparisons: protocols, arms of the ablation, pretrainings."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from detl.design import ARMS, REFERENCE_ARM
from detl.report.arm_verdicts import judge_arms
from detl.report.blocks import Block, Bullets, Code, Figure, Paragraph, Section, Table
from detl.report.inputs import Run
from detl.report.sections.stability import describe_pretrainings
from detl.report.trainings import OTHER_PRETRAININGS, name_held
from detl.wording import (
    INITIALISATION_TITLES,
    UNFREEZE_TITLES,
    enumerate_names,
    in_percent,
    in_points,
    interval_in_percent,
    interval_in_points,
    network_title,
    show_deviation,
    show_p,
)

_ABSENT = "-"
_IMAGENET_DIFFERS = (
    "The networks from ImageNet are those of keras.applications at full width, with "
    "three channels and new fully connected layers, so they differ from the others by "
    "more than their weights (the width multiplier of this run, which is among its "
    "parameters, does not apply to them); where others train the last layer, they "
    "train all new layers after the last convolution."
)


def section(run: Run) -> Section:
    """Return the section: the other protocol, what each step gives, other seeds."""
    return Section(
        "comparisons",
        "Comparisons",
        subsections=[
            Section(
                "optimism",
                "Two protocols",
                _compare_protocols(run),
            ),
            Section(
                "ablation",
                "What is trained, and from which weights",
                _compare_arms(run),
            ),
            Section(
                "stability",
                OTHER_PRETRAININGS,
                _compare_pretrainings(run),
            ),
        ],
    )


def _not_run(
    run: Run, pipeline: str, purpose: str, parameters: str = ""
) -> list[Block]:
    environment = run.provenance["environment"]
    option = "" if environment == "base" else f" --env {environment}"
    command = f"kedro run --pipeline {pipeline}{option}{parameters}"
    return [
        Paragraph(f"Not part of this run. This command {purpose}:"),
        Code(command),
    ]


def _compare_pretrainings(run: Run) -> list[Block]:
    if run.stability is not None:
        return describe_pretrainings(run.stability)
    return _not_run(
        run,
        "stability",
        "pretrains the networks with two other seeds, trains all folds on each, and "
        "adds the interval over pretrainings to this page",
        " --params pretrainings=3",
    )


# ---------------------------------------------------------------- protocols


def _compare_protocols(run: Run) -> list[Block]:
    if run.optimism is None:
        return _not_run(
            run,
            "optimism",
            "trains under the other protocol too and adds the difference to this page",
        )
    lines = run.optimism.to_dict("records")
    held = _name_held(run.optimism["seeds"].min())
    table = pd.DataFrame(
        [
            {
                "network": network_title(line["architecture"]),
                "by image (paper)": in_percent(line["accuracy_paper"]),
                "by patient (grouped)": in_percent(line["accuracy_grouped"]),
                "difference, points": in_points(line["difference"]),
                "95 % interval": interval_in_points(
                    line["difference_low"], line["difference_high"]
                ),
                "SD over seeds": show_deviation(line["difference_sd_seeds"]),
                "images": f"{line['images']:.0f}",
                "groups of patients": f"{line['groups']:.0f}",
            }
            for line in lines
        ]
    )
    return [
        Paragraph(
            "The same images of Data-B under two protocols. By image, as the paper "
            "seems to have done it, a patient's other images may be among those "
            "trained on, pretraining may have seen the patient, and the epoch is "
            "chosen on the tested images. By patient, none of this is so. What the "
            "intervals allow to be said stands in the page's first section."
        ),
        Paragraph(_describe_training_parts(run.split.protocol)),
        Table(
            table,
            "Accuracy under both protocols, mean over seeds, and the paired difference "
            f"with its interval over {held}. Each protocol has its own pretraining, "
            "and another one is in no interval.",
        ),
    ]


def _describe_training_parts(protocol: str) -> str:
    if protocol == "paper":
        return (
            "This run's own folds were drawn under protocol paper and trained on all "
            "images that are not tested, while the grouped ones leave out an inner "
            "validation part, and Data-B's patients from Data-A: part of the "
            "difference may be the larger training part."
        )
    return (
        "The training parts of Data-B and of Data-A are equal in size under both "
        "protocols, so what the first gives on top of the second is not what more "
        "images give."
    )


def _name_held(seeds: int) -> str:
    return "patients and trainings" if seeds > 1 else "patients, of one training each"


# ---------------------------------------------------------------- ablation


def _compare_arms(run: Run) -> list[Block]:
    ablation, picture = run.ablation, run.ablation_picture
    if ablation is None:
        return _not_run(
            run,
            "ablation",
            "trains other parts, and from other weights, and adds them to this page",
        )
    blocks: list[Block] = [
        Paragraph(
            "The same folds, with other weights to start from and another part that is "
            "trained. The paper's method, which starts from Data-A and trains the last "
            "block, is the reference. Accuracies are means over seeds, and intervals "
            f"over {name_held(run)}; p is of a test over the folds, with the variance "
            "corrected for training parts that overlap (Nadeau and Bengio 2003), and "
            "after Holm counts all comparisons of a network. An arm differs where both "
            "say so. All of an arm share the weights that it starts from: what others "
            "would have given is in no interval and no p."
        )
    ]
    if (ablation["initialisation"].eq("imagenet") & _was_run(ablation)).any():
        blocks.append(Paragraph(_IMAGENET_DIFFERS))
    if picture is not None:
        blocks.append(
            Figure(
                picture,
                "Accuracy by fold, and of all folds with 95 % interval, of every arm.",
                "Per network and arm, dots for the folds, the accuracy and its "
                "interval.",
            )
        )
    for architecture, arms in ablation.groupby("architecture", sort=False):
        network = network_title(str(architecture))
        blocks += [
            Table(
                _tabulate_arms(arms),
                f"{network}: accuracy of the arms, and what they differ by from the "
                "reference, in percentage points.",
            ),
            Bullets(describe_arms(arms)),
        ]
    return blocks


def _was_run(ablation: pd.DataFrame) -> pd.Series:
    return ablation["accuracy"].notna()


def _tabulate_arms(arms: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame([_show_arm(arm) for arm in arms.to_dict("records")])


def _show_arm(arm: Mapping[Hashable, Any]) -> dict[str, str]:
    was_run, is_compared = pd.notna(arm["accuracy"]), pd.notna(arm["difference"])
    columns = ("accuracy", "95 % interval", "SD over seeds", "SD over folds")
    numbers = dict.fromkeys(columns, _ABSENT)
    if was_run:
        shown = (
            in_percent(arm["accuracy"]),
            interval_in_percent(arm["accuracy_low"], arm["accuracy_high"]),
            show_deviation(arm["accuracy_sd_seeds"]),
            show_deviation(arm["accuracy_sd_folds"]),
        )
        numbers = dict(zip(columns, shown, strict=True))
    differences = dict.fromkeys(("difference", "its interval", "p after Holm"), _ABSENT)
    if is_compared:
        differences = {
            "difference": in_points(arm["difference"]),
            "its interval": interval_in_points(
                arm["difference_low"], arm["difference_high"]
            ),
            "p after Holm": _show_p(arm["p_holm"]),
        }
    note = arm["note"] if isinstance(arm["note"], str) else ""
    is_reference = (arm["initialisation"], arm["unfreeze"]) == ARMS[REFERENCE_ARM]
    remark = "the reference" if is_reference else "" if was_run else "not run"
    return {"arm": _arm_title(arm), **numbers, **differences, "remark": note or remark}


def _show_p(p: float) -> str:
    if pd.isna(p):
        return _ABSENT
    return show_p(p)


def _arm_title(arm: Mapping[Hashable, Any]) -> str:
    initialisation, unfreeze = arm["initialisation"], arm["unfreeze"]
    # Networks with ImageNet weights have more than one layer that is new.
    if (initialisation, unfreeze) == ("imagenet", "head"):
        return "new layers from ImageNet"
    return (
        f"{UNFREEZE_TITLES.get(unfreeze, unfreeze)} from "
        f"{INITIALISATION_TITLES.get(initialisation, initialisation)}"
    )


def describe_arms(arms: pd.DataFrame) -> list[str]:
    """Return sentences on the tests of the arms of one network.

    Args:
        arms: The rows of one network in table ``ablation``.
    """
    verdicts = judge_arms(arms)
    sentences = [
        f"Tested {verdict} than the reference: {_name_arms(arms[verdicts == verdict])}."
        for verdict in ("better", "worse")
        if (verdicts == verdict).any()
    ]
    alike = arms[verdicts == "alike"]
    if len(alike):
        tested = verdicts.isin(["better", "worse", "alike"]).sum()
        widest = 100 * (alike["difference_high"] - alike["difference_low"]).max()
        sentences.append(
            f"{len(alike)} of {tested} arms cannot be told from the reference, which "
            "does not mean that they are equal: the widest interval of a difference "
            f"spans {widest:.1f} points."
        )
    untested = arms[verdicts == "not tested"]
    if len(untested):
        sentences.append(
            "Not tested, as the difference from the reference is the same in every "
            f"fold: {_name_arms(untested)}."
        )
    missing = int((verdicts == "not run").sum())
    if missing:
        sentences.append(
            f"{missing} of {len(arms)} arms {'was' if missing == 1 else 'were'} not "
            "run; the table says why."
        )
    return sentences


def _name_arms(arms: pd.DataFrame) -> str:
    return enumerate_names([_arm_title(arm) for arm in arms.to_dict("records")])

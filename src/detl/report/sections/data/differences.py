"""Why Table I of this run is not the paper's: a sentence for each difference.

Each function returns a list of one sentence, which is empty if the numbers are equal.
"""

from collections.abc import Mapping

import pandas as pd

from detl.schemas.parameters import SplitParameters
from detl.sources.findings import carries
from detl.sources.label_counts import PNEUMONIA
from detl.wording import (
    class_title,
    count_of,
    enumerate_names,
)

COVID = "COVID-19"


def explain_label_file(
    label_counts: Mapping[str, int] | None, account: pd.DataFrame
) -> list[str]:
    """Return why there are not 108,948 images of 32,717 patients (decision 1).

    Args:
        label_counts: Result of ``count_labels``, or None.
        account: Result of ``account_for_data_a``.
    """
    if label_counts is None:
        return []
    found = label_counts["images"], label_counts["patients"]
    if found == (108_948, 32_717):
        return []
    if found == (112_120, 30_805):
        here = "which this run's label file holds"
    else:
        here = f"and this run's label file {found[0]:,} of {found[1]:,}"
    taken = int(account["accepted"].sum())
    rest = "" if taken == found[0] else f"; {taken:,} of them were taken"
    return [
        "The paper counts 108,948 images of 32,717 patients, the figures of the "
        "earlier ChestX-ray8. The set with 14 findings, which it names, has 112,120 of "
        f"30,805, {here}{rest} (decision 1)."
    ]


def explain_sizes(data_b_counts: pd.DataFrame, paper: Mapping[str, int]) -> list[str]:
    """Return which classes of Data-B have another size, or too few images.

    Args:
        data_b_counts: Columns class, finding, asked, taken, short.
        paper: Images of each class in the paper.
    """
    sizes = data_b_counts.groupby("class", sort=False)[["asked", "short"]].sum()
    asked = [
        f"{class_title(label)} {sizes['asked'][label]:,} instead of {paper[label]:,}"
        for label in paper
        if sizes["asked"][label] != paper[label]
    ]
    short = [
        f"{line['finding']} {line['taken']:,} of {line['asked']:,}"
        for line in data_b_counts.to_dict("records")
        if line["short"] > 0
    ]
    sentences = []
    if asked:
        sentences.append(
            "Data-B's classes are asked for in other numbers than Table I's: "
            f"{enumerate_names(asked)} (split.data_b)."
        )
    if short:
        sentences.append(
            "Data-B is short of images, and took all there are: "
            f"{enumerate_names(short)}."
        )
    return sentences


def explain_overlapping_sources(
    images: pd.DataFrame,
    data_b: pd.DataFrame,
    rejected: pd.DataFrame,
    split: SplitParameters,
) -> list[str]:
    """Return what became of the paper's 305 COVID-19 images (decision 2).

    Args:
        split: How Data-B was drawn.
    """
    allowed = split.data_b.covid_19.sources
    if allowed is not None:
        images = images[images["source"].isin(allowed)]
    found = images[carries(images["findings"], COVID)]
    taken = int((data_b["label"] == "covid_19").sum())
    if len(found) == taken == 305:
        return []
    sources = list(found["source"].unique())
    of_sources = rejected[rejected["source"].isin(sources)]
    copies = int(of_sources["reason"].str.startswith("duplicate of").sum())
    dropped = (
        f", after {count_of(copies, 'copy', 'copies')} of the same picture had "
        "been dropped"
        if copies
        else ", among which no copy of the same picture was found"
    )
    return [
        "The paper adds up 25 + 20 + 180 + 80 = 305 COVID-19 images from four sources "
        "that overlap: on 2020-04-10 the largest already held 46 images of SIRM and 61 "
        f"of Radiopaedia. Here {enumerate_names(sources)} "
        f"{'holds' if len(sources) == 1 else 'hold'} "
        f"{count_of(len(found), 'different COVID-19 image')} "
        f"({(found['findings'] == COVID).sum():,} with this label alone){dropped}; "
        f"{taken:,} are in Data-B (decision 2)."
    ]


def explain_pneumonia(
    images: pd.DataFrame, data_b: pd.DataFrame, data_b_counts: pd.DataFrame
) -> list[str]:
    """Return which images are in the class of pneumonia (decision 3).

    Args:
        data_b_counts: Columns class, single_label_available and others.
    """
    taken, alone = _count_alone(images, data_b, "pneumonia")
    if taken == alone == 322:
        return []
    of_class = data_b_counts[data_b_counts["class"] == "pneumonia"]
    available = int(of_class["single_label_available"].sum())
    others = f" and {taken - alone:,} with others" if taken > alone else ""
    return [
        "The paper takes all 322 images of the pneumonia class: that is how many NIH "
        "images carry the label Pneumonia alone. Here "
        f"{count_of(available, 'such image')} could be had, and Data-B has "
        f"{alone:,} with {PNEUMONIA} alone{others} (decision 3)."
    ]


def explain_other_disease(
    images: pd.DataFrame, data_b: pd.DataFrame, data_b_counts: pd.DataFrame
) -> list[str]:
    """Return which images are in the class of other diseases (decision 4).

    Args:
        data_b_counts: Columns class, finding, taken and others.
    """
    taken, alone = _count_alone(images, data_b, "other_disease")
    of_class = data_b_counts[data_b_counts["class"] == "other_disease"]
    if taken == alone and of_class["taken"].eq(50).all():
        return []
    if of_class["taken"].nunique() == 1:
        numbers = f"{of_class['taken'].iloc[0]:,} of each of {len(of_class)} findings"
    else:
        numbers = enumerate_names(
            [
                f"{line['taken']:,} of {line['finding']}"
                for line in of_class.to_dict("records")
            ]
        )
    labels = (
        "each with this finding alone"
        if taken == alone
        else f"{alone:,} with this finding alone and {taken - alone:,} with others"
    )
    return [
        "The paper takes 50 images of each of six other diseases and does not say "
        f"whether alone or among others. Here {numbers} were taken, {labels} "
        "(decision 4)."
    ]


def explain_diseased(account: pd.DataFrame, split: SplitParameters) -> list[str]:
    """Return why Data-A does not have 50,819 diseased images (decision 5).

    Args:
        account: Result of ``account_for_data_a``.
        split: How Data-A was drawn.
    """
    diseased = account.T["diseased"]
    if diseased["taken"] == 50_819:
        return []
    rule = {
        "exclude_any": "that carry Pneumonia at all",
        "exclude_single": "that carry Pneumonia and nothing else",
    }[split.data_a.pneumonia]
    return [
        "The paper has 40,819 + 10,000 = 50,819 diseased images without Pneumonia, "
        "491 more than the published label file: 50,328 images there carry a finding "
        "and no Pneumonia (51,437 if only those with Pneumonia alone are dropped). "
        f"Here, of {count_of(int(diseased['accepted']), 'image')} with a finding the "
        f"{diseased['pneumonia']:,} {rule} were dropped, and {diseased['taken']:,} are "
        "in Data-A (decision 5)."
    ]


def explain_normal(account: pd.DataFrame) -> list[str]:
    """Return why Data-A does not have 57,560 normal images (decision 6).

    Args:
        account: Result of ``account_for_data_a``.
    """
    normal = account.T["normal"]
    if normal["taken"] == 57_560:
        return []
    return [
        "The paper has 47,560 + 10,000 = 57,560 normal images, where the published "
        "label file has 60,361 with No Finding, and does not say what became of the "
        f"rest. Here {normal['accepted']:,} were accepted and {normal['taken']:,} are "
        "in Data-A; the table below says where the others went (decision 6)."
    ]


def explain_validation(
    data_a_counts: pd.DataFrame, account: pd.DataFrame, split: SplitParameters
) -> list[str]:
    """Return why Data-A's validation part is not 10,000 of each class (decision 7).

    Args:
        data_a_counts: Columns class, subset, ours, paper.
        account: Result of ``account_for_data_a``.
        split: How Data-A was drawn.
    """
    sizes = data_a_counts.pivot(index="class", columns="subset", values="ours")
    normal, diseased = sizes["validation"].loc[["normal", "diseased"]]
    if normal == diseased == 10_000:
        return []
    # Its size was chosen before images were left out to balance it.
    totals = account["taken"] + account["balance"]
    wanted = split.data_a
    share = wanted.largest_validation_share
    if share * totals.min() < wanted.validation_per_class:
        reason = (
            f"at most {100 * share:.0f} % of the smaller class, {totals.min():,} "
            f"{totals.idxmin()} images, may go there (largest_validation_share)"
        )
    else:
        reason = f"{wanted.validation_per_class:,} of each are asked for"
    return [
        "The paper's validation part of Data-A has 10,000 images of each class, taken "
        f"from the training part. Here it has {normal:,} normal and {diseased:,} "
        f"diseased ones: {reason}, and no patient is in both parts (decision 7)."
    ]


def explain_patients(
    data_a: pd.DataFrame,
    data_b: pd.DataFrame,
    account: pd.DataFrame,
    split: SplitParameters,
) -> list[str]:
    """Return what was done with patients of both Data-A and Data-B (decision 8).

    Args:
        account: Result of ``account_for_data_a``.
        split: How Data-A was drawn.
    """
    shared = set(data_a["group"]) & set(data_b["group"])
    left_out = int(account["patients"].sum())
    if split.protocol == "paper" and shared:
        seen = int(data_a["group"].isin(shared).sum())
        return [
            "The paper says nothing about patients of both data sets. Under protocol "
            f"paper they stay: {len(shared):,} of Data-B's "
            f"{data_b['group'].nunique():,} groups of patients have "
            f"{count_of(seen, 'image')} in Data-A too (decision 8)."
        ]
    if split.protocol == "grouped" and left_out:
        return [
            "The paper says nothing about patients of both data sets; with its numbers "
            "about 745 of 886 NIH patients of Data-B would have images in Data-A. Here "
            f"Data-A leaves out {count_of(left_out, 'further image')} of Data-B's "
            "patients (decision 8)."
        ]
    return []


def _count_alone(
    images: pd.DataFrame, data_b: pd.DataFrame, label: str
) -> tuple[int, int]:
    """Return the images of a class, and how many carry its finding alone."""
    of_class = data_b[data_b["label"] == label]
    carried = of_class["image_id"].map(images.set_index("image_id")["findings"])
    return len(of_class), int((carried == of_class["finding"]).sum())

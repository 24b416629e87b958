"""Nodes that compare the two protocols (decision 18) on the same images."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from detl.evaluation.optimism import compare_protocols
from detl.pipelines.crossval.nodes import History, collect_folds
from detl.schemas.parameters import SplitParameters, TransferParameters
from detl.splitting.data_a import select_data_a
from detl.splitting.folds import assign_folds


def swap_protocol(parameters: SplitParameters) -> SplitParameters:
    """Return the parameters of the split under the protocol that they do not name."""
    other = "grouped" if parameters.protocol == "paper" else "paper"
    return parameters.model_copy(update={"protocol": other})


def name_other_protocol(parameters: SplitParameters) -> str:
    """Return the protocol that the parameters of the split do not name."""
    return swap_protocol(parameters).protocol


def select_other_data_a(
    images: pd.DataFrame,
    data_a: pd.DataFrame,
    data_b: pd.DataFrame,
    parameters: SplitParameters,
    seed: int,
) -> pd.DataFrame:
    """Return Data-A under the other protocol, no larger than our own.

    ``protocol: paper`` keeps the patients of Data-B and so has more images. What more
    images gain is no optimism, so as many images of other patients are left out of the
    training part, and as many at random of the validation part.

    Args:
        data_a: Table ``data_a`` of the cross-validation.
        data_b: Table ``data_b``, which both protocols share.
        parameters: Of the split of the cross-validation.
        seed: Seed of the draw.
    """
    other, _ = select_data_a(images, data_b, swap_protocol(parameters), seed)
    # Last comes what is left out first: of training, patients that Data-B has not.
    is_foreign = ~other["group"].isin(data_b["group"]) & (other["subset"] == "train")
    in_order = (
        other.assign(is_foreign=is_foreign)
        .sample(frac=1, random_state=seed)
        .sort_values("is_foreign", kind="stable")
    )
    kept = _match_sizes(in_order, data_a, ["label", "subset"])
    return kept.drop(columns="is_foreign").sort_values("row", ignore_index=True)


def assign_other_folds(
    data_b: pd.DataFrame, parameters: SplitParameters, seed: int, folds: Sequence[str]
) -> pd.DataFrame:
    """Return the table ``folds`` of the other protocol.

    Args:
        parameters: Of the split of the cross-validation.
        seed: Seed of the shuffle.
        folds: Names of the folds.
    """
    return assign_folds(data_b, swap_protocol(parameters), seed, folds)


def match_training_size(
    other_folds: pd.DataFrame,
    own_folds: pd.DataFrame,
    data_b: pd.DataFrame,
    seed: int,
) -> pd.DataFrame:
    """Return the other protocol's folds, with no larger training parts than our own.

    ``protocol: paper`` has no inner validation part and so trains on more images. What
    that gains is no optimism, so each fold leaves out as many images of each class, at
    random. Folds that are smaller than our own stay as they are.

    Args:
        other_folds: Table ``folds`` of the other protocol.
        own_folds: Table ``folds`` of the cross-validation.
        seed: Of the draw.
    """
    labels = data_b[["image_id", "label"]]
    own = own_folds[own_folds["subset"] == "train"].merge(labels)
    is_training = other_folds["subset"] == "train"
    shuffled = other_folds[is_training].merge(labels).sample(frac=1, random_state=seed)
    kept = _match_sizes(shuffled, own, ["fold", "label"]).drop(columns="label")
    return pd.concat([other_folds[~is_training], kept]).sort_values(
        ["fold", "image_id"], ignore_index=True
    )


def _match_sizes(
    rows: pd.DataFrame, pattern: pd.DataFrame, columns: list[str]
) -> pd.DataFrame:
    """Return, per value of the columns, the first rows: as many as the pattern has."""
    sizes = pattern.groupby(columns).size()
    most = sizes.reindex(pd.MultiIndex.from_frame(rows[columns]), fill_value=0)
    return rows[rows.groupby(columns).cumcount().to_numpy() < most.to_numpy()]


def summarise_other_protocol(
    tested_by_seed: pd.DataFrame,
    tested: pd.DataFrame,
    folds: pd.DataFrame,
    pretraining: dict[str, float | None],
    split: SplitParameters,
    parameters: TransferParameters,
    seed: int,
    **histories: History,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the scores by fold under the other protocol, and their summary.

    Args:
        tested_by_seed: What each seed's networks say of the folds' test parts.
        tested: What the mean of their probabilities says.
        folds: Table ``folds`` of the other protocol.
        pretraining: Scores of its network on Data-A's validation part.
        split: Parameters of the split of the cross-validation.
        parameters: How the folds were trained.
        seed: Of the draws of patients.
        **histories: Curves of each fold.
    """
    fold_summary, _, summary = collect_folds(
        tested_by_seed, tested, folds, pretraining, parameters, seed, **histories
    )
    return fold_summary, {**summary, "protocol": name_other_protocol(split)}


def compare_with_other_protocol(
    data_b: pd.DataFrame,
    own: pd.DataFrame,
    other: pd.DataFrame,
    parameters: SplitParameters,
    seed: int,
) -> dict[str, float]:
    """Return how much higher the accuracy is under ``protocol: paper``.

    Args:
        data_b: Table ``data_b``, which both protocols share.
        own: What each seed's networks say of the folds' test parts in the
            cross-validation.
        other: The same under the other protocol.
        parameters: Of the split of the cross-validation.
        seed: Of the bootstrap.
    """
    paper, grouped = (own, other) if parameters.protocol == "paper" else (other, own)
    return compare_protocols(data_b, paper, grouped, seed)


def tabulate_differences(**differences: dict[str, float] | None) -> pd.DataFrame:
    """Return the table ``optimism``, a row per architecture that has been compared.

    Args:
        **differences: By architecture, what ``compare_protocols`` returns, or
            None.
    """
    rows = [
        {"architecture": architecture, **difference}
        for architecture, difference in differences.items()
        if difference is not None
    ]
    return pd.DataFrame(rows)

"""Nodes that ask what a cue tells without the lungs, and what the sources give away."""

import numpy as np
import pandas as pd

from detl.evaluation.shortcuts import card, cue_models, same_source, source_probe
from detl.evaluation.shortcuts.cues import CUES
from detl.schemas.classes import PROBABILITIES
from detl.schemas.keras_model import KerasModel
from detl.schemas.parameters import AuditParameters, SplitParameters
from detl.splitting.data_b import label_as_data_b


def predict_from_each_cue(
    data_b: pd.DataFrame,
    images: pd.DataFrame,
    pixels: np.ndarray,
    folds: pd.DataFrame,
    parameters: AuditParameters,
) -> pd.DataFrame:
    """Return what simple models predict that see no lung, on the networks' folds.

    Returns:
        After a column ``cue``, the predictions of the folds' test parts.
    """
    groups = data_b.set_index("image_id")["group"]
    tables = [
        cue_models.predict_from_cues(
            cue, data_b, images, pixels, folds, parameters.border_share
        ).assign(cue=cue)
        for cue in CUES
    ]
    every = pd.concat(tables, ignore_index=True)
    every = every.assign(group=every["image_id"].map(groups))
    return every[["cue", *every.columns.drop("cue")]]


def grade_cues(
    tested_by_seed: pd.DataFrame,
    cue_predictions: pd.DataFrame,
    images: pd.DataFrame,
    seed: int,
) -> pd.DataFrame:
    """Return the shortcut card of a network: of whole images, and of each cue.

    Args:
        tested_by_seed: What each seed's networks say of the folds' test parts.
        cue_predictions: What ``predict_from_each_cue`` returns.
        images: Table ``images``, which knows the sources.
        seed: Seed of the bootstrap.
    """
    cues = {
        card.CUE_INPUTS[str(cue)]: table.drop(columns="cue").reset_index(drop=True)
        for cue, table in cue_predictions.groupby("cue", sort=False)
    }
    given = {card.WHOLE: tested_by_seed, **cues}
    return card.make_shortcut_card(tested_by_seed, given, images, seed)


def label_controls(
    data_b: pd.DataFrame, images: pd.DataFrame, split: SplitParameters
) -> pd.DataFrame:
    """Return the images without COVID-19, of its own sources, that no fold has seen.

    Returns:
        Rows of ``images``, with ``label``: their class of Data-B, "" if none.
    """
    controls = same_source.list_controls(data_b, images)
    return controls.assign(label=label_as_data_b(controls, split.data_b))


def predict_controls(
    trunk: KerasModel,
    pixels: np.ndarray,
    controls: pd.DataFrame,
    seed: int,
    **models: KerasModel,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return what the networks of each fold say of the controls.

    Args:
        trunk: The architecture's frozen part.
        pixels: All images, uint8 (n, size, size).
        controls: What ``label_controls`` returns.
        seed: Of the first tail of a fold.
        **models: By fold, its trained tails, joined.

    Returns:
        ``fold``, ``seed``, ``image_id`` and ``p_<class>``; and the trunk's output for
        the controls, one row each.
    """
    from detl.networks.ensemble import members_of
    from detl.training.features import extract_features
    from detl.training.probabilities import predict_members

    features = extract_features(trunk, pixels, controls["row"].to_numpy("int64"))
    members = {
        (fold, number): member
        for fold, model in models.items()
        for number, member in enumerate(members_of(model), start=seed)
    }
    tables = [
        pd.DataFrame(said, columns=PROBABILITIES).assign(
            fold=fold, seed=number, image_id=controls["image_id"].to_numpy()
        )
        for (fold, number), said in predict_members(members, features).items()
    ]
    every = pd.concat(tables, ignore_index=True)
    return every[["fold", "seed", "image_id", *PROBABILITIES]], features


def probe_networks(
    features: np.ndarray,
    control_features: np.ndarray,
    controls: pd.DataFrame,
    tested: pd.DataFrame,
    data_b: pd.DataFrame,
    images: pd.DataFrame,
    seed: int,
    **models: KerasModel,
) -> pd.DataFrame:
    """Return whether the networks' last features tell the source, within a class.

    The probe of a network looks at images that it has not seen: the test part of its
    fold, and the controls that are of a class.

    Args:
        features: The trunk's output, one row per row of ``data_b``.
        control_features: The same of the controls.
        controls: What ``label_controls`` returns.
        tested: Predictions of the folds' test parts.
        images: Table ``images``, which knows the sources.
        seed: Seed of the probe.
        **models: By fold, its trained tail.
    """
    from detl.training.features import penultimate_features

    is_of_class = (controls["label"] != "").to_numpy()
    columns = ["image_id", "label", "group"]
    found, known = [], []
    for fold, model in models.items():
        of_fold = tested.loc[tested["fold"] == fold, "image_id"]
        is_tested = data_b["image_id"].isin(of_fold).to_numpy()
        unseen = np.concatenate([features[is_tested], control_features[is_of_class]])
        found.append(penultimate_features(model, unseen))
        tables = [data_b.loc[is_tested, columns], controls.loc[is_of_class, columns]]
        known.append(pd.concat(tables).assign(network=fold))
    every = pd.concat(known, ignore_index=True)
    sources = every["image_id"].map(images.set_index("image_id")["source"])
    return source_probe.probe_source(
        np.concatenate(found), every.assign(source=sources), seed
    )

"""Nodes that read another model's predictions, and find the images that they are of."""

from pathlib import Path

import numpy as np
import pandas as pd

from detl.errors import DetlError
from detl.evaluation import answers as evaluation
from detl.evaluation.accuracies import measure_accuracies
from detl.evaluation.paired_tests import COLUMNS
from detl.evaluation.shortcuts.same_source import score_same_source
from detl.pipelines.ingest.nodes import read_sources
from detl.report.audited import MODEL, Audited, describe_left_out
from detl.report.inputs import Judged
from detl.schemas.classes import PROBABILITIES
from detl.schemas.parameters import IngestParameters, SplitParameters
from detl.schemas.tables import IMAGES, PREDICTIONS, stack_architectures, validate
from detl.sources.external import read_external_images
from detl.sources.predictions_csv import Answers, match_images, read_answers
from detl.splitting.data_b import label_as_data_b


def read_predictions(predictions: str) -> Answers:
    """Return what the csv says.

    Raises:
        DetlError: It cannot be used.
    """
    return read_answers(Path(predictions))


def offer_images(
    radiographs: Path,
    source: str | None,
    ingest: IngestParameters,
    patient_key: Path | None = None,
) -> tuple[Path, pd.DataFrame, pd.DataFrame]:
    """Return the folder of the images, those on offer, and those that are not.

    Args:
        radiographs: The raw data folder, which is read where no source is named.
        source: A folder or a csv of images, or None.
        ingest: Which sources there are, and which views are taken.
        patient_key: File of the key of the pseudonyms.

    Returns:
        The folder; table ``candidates``, with paths below it or whole ones; and a table
        ``rejected``.
    """
    if source is None:
        return radiographs, *read_sources(radiographs, ingest, patient_key)
    path = Path(source).absolute()
    _, candidates, rejected = read_external_images(source, ingest, patient_key)
    return path if path.is_dir() else path.parent, candidates, rejected


def match_answers(
    answers: Answers, candidates: pd.DataFrame, folder: Path
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of the csv with their images, and those without one."""
    return match_images(answers, candidates, folder)


def decode_answered(
    rows: pd.DataFrame, candidates: pd.DataFrame, folder: Path, ingest: IngestParameters
) -> tuple[pd.DataFrame, np.ndarray, pd.DataFrame]:
    """Return the images that the csv names, their pixels, and which have none.

    Args:
        rows: The rows of the csv with their ``image_id``.
        candidates: The images on offer.
        folder: Where their paths begin.
        ingest: Size and shape of the pixels.

    Raises:
        DetlError: Not one image can be decoded.
    """
    from detl.imaging.read import PixelFormat
    from detl.sources.decoding import decode_candidates

    named = candidates["image_id"].isin(rows["image_id"])
    asked = candidates[named].reset_index(drop=True)
    decoded = decode_candidates(
        asked,
        [folder / path for path in asked["path"]],
        PixelFormat(ingest.input_size, ingest.fit, ingest.largest_image),
    )
    if decoded.images.empty:
        raise DetlError(
            f"None of the {len(asked)} images that the predictions name can be decoded "
            f"({decoded.rejected['reason'].iloc[0]}): name another source."
        )
    return validate(decoded.images, IMAGES), decoded.pixels, decoded.rejected


def label_images(
    images: pd.DataFrame, answers: Answers, split: SplitParameters
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the images whose class the model could name, and the others.

    Returns:
        Table ``data_b``; and ``name`` and ``reason`` of each image that is left out.
    """
    labels = label_as_data_b(images, split.data_b)
    data_b, reasons = evaluation.label_answered(images, labels, answers)
    names = images.loc[reasons.index, "image_id"]
    return data_b, pd.DataFrame({"name": names, "reason": reasons})


def tabulate_tested(
    data_b: pd.DataFrame, rows: pd.DataFrame, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the answers as predictions, the parts of patients, and both together.

    Returns:
        The answers as those of one training (``tested_by_seed``); table ``folds`` of
        the parts; and the answers with their parts (``tested``).
    """
    answered = evaluation.tabulate_answers(data_b, rows)
    validate(answered[list(PREDICTIONS.columns)], PREDICTIONS)
    folds = evaluation.assign_parts(data_b, seed)
    return answered, folds, evaluation.divide_answers(answered, folds)


def compare_with_sources(
    tested_by_seed: pd.DataFrame, images: pd.DataFrame, answers: Answers, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return how the answers go with the sources.

    Returns:
        How often each class is named, by source and true class; the probe for the
        source, by class; and COVID-19 against the other images of its source, without a
        row where the csv has no probability of it.
    """
    counts = evaluation.count_answers(tested_by_seed, images, answers.classes)
    probe = evaluation.probe_answers(tested_by_seed, images, seed)
    has_covid = "covid_19" in answers.classes
    tested = tested_by_seed if has_covid else tested_by_seed.iloc[:0]
    # No image beside those with an answer.
    controls = tested_by_seed.iloc[:0][["fold", "seed", "image_id", *PROBABILITIES]]
    same_source = score_same_source(tested, controls, images, seed)
    present = probe["class"].isin(tested_by_seed["label"])
    return counts, probe[present], same_source


def draw_pictures(
    reliability: pd.DataFrame,
    calibration: pd.DataFrame,
    net_benefit: pd.DataFrame,
    cues: pd.DataFrame,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the pictures of reliability, net benefit and cues, RGB, uint8."""
    from detl.figures.calibration import draw_net_benefit, draw_reliability
    from detl.figures.shortcuts import draw_shortcuts

    return (
        draw_reliability(
            stack_architectures(**{MODEL: reliability}),
            stack_architectures(**{MODEL: calibration}),
        ),
        draw_net_benefit(**{MODEL: net_benefit}),
        draw_shortcuts(**{MODEL: cues}),
    )


def gather_audited(
    folder: Path,
    predictions: str,
    source: str | None,
    answers: Answers,
    without_image: pd.DataFrame,
    rejected: pd.DataFrame,
    undecoded: pd.DataFrame,
    without_class: pd.DataFrame,
    images: pd.DataFrame,
    data_b: pd.DataFrame,
    tested_by_seed: pd.DataFrame,
    tested: pd.DataFrame,
    reliability_picture: np.ndarray,
    net_benefit_picture: np.ndarray,
    cues_picture: np.ndarray,
    answers_by_source: pd.DataFrame,
    seed: int,
    **tables: pd.DataFrame,
) -> Audited:
    """Return all that the page of the audit shows.

    Args:
        folder: Of the images.
        predictions: The csv, as it was named.
        source: The images, as they were named.
        answers: What the csv says.
        without_image: Its rows that name no image on offer.
        rejected: Images that are not on offer.
        undecoded: Images that cannot be decoded.
        without_class: Images whose class the model cannot name.
        answers_by_source: How often each class is named, by source.
        seed: Of the draws of patients.
        **tables: Fields of ``Judged``.
    """
    from detl.datasets.folder_dataset import MARKER

    places = (folder.absolute(), *folder.absolute().parents)
    results = measure_accuracies(tested_by_seed, tested, seed)
    return Audited(
        networks={MODEL: Judged(results=results, **tables)},
        images=images,
        data_b=data_b,
        paired_tests=pd.DataFrame(columns=COLUMNS),
        is_synthetic=any((place / MARKER).is_file() for place in places),
        reliability_picture=reliability_picture,
        net_benefit_picture=net_benefit_picture,
        shortcuts_picture=cues_picture,
        predictions=Path(predictions).name,
        source=source,
        classes=answers.classes,
        joined=answers.joined,
        has_threshold="threshold" in answers.rows,
        left_out=describe_left_out(
            answers.left_out, without_image, rejected, undecoded, without_class
        ),
        answers_by_source=answers_by_source,
    )

"""The page on another model's predictions, made of the sections of the report."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from detl.evaluation.probabilities.calibration import AS_THEY_ARE, CALIBRATION_ERROR
from detl.evaluation.shortcuts.card import WHOLE
from detl.report.abstract import tabulate_accuracies
from detl.report.blocks import Block, Bullets, Paragraph, Section, Table
from detl.report.checks import (
    Check,
    Question,
    Row,
    Status,
    answer,
    judge_below,
    not_computed,
    read_measure,
    select_measure,
)
from detl.report.inputs import Study
from detl.report.page import render_page
from detl.report.sections import (
    calibration,
    glossary,
    scores,
    shortcuts,
    sources,
    subgroups,
)
from detl.report.verdict import describe_verdict, summarise_verdict, tabulate_checks
from detl.wording import (
    class_title,
    count_of,
    enumerate_names,
    in_percent,
    show_measured,
    show_number,
)

TITLE = "DETL: what these predictions are worth"

MODEL = "model"
"""The name that the audited model has in all tables."""

MOST_NAMED = 3
"""Images that are named of those that were left out for one reason."""

_NO_COVID = "The csv has no probability of COVID-19, or no image is of it."


@dataclass(frozen=True, kw_only=True)
class Audited(Study):
    """All that the page shows of another model's predictions.

    Attributes:
        predictions: Name of the csv.
        source: Where the images are, as the user typed it; None for the raw data.
        classes: Those that the model tells apart.
        joined: Those that are judged as ``other_disease``, if the csv joins some.
        has_threshold: Whether the csv says from where on a class is named.
        left_out: What ``describe_left_out`` returns.
        answers_by_source: What ``count_answers`` returns.
    """

    predictions: str
    source: str | None
    classes: Sequence[str]
    joined: Sequence[str]
    has_threshold: bool
    left_out: pd.DataFrame
    answers_by_source: pd.DataFrame

    @property
    def has_normal(self) -> bool:
        """Whether normal is a class of its own, so that disease can be missed."""
        return "normal" in self.classes and "normal" not in self.joined


def describe_left_out(
    of_csv: pd.DataFrame,
    without_image: pd.DataFrame,
    rejected: pd.DataFrame,
    undecoded: pd.DataFrame,
    without_class: pd.DataFrame,
) -> pd.DataFrame:
    """Return what is not judged: ``reason``, ``count`` and the first ``names``.

    Args:
        of_csv: ``name`` and ``reason`` of rows that say nothing.
        without_image: The same of rows that name no image on offer.
        rejected: The same of images that are not on offer, which may be why.
        undecoded: The same of images that cannot be decoded.
        without_class: The same of images whose class the model cannot name.
    """
    why = dict(zip(rejected["name"], rejected["reason"], strict=True))
    reasons = [
        why.get(name.partition("/")[2], why.get(name, reason))
        for name, reason in without_image[["name", "reason"]].itertuples(index=False)
    ]
    tables = [of_csv, without_image.assign(reason=reasons), undecoded, without_class]
    every = pd.concat([table[["name", "reason"]] for table in tables])
    rows = [
        (reason, len(names), ", ".join(names.head(MOST_NAMED)))
        for reason, names in every.groupby("reason", sort=False)["name"]
    ]
    return pd.DataFrame(rows, columns=["reason", "count", "names"])


def judge_predictions(audited: Audited) -> pd.DataFrame:
    """Return the verdict, a row per check."""
    cues = audited.table("cues")
    checks = [
        scores.check_accuracy(audited),
        answer(BESIDE_SIMPLE_MODELS, cues),
        _ask_of_covid(audited, shortcuts.CUES, cues),
        _ask_of_covid(audited, SAME_SOURCE, audited.table("same_source")),
        answer(SOURCE_IN_ANSWERS, audited.table("source_probe")),
        answer(CALIBRATION, audited.table("calibration")),
        _ask_of_covid(
            audited, calibration.OPERATING_POINT, audited.table("operating_points")
        ),
        *_check_subgroups(audited),
    ]
    return tabulate_checks(checks)


def write_audit_page(audited: Audited, audit_predictions_verdict: pd.DataFrame) -> str:
    """Return the page: the verdict, what was judged, then every section, as HTML."""
    card = audited.table("card")
    shown = [] if card is None else shortcuts.show_card(audited, card)
    sections = [
        describe_verdict(audit_predictions_verdict, audited),
        _describe_judged(audited),
        scores.section(audited),
        calibration.section(audited),
        *([subgroups.section(audited)] if audited.has_normal else []),
        Section(
            "shortcuts",
            "Beside models that see no lung",
            [
                Paragraph(
                    "A logistic regression learns the class from one cue of an image, "
                    "in the other parts of the patients. Shortcut ratio: its accuracy "
                    "above chance, as a share of the model's."
                ),
                *shown,
            ],
        ),
        _describe_sources(audited),
        glossary.section(audited),
    ]
    lead = summarise_verdict(audit_predictions_verdict, audited)
    return render_page(TITLE, lead, sections, [tabulate_accuracies(audited)])


# ---------------------------------------------------------------- the sections


def _describe_judged(audited: Audited) -> Section:
    judged = audited.data_b
    told = enumerate_names([class_title(label) for label in audited.classes])
    source = "the raw data" if audited.source is None else audited.source
    sentences = [
        f"{audited.predictions} answers for {count_of(len(judged), 'image')} of "
        f"{source} that could be judged, and tells {told} apart.",
        "Nothing was trained but regressions on the answers and on cues. How the model "
        "was trained, and on which patients, is not known here: images that it was "
        "trained on make every figure too good.",
        "In the words below, the model is a network with one seed, and its own "
        "ensemble. Temperature, thresholds and regressions are fitted in all parts of "
        "the patients but one and applied to that one, in turn: these parts are the "
        "folds, and all parts but the tested one are its inner validation part.",
    ]
    if audited.joined:
        joined = enumerate_names([class_title(label) for label in audited.joined])
        sentences.append(
            f'Judged together, and called "other disease" below: {joined}, for which '
            "the csv has the one probability p_other."
        )
    if audited.has_threshold:
        sentences.append(
            "The class named is that of the csv's threshold. Calibration, and the "
            "thresholds for 95 %, are of the probabilities alone."
        )
    blocks: list[Block] = [Bullets(sentences)]
    if audited.left_out.empty:
        blocks.append(Paragraph("No row of the csv was left out."))
    else:
        columns = {"count": "images or rows", "names": "the first of them"}
        table = audited.left_out.rename(columns=columns)
        blocks.append(Table(table, "What the csv names and is not judged, and why."))
    return Section("judged", "What was judged", blocks)


def _describe_sources(audited: Audited) -> Section:
    counts = audited.answers_by_source
    named = {label: f"called {class_title(label)}" for label in audited.classes}
    shown = counts.assign(**{"class": counts["class"].map(class_title)})
    blocks: list[Block] = [
        Table(shown.rename(columns=named), "Answers by source and true class, images.")
    ]
    probes = audited.table("source_probe")
    if probes is not None:
        rows = [
            {
                "class": class_title(row["class"]),
                "images": row["sources"],
                "AUC of the source": show_measured(read_measure(row, "auc"), False),
            }
            for row in probes.to_dict("records")
        ]
        blocks.append(
            Table(
                pd.DataFrame(rows),
                "Whether the probabilities tell the source, within a class; 95 % "
                "intervals over patients. Where they do, the errors go with the "
                "source.",
            )
        )
    same = audited.table("same_source")
    same = None if same is None else same[same["other_images"] > 0]
    if same is not None and len(same):
        rows = [
            {
                "source": row["source"],
                "COVID-19 against": f"{row['against']} ({row['other_images']})",
                "of these called COVID-19": show_measured(
                    read_measure(row, "called_covid_19")
                ),
                "AUC": show_measured(read_measure(row, "auc"), False),
            }
            for row in same.to_dict("records")
        ]
        caption = "COVID-19 against what else the csv has of its own source."
        blocks.append(Table(pd.DataFrame(rows), caption))
    return Section("sources", "Answers and sources", blocks)


# ---------------------------------------------------------------- the checks


def _choose_simple(cues: pd.DataFrame) -> pd.DataFrame:
    return select_measure(cues[cues["input"] != WHOLE], "shortcut_ratio")


def _explain_simple(row: Row, status: Status) -> str:
    words = {"pass": "is below", "warn": "may reach", "fail": "reaches"}
    return (
        f"A regression on the {row['input']} {words[status]} what the model has above "
        f"chance ({in_percent(row['accuracy'])} right)."
    )


BESIDE_SIMPLE_MODELS = Question(
    title="Beside simple models",
    asked="no regression on the source, the metadata, the border or a thumbnail has as "
    "much above chance as the model (shortcut ratio; the interval lies up to 1, fail "
    "where it lies from there)",
    choose=_choose_simple,
    judge=lambda row: judge_below(row, 1, 1),
    show=lambda row: show_number(row, is_share=False),
    explain=_explain_simple,
)

SOURCE_IN_ANSWERS = replace(
    sources.PROBE,
    title="Source in the answers",
    asked="within a class, the source cannot be read off the probabilities (AUC of a "
    f"probe; the interval lies up to {sources.WEAK_CUE}, fail where it lies above)",
    explain=lambda row, status: (
        f"Among images of the class {class_title(row['class'])} the probabilities "
        f"{ {'pass': 'hardly tell', 'warn': 'may tell', 'fail': 'tell'}[status] } the "
        "source."
    ),
)

CALIBRATION = replace(
    calibration.CALIBRATION,
    asked=calibration.CALIBRATION.asked.replace(
        "after temperature scaling", "as given"
    ),
    choose=lambda table: table[
        (table["quantity"] == CALIBRATION_ERROR)
        & (table["class"] == "")
        & (table["probabilities"] == AS_THEY_ARE)
    ],
)


SAME_SOURCE = replace(
    sources.SAME_SOURCE,
    explain=lambda row, status: sources.compare_false_alarms(row, "the model"),
)


def _ask_of_covid(
    audited: Audited, question: Question, table: pd.DataFrame | None
) -> Check:
    """Return the answer to a question about COVID-19, where an image has it."""
    if not (audited.data_b["label"] == "covid_19").any():
        return not_computed(question.title, question.asked, _NO_COVID)
    return answer(question, table)


def _check_subgroups(audited: Audited) -> list[Check]:
    if audited.has_normal:
        return subgroups.checks(audited)
    reason = "The csv has no probability of normal, so that disease cannot be missed."
    return [not_computed(subgroups.TITLE, subgroups.ASKED, reason)]

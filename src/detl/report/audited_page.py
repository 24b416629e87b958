"""The page on another model's predictions, made of the sections of the report."""

import pandas as pd

from detl.report.abstract import tabulate_accuracies
from detl.report.audited import Audited
from detl.report.blocks import Block, Bullets, Paragraph, Section, Table
from detl.report.checks import read_measure
from detl.report.page import render_page
from detl.report.sections import calibration, glossary, scores, shortcuts, subgroups
from detl.report.verdict import describe_verdict, summarise_verdict
from detl.wording import class_title, count_of, enumerate_names, show_measured

TITLE = "DETL: what these predictions are worth"


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

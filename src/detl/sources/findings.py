"""The findings that the project knows, and how the published data sets spell them."""

from collections import Counter
from collections.abc import Mapping

import pandas as pd

from detl.sources.spelling import casefold_text, normalise_text

NO_FINDING = "No Finding"

NIH_FINDINGS = (
    "Atelectasis",
    "Cardiomegaly",
    "Consolidation",
    "Edema",
    "Effusion",
    "Emphysema",
    "Fibrosis",
    "Hernia",
    "Infiltration",
    "Mass",
    "Nodule",
    "Pleural_Thickening",
    "Pneumonia",
    "Pneumothorax",
)

COVID_CHESTXRAY_FINDINGS = (
    "ARDS",
    "Aspergillosis",
    "Aspiration",
    "Bacterial",
    "COVID-19",
    "Chlamydophila",
    "E.Coli",
    "Fungal",
    "H1N1",
    "Herpes",
    "Influenza",
    "Klebsiella",
    "Legionella",
    "Lipoid",
    "MERS-CoV",
    "MRSA",
    "Mycoplasma",
    "Nocardia",
    "Pneumocystis",
    "SARS",
    "Staphylococcus",
    "Streptococcus",
    "Tuberculosis",
    "Varicella",
    "Viral",
)

PNEUMONIA = "Pneumonia"
COVID_19 = "COVID-19"
CAUSES_OF_PNEUMONIA = frozenset(COVID_CHESTXRAY_FINDINGS) - {
    *("ARDS", COVID_19, "Tuberculosis")
}
"""Findings below ``Pneumonia`` in the COVID-19 collection, for example
``Pneumonia/Bacterial/Streptococcus``. COVID-19 is a separate class."""

OTHER_DISEASE = "Other Disease"
"""A label in a user's own folder that names a class of Data-B instead of a finding."""

FINDINGS = (NO_FINDING, *NIH_FINDINGS, *COVID_CHESTXRAY_FINDINGS, OTHER_DISEASE)
"""Every finding that a table may hold. A new source adds its findings here."""

_OTHER_SPELLINGS = {
    # The classes of Data-B, as the project and most folders name them.
    "covid": "COVID-19",
    "covid_19": "COVID-19",
    "no_finding": NO_FINDING,
    "normal": NO_FINDING,
    "other_disease": OTHER_DISEASE,
    "Mycoplasma Bacterial Pneumonia": "Mycoplasma",
    "Pleural Thickening": "Pleural_Thickening",
}
_SPELLINGS = {
    **{finding.casefold(): finding for finding in FINDINGS},
    **{other.casefold(): finding for other, finding in _OTHER_SPELLINGS.items()},
}


def translate_findings(label: str, translation: Mapping[str, str]) -> str | None:
    """Return the findings that a source's label stands for, as ``A|B``.

    ``COVID-19, ARDS`` becomes ``COVID-19|ARDS``. A path of findings, such as
    ``Pneumonia/Viral/COVID-19``, becomes its last and most exact one. Capitals make no
    difference.

    Args:
        translation: Labels of this source and their meanings. It is applied first.

    Returns:
        The findings, each once, in the label's order; None if one is unknown.
    """
    findings: list[str] = []
    meanings = {normalise_text(own): meaning for own, meaning in translation.items()}
    known = Counter(map(casefold_text, meanings))
    in_capitals = {
        casefold_text(own): own for own in meanings if known[casefold_text(own)] == 1
    }

    def mean(said: str) -> str:
        own = said if said in meanings else in_capitals.get(casefold_text(said), said)
        return meanings.get(own, said)

    parts = mean(normalise_text(label)).replace(",", "|").split("|")
    for part in (part.strip() for part in parts):
        path = mean(part).split("/")
        named = [_SPELLINGS.get(casefold_text(finding)) for finding in path]
        if named[-1] is None:
            return None
        # "No Finding" in a path is a contradiction, so the whole path is kept.
        findings += filter(None, named if NO_FINDING in named else named[-1:])
    return "|".join(dict.fromkeys(findings))


def list_findings(findings: str) -> frozenset[str]:
    """Return the findings of an image from their text ``A|B``."""
    return frozenset(findings.split("|"))


def contradicts_itself(findings: str) -> bool:
    """Return whether findings ``A|B`` hold both "No Finding" and a finding."""
    listed = list_findings(findings)
    return NO_FINDING in listed and len(listed) > 1


def merge_causes_of_pneumonia(findings: str) -> str:
    """Return the findings with ``Pneumonia`` in place of its causes.

    ``Streptococcus|ARDS`` becomes ``Pneumonia|ARDS``. ``translate_findings`` keeps only
    the last finding of a path such as ``Pneumonia/Bacterial/Streptococcus``.
    """
    named = [
        PNEUMONIA if finding in CAUSES_OF_PNEUMONIA else finding
        for finding in findings.split("|")
    ]
    return "|".join(dict.fromkeys(named))


def contradict(one: str, other: str) -> bool:
    """Return whether two descriptions ``A|B`` of one picture cannot both be right.

    Both can be right if they share a finding, if one names a cause of the other's
    pneumonia, or if one is ``Other Disease`` and the other a disease of that class.
    """
    first, second = (
        list_findings(merge_causes_of_pneumonia(text)) for text in (one, other)
    )
    if OTHER_DISEASE in first | second:
        return bool((first | second) & {NO_FINDING, PNEUMONIA, COVID_19})
    return first.isdisjoint(second)


def carries(findings: pd.Series, finding: str) -> pd.Series:
    """Return for each image whether it has the finding, alone or among others.

    Args:
        findings: Findings ``A|B`` of each image.
        finding: The finding to look for, in the same spelling.
    """
    return ("|" + findings + "|").str.contains(f"|{finding}|", regex=False)

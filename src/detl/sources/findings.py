"""The findings that the project knows, and the spellings of the published sets."""

from collections import Counter
from collections.abc import Mapping

import pandas as pd

from detl.sources.spelling import fold, unify

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
"""Findings that the COVID-19 collection puts below ``Pneumonia``, as in
``Pneumonia/Bacterial/Streptococcus``; COVID-19 is a class of its own."""

OTHER_DISEASE = "Other Disease"
"""What a folder of one's own may say that names a class of Data-B and no finding."""

FINDINGS = (NO_FINDING, *NIH_FINDINGS, *COVID_CHESTXRAY_FINDINGS, OTHER_DISEASE)
"""Every finding that a table may hold. A new source adds its own here."""

_OTHER_SPELLINGS = {
    # The classes of Data-B, as the project itself and most folders name them.
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

    ``COVID-19, ARDS`` becomes ``COVID-19|ARDS``; of a path of findings, such as
    ``Pneumonia/Viral/COVID-19``, the last and most exact one is taken. Capitals
    make no difference.

    Args:
        label: What the source says.
        translation: The source's own labels, and what they mean; it goes first.

    Returns:
        The findings, each once, in the label's order; None where one is unknown.
    """
    findings: list[str] = []
    meanings = {unify(own): meaning for own, meaning in translation.items()}
    known = Counter(map(fold, meanings))
    in_capitals = {fold(own): own for own in meanings if known[fold(own)] == 1}

    def mean(said: str) -> str:
        own = said if said in meanings else in_capitals.get(fold(said), said)
        return meanings.get(own, said)

    parts = mean(unify(label)).replace(",", "|").split("|")
    for part in (part.strip() for part in parts):
        path = mean(part).split("/")
        named = [_SPELLINGS.get(fold(finding)) for finding in path]
        if named[-1] is None:
            return None
        # No finding is above or below no other: whoever says so contradicts himself.
        findings += filter(None, named if NO_FINDING in named else named[-1:])
    return "|".join(dict.fromkeys(findings))


def list_findings(findings: str) -> frozenset[str]:
    """Return the findings of an image, each once.

    Args:
        findings: As ``translate_findings`` returns them, ``A|B``.
    """
    return frozenset(findings.split("|"))


def contradicts_itself(findings: str) -> bool:
    """Return whether an image is said to have no finding, and one.

    Args:
        findings: As ``translate_findings`` returns them.
    """
    listed = list_findings(findings)
    return NO_FINDING in listed and len(listed) > 1


def name_pneumonia(findings: str) -> str:
    """Return the findings with ``Pneumonia`` in place of its causes.

    ``Streptococcus|ARDS`` becomes ``Pneumonia|ARDS``. The findings themselves keep only
    the last of a path such as ``Pneumonia/Bacterial/Streptococcus``.

    Args:
        findings: As ``translate_findings`` returns them.
    """
    named = [
        PNEUMONIA if finding in CAUSES_OF_PNEUMONIA else finding
        for finding in findings.split("|")
    ]
    return "|".join(dict.fromkeys(named))


def contradict(one: str, other: str) -> bool:
    """Return whether two descriptions of one picture cannot both be right.

    They can if they share a finding, if one names a cause of the other's pneumonia, or
    if one says ``Other Disease`` and the other a disease of that class.

    Args:
        one: As ``translate_findings`` returns them.
        other: The same.
    """
    first, second = (list_findings(name_pneumonia(text)) for text in (one, other))
    if OTHER_DISEASE in first | second:
        return bool((first | second) & {NO_FINDING, PNEUMONIA, COVID_19})
    return first.isdisjoint(second)


def carries(findings: pd.Series, finding: str) -> pd.Series:
    """True for each image that has the finding, alone or among others.

    Args:
        findings: One string per image, findings joined by ``|``.
        finding: The finding looked for, spelt as in ``findings``.
    """
    return ("|" + findings + "|").str.contains(f"|{finding}|", regex=False)

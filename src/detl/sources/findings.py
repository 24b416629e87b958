"""The findings that the project knows, and the spellings of the published sets."""

from collections.abc import Mapping

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

OTHER_DISEASE = "Other Disease"
"""What a folder of one's own may say that names a class of Data-B and no finding."""

FINDINGS = (NO_FINDING, *NIH_FINDINGS, *COVID_CHESTXRAY_FINDINGS, OTHER_DISEASE)
"""Every finding that a table may hold. A new source adds its own here."""

_OTHER_SPELLINGS = {
    # The classes of Data-B, as the project itself and most folders name them.
    "covid": "COVID-19",
    "covid_19": "COVID-19",
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
    parts = translation.get(label, label).replace(",", "|").split("|")
    for part in (part.strip() for part in parts):
        last = translation.get(part, part).split("/")[-1].strip()
        finding = _SPELLINGS.get(last.casefold())
        if finding is None:
            return None
        if finding not in findings:
            findings.append(finding)
    return "|".join(findings)

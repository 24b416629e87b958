"""Spellings of the views of a chest film, and the four views that the project knows."""

import re

from detl.sources.spelling import casefold_text

_PA = {"pa", "posteroanterior", "posterioanterior"}
_AP = {"ap", "anteroposterior", "anterioposterior"}
_LATERAL = {"l", "lat", "lateral", "ll", "rl", "llat", "rlat"}
_LYING = {"supine", "lying", "recumbent", "horizontal"}
_UPRIGHT = {
    *("erect", "semierect", "semi", "upright", "semiupright", "standing", "sitting"),
    *("seated", "portable", "mobile", "bedside"),
}
_SAYS_NOTHING = {
    "chest",
    "thorax",
    "cxr",
    "view",
    "projection",
    "film",
    "xray",
    "radiograph",
}
_SIDES = {"left", "right"}
_NOT_KNOWN = {"", "?", "-", "unknown", "unk", "n/a", "na", "nan", "none", "frontal"}


def normalise_view(said: str) -> str | None:
    """Return PA, AP, AP Supine or L; "" if the view is unknown, None for another view.

    The words for sitting, half sitting and portable films do not change the view.
    ``frontal`` alone is unknown, since it can be PA or AP.

    Args:
        said: Such as ``AP semi erect``, ``postero-anterior`` or ``Lateral``.
    """
    text = casefold_text(said)
    if text in _NOT_KNOWN:
        return ""
    text = re.sub(r"\b([ap])[. _/-]*([pa])\b\.?", r"\1\2", text)
    text = re.sub(r"\b(antero|postero|anterio|posterio|semi)r?[ _-]+", r"\1", text)
    words = set(re.findall(r"\w+", text.replace("_", " ").replace("x-ray", "xray")))
    words -= _SAYS_NOTHING
    for view, names, more in (
        ("PA", _PA, _UPRIGHT),
        ("AP", _AP, _UPRIGHT),
        ("AP Supine", _AP | _LYING, set()),
        ("L", _LATERAL, _SIDES | _UPRIGHT),
    ):
        if words & names and words <= names | more:
            return view
    if words & _LYING and words <= _AP | _LYING | _UPRIGHT:
        return "AP Supine"
    return None

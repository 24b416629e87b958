"""Words and codes of DICOM headers for the modality, part of the body, and view.

Reasons quote only words that are listed here, since others may be a name.
"""

import re
import unicodedata
from collections.abc import Sequence

from detl.sources.views import normalise_view

UNKNOWN_WORD = "a word that is not known"
OTHER_CODE = "another one, by its code"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FILMS = _words("CR DX DR XR RG RF DF SC OT")
"""Modalities of radiographs and of secondary captures of them."""

_OTHER_MODALITIES = _words(
    "AR AS AU BI BMD CD CS CT DD DG DMS DOC ECG EEG EMG EPS ES FID GM HC HD IO IOL "
    "IVOCT IVUS KER KO LEN LS M3D MG MR NM OAM OCT OP OPM OPR OPT OPV OSS PLAN POS PR "
    "PT PX REG RESP RTDOSE RTIMAGE RTPLAN RTRECORD RTSTRUCT RWV SEG SM SMR SR SRF "
    "STAIN TG US VA XA XC"
)

_VIEW_WORDS = {
    "PA": "PA POSTEROANTERIOR",
    "AP": "AP ANTEROPOSTERIOR",
    "supine": "SUPINE SUPINO RECUMBENT LYING LIEGEND COUCHE",
    "L": "L LL RL LAT LATERAL LATERALE LATERALIS LLAT RLAT LTLAT RTLAT LEFTLATERAL "
    "RIGHTLATERAL PROFIL PROFILE PERFIL SEITLICH SAGITTAL",
    "decubitus": "LLD RLD DECUB DECUBITUS",
    "oblique": "LLO RLO LAO RAO LPO RPO OBL OBLIQUE OBLIQUA",
    "lordotic": "LORDOTIC APLORDOTIC APICAL AXIAL",
    # These say nothing about the direction.
    "": "BED BEDSIDE BETT CHEST CROSS CROSSTABLE ERECT EXP EXPIRATION FRONTAL INSP "
    "INSPIRATION LEFT LT MOBILE NA NONE OTHER PORT PORTABLE POSITION RIGHT RT SEMI "
    "SEMIERECT SITTING SITZEND STANDING STEHEND TABLE THORAX TORAX UNDEFINED UNKNOWN "
    "UPRIGHT V VIEW VIEWS",
}
_VIEWS = {word: view for view, words in _VIEW_WORDS.items() for word in words.split()}

# Codes of SNOMED CT, and of SNOMED RT from older devices (DICOM PS3.16, CID 4010).
_VIEW_CODES = {
    **dict.fromkeys(("272479007", "R-40888", "R-10214"), "PA"),
    **dict.fromkeys(("399348003", "R-10206"), "AP"),
    **dict.fromkeys(("399033003", "R-10202"), ""),
    **dict.fromkeys(
        (
            *("399067008", "R-102CD", "399173006", "R-10236", "399198007", "R-10232"),
            *("30730003", "G-A145", "R-10222"),
        ),
        "L",
    ),
}

_CHEST = re.compile(
    "CHEST|CHST|THORA|TORAX|TORAC|LUNG|PULM|PECHO|POITRINE|BRUST|BORST|BRYST|KLATK|胸"
)
_NEAR_CHEST = re.compile(
    "ABD|PELV|NECK|HEAD|SPIN|WIRBEL|COLUM|LUMB|VERTEBR|RIB|STERN|CLAV|SHOULD|AORT|腹"
)
_CHEST_CODES = _words(
    # Chest, thoracic structure, content of the thorax, lung (PS3.16, CID 4031).
    "816094009 51185008 T-D3000 43799004 T-D3200 39607008 T-28000"
)
_NO_PART = _words(
    "BODY DEFAULT GENERAL NA NONE NULL OTHER UNDEFINED UNKNOWN UNSPECIFIED XRAY"
)

# Words of PS3.16, annex L, and the short forms that devices write.
_OTHER_PARTS = _words(
    "ABDOMEN ABDOMENPELVIS ADRENAL ANKLE AORTA ARM AXILLA BACK BLADDER BRAIN BREAST "
    "BRONCHUS BUTTOCK CALCANEUS CALF CAROTID CERVIX CHESTABDOMEN CHESTABDPELVIS "
    "CLAVICLE COCCYX COLON CSPINE CTSPINE EAR ELBOW EXTREMITY EYE FACE FEMUR FINGER "
    "FOOT FOREARM HAND HEAD HEADNECK HEART HIP HUMERUS JAW KIDNEY KNEE LARYNX LEG "
    "LIVER LOWEREXTREMITY LSPINE LSSPINE MANDIBLE MAXILLA MEDIASTINUM MOUTH NECK "
    "NECKCHEST NECKCHESTABDOMEN NECKCHESTABDPELV NOSE ORBIT PATELLA PELVIS PHARYNX "
    "RADIUS RADIUSULNA RIB RIBS SACRUM SCAPULA SHOULDER SINUS SKULL SPINE SSPINE "
    "STERNUM STOMACH TEETH THIGH THORACICSPINE THUMB TIBIA TIBIAFIBULA TLSPINE TMJ TOE "
    "TOES TRACHEA TSPINE ULNA UPPEREXTREMITY WHOLEBODY WRIST ZYGOMA"
)


def judge_modality(modality: str) -> str:
    """Return why a file of this modality is not a film, "" if it may be one.

    Args:
        modality: ``Modality``, such as ``CR``; "" if unknown.
    """
    said = modality.upper()
    if not said or said in _FILMS:
        return ""
    return f"modality: {said if said in _OTHER_MODALITIES else UNKNOWN_WORD}"


def judge_part(part: str, codes: Sequence[str]) -> str:
    """Return why a film of this part of the body is not of the chest, "" if it may be.

    Args:
        part: ``BodyPartExamined``, such as ``CHEST``; "" if unknown.
        codes: SNOMED codes from ``AnatomicRegionSequence``, used if the word says
            nothing.
    """
    said = _plain(part)
    joined = re.sub(r"[\W_]", "", said)
    if not joined or joined in _NO_PART:
        is_other = bool(codes) and not _CHEST_CODES.intersection(codes)
        return f"part of the body: {OTHER_CODE}" if is_other else ""
    if _CHEST.search(said) and not _NEAR_CHEST.search(said):
        return ""
    known = joined if joined in _OTHER_PARTS else UNKNOWN_WORD
    return f"part of the body: {known}"


def judge_view(
    position: str, codes: Sequence[str], orientation: str, part: str = ""
) -> tuple[str, str]:
    r"""Return the view of a film, and why it is neither frontal nor lateral.

    The first argument that says something counts, in the order position, codes, part,
    orientation.

    Args:
        position: ``ViewPosition``, such as ``PA`` or ``LL``.
        codes: SNOMED codes from ``ViewCodeSequence``.
        orientation: ``PatientOrientation``, the directions of rows and columns, such as
            ``L\F`` of a frontal film.
        part: ``BodyPartExamined``, which may hold the view too, as ``CHEST LAT`` does.

    Returns:
        ``PA``, ``AP``, ``AP Supine``, ``L``, or "" if unknown; and the reason, or "".
    """
    view = spell_view(position)
    if not view and codes:
        view = _VIEW_CODES.get(codes[0], OTHER_CODE)
    if not view and (said := spell_view(part)) != UNKNOWN_WORD:
        view = said
    if not view and orientation[:1].upper() in ("A", "P"):
        view = "L"
    is_known = view in ("PA", "AP", "AP Supine", "L", "")
    return (view, "") if is_known else ("", f"view: {view}")


def spell_view(position: str) -> str:
    """Return a view as the tables spell it, or the word for an unusable view.

    Args:
        position: As it stands in a header: ``pa``, ``A.P.``, ``AP_SUPINE``, ``LL``.

    Returns:
        ``PA``, ``AP``, ``AP Supine``, ``L``; "" if the direction is unknown;
        ``decubitus``, ``oblique``, ``lordotic``, or ``UNKNOWN_WORD``.
    """
    if view := normalise_view(position):
        return view
    # Devices write more words than the lists of published data sets.
    words = re.findall(r"[^\W\d_]+", _plain(position).replace(".", ""))
    found = {_VIEWS.get(word, UNKNOWN_WORD) for word in words} - {""}
    for other in (UNKNOWN_WORD, "decubitus", "oblique", "lordotic"):
        if other in found:
            return other
    if found in ({"supine"}, {"AP", "supine"}):
        return "AP Supine"
    directions = found - {"supine"}
    if len(directions) > 1 or found == {"PA", "supine"}:
        return UNKNOWN_WORD
    return next(iter(directions), "")


def _plain(text: str) -> str:
    """Return the text in capitals without accents."""
    apart = unicodedata.normalize("NFKD", text)
    return "".join(c for c in apart if not unicodedata.combining(c)).upper()

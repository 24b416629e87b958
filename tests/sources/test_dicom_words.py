import pytest

from detl.sources.dicom_words import (
    OTHER_CODE,
    UNKNOWN_WORD,
    judge_modality,
    judge_part,
    judge_view,
    spell_view,
)


@pytest.mark.parametrize(
    ("position", "view"),
    [
        ("PA", "PA"),
        ("pa", "PA"),
        ("P.A.", "PA"),
        ("PA ERECT", "PA"),
        ("PA_CHEST", "PA"),
        ("AP", "AP"),
        ("A.P", "AP"),
        ("AP PORTABLE", "AP"),
        ("AP SEMI-ERECT", "AP"),
        ("AP SUPINE", "AP Supine"),
        ("SUPINE", "AP Supine"),
        ("LL", "L"),
        ("RL", "L"),
        ("LATERAL", "L"),
        ("LLAT", "L"),
        ("L LAT", "L"),
        ("LEFT LATERAL", "L"),
        ("Profil", "L"),
        ("seitlich", "L"),
        ("CROSS-TABLE LAT", "L"),
        ("LLD", "decubitus"),
        ("LAT DECUBITUS", "decubitus"),
        ("LAO", "oblique"),
        ("AP LORDOTIC", "lordotic"),
        ("", ""),
        ("FRONTAL", ""),
        ("ERECT", ""),
        ("UNKNOWN", ""),
        ("PA/LAT", UNKNOWN_WORD),
        ("PA\\AP", UNKNOWN_WORD),
        ("PA SUPINE", UNKNOWN_WORD),
        ("MUELLER", UNKNOWN_WORD),
        ("側面", UNKNOWN_WORD),
    ],
)
def test_a_view_is_told_from_the_words_that_devices_write(position, view):
    assert spell_view(position) == view


@pytest.mark.parametrize(
    ("code", "view"),
    [
        ("272479007", "PA"),
        ("R-40888", "PA"),
        ("R-10214", "PA"),
        ("399348003", "AP"),
        ("R-10206", "AP"),
        ("399067008", "L"),
        ("399173006", "L"),
        ("R-10236", "L"),
        ("399198007", "L"),
        ("R-10232", "L"),
        ("399033003", ""),
    ],
)
def test_a_code_tells_the_view_where_the_position_does_not(code, view):
    assert judge_view("", [code], "") == (view, "")
    assert judge_view("ERECT", [code], "") == (view, "")


def test_the_position_counts_before_the_code():
    assert judge_view("PA", ["399348003"], "") == ("PA", "")


def test_the_code_of_another_projection_is_a_reason():
    assert judge_view("", ["399135007"], "") == ("", f"view: {OTHER_CODE}")


@pytest.mark.parametrize(
    ("orientation", "view"), [("A\\F", "L"), ("P\\F", "L"), ("L\\F", ""), ("", "")]
)
def test_rows_that_lead_from_front_to_back_are_those_of_a_lateral(orientation, view):
    assert judge_view("", [], orientation) == (view, "")


@pytest.mark.parametrize(
    ("part", "view"),
    [("CHEST LAT", "L"), ("Thorax pa", "PA"), ("CHEST", ""), ("LUNG", "")],
)
def test_a_part_of_the_body_may_say_the_view(part, view):
    assert judge_view("", [], "", part) == (view, "")
    assert judge_view("AP", [], "", part) == ("AP", "")


def test_the_orientation_does_not_overrule_the_position():
    assert judge_view("PA", [], "A\\F") == ("PA", "")


def test_another_projection_is_a_reason():
    assert judge_view("RLD", [], "") == ("", "view: decubitus")


@pytest.mark.parametrize("modality", ["CR", "DX", "dx", "RG", "OT", "SC", ""])
def test_radiographs_and_captures_of_them_are_taken(modality):
    assert judge_modality(modality) == ""


@pytest.mark.parametrize("modality", ["CT", "MR", "US", "PT", "SR", "PR", "MG"])
def test_another_modality_is_named(modality):
    assert judge_modality(modality) == f"modality: {modality}"


@pytest.mark.parametrize(
    "part",
    [
        *("CHEST", "chest", "CHEST PA", "PORT CHEST", "CHEST_PORT", "CHEST 2 VIEWS"),
        *("THORAX", "Torax", "TÓRAX", "TORACE", "LUNG", "LUNGS", "PECHO", "Brust"),
        *("BRUSTKORB", "KLATKA PIERSIOWA", "胸部", "", "UNKNOWN", "OTHER", "-"),
    ],
)
def test_the_chest_is_taken_and_what_is_not_said(part):
    assert judge_part(part, []) == ""


@pytest.mark.parametrize(
    ("part", "named"),
    [
        ("HAND", "HAND"),
        ("hand ", "HAND"),
        ("T-SPINE", "TSPINE"),
        ("THORACIC SPINE", "THORACICSPINE"),
        ("CHEST_ABDOMEN", "CHESTABDOMEN"),
        ("RIB", "RIB"),
        ("CHEST & NECK", UNKNOWN_WORD),
        ("BRUSTWIRBELSAEULE", UNKNOWN_WORD),
        ("MUELLER HANS", UNKNOWN_WORD),
    ],
)
def test_another_part_is_named_if_the_standard_has_its_name(part, named):
    assert judge_part(part, []) == f"part of the body: {named}"


def test_a_code_tells_the_part_where_the_word_does_not():
    assert judge_part("", ["816094009"]) == ""
    assert judge_part("", ["T-D3000"]) == ""
    assert judge_part("", ["85562004"]) == f"part of the body: {OTHER_CODE}"
    assert judge_part("CHEST", ["85562004"]) == ""


@pytest.mark.parametrize("judge", [judge_modality, lambda word: judge_part(word, [])])
def test_no_reason_quotes_a_word_of_which_nothing_is_known(judge):
    assert judge("SECRET").endswith(UNKNOWN_WORD)

import hashlib
import hmac
import stat
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

from detl.errors import DetlError
from detl.sources.pseudonyms import (
    complete_issuers,
    drop_sources,
    load_patient_key,
    make_pseudonym,
    read_patient_id,
    replace_pseudonyms,
    require_one_key,
)

KEY = bytes(range(32))
OTHER_KEY = bytes(32)


@pytest.mark.parametrize(
    "number", ["17", " 17 ", "00000017", "17^", "17\0", "1 7", "17.0", "\uff11\uff17"]
)
def test_a_number_is_one_patient_however_it_is_written(number):
    assert read_patient_id("", number) == ("", "17")


@pytest.mark.parametrize("number", ["ab-17", "AB-17", " AB-17^^", "AB -17"])
def test_capitals_and_blanks_make_no_other_patient(number):
    assert read_patient_id("", number) == ("", "ab-17")


@pytest.mark.parametrize("number", ["18", "170", "17A", "1-7", "AB17"])
def test_another_number_is_another_patient(number):
    assert read_patient_id("", number) != read_patient_id("", "17")


@pytest.mark.parametrize(
    "number",
    [
        *("", " ", "0", "00000000", "-", "---", "XXXX", "?", "^", "N/A", "n.a."),
        *("ANONYMOUS", "Anonymized", "anonymised", "Anon", "ANONYM", "UNKNOWN"),
        *("Patient ID", "PATIENT", "None", "null", "nan", "NOID", "No ID", "removed"),
        *("De-identified", "TEST"),
    ],
)
def test_a_word_in_place_of_a_number_is_nobody(number):
    assert read_patient_id("hospital", number) is None


@pytest.mark.parametrize("number", ["ANON17", "PATIENT 17", "X1", "1", "TEST-3"])
def test_a_numbered_word_is_somebody(number):
    assert read_patient_id("", number) is not None


def test_an_issuer_that_says_nothing_is_none():
    assert read_patient_id("UNKNOWN", "17") == ("", "17")
    assert read_patient_id(" st. anna", "17") == ("st.anna", "17")


def test_the_only_issuer_of_a_number_is_meant_where_none_is_named():
    ids = [("A", "17"), ("", "17"), None, ("", "18")]

    assert complete_issuers(ids) == [("A", "17"), ("A", "17"), None, ("", "18")]


def test_of_two_issuers_none_is_meant():
    ids = [("A", "17"), ("B", "17"), ("", "17")]

    assert complete_issuers(ids) == ids


def test_a_pseudonym_is_the_keyed_hash_of_issuer_and_number():
    expected = hmac.new(KEY, b"A\x0017", hashlib.sha256).hexdigest()[:32]

    assert make_pseudonym(("A", "17"), KEY).split("-")[1] == expected


def test_another_key_issuer_or_number_makes_another_pseudonym():
    made = {
        make_pseudonym(patient, key)
        for patient in (("A", "17"), ("B", "17"), ("A", "18"))
        for key in (KEY, OTHER_KEY)
    }

    assert len(made) == 6


def test_a_pseudonym_loses_its_source_and_other_patients_keep_theirs():
    one = make_pseudonym(("", "17"), KEY)
    patients = pd.Series([f"clinic/{one}", "clinic/dicom/17", "nih/17", one])

    assert list(drop_sources(patients)) == [one, "clinic/dicom/17", "nih/17", one]


def test_patients_with_pseudonyms_are_named_after_their_first_images():
    one, two = (make_pseudonym(("", number), KEY) for number in ("1", "2"))
    patients = pd.Series([one, "clinic/17", two, one])
    image_ids = pd.Series(["clinic/a", "clinic/b", "clinic/c", "clinic/d"])

    assert list(replace_pseudonyms(patients, image_ids)) == [
        *("clinic/a", "clinic/17", "clinic/c", "clinic/a")
    ]


def test_pseudonyms_of_two_keys_are_not_compared():
    with pytest.raises(DetlError, match=r"another key.*conf/local/patient_key"):
        require_one_key(
            [make_pseudonym(("", "17"), KEY), "clinic/1"],
            [make_pseudonym(("", "17"), OTHER_KEY)],
        )


def test_patients_without_pseudonyms_need_no_key():
    one = make_pseudonym(("", "17"), KEY)

    require_one_key([one], ["nih/1"])
    require_one_key(["nih/1"], [one])
    require_one_key([one], [one])


def test_a_key_is_made_once_and_only_its_owner_may_read_it(tmp_path):
    path = tmp_path / "patient_key"

    key = load_patient_key(path)

    assert len(key) == 32
    assert load_patient_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_two_keys_differ(tmp_path):
    assert load_patient_key(tmp_path / "a") != load_patient_key(tmp_path / "b")


def test_runs_that_begin_at_once_have_one_key(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(load_patient_key, [tmp_path / "patient_key"] * 32))

    assert len(keys) == 1


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
@pytest.mark.parametrize("beginning", ["", "\ufeff"])
def test_a_key_may_be_copied_by_an_editor(tmp_path, beginning, end):
    path = tmp_path / "patient_key"
    path.write_text(beginning + KEY.hex().upper() + end, newline="")

    assert load_patient_key(path) == KEY


@pytest.mark.parametrize("content", [b"", b"secret", b"ab" * 31, b"\xff\xfea\0b\0"])
def test_what_is_no_key_is_refused(tmp_path, content):
    path = tmp_path / "patient_key"
    path.write_bytes(content)

    with pytest.raises(DetlError, match=r"holds no key, .*64 hexadecimal"):
        load_patient_key(path)

    assert path.read_bytes() == content


def test_a_key_that_cannot_be_made_is_one_sentence(tmp_path):
    with pytest.raises(DetlError, match=r"cannot be .* made \(No such file.*KEY_FILE"):
        load_patient_key(tmp_path / "not mounted" / "patient_key")

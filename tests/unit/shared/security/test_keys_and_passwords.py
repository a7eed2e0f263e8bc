"""Key files, passwords and the numbers a phone is found by."""

import json
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from shared.basics.errors import Refused
from shared.security.blind_index import link_hash, national_digits, phone_index, phone_query
from shared.security.key_file import KeyFileWrong, keys_from_json, load_keys
from shared.security.new_keys import make_key_files
from shared.security.passwords import check_new_password, is_password, make_verifier, needs_rehash

CONTENT = make_key_files(["orders", "routing", "notify"])["orders"]


def test_a_key_file_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps(CONTENT))
    path.chmod(0o600)
    assert set(load_keys(path).sealing_public) == {"orders", "routing", "notify"}


def test_a_key_file_open_to_others_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps(CONTENT))
    path.chmod(0o640)
    with pytest.raises(KeyFileWrong, match="0600"):
        load_keys(path)


def test_a_missing_key_file_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(KeyFileWrong, match="cannot be read"):
        load_keys(tmp_path / "none.json")


@pytest.mark.parametrize("field", sorted(CONTENT))
def test_a_key_file_with_a_bad_key_is_refused_without_showing_it(field: str) -> None:
    for wrong in ("c2VjcmV0", "not base64 at all!", 7, None):
        with pytest.raises(KeyFileWrong) as refused:
            keys_from_json(json.dumps({**CONTENT, field: wrong}))
        assert "c2VjcmV0" not in str(refused.value)


async def test_a_password_is_checked_against_its_verifier() -> None:
    verifier = make_verifier("café at the corner")
    assert verifier.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await is_password(verifier, "café at the corner")
    assert await is_password(verifier, "cafe\u0301 at the corner")
    assert not await is_password(verifier, "cafe at the corner")
    assert not await is_password(None, "nobody has this password")
    assert not await is_password("no verifier at all", "x")


def test_a_verifier_of_weaker_parameters_wants_a_rehash() -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("x")
    assert needs_rehash(weak)
    assert not needs_rehash(make_verifier("x"))


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "password_too_short"),
        ("x" * 11, "password_too_short"),
        ("x" * 257, "password_too_long"),
        ("PasswordPassword", "password_too_common"),
        ("abababababab", "password_too_common"),
        ("wang-min-2022!", "password_too_common"),
    ],
)
def test_what_is_guessed_first_is_refused(password: str, code: str) -> None:
    with pytest.raises(Refused, match=code):
        check_new_password(password, "Wang-Min")


def test_long_plain_sentences_are_welcome() -> None:
    check_new_password("a quiet street at dawn", "wangmin")
    check_new_password("一条安静的街道在清晨醒来了", "wangmin")
    check_new_password("x7" + "long " * 40, "wangmin")


@pytest.mark.parametrize(
    "typed",
    ["13800000001", "138 0000 0001", "138-0000-0001", "+86 138 0000 0001", "0086 13800000001", "8613800000001"],
)
def test_one_number_in_any_spelling_has_one_index(typed: str) -> None:
    key = bytes(32)
    assert national_digits(typed) == "13800000001"
    index = phone_index(key, typed)
    assert phone_query(key, typed) == ("full", index.full)
    assert phone_query(key, "0001") == ("last_4", index.last_4)
    assert phone_query(key, "138 0000") == ("first_7", index.first_7)


def test_an_index_says_nothing_without_its_key() -> None:
    assert phone_index(bytes(32), "13800000001") != phone_index(b"k" * 32, "13800000001")
    assert phone_query(bytes(32), "13") is None
    assert link_hash(b"a" * 32, "token") != link_hash(b"b" * 32, "token")

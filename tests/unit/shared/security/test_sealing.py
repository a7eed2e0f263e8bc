"""What is sealed opens for its key, in its place, unchanged; and not otherwise."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.security.data_keys import new_data_key, unwrap_as_reader, wrap_for_reader
from shared.security.key_file import ServiceKeys, keys_from_json
from shared.security.new_keys import make_key_files
from shared.security.sealed_columns import ColumnPlace, open_column, seal_column
from shared.security.sealing import SealBroken, open_bytes, open_sealed, seal, seal_bytes

SERVICES = ["orders", "routing", "notify"]
FILES = make_key_files(SERVICES)
KEYS: dict[str, ServiceKeys] = {name: keys_from_json(json.dumps(FILES[name])) for name in SERVICES}

keys_of_32 = st.binary(min_size=32, max_size=32)
json_objects = st.dictionaries(
    st.text(max_size=8),
    st.one_of(
        st.text(max_size=20), st.integers(), st.booleans(), st.none(), st.lists(st.text(max_size=5), max_size=3)
    ),
    max_size=5,
)


@given(keys_of_32, json_objects, st.text(max_size=40))
def test_what_was_sealed_opens_again(key: bytes, plain: dict[str, object], place: str) -> None:
    assert open_sealed(key, seal(key, plain, place), place) == plain


@given(keys_of_32, st.binary(max_size=60), st.text(max_size=20), st.text(max_size=20))
def test_a_part_moved_to_another_place_does_not_open(key: bytes, plain: bytes, here: str, there: str) -> None:
    sealed = seal_bytes(key, plain, here)
    if here == there:
        assert open_bytes(key, sealed, there) == plain
        return
    with pytest.raises(SealBroken):
        open_bytes(key, sealed, there)


@given(keys_of_32, st.binary(max_size=60), st.data())
def test_one_changed_bit_breaks_the_seal(key: bytes, plain: bytes, data: st.DataObject) -> None:
    sealed = bytearray(seal_bytes(key, plain, "here"))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << (bit % 8)
    with pytest.raises(SealBroken):
        open_bytes(key, bytes(sealed), "here")


@given(st.text(max_size=60))
def test_rubbish_is_a_broken_seal_and_nothing_else(rubbish: str) -> None:
    with pytest.raises(SealBroken):
        open_sealed(bytes(32), rubbish, "here")


def test_the_same_text_never_looks_the_same_twice() -> None:
    key = bytes(32)
    assert seal(key, {"a": 1}, "here") != seal(key, {"a": 1}, "here")


def test_two_rows_whose_values_were_swapped_do_not_open() -> None:
    key = KEYS["orders"].column_key
    first, second = ColumnPlace("people", "phone", "1"), ColumnPlace("people", "phone", "2")
    sealed = seal_column(key, "138 0000 0001", first)
    assert open_column(key, sealed, first) == "138 0000 0001"
    with pytest.raises(SealBroken):
        open_column(key, sealed, second)


def test_only_the_reader_it_was_wrapped_for_gets_the_key() -> None:
    made = new_data_key(KEYS["orders"], "household-1", ["routing", "notify"])
    wrapped = made.wrapped_for["routing"]
    assert unwrap_as_reader(KEYS["routing"], "routing", "household-1", wrapped) == made.key
    with pytest.raises(SealBroken):
        unwrap_as_reader(KEYS["notify"], "routing", "household-1", wrapped)
    with pytest.raises(SealBroken):
        unwrap_as_reader(KEYS["routing"], "notify", "household-1", wrapped)


def test_a_wrapped_key_moved_to_another_household_does_not_open() -> None:
    wrapped = wrap_for_reader(KEYS["orders"], bytes(32), "notify", "household-1")
    with pytest.raises(SealBroken):
        unwrap_as_reader(KEYS["notify"], "notify", "household-2", wrapped)


@given(st.one_of(st.text(max_size=80), st.just("A" * 128)))
def test_a_wrapped_key_made_of_rubbish_is_a_broken_seal(rubbish: str) -> None:
    with pytest.raises(SealBroken):
        unwrap_as_reader(KEYS["notify"], "notify", "household-1", rubbish)


def test_printing_keys_shows_none_of_them() -> None:
    shown = repr(KEYS["orders"]) + repr(new_data_key(KEYS["orders"], "h", []))
    assert "b'" not in shown
    assert "column_key" not in shown

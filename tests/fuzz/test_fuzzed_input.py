"""Inputs are read as they were written, by hand or by a fuzzer."""

import pytest
from fuzz.fuzzed_input import FuzzedInput, as_headers, as_text


def test_fields_stand_in_front_and_choices_at_the_end():
    given = FuzzedInput(b"one\x1etwo\x01\x02")
    assert given.choice("abc") == "c"
    assert given.flag() is True
    assert given.fields(2) == [b"one", b"two"]


def test_a_longer_field_leaves_the_choices_as_they_are():
    for field in (b"", b"x", b"x" * 100):
        given = FuzzedInput(field + b"\x01\x02")
        assert (given.number(0, 9), given.number(0, 9)) == (2, 1)
        assert given.fields(1) == [field]


def test_what_is_not_there_is_empty_or_the_least():
    given = FuzzedInput(b"")
    assert (given.choice("abc"), given.flag(), given.number(-5, 300)) == ("a", False, -5)
    assert given.fields(3) == [b"", b"", b""]


def test_the_last_field_takes_the_rest():
    assert FuzzedInput(b"a\x1eb\x1ec").fields(2) == [b"a", b"b\x1ec"]
    assert FuzzedInput(b"a\x1eb\x1ec").all_fields() == [b"a", b"b", b"c"]


@pytest.mark.parametrize(("least", "most"), [(0, 0), (0, 1), (-3, 3), (0, 255), (0, 256), (10**9, 2**53)])
def test_a_number_is_within_its_limits_and_reaches_both(least, most):
    size = 8
    reached = {FuzzedInput(octets * size).number(least, most) for octets in (b"\x00", b"\x01", b"\xff")}
    reached |= {FuzzedInput((most - least).to_bytes(size, "big")).number(least, most)}
    assert min(reached) == least
    assert max(reached) == most


def test_any_octets_are_a_text():
    assert as_text(b"a\xff\xc3\xa9") == "a\udcffé"


def test_a_header_is_split_at_its_first_colon():
    assert as_headers([b"cookie:a=1:2", b"host", b""]) == [(b"cookie", b"a=1:2"), (b"host", b""), (b"", b"")]

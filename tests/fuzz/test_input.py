"""Inputs of the fuzz targets: fields at the front, choices at the end."""

import pytest
from fuzz.target import Finding, Input, as_headers, as_text, expect


def test_fields_are_at_the_front_and_choices_at_the_end():
    inputs = Input(b"one\x1etwo\x01\x02")
    assert inputs.choice("abc") == "c"
    assert inputs.flag() is True
    assert inputs.fields(2) == [b"one", b"two"]


@pytest.mark.parametrize("field", [b"", b"x", b"x" * 100])
def test_longer_field_does_not_change_the_choices(field):
    inputs = Input(field + b"\x01\x02")
    assert (inputs.number(0, 9), inputs.number(0, 9)) == (2, 1)
    assert inputs.fields(1) == [field]


def test_missing_choice_is_the_first_and_missing_field_is_empty():
    inputs = Input(b"")
    assert (inputs.choice("abc"), inputs.flag(), inputs.number(-5, 300)) == ("a", False, -5)
    assert inputs.fields(3) == [b"", b"", b""]


def test_last_field_takes_the_rest():
    assert Input(b"a\x1eb\x1ec").fields(2) == [b"a", b"b\x1ec"]
    assert Input(b"a\x1eb\x1ec").all_fields() == [b"a", b"b", b"c"]


@pytest.mark.parametrize(("least", "most"), [(0, 0), (0, 1), (-3, 3), (0, 255), (0, 256), (10**9, 2**53)])
def test_number_reaches_both_limits(least, most):
    octets = [bytes(8), b"\x01" * 8, b"\xff" * 8, (most - least).to_bytes(8, "big")]
    reached = [Input(each).number(least, most) for each in octets]
    assert (min(reached), max(reached)) == (least, most)


def test_any_octets_are_a_text():
    assert as_text(b"a\xff\xc3\xa9") == "a\udcffé"


def test_header_is_split_at_its_first_colon():
    assert as_headers([b"cookie:a=1:2", b"host", b""]) == [(b"cookie", b"a=1:2"), (b"host", b""), (b"", b"")]


def test_finding_shows_the_problem_and_the_values():
    expect(True, "wrong cookies", b"a=1")
    with pytest.raises(Finding, match=r"wrong cookies\n  b'a=1'"):
        expect(False, "wrong cookies", b"a=1")

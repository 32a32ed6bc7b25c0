"""Rows of hostile input, and the decorator that runs a test for each of them."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
from outcomes import identical, outcome

_SOURCE = re.compile(
    r"(RFC \d{4}(bis)? (section|appendix) [A-Z0-9.]+"
    r"|CVE-\d{4}-\d{4,}|CWE-\d+|GHSA(-[a-z0-9]{4}){3}"
    r"|(Wycheproof|OWASP|ITU-T|ASGI|Unicode|PEP|IEEE|CPython|WHATWG|W3C|Go|POSIX) [\w./ -]+)"
    r"(, .+|: .+)?"
)


@dataclass(frozen=True)
class Attack:
    """One row: hostile input and the expected result.

    Attributes:
        name: the test id.
        rule: the rule of docs/behavior.md that decides the result.
        source: the origin of the input: a section of a standard, a CVE, a test suite, a library.
        input: the input, or a function that makes it, for an input that is large or can be read only once.
        expected: the result, or :class:`Raises`.

    """

    name: str
    rule: str
    source: str
    input: Any
    expected: Any = None

    def __post_init__(self):
        if not _SOURCE.fullmatch(self.source):
            raise ValueError(f"the row {self.name!r} needs a source, not {self.source!r}")

    def make(self):
        """Return the input."""
        return self.input() if callable(self.input) else self.input


@dataclass(frozen=True)
class Raises:
    """The expected result of a call that raises: the type and the whole message."""

    kind: type[Exception]
    message: str


def attacks(*tables):
    """Run the test for each row of the tables, marked with the rule of the row."""
    rows = [attack for table in tables for attack in table]
    names = Counter((attack.name, attack.rule, attack.source) for attack in rows)
    if duplicates := [name for name, count in names.items() if count > 1]:
        raise ValueError(f"duplicate rows: {duplicates}")
    parameters = [pytest.param(attack, id=attack.name, marks=pytest.mark.rule(attack.rule)) for attack in rows]
    return pytest.mark.parametrize("attack", parameters)


def check(attack, call, *args, **options):
    """Assert that the call returns the expected value of the row, equal in type and order too, or raises its error."""
    actual = outcome(lambda: call(*args, **options))
    if isinstance(attack.expected, Raises):
        assert actual == ("raised", attack.expected.kind, attack.expected.message), actual
    else:
        assert actual[0] == "returned", actual
        assert identical(actual[1], attack.expected), actual


def row(rule, expected=None, *, kind=Attack, prefix="", of=None, **defaults):
    """Return a function ``(name, source, value, expected)`` that makes a row of *rule*.

    *of* makes the input of the value, and *kind* makes the row.
    """

    def make(name, source, value, expected=expected, **options):
        made = value if of is None else of(value)
        return kind(prefix + name, rule, source, made, expected, **{**defaults, **options})

    return make


def each(make, source, *values, **options):
    """Return a row for each value, named after it."""
    return [make(_name_of(value), source, value, **options) for value in values]


def pairs(make, source, expected_by_value, **options):
    """Return a row for each value and its expected result, named after the value."""
    return [make(_name_of(value), source, value, expected, **options) for value, expected in expected_by_value.items()]


def _name_of(value):
    text = ascii(value)
    return (text[1:-1] if isinstance(value, str) else text)[:80] or "empty"

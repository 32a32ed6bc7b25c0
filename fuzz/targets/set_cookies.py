"""``Set-Cookie`` values: what is accepted makes one header, and is read back as it was."""

import re
from http.cookies import SimpleCookie
from typing import Any

import engines

from fuzz.alike import returned
from fuzz.fuzzed_input import FuzzedInput, as_text
from fuzz.target import Target, expect

_set_cookie = engines.load("python").set_cookie  # no engine takes part
_TOKEN = set("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_VALUE = {chr(number) for number in range(0x21, 0x7F)} - set('",;\\')
_ATTRIBUTE = {chr(number) for number in range(0x20, 0x7F)} - {";"}
_RESERVED = re.compile(
    r"expires|path|comment|domain|max-age|secure|httponly|version|samesite|partitioned", re.IGNORECASE
)


def _check(data: bytes) -> None:
    given = FuzzedInput(data)
    samesite = given.choice(("lax", "strict", "none", None, "Lax", "x"))
    secure, httponly = given.flag(), given.flag()
    max_age = given.choice((None, 0, -1, 3_600, 10**30, True))
    has_domain, has_path = given.flag(), given.flag()
    name, value, domain, path = map(as_text, given.fields(4))
    options = {
        "max_age": max_age,
        "path": path if has_path else None,
        "domain": domain if has_domain else None,
        "secure": secure,
        "httponly": httponly,
        "samesite": samesite,
    }
    try:
        made = _set_cookie(name, value, **options)
    except ValueError as error:
        expect(not _is_right(name, value, options), "refused", name, value, options, error)
        expect(_refusal(name, value * 2, options) == str(error), "an error that shows the value", error)
        return
    expect(_is_right(name, value, options), "accepted", name, value, options, made)
    expect(made.isascii() and made.isprintable(), "more than one header", made)
    pair, *attributes = made.split("; ")
    expected_names = [
        *(["Max-Age"] if max_age is not None else []),
        *(["Domain"] if has_domain else []),
        *(["Path"] if has_path else []),
        *(["Secure"] if secure else []),
        *(["HttpOnly"] if httponly else []),
        *(["SameSite"] if samesite else []),
    ]
    expect([one.partition("=")[0] for one in attributes] == expected_names, "other attributes", made)
    expect(pair == f"{name}={value}", "another pair", made)
    headers = [(b"cookie", pair.encode("ascii"))]
    expect(returned("cookies", headers) == {name: value}, "not read back", name, value)
    expect(returned("cookie", headers, name) == value, "not read back", name, value)
    if not _RESERVED.fullmatch(name) and not name.startswith("$"):
        theirs = SimpleCookie(pair)
        expect([morsel.value for morsel in theirs.values()] == [value], "another cookie to http.cookies", pair, theirs)


def _refusal(name: str, value: str, options: dict[str, Any]) -> str | None:
    try:
        _set_cookie(name, value, **options)
    except ValueError as error:
        return str(error)
    return None


def _is_right(name: str, value: str, options: dict[str, object]) -> bool:
    texts = [text for text in (options["domain"], options["path"]) if text is not None]
    return (
        bool(name)
        and set(name) <= _TOKEN
        and set(value) <= _VALUE
        and options["samesite"] in ("lax", "strict", "none", None)
        and (options["samesite"] != "none" or bool(options["secure"]))
        and all(text and set(str(text)) <= _ATTRIBUTE for text in texts)
    )


TARGET = Target(
    "set_cookie",
    "the characters that are allowed, written out; read back by both engines and http.cookies",
    _check,
    (b"\x1e", b"\r\n", b"; ", b"Set-Cookie: ", b"/", b"session"),
    longest=256,
)

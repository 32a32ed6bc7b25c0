"""Bodies that are not what the handler reads: wrong JSON, no JSON, no UTF-8, too large."""

import json

from . import settings
from .besieger import Besieger
from .credentials import ADMIN, TOKENS, session_with_csrf
from .good_requests import FORM, JSON
from .kind import CLOSED, Ask, asks

_WRONG = (
    None,
    True,
    5,
    -1.5e300,
    "text",
    [],
    {},
    [[]],
    [{"username": "ada", "password": "x"}],
    {"username": "ada"},
    {"password": "x"},
    {"username": ["ada"], "password": {"x": 1}},
    {"username": {"$ne": None}, "password": {"$ne": None}},
    {"username": None, "password": None},
    {"username": 1, "password": True},
    {"username": "ada", "password": ["Marked"]},
    {"username": "ada\x00", "password": "\x00"},
    {"username": "ada", "password": "x" * 100},
    {"username": "", "password": ""},
)
_NOBODY = (
    {"username": "x" * 100_000, "password": ""},
    {"username": "\U0001f525", "password": "\U0001f525" * 18},
)
"""Users that could be: nobody made them."""
_ENCODED = tuple(json.dumps(value).encode() for value in _WRONG)
_TEXTS = (
    b"",
    b"{",
    b"[1,]",
    b"{'username': 'ada'}",
    b'{"username": NaN, "password": 1e999}',
    b'{"username": ' + b"9" * 5_000 + b', "password": 1}',
    b'{"username": "\\ud800", "password": "\\udfff"}',
    b'{"username": "ada", "password": "\xff\xfe"}',
    b"\xff\xfe{\x00}\x00",
    b"\xef\xbb\xbf{}",
    b"\x00",
    b"[" * 100_000,
    b'{"a":' * 40_000,
    b"[" * 500 + b"]" * 500,
    b'{"username": "ada", "username": "grace", "password": ""}',
)


def _login(besieger: Besieger) -> Ask:
    body = json.dumps(besieger.chance.choice(_WRONG + _NOBODY)).encode()
    return Ask("POST", "/login", [JSON], body)


def _login_of_no_json(besieger: Besieger) -> Ask:
    return Ask("POST", "/login", [JSON], besieger.chance.choice(_TEXTS))


def _user(besieger: Besieger) -> Ask:
    """None of these makes a user: the name or the password is unfit, or the name is taken."""
    return Ask("POST", "/users", [ADMIN, JSON], besieger.chance.choice([*_TEXTS, *_ENCODED]))


def _order(besieger: Besieger) -> Ask:
    """An order needs an item, which is looked up in a dict, and a count."""
    compound = [b'{"item": [], "count": 1}', b'{"item": {"tea": 1}, "count": 1}', b'{"item": [["tea"]], "count": []}']
    headers = [*session_with_csrf(TOKENS["grace"]), JSON]
    return Ask("POST", "/orders", headers, besieger.chance.choice([*_ENCODED, *compound]))


def _change_of_order(besieger: Besieger) -> Ask:
    body = besieger.chance.choice([b"[[]]", b"[{}]", b'[[["item"]]]', b"5", b"null", b"true", b'"text"'])
    return Ask("PUT", "/orders/1", [*session_with_csrf(TOKENS["grace"]), JSON], body)


def _echo(besieger: Besieger) -> Ask:
    depth = besieger.chance.choice([1, 10, 100, 101, 300, 700, 900, 1_000, 5_000])
    bodies = [
        b'{"a":' * depth + b"1" + b"}" * depth,
        b"[" * depth + b"]" * depth,
        b"9" * besieger.chance.choice([1, 19, 20, 40, 308, 309, 4_300, 4_301]),
        b'{"\\u0000": "\\u0000", "\\ud83d\\ude00": -0.0, "": [1e308, 1e-320, true, null]}',
        json.dumps("\u2028\ufffe\x7f" * 1_000).encode(),
    ]
    body = besieger.chance.choice(bodies)
    return Ask("POST", "/echo", [ADMIN, JSON], body, {200: _decoded(body)})


def _decoded(body: bytes) -> object:
    try:
        return json.loads(body)
    except (RecursionError, ValueError):
        return None  # nobody reads it


def _form(besieger: Besieger) -> Ask:
    headers = session_with_csrf(TOKENS["grace"])
    content_type, body = besieger.chance.choice(
        [
            (FORM, b"stars=5"),
            (FORM, b"&".join(b"a%d=" % number for number in range(5_000))),
            (FORM, b"%" * 1_000),
            (FORM, b"\x00\xff;=&&&=&="),
            (JSON, b'{"text": 1}'),
            (("Content-Type", "multipart/form-data; boundary=x"), b"--x--"),
            (("X-Type", "none"), b"text=1"),
        ]
    )
    return Ask("POST", "/feedback", [*headers, content_type], body)


def _too_large(besieger: Besieger) -> Ask:
    size = settings.MAX_BODY_SIZE + besieger.chance.choice([1, 100_000, 3_000_000])
    return Ask("POST", besieger.chance.choice(["/login", "/echo"]), [ADMIN], b" " * size)


def _just_fits(besieger: Besieger) -> Ask:
    body = json.dumps("x" * (settings.MAX_BODY_SIZE - 2)).encode()
    return Ask("POST", "/echo", [ADMIN, JSON], body, {200: json.loads(body)})


KINDS = (
    asks("login, JSON of another shape", {400, 401}, _login, weight=8, alone=True),
    asks("login, no JSON", {400, 401}, _login_of_no_json, weight=6, alone=True),
    asks("user created, unfit", {400, 409}, _user, weight=4, alone=True),
    asks("POST of JSON of another shape", {400}, _order, weight=4, alone=True),
    asks("PUT of JSON of another shape", {400}, _change_of_order, weight=4, alone=True),
    asks("JSON echoed, deep and odd", {200, 400}, _echo, weight=6, alone=True),
    asks("form of another shape", {400, 415}, _form, weight=4, alone=True),
    asks("body over the limit", {413, CLOSED}, _too_large, alone=True),
    asks("body as large as the limit", {200}, _just_fits, weight=1, alone=True),
)

"""Ways round the CSRF check, and methods and paths that nobody serves."""

from urllib.parse import quote

from . import settings
from .besieger import Besieger
from .credentials import CSRF_COOKIE, CSRF_HEADER, TOKENS, bearer, session
from .good_requests import JSON
from .kind import CLOSED, Ask, asks

_ORDER = b'{"item": "tea", "count": 1}'
_MISSING = {403: {"detail": "Missing CSRF token"}}
_MISMATCH = {403: {"detail": "CSRF token mismatch"}}
_SESSION = f"session={TOKENS['ada']}"


def _csrf_missing(besieger: Besieger) -> Ask:
    headers = besieger.chance.choice(
        [
            [("Cookie", _SESSION)],
            [("Cookie", f"{_SESSION}; {CSRF_COOKIE}")],
            [("Cookie", _SESSION), CSRF_HEADER],
            [("Cookie", f"{_SESSION}; csrf_token="), ("X-CSRF-Token", "")],
            [("Cookie", f"{_SESSION}; CSRF_TOKEN={settings.CSRF_TOKEN}"), CSRF_HEADER],
            [("Cookie", f"{_SESSION}; csrf_token"), CSRF_HEADER],
        ]
    )
    method, path = besieger.chance.choice(
        [
            ("POST", "/orders"),
            ("POST", "/logout"),
            ("DELETE", "/users/ada"),
            ("DELETE", "/users/login"),
            ("POST", "/orders?/login"),
        ]
    )
    return Ask(method, path, [*headers, JSON], _ORDER, _MISSING)


def _csrf_mismatch(besieger: Besieger) -> Ask:
    other = besieger.chance.choice(
        ["x", settings.CSRF_TOKEN[:-1], f"{settings.CSRF_TOKEN}x", settings.CSRF_TOKEN.lower(), "\xe9"]
    )
    return Ask(
        "POST", "/orders", [("Cookie", f"{_SESSION}; {CSRF_COOKIE}"), ("X-CSRF-Token", other), JSON], _ORDER, _MISMATCH
    )


def _csrf_and_no_token(besieger: Besieger) -> Ask:
    """A Bearer token that is none does not count; a well-formed one passes the CSRF check, and is refused behind it."""
    return Ask(
        "POST",
        "/orders",
        [("Cookie", _SESSION), bearer(besieger.chance.choice(["a.b.c", "a.b", "", "..", "é.b.c"])), JSON],
        _ORDER,
    )


_ROUND_THE_CHECK = (
    "/login/../orders",
    "/login/..%2forders",
    "/login%2f..%2forders",
    "/login/%2e%2e/orders",
    "/login\\..\\orders",
    "/login;/../orders",
    "/login%00/../orders",
    "/login/./../users",
    "//login/../orders",
    "/login?/../orders",
    "//orders",
    "/./orders",
    "/%6frders",
    "/orders/",
    "/orders%00",
    "/orders%0d%0aX-CSRF-Token:%20x",
    "/LOGIN/../orders",
    "/login-as",
)


def _round_the_check(besieger: Besieger) -> Ask:
    path = besieger.chance.choice(_ROUND_THE_CHECK)
    return Ask("POST", path, [("Cookie", _SESSION), JSON], _ORDER)


def _absolute_target(besieger: Besieger) -> Ask:
    target = besieger.chance.choice(
        ["http://besieged/orders", "http://login/orders", "*", "orders", "", "?/login", "/orders#/login"]
    )
    return Ask("POST", target, [("Cookie", _SESSION), JSON], _ORDER)


def _odd_path(besieger: Besieger) -> Ask:
    odd = [
        "/" * 5_000,
        "/users/" + "a/" * 2_000,
        "/orders/" + "9" * 5_000,
        "/orders/-1",
        "/orders/%D9%A3",
        "/users/%",
        "/users/%zz%ff%00",
        "/users/" + quote("../../etc/passwd"),
        "/profile/..",
        "/%70rofile",
        "/users/%c0%af",
        "/\xff",
        "/search?" + "a=1&" * 3_000,
        "/search?text=%ff%00&page",
        "/search?%",
    ]
    return Ask("GET", besieger.chance.choice(odd), [session("a.b.c")])


def _odd_method(besieger: Besieger) -> Ask:
    method = besieger.chance.choice(
        [
            "get",
            "pOST",
            "PATCH",
            "TRACE",
            "CONNECT",
            "OPTIONS",
            "M-SEARCH",
            "PROPFIND",
            "BREW",
            "X" * 300,
            "G\x00T",
            "GET,POST",
        ]
    )
    return Ask(method, "/orders", [("Cookie", _SESSION)])


KINDS = (
    asks("CSRF token missing", {403}, _csrf_missing, weight=5, alone=True),
    asks("CSRF token mismatch", {403}, _csrf_mismatch, weight=4, alone=True),
    asks("CSRF token missing, false Bearer token", {401, 403, 400}, _csrf_and_no_token, alone=True),
    asks("path round the CSRF check", {400, 403, 404, 405}, _round_the_check, weight=6, alone=True),
    asks("target that is no path", {400, 403, 404, CLOSED}, _absolute_target, alone=True),
    asks("odd path or query", {200, 400, 401, 404, 405, CLOSED}, _odd_path, weight=4, alone=True),
    asks("odd method", {400, 403, 404, 405, 501, CLOSED}, _odd_method, weight=4, alone=True),
)

"""Invalid requests: tokens, headers, paths and bodies that must be rejected or be harmless."""

import base64
import json
from urllib.parse import quote

from checks.stress.client import CLOSED, UNREADABLE, Client, Header, Request, get, kind, kind_alone, post
from checks.stress.settings import CSRF_TOKEN, MAX_BODY_SIZE, SECRET
from checks.stress.valid import (
    ADMIN,
    CSRF_COOKIE,
    CSRF_HEADER,
    FORM,
    GRACE,
    JSON,
    SESSION,
    TOKENS,
    bearer,
    profile_of,
    session,
)
from fastware.auth import create_token

# Tokens

_HEADER, _PAYLOAD, _SIGNATURE = TOKENS["ada"].split(".")


def _segment(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


_NONE, _CLAIMS = _segment({"alg": "none", "typ": "JWT"}), _segment({"sub": "ada", "role": "admin", "exp": 2**40})
_INVALID_TOKENS = (
    create_token("ada", "admin", "another secret than the server's, and long enough"),
    create_token("ada", "admin", SECRET, expires_hours=-1),
    f"{_NONE}.{_CLAIMS}.",
    f"{_NONE}.{_CLAIMS}.{_SIGNATURE}",
    f"{_segment({'alg': 'HS512', 'typ': 'JWT'})}.{_PAYLOAD}.{_SIGNATURE}",
    f"{_HEADER}.{_CLAIMS}.{_SIGNATURE}",
    f"{_HEADER}.{_PAYLOAD}",
    f"{_HEADER}.{_PAYLOAD}.",
    f"{_HEADER}.{_PAYLOAD}.{_SIGNATURE}=",
    f"{_HEADER}.{_PAYLOAD}.{_SIGNATURE}.{_SIGNATURE}",
    f"{_HEADER}.{_PAYLOAD}.{_SIGNATURE[:-2]}",
    *("a.b.c", "...", "null", "x" * 60_000, "." * 10_000, "\xe9\xff.\xa0.\xad"),
    f"{_HEADER}.{'A' * 50_000}.{_SIGNATURE}",
)


def _invalid_token(client: Client) -> str:
    """Return one of the invalid tokens, or a valid token with one character changed."""
    if client.random.random() < 0.5:
        return client.random.choice(_INVALID_TOKENS)
    token = client.random.choice(list(TOKENS.values()))
    at = client.random.randrange(len(token))
    other = client.random.choice([letter for letter in "AZaz09-_.~%" if letter != token[at]])
    return f"{token[:at]}{other}{token[at + 1 :]}"


def _by_bearer(client: Client) -> Request:
    return get("/admin", bearer(_invalid_token(client)))


def _by_cookie(client: Client) -> Request:
    return get("/admin", session(_invalid_token(client)))


def _by_query(client: Client) -> Request:
    return get(f"/admin?token={quote(_invalid_token(client), encoding='latin-1')}")


def _by_bearer_with_an_invalid_cookie(client: Client) -> Request:
    cookie = ("Cookie", f"a;=;session={_invalid_token(client)[:2_000]}")
    return get("/profile", cookie, GRACE, ok=profile_of("grace"))


_SCHEMES = [("Authorization", f"{s} {TOKENS['ada']}") for s in ("Basic", "Bearer\t", "JWT", "Bearer:", "earer", "")]
_TWO_COOKIES = session(TOKENS["ada"]), ("Cookie", "session=a.b.c")
_WITHOUT_TOKEN = [*map(get, ("/profile", "/admin", "/users/ada", "/profile?token="))]
_TOKENS = [
    # Servers limit the length of a line: the longest tokens may be unreadable for them.
    kind_alone("invalid token, Bearer", {401, *UNREADABLE}, 6, _by_bearer),
    kind_alone("invalid token, cookie", {401, *UNREADABLE}, 4, _by_cookie),
    kind_alone("invalid token, query", {401, 414, *UNREADABLE}, 4, _by_query),
    kind("valid Bearer token, invalid cookie", {200}, 2, _by_bearer_with_an_invalid_cookie),
    kind_alone("two Authorization headers, invalid first", {401, 400}, 2, [get("/profile", bearer("a.b.c"), ADMIN)]),
    kind_alone(
        "two Authorization headers, valid first",
        {200, 400},
        2,
        [get("/profile", ADMIN, bearer("a.b.c"), ok=profile_of("ada"))],
    ),
    kind("two session cookies, invalid last", {401}, 2, [get("/profile", *_TWO_COOKIES)]),
    kind_alone("another Authorization scheme", {401, 400}, 2, [get("/profile", scheme) for scheme in _SCHEMES]),
    kind("no token", {401}, 3, _WITHOUT_TOKEN),
]

# Headers


def _profile(*headers: Header) -> Request:
    return get("/profile", *headers, ok=profile_of("grace"))


def _profile_with_headers(count: int) -> Request:
    return _profile(*((f"X-{number}", "x" * 10) for number in range(count)), GRACE)


_COOKIE = f"session={TOKENS['grace']}"
_LARGE_COOKIES = [(unit * 65_536)[:65_536] for unit in ("a=1;", "=;", ";", 'a="\\"', "session;", '"\\054')]
_80_COOKIES = [("Cookie", f"c{number}=x") for number in range(80)]
_FORBIDDEN = [("X\x00", "1"), ("X", "a\x00b"), ("X Y", "1"), ("X", "1\r\n folded"), ("", "1"), ("X", "\x7f\x01")]
_FORBIDDEN += [("X", "1\nY: 2")]
_HOSTS = [("Host", host) for host in ("", "a, b", "\xff", "[::1", "a" * 5_000)]
_READABLE = {200, *UNREADABLE}
_HEADERS = [
    kind_alone(
        "64 KB of cookies", _READABLE, 2, [_profile(("Cookie", c), ("Cookie", _COOKIE)) for c in _LARGE_COOKIES]
    ),
    kind_alone("90 headers", _READABLE, 2, [_profile_with_headers(90)]),
    kind_alone("700 headers", _READABLE, 2, [_profile_with_headers(700)]),
    kind_alone("80 Cookie headers", _READABLE, 2, [_profile(*_80_COOKIES, ("cOOkie", _COOKIE))]),
    kind_alone("a header of 1 MB", {401, *UNREADABLE}, 1, [get("/profile", ("X", "x" * 1_000_000))]),
    kind_alone("headers that HTTP forbids", {400, 401, CLOSED}, 2, [get("/profile", header) for header in _FORBIDDEN]),
    kind_alone(
        "two Host headers", {200, 400, CLOSED}, 2, [get("/status", host, ok={"status": "ok"}) for host in _HOSTS]
    ),
]

# The CSRF check, paths and methods

_ADA = f"session={TOKENS['ada']}"
_ORDER = b'{"item": "tea", "count": 1}'
_WITHOUT_CSRF_TOKEN = (
    [("Cookie", _ADA)],
    [("Cookie", f"{_ADA}; {CSRF_COOKIE}")],
    [("Cookie", _ADA), CSRF_HEADER],
    [("Cookie", f"{_ADA}; csrf_token="), ("X-CSRF-Token", "")],
    [("Cookie", f"{_ADA}; {CSRF_COOKIE}"), ("X-CSRF-Token", " \t ")],
    [("Cookie", f"{_ADA}; CSRF_TOKEN={CSRF_TOKEN}"), CSRF_HEADER],
    [("Cookie", f"{_ADA}; csrf_token"), CSRF_HEADER],
)
_PROTECTED = ["POST /orders", "POST /logout", "DELETE /users/ada", "DELETE /users/login", "POST /orders?/login"]
_MISSING = [
    Request(*target.split(" "), [*headers, JSON], _ORDER, {403: {"detail": "Missing CSRF token"}})
    for headers in _WITHOUT_CSRF_TOKEN
    for target in _PROTECTED
]
_MISMATCH = [
    post(
        "/orders",
        *(("Cookie", f"{_ADA}; {CSRF_COOKIE}"), ("X-CSRF-Token", wrong), JSON),
        body=_ORDER,
        expected={403: {"detail": "CSRF token mismatch"}},
    )
    for wrong in ("x", CSRF_TOKEN[:-1], f"{CSRF_TOKEN}x", CSRF_TOKEN.lower(), "\xe9")
]
_AROUND_THE_CHECK = r"""
    /login/../orders /login/..%2forders /login%2f..%2forders /login/%2e%2e/orders /login\..\orders /login;/../orders
    /login%00/../orders /login/./../users //login/../orders /login?/../orders //orders /./orders /%6frders /orders/
    /orders%00 /orders%0d%0aX-CSRF-Token:%20x /LOGIN/../orders /login-as
""".split()  # noqa: SIM905 - a list would have one path a line
_TARGETS = ("http://stressed/orders", "http://login/orders", "*", "orders", "", "?/login", "/orders#/login")
_PATHS = """
    /orders/-1 /orders/%D9%A3 /users/% /users/%zz%ff%00 /users/..%2F..%2Fetc%2Fpasswd /users/../../etc/passwd
    /profile/.. /%70rofile /users/%c0%af /\xff /search?text=%ff%00&page /search?%
""".split()  # noqa: SIM905
_PATHS += ["/" * 5_000, "/users/" + "a/" * 2_000, "/orders/" + "9" * 5_000, "/search?" + "a=1&" * 3_000]
_METHODS = ["get", "pOST", "PATCH", "TRACE", "CONNECT", "OPTIONS", "M-SEARCH", "PROPFIND", "BREW", "GET,POST"]
_METHODS += ["X" * 300, "G\x00T"]


def _order(target: str, *headers: Header) -> Request:
    return post(target, ("Cookie", _ADA), *headers, JSON, body=_ORDER)


_PATHS_AND_METHODS = [
    kind_alone("CSRF token missing", {403}, 5, _MISSING),
    kind_alone("CSRF token mismatch", {403}, 4, _MISMATCH),
    # A well-formed Bearer token passes the CSRF check, and is rejected after it.
    kind_alone(
        "CSRF token missing, invalid Bearer token",
        {401, 403, 400},
        2,
        [_order("/orders", bearer(token)) for token in ("a.b.c", "a.b", "", "..", "é.b.c")],
    ),
    kind_alone("path around the CSRF check", {400, 403, 404, 405}, 6, [*map(_order, _AROUND_THE_CHECK)]),
    kind_alone("target that is not a path", {400, 403, 404, CLOSED}, 2, [*map(_order, _TARGETS)]),
    kind_alone(
        "odd path or query",
        {200, 400, 401, 404, 405, CLOSED},
        4,
        [get(path, session("a.b.c")) for path in _PATHS],
    ),
    kind_alone(
        "odd method",
        {400, 403, 404, 405, 501, CLOSED},
        4,
        [Request(method, "/orders", [("Cookie", _ADA)]) for method in _METHODS],
    ),
]

# Bodies

_WRONG_SHAPES = rb"""
null
true
5
-1.5e300
"text"
[]
{}
[[]]
[{"username": "ada", "password": "x"}]
{"username": "ada"}
{"password": "x"}
{"username": ["ada"], "password": {"x": 1}}
{"username": {"$ne": null}, "password": {"$ne": null}}
{"username": null, "password": null}
{"username": 1, "password": true}
{"username": "ada", "password": ["Marked"]}
{"username": "ada\u0000", "password": "\u0000"}
{"username": "ada", "password": "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}
{"username": "", "password": ""}
""".strip().splitlines()
_UNKNOWN_USERS = [json.dumps({"username": "x" * 100_000, "password": ""}).encode()]
_UNKNOWN_USERS += [json.dumps({"username": "\U0001f525", "password": "\U0001f525" * 18}).encode()]
_NOT_JSON = (
    *(b"", b"{", b"[1,]", b"{'username': 'ada'}", b"\xff\xfe{\x00}\x00", b"\xef\xbb\xbf{}", b"\x00"),
    b'{"username": NaN, "password": 1e999}',
    b'{"username": ' + b"9" * 5_000 + b', "password": 1}',
    b'{"username": "\\ud800", "password": "\\udfff"}',
    b'{"username": "ada", "password": "\xff\xfe"}',
    *(b"[" * 100_000, b'{"a":' * 40_000, b"[" * 500 + b"]" * 500),
    b'{"username": "ada", "username": "grace", "password": ""}',
)
_WRONG_ORDERS = rb"""
{"item": [], "count": 1}
{"item": {"tea": 1}, "count": 1}
{"item": [["tea"]], "count": []}
{"item": "tea", "count": "1"}
{"item": "tea", "count": 1.5}
""".strip().splitlines()
_WRONG_CHANGES = b'[[]] [{}] [[["item"]]] [{"item":1}] 5 null true "text" {}'.split()
_FORMS = (
    (FORM, b"stars=5"),
    (FORM, b"&".join(b"a%d=" % number for number in range(5_000))),
    (FORM, b"%" * 1_000),
    (FORM, b"\x00\xff;=&&&=&="),
    (JSON, b'{"text": 1}'),
    (("Content-Type", "multipart/form-data; boundary=x"), b"--x--"),
    (("X-Type", "none"), b"text=1"),
)
_DEPTHS = (1, 10, 100, 101, 300, 700, 900, 1_000, 5_000)
_DEEP_AND_ODD = (
    *(b'{"a":' * depth + b"1" + b"}" * depth for depth in _DEPTHS),
    *(b"[" * depth + b"]" * depth for depth in _DEPTHS),
    *(b"[" + b"9" * length + b"]" for length in (1, 19, 20, 40, 308, 309, 4_300, 4_301)),
    b'{"\\u0000": "\\u0000", "\\ud83d\\ude00": -0.0, "": [1e308, 1e-320, true, null]}',
    json.dumps(["\u2028\ufffe\x7f" * 1_000]).encode(),
)
_SCALARS = (b"5", b"-0.0", b"9" * 4_301, b'"text"', b"null", b"true")


def _echo(body: bytes) -> Request:
    try:
        decoded = json.loads(body)
    except (RecursionError, ValueError):
        decoded = None  # the server rejects it too
    return post("/echo", ADMIN, JSON, body=body, expected={200: decoded})


def _too_large(client: Client) -> Request:
    size = MAX_BODY_SIZE + client.random.choice([1, 100_000, 3_000_000])
    return post(client.random.choice(["/login", "/echo"]), ADMIN, body=b" " * size)


def _posts(path: str, headers: tuple[Header, ...], *bodies: bytes) -> list[Request]:
    return [post(path, *headers, JSON, body=body) for body in bodies]


_CHANGES = [request._replace(method="PUT") for request in _posts("/orders/1", SESSION, *_WRONG_CHANGES)]
_BODIES = [
    kind_alone("login, JSON of another shape", {400, 401}, 8, _posts("/login", (), *_WRONG_SHAPES, *_UNKNOWN_USERS)),
    kind_alone("login, not JSON", {400, 401}, 6, _posts("/login", (), *_NOT_JSON)),
    kind_alone("user created, invalid", {400, 409}, 4, _posts("/users", (ADMIN,), *_WRONG_SHAPES, *_NOT_JSON)),
    kind_alone("POST of JSON of another shape", {400}, 4, _posts("/orders", SESSION, *_WRONG_SHAPES, *_WRONG_ORDERS)),
    kind_alone("PUT of JSON of another shape", {400}, 4, _CHANGES),
    kind_alone("JSON echoed, deep and odd", {200, 400}, 6, [*map(_echo, _DEEP_AND_ODD)]),
    kind_alone("JSON echoed, a scalar", {400}, 2, [*map(_echo, _SCALARS)]),
    kind_alone(
        "form of another shape",
        {400, 415},
        4,
        [post("/feedback", *SESSION, header, body=body) for header, body in _FORMS],
    ),
    kind_alone("body over the limit", {413, CLOSED}, 2, _too_large),
    kind_alone("body as large as the limit", {200}, 1, [_echo(json.dumps(["x" * (MAX_BODY_SIZE - 4)]).encode())]),
]

KINDS = [*_TOKENS, *_HEADERS, *_PATHS_AND_METHODS, *_BODIES]

"""Find a header, a cookie, and the token that a request presents."""

import http.cookies
import sys

import engines
from checks.samples import BROWSER_HEADERS, CLAIMS, bearer, cookie_header, scope_maker, signed

from benches import by_hand
from benches.jobs import BY_HAND, STARLETTE, Job, each_contender, on_both_engines
from benches.timing import call

_HTTP_COOKIES = "http.cookies"

# Headers


def _header(engine, headers, name):
    return call(engines.load(engine).auth._get_asgi_header, headers, name)


def _header_by_hand(headers, name):
    return call(by_hand.header, headers, name)


def _header_by_starlette(headers, name):
    from starlette.datastructures import Headers

    def find(headers, name):
        return Headers(raw=headers).get(name, "").encode("latin-1")

    return call(find, headers, name.decode("latin-1"))


_HEADER_FINDERS = {**on_both_engines(_header), BY_HAND: _header_by_hand, STARLETTE: _header_by_starlette}
_15TH_NAME, _15TH_VALUE = BROWSER_HEADERS[14]
_HEADERS = [Job("header: 15th of 20", _HEADER_FINDERS, (BROWSER_HEADERS, _15TH_NAME), _15TH_VALUE, goal=0.03)]

# Cookies

_NAME, _VALUE, _SIZE = "session", "V1StGXR8_Z5jdHi6B-myT.0aQ", 65_536
_WANTED = f"{_NAME}={_VALUE}".encode("ascii")


def _cookie(engine, headers, name):
    return call(engines.load(engine).auth._get_asgi_cookie, headers, name)


def _cookie_by_hand(headers, name):
    return call(by_hand.cookie, headers, name)


def _cookie_by_http_cookies(headers, name):
    def find(headers, name):
        morsel = http.cookies.SimpleCookie(by_hand.header(headers, b"cookie").decode("latin-1")).get(name)
        return morsel.value if morsel else ""

    return call(find, headers, name)


def _cookie_by_starlette(headers, name):
    from starlette.requests import cookie_parser

    def find(headers, name):
        return cookie_parser(by_hand.header(headers, b"cookie").decode("latin-1")).get(name, "")

    return call(find, headers, name)


_LINEAR = {**on_both_engines(_cookie), BY_HAND: _cookie_by_hand}
_WITH_STARLETTE = {**_LINEAR, STARLETTE: _cookie_by_starlette}
_ALL = {**_WITH_STARLETTE, _HTTP_COOKIES: _cookie_by_http_cookies}


def _ordinary(title, header, goal):
    return Job(f"cookie: {title}", _ALL, ([(b"cookie", header)], _NAME), _VALUE, goal=goal)


def _hostile(title, unit, before=b"", after=b"", value=_VALUE):
    """Return the job of a header that repeats *unit* up to 64 KB, the maximum that servers accept."""
    header = before + unit * ((_SIZE - len(before) - len(after)) // len(unit)) + after
    left_out = {_HTTP_COOKIES: "30 milliseconds for 64 KB of tiny pairs"}
    inputs = ([(b"cookie", header)], _NAME)
    return Job(f"cookie: 64 KB, {title}", _WITH_STARLETTE, inputs, value, goal=2, size=len(header), left_out=left_out)


def _escapes():
    """Return the job of one quoted value in which every character is escaped.

    Unquoting was quadratic until 3.11.10 and 3.12.6 (CVE-2024-7592) in http.cookies, which Starlette calls.
    """
    count = (_SIZE - len(f'{_NAME}=""')) // 2
    header = _NAME.encode("ascii") + b'="' + b'\\"' * count + b'"'
    is_fixed = (3, 11, 10) <= sys.version_info < (3, 12) or sys.version_info >= (3, 12, 6)
    left_out = {} if is_fixed else dict.fromkeys((STARLETTE, _HTTP_COOKIES), "quadratic on this Python")
    contenders, inputs = _ALL if is_fixed else _LINEAR, ([(b"cookie", header)], _NAME)
    return Job(
        "cookie: 64 KB, escapes in quotes", contenders, inputs, '"' * count, goal=2, size=_SIZE, left_out=left_out
    )


_FIRST = _WANTED + b";"
# The cookie to find is first or last: an engine may search from either end.
_COOKIES = [
    _ordinary("one of 8, 600 bytes", cookie_header(8, 600, _NAME, _VALUE), 0.07),
    _ordinary("one of 36, 3.8 KB", cookie_header(36, 3_800, _NAME, _VALUE), 0.22),
    _hostile("tiny pairs, ours last", b"a=1;", after=_WANTED),
    _hostile("tiny pairs, ours first", b"a=1;", before=_FIRST),
    _hostile("empty values, ours last", b"a=;", after=_WANTED),
    _hostile("empty values, ours first", b"a=;", before=_FIRST),
    _hostile("our cookie over and over", _FIRST),
    _hostile("names that end in ours, ours first", b"_session=x;", before=_FIRST),
    _hostile("our name without =", b"session;", before=_FIRST),
    _hostile("our name run together", b"session", before=_FIRST),
    _hostile("only ;", b";", value=""),
    _hostile("only =", b"=", value=""),
    _hostile("= after our name", b"=", before=b"session=", value="=" * (_SIZE - 8)),
    _hostile("spaces, ours last", b" ", after=_WANTED),
    _hostile("spaces, ours first", b" ", before=_WANTED),
    _hostile("spaces and ;, ours first", b" ;", before=_FIRST),
    _hostile("unbalanced quotes, ours first", b'a=";', before=_FIRST),
    _hostile("one open quote", b"\\x", before=b'session="', value='"' + "\\x" * ((_SIZE - 9) // 2)),
    _escapes(),
]

# Credentials

_TOKEN = signed(CLAIMS)


def _credential(engine, scope):
    return call(engines.engine(engine).credential, scope["headers"], scope["query_string"], "session")


def _credential_by_hand(scope):
    return call(by_hand.credential, scope)


def _credential_by_starlette(scope):
    from starlette.requests import Request

    def find(scope):
        request = Request(scope)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token:
            return token
        return request.cookies.get("session") or request.query_params.get("token")

    return call(find, scope)


def _presented(title, header):
    contenders = {
        **on_both_engines(_credential),
        BY_HAND: _credential_by_hand,
        STARLETTE: _credential_by_starlette,
    }
    scope = scope_maker("GET", "/profile", [*BROWSER_HEADERS[:12], header])()
    return Job(f"credential: {title}", contenders, (scope,), _TOKEN)


_CREDENTIALS = [
    _presented("Bearer", bearer(_TOKEN)),
    _presented("session cookie", (b"cookie", cookie_header(8, 800, "session", _TOKEN))),
]


@each_contender(*_HEADERS, *_COOKIES, *_CREDENTIALS)
def test_headers_and_cookies(time_contender):
    time_contender()

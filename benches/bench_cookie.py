"""Find one cookie in the Cookie header."""

import http.cookies
import sys

import engines

from . import by_hand
from .call import call
from .contenders import BY_HAND, STARLETTE, on_both_engines
from .goal import Goal
from .job import Job, each_contender
from .requests import cookie_header

_NAME = "session"
_VALUE = "V1StGXR8_Z5jdHi6B-myT.0aQ"
_WANTED = f"{_NAME}={_VALUE}".encode("ascii")
_HTTP_COOKIES = "http.cookies"
_HOSTILE_SIZE = 65_536


def _fastware(engine, headers, name):
    return call(engines.load(engine).auth._get_asgi_cookie, headers, name)


def _by_hand(headers, name):
    return call(by_hand.cookie, headers, name)


def _http_cookies(headers, name):
    def find(headers, name):
        morsel = http.cookies.SimpleCookie(by_hand.header(headers, b"cookie").decode("latin-1")).get(name)
        return morsel.value if morsel else ""

    return call(find, headers, name)


def _starlette(headers, name):
    from starlette.requests import cookie_parser

    def find(headers, name):
        return cookie_parser(by_hand.header(headers, b"cookie").decode("latin-1")).get(name, "")

    return call(find, headers, name)


_LINEAR = {**on_both_engines(_fastware), BY_HAND: _by_hand}
_WITH_STARLETTE = {**_LINEAR, STARLETTE: _starlette}
_ALL = {**_WITH_STARLETTE, _HTTP_COOKIES: _http_cookies}


def _job(title, header, goal, value=_VALUE, contenders=_ALL, **options):
    return Job(f"cookie: {title}", contenders, ([(b"cookie", header)], _NAME), value, goal=goal, **options)


# Headers of 64 KB, the most that servers let in, or more. Unquoting was quadratic until 3.11.10 and 3.12.6
# (CVE-2024-7592), in http.cookies and in Starlette, which calls it.
_UNQUOTES_IN_QUADRATIC_TIME = not ((3, 11, 10) <= sys.version_info < (3, 12) or sys.version_info >= (3, 12, 6))
_QUADRATIC = "quadratic on this Python"
_SLOW = "30 milliseconds for 64 KB of tiny pairs"


def _hostile(title, header, value=_VALUE):
    goal = Goal(2, size=len(header))
    return _job(f"64 KB, {title}", header, goal, value, _WITH_STARLETTE, left_out={_HTTP_COOKIES: _SLOW})


def _escapes(title):
    """One quoted value in which every character is escaped."""
    count = (_HOSTILE_SIZE - len(f'{_NAME}=""')) // 2
    header = _NAME.encode("ascii") + b'="' + b'\\"' * count + b'"'
    if _UNQUOTES_IN_QUADRATIC_TIME:
        contenders, left_out = _LINEAR, dict.fromkeys((STARLETTE, _HTTP_COOKIES), _QUADRATIC)
    else:
        contenders, left_out = _ALL, {}
    goal = Goal(2, size=len(header))
    return _job(f"64 KB, {title}", header, goal, '"' * count, contenders, left_out=left_out)


def _filled(unit, before=b"", after=b""):
    """*unit* over and over, up to 64 KB, between the two."""
    return before + unit * ((_HOSTILE_SIZE - len(before) - len(after)) // len(unit)) + after


JOBS = (
    _job("one of 8, 600 bytes", cookie_header(8, 600, _NAME, _VALUE), Goal(0.07)),
    _job("one of 36, 3.8 KB", cookie_header(36, 3_800, _NAME, _VALUE), Goal(0.22)),
    _hostile("tiny pairs, ours last", _filled(b"a=1;", after=_WANTED)),
    _hostile("tiny pairs, ours first", _filled(b"a=1;", before=_WANTED + b";")),
    _hostile("empty values, ours last", _filled(b"a=;", after=_WANTED)),
    _hostile("empty values, ours first", _filled(b"a=;", before=_WANTED + b";")),
    _hostile("our cookie over and over", _filled(_WANTED + b";")),
    _hostile("names that end in ours, ours first", _filled(b"_session=x;", before=_WANTED + b";")),
    _hostile("our name without =", _filled(b"session;", before=_WANTED + b";")),
    _hostile("our name run together", _filled(b"session", before=_WANTED + b";")),
    _hostile("only ;", _filled(b";"), ""),
    _hostile("only =", _filled(b"="), ""),
    _hostile("= after our name", _filled(b"=", before=b"session="), "=" * (_HOSTILE_SIZE - 8)),
    _hostile("spaces, ours last", _filled(b" ", after=_WANTED)),
    _hostile("spaces, ours first", _filled(b" ", before=_WANTED)),
    _hostile("spaces and ;, ours first", _filled(b" ;", before=_WANTED + b";")),
    _hostile("unbalanced quotes, ours first", _filled(b'a=";', before=_WANTED + b";")),
    _hostile("one open quote", _filled(b"\\x", before=b'session="'), '"' + "\\x" * ((_HOSTILE_SIZE - 9) // 2)),
    _escapes("escapes in quotes"),
)


@each_contender(*JOBS)
def test_cookie(time_contender):
    time_contender()

"""Find one cookie in the Cookie header."""

import http.cookies
import sys
from functools import partial

import engines

from . import by_hand
from .contenders import BY_HAND, STARLETTE, on_both_engines
from .job import Job, each_contender
from .requests import cookie_header

_NAME = "session"
_VALUE = "V1StGXR8_Z5jdHi6B-myT.0aQ"
_HTTP_COOKIES = "http.cookies"


def _fastware(engine, headers, name):
    return partial(engines.load(engine).auth._get_asgi_cookie, headers, name)


def _http_cookies(headers, name):
    def find():
        morsel = http.cookies.SimpleCookie(by_hand.header(headers, b"cookie").decode("latin-1")).get(name)
        return morsel.value if morsel else ""

    return find


def _starlette(headers, name):
    from starlette.requests import cookie_parser

    return lambda: cookie_parser(by_hand.header(headers, b"cookie").decode("latin-1")).get(name, "")


def _by_hand(headers, name):
    return partial(by_hand.cookie, headers, name)


_BOUNDED = {**on_both_engines(_fastware), BY_HAND: _by_hand}
_ALL = {**_BOUNDED, _HTTP_COOKIES: _http_cookies, STARLETTE: _starlette}


def _job(title, header, value=_VALUE, **options):
    return Job(f"cookie: {title}", options.pop("contenders", _ALL), ([(b"cookie", header)], _NAME), value, **options)


def _escapes(title, size, **options):
    """One quoted value in which every character is escaped."""
    count = (size - len(f'{_NAME}=""')) // 2
    return _job(title, _NAME.encode("ascii") + b'="' + b'\\"' * count + b'"', '"' * count, **options)


def _tiny_pairs(title, size):
    wanted = f"{_NAME}={_VALUE}".encode("ascii")
    return _job(title, b"a=1;" * ((size - len(wanted)) // 4) + wanted)


# Unquoting was quadratic until 3.11.10 and 3.12.6 (CVE-2024-7592): seconds for one header.
_IS_QUADRATIC = not ((3, 11, 10) <= sys.version_info < (3, 12) or sys.version_info >= (3, 12, 6))
_LEFT_OUT = {
    "contenders": _BOUNDED,
    "left_out": dict.fromkeys((_HTTP_COOKIES, STARLETTE), "quadratic on this Python, see 4 KB"),
}

JOBS = (
    _job("one of 8, 600 bytes", cookie_header(8, 600, _NAME, _VALUE)),
    _job("one of 36, 3.8 KB", cookie_header(36, 3_800, _NAME, _VALUE)),
    _tiny_pairs("hostile, 64 KB of tiny pairs", 65_536),
    _escapes("hostile, 4 KB of escapes", 4_096),
    _escapes("hostile, 64 KB of escapes", 65_536, **(_LEFT_OUT if _IS_QUADRATIC else {})),
)


@each_contender(*JOBS)
def test_cookie(time_contender):
    time_contender()

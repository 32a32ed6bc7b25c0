"""Cookies: one wanted among many, and Cookie headers that are made to cost much."""

from collections.abc import Callable
from functools import partial

import engines

from .header_series import NUMBERS
from .series import Series, Workload, always_the_same

_NAME = "session"
_VALUE = "V1StGXR8_Z5jdHi6B-myT.0aQ"
_WANTED = f"{_NAME}={_VALUE}"
_SIZES = tuple(2**power for power in range(6, 17))


def _find(engine: str, cookies: list[str], value: str) -> Workload:
    headers = [(b"cookie", cookie.encode("latin-1")) for cookie in cookies]
    return always_the_same(partial(engines.load(engine).auth._get_asgi_cookie, headers, _NAME), value)


def _others(count: int) -> list[str]:
    return [f"tracker{number}=GA1.2.1687290412" for number in range(count)]


# By number.


def _first(engine: str, size: int) -> Workload:
    return _find(engine, ["; ".join([_WANTED, *_others(size - 1)])], _VALUE)


def _last(engine: str, size: int) -> Workload:
    return _find(engine, ["; ".join([*_others(size - 1), _WANTED])], _VALUE)


def _headers_of_their_own(engine: str, size: int) -> Workload:
    return _find(engine, [_WANTED, *_others(size - 1)], _VALUE)


# By size: each shape returns the header and the value that is in it.


def _filled_with(text: str) -> Callable[[int], tuple[str, str]]:
    return lambda size: (_fill(text, size), "")


def _after_the_wanted(text: str) -> Callable[[int], tuple[str, str]]:
    start = f"{_NAME}=v;"
    return lambda size: (start + _fill(text, size - len(start)), "v")


def _space_in_the_pair(size: int) -> tuple[str, str]:
    return _NAME + " " * (size - len(_NAME) - 2) + "=v", "v"


def _repeated(size: int) -> tuple[str, str]:
    return f"{_NAME}=v;" * (size // len(f"{_NAME}=v;")), "v"


def _quoted(escape: str, meaning: str) -> Callable[[int], tuple[str, str]]:
    def shape(size):
        count = (size - len(f'{_NAME}=""')) // len(escape)
        return f'{_NAME}="{escape * count}"', meaning * count

    return shape


def _fill(text: str, size: int) -> str:
    return text * (size // len(text))


def _by_size(shape: Callable[[int], tuple[str, str]], engine: str, size: int) -> Workload:
    header, value = shape(size)
    return _find(engine, [header], value)


_HOSTILE = {
    "only ;": _filled_with(";"),
    "only =": _filled_with("="),
    "only spaces": _filled_with(" "),
    "spaces before =": _space_in_the_pair,
    "a=; after the wanted one": _after_the_wanted("a=;"),
    "the name without =": _filled_with(f"{_NAME};"),
    "the name repeated": _repeated,
    r"escapes \" in quotes": _quoted(r"\"", '"'),
    r"escapes \101 in quotes": _quoted(r"\101", "A"),
}

SERIES = [
    Series("_get_asgi_cookie", "the first one", "cookies", NUMBERS, _first),
    Series("_get_asgi_cookie", "the last one", "cookies", NUMBERS, _last),
    Series("_get_asgi_cookie", "a header for each", "cookies", NUMBERS, _headers_of_their_own),
    *(
        Series("_get_asgi_cookie", f"hostile: {shape}", "bytes of Cookie", _SIZES, partial(_by_size, make))
        for shape, make in _HOSTILE.items()
    ),
]

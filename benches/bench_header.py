"""Find one header among those of a browser."""

from functools import partial

import engines

from . import by_hand
from .contenders import BY_HAND, STARLETTE, on_both_engines
from .job import Job, each_contender
from .requests import BROWSER_HEADERS

_NAME, _VALUE = BROWSER_HEADERS[14]


def _fastware(engine, headers, name):
    return partial(engines.load(engine).auth._get_asgi_header, headers, name)


def _starlette(headers, name):
    from starlette.datastructures import Headers

    text_name = name.decode("latin-1")
    return lambda: Headers(raw=headers).get(text_name, "").encode("latin-1")


def _by_hand(headers, name):
    return partial(by_hand.header, headers, name)


JOB = Job(
    "header: 15th of 20",
    {**on_both_engines(_fastware), BY_HAND: _by_hand, STARLETTE: _starlette},
    inputs=(BROWSER_HEADERS, _NAME),
    expected=_VALUE,
)


@each_contender(JOB)
def test_header(time_contender):
    time_contender()

"""Find one header among those of a browser."""

import engines

from . import by_hand
from .call import call
from .contenders import BY_HAND, STARLETTE, on_both_engines
from .goal import Goal
from .job import Job, each_contender
from .requests import BROWSER_HEADERS

_NAME, _VALUE = BROWSER_HEADERS[14]


def _fastware(engine, headers, name):
    return call(engines.load(engine).auth._get_asgi_header, headers, name)


def _by_hand(headers, name):
    return call(by_hand.header, headers, name)


def _starlette(headers, name):
    from starlette.datastructures import Headers

    def find(headers, name):
        return Headers(raw=headers).get(name, "").encode("latin-1")

    return call(find, headers, name.decode("latin-1"))


JOB = Job(
    "header: 15th of 20",
    {**on_both_engines(_fastware), BY_HAND: _by_hand, STARLETTE: _starlette},
    inputs=(BROWSER_HEADERS, _NAME),
    expected=_VALUE,
    goal=Goal(0.03),
)


@each_contender(JOB)
def test_header(time_contender):
    time_contender()

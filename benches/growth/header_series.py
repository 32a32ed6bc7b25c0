"""Headers: one wanted, the last of many."""

from functools import partial

import engines

from .series import Series, Workload, always_the_same

_VALUE = b"0f8e1f0c-9f0a-4f8e-8a53-0b1d8c6a3c11"
NUMBERS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)


def _header(engine: str, size: int) -> Workload:
    others = [(f"x-header-{number}".encode("ascii"), b"a value") for number in range(size - 1)]
    headers = [*others, (b"x-request-id", _VALUE)]
    return always_the_same(partial(engines.load(engine).auth._get_asgi_header, headers, b"x-request-id"), _VALUE)


SERIES = [Series("_get_asgi_header", "the last one", "headers", NUMBERS, _header)]

"""64 KB of every separator and special in each place of a request: the time grows with the length, and no faster."""

import growth
import pytest
from attacks import Attack, parameters

SESSION = "CVE-2024-7592, a quadratic reader of quoted cookies"
LONG = "CWE-407"
PIECES = {
    "equals": (b"=", LONG),
    "semicolons": (b";", LONG),
    "spaces": (b" ", "CVE-2022-40897, a quadratic pattern of blanks"),
    "tabs": (b"\t", "CWE-1333"),
    "quotes": (b'"', SESSION),
    "backslashes": (b"\\", SESSION),
    "octals": (b"\\073", SESSION),
    "octals-cut": (b"\\07", SESSION),
    "escaped-quotes": (b'\\"', SESSION),
    "commas": (b",", LONG),
    "pairs": (b"a=1;", LONG),
    "pairs-of-the-name": (b"session=1;", LONG),
    "quoted-pairs": (b'a="\\"";', SESSION),
    "open-quotes": (b'a=";', SESSION),
    "bare-names": (b"a;", LONG),
    "spaced-pairs": (b"a = ", "CWE-1333"),
    "blank-pieces": (b" ; ", "CWE-1333"),
    "line-breaks": (b"\r\n", "CWE-1333"),
    "nuls": (b"\0", LONG),
    "high-bytes": (b"\xff", LONG),
    "letters": (b"a", LONG),
    "bearer": (b"Bearer ", LONG),
    "dots": (b".", LONG),
    "segments": (b"a.", LONG),
}
FRAMES = {
    "bare": b"%b",
    "quoted": b'session="%b"',
    "value": b"session=%b; y",
    "name": b"%b=x",
    "behind": b"%b; session=s",
}
COOKIES = [
    Attack(f"{piece}-{frame}", "engines.linear", source, (octets, FRAMES[frame]))
    for piece, (octets, source) in PIECES.items()
    for frame in FRAMES
]


def filled(octets, frame):
    """A function of the length: *frame* with so many bytes of *octets*."""
    return lambda length: frame.replace(b"%b", (octets * (length // len(octets) + 1))[:length])


@pytest.mark.parametrize("attack", parameters(COOKIES))
def test_a_large_cookie_header_costs_linear_time(engine, attack):
    def read(value):
        headers = [(b"cookie", value)]
        engine.cookie(headers, "session")
        engine.cookies(headers)
        engine.credential(headers, b"", "session", False)
        engine.csrf_verdict(headers)

    assert growth.is_linear(read, filled(*attack.given))


BEARERS = [Attack(piece, "engines.linear", source, octets) for piece, (octets, source) in PIECES.items()]


@pytest.mark.parametrize("attack", parameters(BEARERS))
def test_a_large_authorization_header_costs_linear_time(engine, attack):
    def read(value):
        headers = [(b"authorization", value), (b"x-csrf-token", value)]
        engine.credential(headers, b"", "session", False)
        engine.csrf_verdict(headers)
        engine.identify(headers, "session", "a secret of the tests, 32 bytes or more")

    assert growth.is_linear(read, filled(attack.given, b"Bearer %b"))


QUERY_PIECES = {
    "ampersands": (b"&", LONG),
    "equals": (b"=", LONG),
    "percents": (b"%", LONG),
    "percent-escapes": (b"%41", LONG),
    "broken-escapes": (b"%4", LONG),
    "plus": (b"+", LONG),
    "semicolons": (b";", "CVE-2021-23336"),
    "pairs": (b"a=1&", LONG),
    "empty-pairs": (b"=&", LONG),
    "encoded-names": (b"%74oke=&", LONG),
    "names": (b"token", LONG),
}
QUERIES = [
    Attack(f"{piece}-{place}", "engines.linear", source, (octets, frame))
    for piece, (octets, source) in QUERY_PIECES.items()
    for place, frame in {"before": b"%b&token=t", "value": b"token=%b", "name": b"%b=x"}.items()
]


@pytest.mark.parametrize("attack", parameters(QUERIES))
def test_a_large_query_costs_linear_time(engine, attack):
    def read(value):
        engine.credential([], value, "session", True)

    assert growth.is_linear(read, filled(*attack.given))


MANY = {
    "cookie-headers": ((b"cookie", b"a=1"), "RFC 9113 section 8.2.3"),
    "empty-cookie-headers": ((b"cookie", b""), "RFC 9113 section 8.2.3"),
    "cookie-headers-of-the-name": ((b"cookie", b'session="\\073"'), SESSION),
    "authorization-headers": ((b"authorization", b"Basic x"), "RFC 9110 section 5.3"),
    "other-headers": ((b"x", b""), "CWE-770"),
    "names-of-64-bytes": ((b"x" * 64, b""), "CWE-770"),
}
HEADERS = [Attack(name, "engines.linear", source, pair) for name, (pair, source) in MANY.items()]


@pytest.mark.parametrize("attack", parameters(HEADERS))
def test_many_headers_cost_linear_time(engine, attack):
    def read(headers):
        engine.header(headers, b"host")
        engine.cookie(headers, "session")
        engine.cookies(headers)
        engine.credential(headers, b"", "session", False)
        engine.csrf_verdict(headers)

    assert growth.is_linear(read, lambda length: [attack.given] * (length // 8))

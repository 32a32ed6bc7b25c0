"""The cost of hostile input: time and memory grow in proportion to its length."""

import contextlib
import tracemalloc

import csrf_checks
import growth
from attacks import Attack, attacks
from raw_tokens import BODY, HEAD, SECRET, SIGNATURE, TOKEN, base64url, sign_bytes
from tests.reference import csrf

QUADRATIC = "CWE-407, quadratic time"
DOUBLES = "CVE-2010-4645, slow conversion of doubles"
DIGITS = "CVE-2020-10735, quadratic conversion of digits"
QUOTED = "CVE-2024-7592, a quadratic parser of quoted cookies"


def cost(name, make, source=QUADRATIC):
    """Return a row; ``make(size)`` returns the input of that size."""
    return Attack(name, "engines.linear", source, make)


def repeated(piece, frame=b"%b"):
    """Return a function of the size: *frame* with *size* bytes of *piece* after *piece*."""
    return lambda size: frame.replace(b"%b", (piece * (size // len(piece) + 1))[:size])


def token_of(piece, frame):
    """Return a function of the size: a signed token whose payload is *frame* with *piece* repeated."""
    return lambda size: sign_bytes(frame % (piece * (size // len(piece))))


def in_payload(frame, source=QUADRATIC):
    return lambda piece: cost(f"{ascii(piece)[2:-1]:.30} in {ascii(frame)[2:-1]:.30}", token_of(piece, frame), source)


def header_of(piece, frame):
    return lambda size: sign_bytes(b"{}", header=frame % (piece * (size // len(piece))))


STRING_PIECES = [b"x", b'\\"', b"\\\\", b"\\u00e9", b"\\ud83d\\ude00", b"\\ud83d", "é".encode(), "\U0001f600".encode()]
ARRAY_PIECES = [b"[],", b"[" * 60 + b"]" * 60 + b",", b'"[",', b'{"a":{}},', b"null,"]
MEMBER_PIECES = [b'"a":1,', b'"\\u0061":1,', b'"exp":99999999999,']
PAYLOADS = [
    *map(in_payload(b'{"a":"%b"}'), STRING_PIECES),
    *map(in_payload(b'{"a":[%b1]}'), ARRAY_PIECES),
    *map(in_payload(b'{%b"a":1}'), MEMBER_PIECES),
    *map(in_payload(b'{"a":%b}'), [b'"', b"-"]),
    *map(in_payload(b'{"a":%b}', DIGITS), [b"9"]),
    *map(in_payload(b'{"a":[%b1]}', DIGITS), [b"9" * 64 + b","]),
    cost("digits-after-point", token_of(b"3", b'{"a":0.%b}'), DOUBLES),
    cost("digits-before-point", token_of(b"9", b'{"a":%b.0e-99999}'), DOUBLES),
    cost("zeros-after-point", token_of(b"0", b'{"a":0.%b1}'), DOUBLES),
    cost("digits-of-exponent", token_of(b"0", b'{"a":1e%b1}'), DOUBLES),
    cost("escaped-quotes-unterminated", token_of(b'\\"', b'{"a":' + b"[" * 70 + b'"%b')),
    cost("quotes-after-many-brackets", token_of(b'"', b'{"a":' + b"[" * 70 + b"%b")),
    cost("unterminated-strings", token_of(b'"a",', b'{"a":[%b"')),
    cost("short-strings", token_of(b'"a",', b'{"a":[%b""]}')),
    cost("spaces", token_of(b" ", b'{"a":%b1}')),
    cost("spaces-then-invalid-text", token_of(b" ", b'{"a":1}%bx')),
    cost("opening-brackets", token_of(b"[", b'{"a":%b')),
    cost("closing-brackets", token_of(b"]", b'{"a":1}%b')),
    cost("commas", token_of(b",", b'{"a":[%b]}')),
    cost("invalid-utf-8-at-end", token_of(b"x", b'{"a":"%b\xff"}')),
]
HEADERS = [
    cost("header-of-letters", header_of(b"x", b'{"alg":"HS256","a":"%b"}')),
    cost("header-of-duplicate-names", header_of(b'"kid":"a",', b'{%b"alg":"HS256"}')),
    cost("header-of-crit", header_of(b'"b64",', b'{"alg":"HS256","b64":true,"crit":[%b"b64"]}')),
    cost("header-of-brackets", header_of(b"[],", b'{"alg":"HS256","a":[%b1]}')),
    cost("header-of-spaces", header_of(b" ", b'%b{"alg":"HS256"}')),
]
FORGED = [
    cost("dots", lambda size: "." * size, "CVE-2025-30204, a token of dots"),
    cost("letters", lambda size: "A" * size),
    cost("padding", lambda size: f"{HEAD}.{BODY}.{'=' * size}"),
    cost("long-header", lambda size: f"{'A' * size}.{BODY}.{SIGNATURE}"),
    cost("long-payload", lambda size: f"{HEAD}.{'A' * size}.{SIGNATURE}"),
    cost("long-signature", lambda size: f"{HEAD}.{BODY}.{'A' * size}"),
    cost("non-ascii-at-end", lambda size: "A" * size + "é"),
    cost("deep-payload", lambda size: f"{HEAD}.{base64url(b'[' * (size * 3 // 4))}.{SIGNATURE}"),
]
SIGNED = csrf.signed(b"another session", bytes(16), b"key").encode()
SMALL = 1_250
LARGE = growth.FACTOR * SMALL
"""Bytes of the two payloads. A token with the larger one is just within the limit."""


def verify(engine, times):
    def call(token):
        for _ in range(times):
            engine.verify_token(token, SECRET)

    return call


@attacks(PAYLOADS, HEADERS)
def test_signed_token_costs_linear_time(engine, attack):
    assert len(attack.input(LARGE)) < 65_536
    assert growth.is_linear(verify(engine, 3), attack.input, small=SMALL)


@attacks(PAYLOADS)
def test_signed_token_costs_linear_memory(engine, attack):
    small, large = peak_memory(engine, attack.input(SMALL)), peak_memory(engine, attack.input(LARGE))
    assert large < 2 * growth.FACTOR * small + 65_536


def peak_memory(engine, token):
    """Return the peak memory of Python objects in bytes."""
    tracemalloc.start()
    try:
        engine.verify_token(token, SECRET)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@attacks(FORGED)
def test_forged_token_costs_linear_time(engine, attack):
    assert growth.is_linear(verify(engine, 50), attack.input, small=SMALL)


@attacks(FORGED)
def test_token_over_the_limit_costs_constant_time(engine, attack):
    assert growth.is_within(4, verify(engine, 200), attack.input(70_000), attack.input(32 * 70_000))


SESSIONS = [
    *map(in_payload(b'{"sid":"%b"}'), STRING_PIECES),
    *map(in_payload(b'{%b"sid":"a"}'), [b'"sid":"a",', b'"a":"b",', b'"a":{"sid":"b"},']),
]


@attacks(SESSIONS)
def test_session_of_a_csrf_token_costs_linear_time(engine, attack):
    def read(token):
        check.verdict_of_form([(b"cookie", b"session=" + token.encode())], SIGNED)

    check = csrf_checks.new(engine, keys=[b"key"])
    assert growth.is_linear(read, attack.input, small=SMALL)


SECRETS = [
    cost("secrets-in-list", lambda count: ["another secret"] * count),
    cost("unusable-secrets-in-list", lambda count: [""] * count),
    cost("long-secret", lambda count: "x" * (100 * count)),
    cost("long-secret-of-dashes", lambda count: "-" * (100 * count)),
    cost("long-secret-of-brackets", lambda count: "{" * (100 * count) + "}"),
    cost("long-secret-of-nuls", lambda count: "\0" * (100 * count)),
]


@attacks(SECRETS)
def test_secrets_cost_linear_time(engine, attack):
    assert growth.is_linear(lambda secrets: engine.verify_token(TOKEN, secrets), attack.input, small=125)


PIECES = {
    QUADRATIC: [b"=", b";", b",", b"a=1;", b"session=1;", b"a;", b"\0", b"\xff", b"a", b"Bearer ", b".", b"a."],
    QUOTED: [b'"', b"\\", b"\\073", b"\\07", b'\\"', b'a="\\"";', b'a=";'],
    "CVE-2022-40897, a quadratic pattern of white space": [b" "],
    "CWE-1333": [b"\t", b"a = ", b" ; ", b"\r\n"],
}
COOKIE_FRAMES = {
    "bare": b"%b",
    "quoted": b'session="%b"',
    "value": b"session=%b; y",
    "name": b"%b=x",
    "before": b"%b; session=s",
}
COOKIES = [
    cost(f"{frame}-{ascii(piece)[2:-1]}", repeated(piece, COOKIE_FRAMES[frame]), source)
    for source, pieces in PIECES.items()
    for piece in pieces
    for frame in COOKIE_FRAMES
]


@attacks(COOKIES)
def test_cookie_header_costs_linear_time(engine, attack):
    def read(value):
        headers = [(b"cookie", value)]
        engine.cookie(headers, "session")
        engine.cookies(headers)
        engine.credential(headers, None, "session")
        check.verdict(headers, True)
        check.verdict_of_form(headers, SIGNED)

    check = csrf_checks.new(engine, keys=[b"key"])
    assert growth.is_linear(read, attack.input)


BEARERS = [
    cost(ascii(piece)[2:-1], repeated(piece, b"Bearer %b"), source)
    for source, pieces in PIECES.items()
    for piece in pieces
]


@attacks(BEARERS)
def test_authorization_header_costs_linear_time(engine, attack):
    def read(value):
        headers = [(b"authorization", value), (b"x-csrf-token", value)]
        engine.credential(headers, None, "session")
        check.verdict(headers, True)
        engine.identify(headers, None, "session", SECRET)

    check = csrf_checks.new(engine)
    assert growth.is_linear(read, attack.input)


ORIGIN_FRAMES = {"scheme": b"%b://a", "host": b"http://%b", "port": b"http://a:%b", "address": b"http://[%b]"}
ORIGINS = [
    cost(f"{frame}-{ascii(piece)[2:-1]}", repeated(piece, ORIGIN_FRAMES[frame]), "CVE-2019-16535, a URL read twice")
    for piece in (b"a", b":", b"://", b"/", b"[", b"]", b".", b":80", b" ", b"\xff")
    for frame in ORIGIN_FRAMES
]


@attacks(ORIGINS)
def test_origin_costs_linear_time(engine, attack):
    def read(value):
        check.verdict([(b"origin", value), (b"host", value), (b"x-csrf-token", b"t"), (b"cookie", b"session=s")], True)

    check = csrf_checks.new(engine, trusted_origins=[b"http://a", b"https://a"])
    assert growth.is_linear(read, attack.input)


QUERY_PIECES = {
    QUADRATIC: [b"&", b"=", b"%", b"%41", b"%4", b"+", b"a=1&", b"=&", b"%74oke=&", b"token"],
    "CVE-2021-23336": [b";"],
}
QUERY_FRAMES = {"before": b"%b&token=t", "value": b"token=%b", "name": b"%b=x"}
QUERIES = [
    cost(f"{frame}-{ascii(piece)[2:-1]}", repeated(piece, QUERY_FRAMES[frame]), source)
    for source, pieces in QUERY_PIECES.items()
    for piece in pieces
    for frame in QUERY_FRAMES
]


@attacks(QUERIES)
def test_query_costs_linear_time(engine, attack):
    assert growth.is_linear(lambda query: engine.credential([], query, "session"), attack.input)


def many(name, source, header):
    return cost(name, lambda size: [header] * (size // 8), source)


MANY = [
    many("cookie-headers", "RFC 9113 section 8.2.3", (b"cookie", b"a=1")),
    many("empty-cookie-headers", "RFC 9113 section 8.2.3", (b"cookie", b"")),
    many("cookie-headers-with-the-cookie", QUOTED, (b"cookie", b'session="\\073"')),
    many("authorization-headers", "RFC 9110 section 5.3", (b"authorization", b"Basic x")),
    many("origins", "RFC 6454 section 7.1", (b"origin", b"http://a")),
    many("other-headers", "CWE-770", (b"x", b"")),
    many("names-of-64-bytes", "CWE-770", (b"x" * 64, b"")),
]


@attacks(MANY)
def test_many_headers_cost_linear_time(engine, attack):
    def read(headers):
        engine.header(headers, b"host")
        engine.cookie(headers, "session")
        engine.cookies(headers)
        engine.credential(headers, None, "session")
        check.verdict(headers, True)

    check = csrf_checks.new(engine, keys=[b"key"])
    assert growth.is_linear(read, attack.input)


BODY_PIECES = {
    "CWE-674": [b"["],
    QUADRATIC: [b'{"a":1,', b'"', b"\\", b"&", b"="],
    DIGITS: [b"7"],
    "RFC 8259 section 2": [b" "],
    "WHATWG URL, percent-decode": [b"%41", b"%", b"\xe9"],
}
BODIES = [
    cost(ascii(piece)[2:-1], repeated(piece), source) for source, pieces in BODY_PIECES.items() for piece in pieces
]


@attacks(BODIES)
def test_body_costs_linear_time(fastware, attack):
    form_headers = [(b"content-type", b"application/x-www-form-urlencoded")]

    def read(body):
        for headers, name in (([], "json"), (form_headers, "form")):
            with contextlib.suppress(fastware.HTTPError):
                getattr(fastware.Request({"headers": headers}, body), name)

    assert growth.is_linear(read, attack.input)

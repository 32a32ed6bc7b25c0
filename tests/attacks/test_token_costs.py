"""What a hostile token costs: in proportion to its length, and nothing more beyond the length that is read."""

import gc
import time
import tracemalloc

import pytest
from attacks import Attack, parameters
from raw_tokens import SECRET, base64url, sign_bytes
from token_attacks import BODY, HEAD, SIGNATURE, TOKEN

UNIT = 5_000
"""Bytes of the smaller of two payloads; the larger has eight times as many, and its token is still read."""

QUADRATIC = "CWE-407, a cost that grows faster than the input"

DOUBLES = "CVE-2010-4645, doubles that are found slowly"
DIGITS = "CVE-2020-10735, digits that cost the square of their number"


def repeated(name, piece, frame=b"%b", source=QUADRATIC):
    """Payloads of one piece over and over: *given* makes the one of so many bytes."""

    def payload(size):
        return frame % (piece * (size // len(piece)))

    return Attack(name, "engines.linear", source, payload)


PAYLOADS = [
    repeated("letters", b"x", b'{"a":"%b"}'),
    repeated("quotes", b'"', b'{"a":%b}'),
    repeated("escaped-quotes", b'\\"', b'{"a":"%b"}'),
    repeated("escaped-quotes-unterminated", b'\\"', b'{"a":' + b"[" * 70 + b'"%b'),
    repeated("quotes-after-many-brackets", b'"', b'{"a":' + b"[" * 70 + b"%b"),
    repeated("backslashes", b"\\\\", b'{"a":"%b"}'),
    repeated("escapes-by-number", b"\\u00e9", b'{"a":"%b"}'),
    repeated("pairs-by-number", b"\\ud83d\\ude00", b'{"a":"%b"}'),
    repeated("high-surrogates", b"\\ud83d", b'{"a":"%b"}'),
    repeated("two-byte-letters", "é".encode(), b'{"a":"%b"}'),
    repeated("four-byte-letters", "\U0001f600".encode(), b'{"a":"%b"}'),
    repeated("unterminated-strings", b'"a",', b'{"a":[%b"'),
    repeated("short-strings", b'"a",', b'{"a":[%b""]}'),
    repeated("spaces", b" ", b'{"a":%b1}'),
    repeated("spaces-and-then-garbage", b" ", b'{"a":1}%bx'),
    repeated("opening-brackets", b"[", b'{"a":%b'),
    repeated("closing-brackets", b"]", b'{"a":1}%b'),
    repeated("brackets-side-by-side", b"[],", b'{"a":[%b1]}'),
    repeated("brackets-near-the-limit", b"[" * 60 + b"]" * 60 + b",", b'{"a":[%b1]}'),
    repeated("brackets-in-strings", b'"[",', b'{"a":[%b1]}'),
    repeated("objects", b'{"a":{}},', b'{"a":[%b1]}'),
    repeated("equal-names", b'"a":1,', b'{%b"a":1}'),
    repeated("equal-names-escaped", b'"\\u0061":1,', b'{%b"a":1}'),
    repeated("equal-names-of-a-claim", b'"exp":99999999999,', b'{%b"a":1}'),
    repeated("commas", b",", b'{"a":[%b]}'),
    repeated("minuses", b"-", b'{"a":%b}'),
    repeated("digits-after-the-point", b"3", b'{"a":0.%b}', DOUBLES),
    repeated("digits-before-the-point", b"9", b'{"a":%b.0e-99999}', DOUBLES),
    repeated("zeros-after-the-point", b"0", b'{"a":0.%b1}', DOUBLES),
    repeated("digits-of-an-exponent", b"0", b'{"a":1e%b1}', DOUBLES),
    repeated("digits", b"9", b'{"a":%b}', DIGITS),
    repeated("long-integers", b"9" * 64 + b",", b'{"a":[%b1]}', DIGITS),
    repeated("literals", b"null,", b'{"a":[%b1]}'),
    repeated("no-utf-8-at-the-end", b"x", b'{"a":"%b\xff"}'),
]
HEADERS = [
    repeated("header-of-letters", b"x", b'{"alg":"HS256","a":"%b"}'),
    repeated("header-of-equal-names", b'"kid":"a",', b'{%b"alg":"HS256"}'),
    repeated("header-of-crit", b'"b64",', b'{"alg":"HS256","b64":true,"crit":[%b"b64"]}'),
    repeated("header-of-brackets", b"[],", b'{"alg":"HS256","a":[%b1]}'),
    repeated("header-of-spaces", b" ", b'%b{"alg":"HS256"}'),
]


def signed_payload(attack, size):
    return sign_bytes(attack.given(size))


def signed_header(attack, size):
    return sign_bytes(b"{}", header=attack.given(size))


def seconds(call):
    """The processor's time that a call takes, whoever else uses the processor; without the garbage of other tests."""
    is_collecting = gc.isenabled()
    gc.disable()
    try:
        start = time.thread_time()
        call()
        return time.thread_time() - start
    finally:
        if is_collecting:
            gc.enable()


def ratio(small, large, repeat=7):
    """How much longer *large* takes than *small*: the least of several runs of each, in turn."""
    runs = [(seconds(small), seconds(large)) for _ in range(repeat)]
    return min(run[1] for run in runs) / max(min(run[0] for run in runs), 1e-6)


def is_within(limit, small, large):
    """Whether the ratio is within *limit* in one of three tries: a busy machine makes it larger, never smaller."""
    return any(ratio(small, large) < limit for _ in range(3))


def verified(engine, token, times):
    def call():
        for _ in range(times):
            engine.verify_token(token, SECRET)

    return call


EIGHTFOLD = 24
"""What eight times the length may cost: linear code is at 8 or below, quadratic code at 64."""


@pytest.mark.parametrize("attack", parameters(PAYLOADS, HEADERS))
def test_a_signed_token_costs_linear_time(engine, attack):
    make = signed_payload if attack in PAYLOADS else signed_header
    small, large = make(attack, UNIT), make(attack, 8 * UNIT)
    assert len(large) < 65_536
    assert is_within(EIGHTFOLD, verified(engine, small, 3), verified(engine, large, 3))


@pytest.mark.parametrize("attack", parameters(PAYLOADS))
def test_a_signed_token_costs_linear_memory(engine, attack):
    assert peak(engine, signed_payload(attack, 8 * UNIT)) < 16 * peak(engine, signed_payload(attack, UNIT)) + 65_536


def peak(engine, token):
    """Bytes of the most that Python objects took."""
    tracemalloc.start()
    try:
        engine.verify_token(token, SECRET)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def unsigned(name, make, source=QUADRATIC):
    return Attack(name, "engines.linear", source, make)


UNSIGNED = [
    unsigned("dots", lambda size: "." * size, "CVE-2025-30204, a token of dots that is split at all of them"),
    unsigned("letters", lambda size: "A" * size),
    unsigned("padding", lambda size: f"{HEAD}.{BODY}.{'=' * size}"),
    unsigned("long-header", lambda size: f"{'A' * size}.{BODY}.{SIGNATURE}"),
    unsigned("long-payload", lambda size: f"{HEAD}.{'A' * size}.{SIGNATURE}"),
    unsigned("long-signature", lambda size: f"{HEAD}.{BODY}.{'A' * size}"),
    unsigned("beyond-ascii-at-the-end", lambda size: "A" * size + "é"),
    unsigned("deep-payload", lambda size: f"{HEAD}.{base64url(b'[' * (size * 3 // 4))}.{SIGNATURE}"),
]


@pytest.mark.parametrize("attack", parameters(UNSIGNED))
def test_a_forged_token_costs_linear_time(engine, attack):
    small, large = attack.given(UNIT), attack.given(8 * UNIT)
    assert is_within(EIGHTFOLD, verified(engine, small, 50), verified(engine, large, 50))


@pytest.mark.parametrize("attack", parameters(UNSIGNED))
def test_a_token_beyond_the_limit_is_not_looked_at(engine, attack):
    """Thirty-two times the length costs nothing more."""
    small, large = attack.given(70_000), attack.given(32 * 70_000)
    assert is_within(4, verified(engine, small, 200), verified(engine, large, 200))


SECRETS = [
    unsigned("secrets-in-a-list", lambda count: ["another secret"] * count),
    unsigned("unfit-secrets-in-a-list", lambda count: [""] * count),
    unsigned("a-long-secret", lambda count: "x" * (100 * count)),
    unsigned("a-long-secret-of-dashes", lambda count: "-" * (100 * count)),
    unsigned("a-long-secret-of-brackets", lambda count: "{" * (100 * count) + "}"),
    unsigned("a-long-secret-of-nuls", lambda count: "\0" * (100 * count)),
]


@pytest.mark.parametrize("attack", parameters(SECRETS))
def test_secrets_cost_linear_time(engine, attack):
    def call(secrets):
        return lambda: engine.verify_token(TOKEN, secrets)

    assert is_within(EIGHTFOLD, call(attack.given(500)), call(attack.given(4_000)))

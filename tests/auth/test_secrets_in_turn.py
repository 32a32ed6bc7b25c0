"""Secrets used in turn: what a secret signs and verifies does not depend on which were used before, in any thread."""

import hashlib
import hmac
import threading
import warnings
from collections.abc import Sequence
from unittest import mock

import clock
import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outcomes import identical, outcome
from raw_tokens import SECRET, sign_bytes

many = settings(max_examples=200, deadline=None)
NOW = 1_700_000_000.5
CLAIMS = {"sub": "alice", "role": "admin", "iat": 1_700_000_000, "exp": 1_700_003_600}
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def octets(secret):
    return secret.encode() if isinstance(secret, str) else secret


def pyjwt_token(secret):
    return jwt.encode(CLAIMS, secret, algorithm="HS256")


def made(engine, secret):
    return engine.create_token("alice", "admin", secret, 1)


@pytest.fixture(autouse=True)
def _stopped_clock():
    with clock.stopped_at(NOW):
        yield


# More secrets than any engine keeps the keys of


@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 10, 16, 17, 64])
def test_secrets_in_turn_sign_as_pyjwt_does(engine, count):
    secrets = [f"secret number {number:4} of the tests, long enough" for number in range(count)]
    tokens = [pyjwt_token(secret) for secret in secrets]
    orders = [range(count), range(count), range(count - 1, -1, -1), [number * 7 % count for number in range(2 * count)]]
    for order in orders:
        for number in order:
            assert made(engine, secrets[number]) == tokens[number]
            assert engine.verify_token(tokens[number], secrets[number]) == CLAIMS
            if count > 1:
                assert engine.verify_token(tokens[number], secrets[number - 1]) is None


def test_one_of_many_secrets_of_a_sequence_verifies(engine):
    secrets = [f"secret number {number:4} of the tests, long enough" for number in range(40)]
    for secret in (*secrets, *reversed(secrets)):
        token = pyjwt_token(secret)
        assert engine.verify_token(token, secrets) == CLAIMS
        assert engine.verify_token(token, [other for other in secrets if other != secret]) is None


# Secrets that are nearly the same

ALPHABET = "secret-0123456789-of-the-tests!."
PREFIXES = [(ALPHABET * 48)[:length] for length in (1, 2, 31, 32, 33, 55, 56, 63, 64, 65, 127, 128, 129, 1023, 1024)]
PREFIXES += [(ALPHABET * 48)[:length] for length in (1025, 1026, 1100, 1535, 1536)]


def test_a_secret_is_told_from_its_prefixes(both):
    tokens = {secret: pyjwt_token(secret) for secret in PREFIXES}
    assert len(set(tokens.values())) == len(PREFIXES)
    for engine in both:
        for secret in (*PREFIXES, *reversed(PREFIXES)):
            assert made(engine, secret) == tokens[secret]
            accepted = [other for other, token in tokens.items() if engine.verify_token(token, secret) is not None]
            assert accepted == [secret]


def test_a_secret_is_told_from_one_of_the_same_length_that_differs_in_one_byte(engine):
    base = bytearray(b"x" * 64)
    for length in (32, 63, 64, 65, 1_024, 1_025):
        base = b"x" * length
        token = jwt.encode(CLAIMS, base, algorithm="HS256")
        assert engine.verify_token(token, base) == CLAIMS
        for index in {0, 1, 7, 8, 15, 16, 31, length // 2, length - 2, length - 1}:
            other = base[:index] + b"y" + base[index + 1 :]
            assert engine.verify_token(token, other) is None
            assert made(engine, other) != token
        assert made(engine, base) == token


@pytest.mark.parametrize("length", [32, 63, 64])
def test_secrets_that_hmac_cannot_tell_apart_are_equal(engine, length):
    """HMAC fills a key of less than a block with NULs, and hashes one of more (RFC 2104 section 2)."""
    secret = b"k" * length
    token = jwt.encode(CLAIMS, secret, algorithm="HS256")
    for filled in (secret + b"\0" * (64 - length), secret):
        assert engine.verify_token(token, filled) == CLAIMS
        assert made(engine, filled) == token
    long = b"k" * 100
    hashed = hashlib.sha256(long).digest()
    assert made(engine, long) == jwt.encode(CLAIMS, hashed, algorithm="HS256")
    assert engine.verify_token(made(engine, hashed), long) == CLAIMS


@pytest.mark.parametrize("text", [SECRET, "schlüssel-" * 4, "愛" * 40, "\0" * 40, "😀" * 300, "é" * 512, "é" * 513])
def test_text_and_its_utf8_are_one_secret(engine, text):
    token = pyjwt_token(text)
    for first, second in ((text, text.encode()), (text.encode(), text)):
        assert made(engine, first) == made(engine, second) == token
        assert engine.verify_token(token, first) == engine.verify_token(token, second) == CLAIMS


def test_text_is_not_its_latin_1(engine):
    token = made(engine, "é" * 32)
    assert engine.verify_token(token, b"\xe9" * 32) is None
    assert engine.verify_token(token, "é" * 32) == CLAIMS


@pytest.mark.parametrize("length", [1_023, 1_024, 1_025, 2_048, 4_096, 100_000, 1_000_000])
def test_a_secret_of_any_length_is_used_whole(engine, length):
    secret = bytes(number % 251 for number in range(length))
    token = jwt.encode(CLAIMS, secret, algorithm="HS256")
    for _ in range(2):
        assert made(engine, secret) == token
        assert engine.verify_token(token, secret) == CLAIMS
        assert engine.verify_token(token, secret[:-1]) is None
        assert engine.verify_token(token, secret + b"\0") is None


# After an unfit one

UNFIT = ["", b"", "\ud800", "ssh-rsa AAAA", b"-----BEGIN KEY", '{"kty":"oct"}', None, 5, [SECRET], bytearray(b"x" * 32)]


@pytest.mark.parametrize("unfit", UNFIT, ids=repr)
def test_an_unfit_secret_stays_unfit_and_harms_no_other(engine, unfit):
    token = pyjwt_token(SECRET)
    for _ in range(3):
        assert engine.verify_token(token, [unfit]) is None
        assert outcome(engine.create_token, "alice", "admin", [unfit])[0] == "raised"
        assert engine.verify_token(token, SECRET) == CLAIMS
        assert engine.verify_token(token, [unfit, SECRET]) == CLAIMS
        assert engine.has_fit_secret([unfit]) is False
        assert engine.has_fit_secret([unfit, SECRET]) is True
        assert made(engine, SECRET) == token


def test_a_secret_that_becomes_unfit_by_one_more_byte(engine):
    """The key of the one that is fit may be kept; the one that is not begins with it."""
    fit = b"ssh-rs"
    for secret in (fit, fit + b"a", fit, fit + b"b", fit + b"a"):
        how = outcome(engine.create_token, "alice", "admin", secret, 1)
        assert how[0] == ("raised" if secret == b"ssh-rsa" else "returned")
        assert engine.has_fit_secret(secret) is (secret != b"ssh-rsa")


def test_a_secret_is_judged_by_what_it_is_now(engine):
    """A sequence may change between calls."""
    token = pyjwt_token(SECRET)
    secrets = [SECRET]
    assert engine.verify_token(token, secrets) == CLAIMS
    secrets[0] = SECRET + "x"
    assert engine.verify_token(token, secrets) is None
    secrets.append(SECRET)
    assert engine.verify_token(token, secrets) == CLAIMS
    secrets.clear()
    assert engine.verify_token(token, secrets) is None


# Any order

POOL = [f"secret {number} of the tests, long enough to be one" for number in range(12)]
POOL += [
    b"\x00" * 32,
    b"\x00" * 33,
    "x" * 1_024,
    "x" * 1_025,
    "x" * 1_026,
    "short",
    "s",
    b"s",
    "é" * 20,
    ("é" * 20).encode(),
]
USES = st.lists(
    st.tuples(st.sampled_from(["sign", "verify", "forge", "fit"]), st.sampled_from([*POOL, *UNFIT])), max_size=40
)


@many
@given(uses=USES)
def test_uses_in_any_order_are_answered_as_each_alone(both, uses):
    for kind, secret in uses:
        is_fit = any(secret is each for each in POOL)
        for engine in both:
            if kind == "fit":
                assert engine.has_fit_secret([secret]) is is_fit
            elif kind == "sign" and is_fit:
                assert made(engine, secret) == pyjwt_token(secret)
            elif kind == "verify":
                key = octets(secret) if is_fit else b"key"
                assert engine.verify_token(sign_bytes(b'{"a":1}', secret=key), [secret]) == (
                    {"a": 1} if is_fit else None
                )
            else:
                assert engine.verify_token(sign_bytes(b'{"a":1}', secret=b"nobody's"), [secret]) is None


@many
@given(
    one=st.binary(min_size=1, max_size=200) | st.text(min_size=1, max_size=80),
    other=st.binary(min_size=1, max_size=200) | st.text(min_size=1, max_size=80),
)
def test_two_secrets_of_any_kind_in_turn(both, one, other):
    for secret in (one, other, one, other):
        results = [outcome(engine.create_token, "alice", "admin", secret, 1) for engine in both]
        assert results[0] == results[1]
        how, token, *_ = results[0]
        if how == "returned":
            mac = hmac.new(octets(secret), token.rpartition(".")[0].encode(), hashlib.sha256).digest()
            assert identical(jwt.utils.base64url_decode(token.rpartition(".")[2]), mac)
            for engine in both:
                assert engine.verify_token(token, secret) == CLAIMS


# Threads


def run_threads(count, work):
    errors = []
    ready = threading.Barrier(count)

    def guarded(number):
        try:
            ready.wait()
            work(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_threads_with_secrets_of_their_own_in_turn(engine):
    secrets = [f"secret {number} of the tests, long enough to be one" for number in range(20)]
    tokens = [pyjwt_token(secret) for secret in secrets]

    def work(number):
        for step in range(300):
            at = (number * 5 + step * (number + 1)) % len(secrets)
            assert made(engine, secrets[at]) == tokens[at]
            assert engine.verify_token(tokens[at], secrets[at]) == CLAIMS
            assert engine.verify_token(tokens[at], secrets[at - 1]) is None
            assert engine.verify_token(tokens[at], secrets) == CLAIMS

    run_threads(4, work)


def test_many_threads_one_after_the_other(engine):
    token = pyjwt_token(SECRET)

    def work(number):
        assert made(engine, SECRET) == token
        assert engine.verify_token(token, [f"{number}" * 40, SECRET]) == CLAIMS
        assert engine.verify_token(token, f"{number}" * 40) is None

    for _ in range(10):
        run_threads(8, work)


def test_a_thread_may_end_within_a_sequence_of_secrets(engine):
    """What the first thread has seen is not what the second one verifies with."""
    token = pyjwt_token(SECRET)
    verdicts = []
    first = threading.Thread(target=lambda: verdicts.append(engine.verify_token(token, SECRET)))
    first.start()
    first.join()
    second = threading.Thread(target=lambda: verdicts.append(engine.verify_token(token, SECRET + "x")))
    second.start()
    second.join()
    assert verdicts == [CLAIMS, None]


# Calls within a call: a sequence of the caller's, or its clock, may use the engine itself


@Sequence.register
class Reentrant:
    """A sequence of secrets that makes and verifies tokens while it is read."""

    def __init__(self, engine, secrets):
        self.engine = engine
        self.secrets = secrets

    def __len__(self):
        return len(self.secrets)

    def __getitem__(self, index):
        token = made(self.engine, f"within, number {index!r:8}, long enough to be one")
        assert self.engine.verify_token(token, "another one within, long enough to be one") is None
        return self.secrets[index]


def test_a_sequence_may_use_the_engine_while_it_is_read(engine):
    secrets = Reentrant(engine, (SECRET, "second secret of the tests, long enough"))
    token = made(engine, secrets)
    assert token == pyjwt_token(SECRET)
    assert engine.verify_token(token, secrets) == CLAIMS
    assert engine.has_fit_secret(secrets)


def test_a_clock_may_use_the_engine_while_it_is_asked(engine):
    token = pyjwt_token(SECRET)
    is_within = []

    def now():
        if not is_within:
            is_within.append(True)
            assert engine.verify_token(token, SECRET) == CLAIMS
            assert engine.verify_token(token, SECRET + "x") is None
            made(engine, "within the clock, long enough to be a secret")
            is_within.clear()
        return NOW

    with mock.patch("time.time", now):
        assert engine.verify_token(token, SECRET) == CLAIMS
        assert made(engine, SECRET) == token


def test_a_warning_handler_may_use_the_engine_while_it_is_told(engine):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda *_: made(engine, SECRET)
        assert engine.verify_token(made(engine, "short"), "short") == CLAIMS

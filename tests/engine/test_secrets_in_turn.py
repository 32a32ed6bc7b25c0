"""Secrets used in turn, by threads, and within other calls: no result depends on what was used before.

The Rust engine keeps the keys of the latest secrets, by thread. These tests use more secrets than it keeps, secrets
that are longer than those it keeps, and secrets with a common prefix.
"""

import os
import threading
from collections.abc import Sequence
from unittest import mock

import clock
import interpreters
import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outcomes import outcome
from raw_tokens import SECRET, sign_bytes
from tests.reference import secrets as reference

NOW = 1_700_000_000.5
CLAIMS = {"sub": "alice", "role": "admin", "iat": 1_700_000_000, "exp": 1_700_003_600}
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.fixture(autouse=True)
def _stopped_clock():
    with clock.stopped_at(NOW):
        yield


def numbered(count):
    return [f"secret number {number:4}, 32 bytes or more" for number in range(count)]


def pyjwt_token(secret):
    return jwt.encode(CLAIMS, secret, algorithm="HS256")


def created(engine, secret):
    return engine.create_token("alice", "admin", secret, 1)


def check(engine, secret, token, others=()):
    """Assert that *secret* signs and verifies *token*, and that none of the *others* does."""
    assert created(engine, secret) == token
    assert engine.verify_token(token, secret) == CLAIMS
    for other in others:
        assert engine.verify_token(token, other) is None


@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 10, 16, 17, 64])
def test_secrets_in_turn_sign_and_verify(engine, count):
    secrets = numbered(count)
    tokens = [pyjwt_token(secret) for secret in secrets]
    for order in (range(count), range(count), reversed(range(count)), [at * 7 % count for at in range(2 * count)]):
        for at in order:
            others = secrets[:at] + secrets[at + 1 :]
            check(engine, secrets[at], tokens[at], others=[others, *others[-1:]])
            assert engine.verify_token(tokens[at], secrets) == CLAIMS


LENGTHS = [1, 2, 31, 32, 33, 55, 56, 63, 64, 65, 127, 128, 129, 1_023, 1_024, 1_025, 2_048, 100_000, 1_000_000]


def test_secret_of_any_length_is_distinguished_from_similar_ones(engine):
    text = bytes(33 + number % 89 for number in range(LENGTHS[-1]))
    tokens = {length: pyjwt_token(text[:length]) for length in LENGTHS}
    for length in (*LENGTHS, *reversed(LENGTHS)):
        secret = text[:length]
        changed = [secret[:at] + b"\x7f" + secret[at + 1 :] for at in {0, length // 3, length // 2, length - 1}]
        check(engine, secret, tokens[length], others=[secret[:-1], secret + b"x", *changed])
        assert created(engine, changed[-1]) != tokens[length]
        assert [other for other, token in tokens.items() if engine.verify_token(token, secret)] == [length]


@pytest.mark.parametrize("text", [SECRET, "schlüssel-" * 4, "愛" * 40, "\0" * 40, "😀" * 300, "é" * 512, "é" * 513])
def test_text_and_its_utf8_are_the_same_secret(engine, text):
    for secret in (text, text.encode(), text):
        check(engine, secret, pyjwt_token(text))


UNUSABLE = ["", b"", "\ud800", "ssh-rsa AAAA", b"-----BEGIN KEY", '{"kty":"oct"}', None, 5, [SECRET], bytearray(b"x")]


@pytest.mark.parametrize("unusable", UNUSABLE, ids=ascii)
def test_unusable_secret_is_unusable_at_every_use(engine, unusable):
    token = pyjwt_token(SECRET)
    for _ in range(3):
        for secrets in ([unusable], [unusable, SECRET]):
            assert outcome(created, engine, secrets)[0] == "raised"
            assert engine.verify_token(token, secrets) == (CLAIMS if SECRET in secrets else None)
            assert engine.has_usable_secret(secrets) is (SECRET in secrets)
        check(engine, SECRET, token)


def test_secret_with_one_byte_less_or_another_byte_is_usable(engine):
    for secret in (b"ssh-rs", b"ssh-rsa", b"ssh-rs", b"ssh-rsb", b"ssh-rsa"):
        is_usable = secret != b"ssh-rsa"
        assert outcome(created, engine, secret)[0] == ("returned" if is_usable else "raised")
        assert engine.has_usable_secret(secret) is is_usable


def test_sequence_is_read_again_at_each_call(engine):
    token = pyjwt_token(SECRET)
    secrets = [SECRET]
    assert engine.verify_token(token, secrets) == CLAIMS
    secrets[0] = SECRET + "x"
    assert engine.verify_token(token, secrets) is None
    secrets.append(SECRET)
    assert engine.verify_token(token, secrets) == CLAIMS
    secrets.clear()
    assert engine.verify_token(token, secrets) is None


POOL = [*numbered(12), b"\x00" * 32, b"\x00" * 33, "x" * 1_024, "x" * 1_025, "x" * 1_026, "short", "s", b"s", "é" * 20]
USES = st.tuples(st.sampled_from(["sign", "verify", "forge", "check"]), st.sampled_from([*POOL, *UNUSABLE]))


@settings(max_examples=200, deadline=None)
@given(uses=st.lists(USES, max_size=40))
def test_uses_in_any_order_do_not_affect_each_other(both, uses):
    for use, secret in uses:
        is_usable = isinstance(secret, (str, bytes)) and reference.is_usable(secret)
        signer = b"of nobody" if use == "forge" or not is_usable else secret
        for engine in both:
            if use == "check":
                assert engine.has_usable_secret([secret]) is is_usable
            elif use == "sign":
                assert not is_usable or created(engine, [secret]) == pyjwt_token(secret)
            else:
                claims = engine.verify_token(sign_bytes(b'{"a":1}', secret=signer), [secret])
                assert claims == ({"a": 1} if signer == secret else None)


# Threads and processes


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


def test_threads_use_secrets_of_their_own(engine):
    secrets = numbered(20)
    tokens = [pyjwt_token(secret) for secret in secrets]

    def work(number):
        for step in range(300):
            at = (number * 5 + step * (number + 1)) % len(secrets)
            check(engine, secrets[at], tokens[at], others=[secrets[at - 1]])
            assert engine.verify_token(tokens[at], secrets) == CLAIMS

    run_threads(4, work)


def test_new_threads_sign_and_verify_after_others_end(engine):
    token = pyjwt_token(SECRET)
    for _ in range(10):
        run_threads(8, lambda number: check(engine, SECRET, token, others=[f"{number}" * 40, SECRET + "x"]))


def test_deep_token_is_read_in_a_thread_with_a_small_stack(engine):
    deepest, too_deep = (sign_bytes(b'{"a":' + b"[" * depth + b"]" * depth + b"}") for depth in (63, 20_000))

    def work(_):
        assert list(engine.verify_token(deepest, SECRET)) == ["a"]
        assert engine.verify_token(too_deep, SECRET) is None

    before = threading.stack_size(128 * 1_024)
    try:
        run_threads(2, work)
    finally:
        threading.stack_size(before)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_forked_process_signs_and_verifies(engine_name):
    code = """
import os
from fastware.auth import create_token, verify_token
secret = "s" * 32
token = create_token("alice", "admin", secret)
process = os.fork()
assert verify_token(token, secret)["sub"] == "alice"
assert verify_token(token, secret + "s") is None
assert verify_token(create_token("bob", "admin", secret), secret)["sub"] == "bob"
if process == 0:
    os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
"""
    assert interpreters.run(code, engine=engine_name) == "7"


# Calls within a call


class Secrets(Sequence):
    """A sequence that calls *before* each time an item is read."""

    def __init__(self, before):
        self.before = before

    def __len__(self):
        return 2

    def __getitem__(self, index):
        self.before()
        return (SECRET, "second secret of the tests, long enough")[index]


def test_sequence_may_call_the_engine_while_it_is_read(engine):
    other = "a secret within, 32 bytes or more"
    secrets = Secrets(before=lambda: check(engine, other, pyjwt_token(other), others=[SECRET]))
    check(engine, secrets, pyjwt_token(SECRET))
    assert engine.has_usable_secret(secrets)


def test_clock_may_call_the_engine_while_it_is_read(engine):
    is_within = False

    def now():
        nonlocal is_within
        if not is_within:
            is_within = True
            check(engine, SECRET, pyjwt_token(SECRET), others=[SECRET + "x"])
            is_within = False
        return NOW

    with mock.patch("time.time", now):
        check(engine, SECRET, pyjwt_token(SECRET))


def test_warning_may_call_the_engine_while_it_is_shown(engine_name):
    code = """
import warnings
from fastware.auth import create_token, verify_token
def show(*_):
    print(verify_token(create_token("within", "admin", "s" * 32), "s" * 32)["sub"])
warnings.simplefilter("always")
warnings.showwarning = show
print(verify_token(create_token("outside", "admin", "short"), "short")["sub"])
"""
    assert interpreters.run(code, engine=engine_name).split() == ["within", "outside"]


def test_keyboard_interrupt_in_a_sequence_is_passed_on(engine):
    secrets = Secrets(before=mock.Mock(side_effect=KeyboardInterrupt))
    token = pyjwt_token(SECRET)
    headers = [(b"authorization", b"Bearer " + token.encode())]
    for call in (
        lambda: created(engine, secrets),
        lambda: engine.verify_token(token, secrets),
        lambda: engine.has_usable_secret(secrets),
        lambda: engine.identify(headers, None, "session", secrets),
    ):
        with pytest.raises(KeyboardInterrupt):
            call()

"""Secrets are compared in constant time: one function decides, and the instructions of the Rust engine are counted."""

import base64
import hmac

import bcrypt
import csrf_checks
import engines
import pytest
from checks import constant_time
from checks.instructions import callgrind
from tests.reference import csrf as reference_csrf

from fastware._engine.contract import CSRF_MISMATCH, CSRF_PASSED, CSRF_WRONG_SESSION

SECRET = "8fH2kQ0vYx7Lw3Zc9Nb5Tg1Ra6Ue4Pd-"
CSRF_TOKEN = b"q3mXz0oN8yK5vT2rB7wL4sJ1"


class Comparison:
    """Replaces a constant-time function: returns a fixed verdict, and records its arguments.

    A test passes it equal and unequal secrets. A second comparison, which ended early, would change the outcome.
    """

    def __init__(self, verdict):
        self.verdict = verdict
        self.calls = []

    def __call__(self, one, other):
        self.calls.append((one, other))
        return self.verdict


@pytest.fixture
def pure():
    return engines.engine("python")


@pytest.fixture(params=[True, False], ids=["says equal", "says unequal"])
def comparison(request):
    return Comparison(request.param)


@pytest.mark.rule("token.signature")
@pytest.mark.parametrize("is_forged", [False, True], ids=["signed", "forged"])
def test_compare_digest_alone_decides_about_a_signature(pure, comparison, monkeypatch, is_forged):
    token = pure.create_token("ada", "admin", SECRET)
    signing_input = token.rpartition(".")[0]
    expected = hmac.digest(SECRET.encode(), signing_input.encode(), "sha256")
    presented = bytes(32) if is_forged else expected
    if is_forged:
        token = f"{signing_input}.{'A' * 43}"
    monkeypatch.setattr(hmac, "compare_digest", comparison)
    assert (pure.verify_token(token, SECRET) is not None) == comparison.verdict
    assert [{*pair} for pair in comparison.calls] == [{expected, presented}]


@pytest.mark.rule("csrf.double-submit")
@pytest.mark.parametrize("submitted", [CSRF_TOKEN, CSRF_TOKEN[::-1], b"x"], ids=["equal", "reversed", "short"])
def test_compare_digest_alone_decides_about_a_csrf_token(pure, comparison, monkeypatch, submitted):
    monkeypatch.setattr(hmac, "compare_digest", comparison)
    headers = [(b"cookie", b"csrf_token=" + CSRF_TOKEN), (b"x-csrf-token", submitted)]
    assert csrf_checks.new(pure).verdict(headers, True) == (CSRF_PASSED if comparison.verdict else CSRF_MISMATCH)
    assert comparison.calls == [(CSRF_TOKEN, submitted)]


@pytest.mark.parametrize("is_forged", [False, True], ids=["signed", "forged"])
def test_compare_digest_alone_decides_about_a_signed_csrf_token(pure, comparison, monkeypatch, is_forged):
    keys = [b"the first key", b"the second key"]
    macs = [reference_csrf.signed(b"session", bytes(16), key).partition(".")[2] for key in keys]
    presented = "A" * 43 if is_forged else macs[1]
    monkeypatch.setattr(hmac, "compare_digest", comparison)
    headers = [(b"cookie", b"session=session"), (b"x-csrf-token", b"A" * 22 + b"." + presented.encode())]
    verdict = csrf_checks.new(pure, keys=keys).verdict(headers, True)
    assert verdict == (CSRF_PASSED if comparison.verdict else CSRF_WRONG_SESSION)
    compared = [{base64.urlsafe_b64decode(mac + "=") for mac in (expected, presented)} for expected in macs]
    assert [{*pair} for pair in comparison.calls] == (compared[:1] if comparison.verdict else compared)


@pytest.mark.parametrize("password", ["password", "another"])
def test_bcrypt_alone_decides_about_a_password(auth, comparison, monkeypatch, password):
    hashed = auth.hash_password("password", cost=4)
    monkeypatch.setattr(bcrypt, "checkpw", comparison)
    assert auth.verify_password(password, hashed) == comparison.verdict
    assert comparison.calls == [(password.encode(), hashed.encode())]


@pytest.mark.skipif(callgrind.version() is None, reason="valgrind is not installed")
@pytest.mark.skipif("rust" not in engines.BUILT, reason="the Rust engine is not built in this installation")
@pytest.mark.rule("token.signature")
@pytest.mark.rule("csrf.double-submit")
def test_rust_engine_executes_the_same_number_of_instructions_wherever_secrets_differ(tmp_path):
    counts = constant_time.count_instructions("rust", tmp_path / "profiles")
    for each in constant_time.comparisons("rust"):
        first, last = counts[each.name]
        assert first == last, each.name
    for each in constant_time.controls():  # controls: the method finds comparisons that end early
        first, last = counts[each.name]
        # The control of equal inputs may differ by one: the counts are rounded means.
        assert (last - first > 100) if each.leaks else (abs(last - first) <= 1), each.name

"""Secrets are compared in constant time: which function decides, and that Rust's takes no instruction more or less."""

import ast
import hmac
import inspect
import textwrap

import bcrypt
import engines
import pytest
from benches.constant_time import comparisons, instructions
from benches.instructions import callgrind

SECRET = "8fH2kQ0vYx7Lw3Zc9Nb5Tg1Ra6Ue4Pd-"
CSRF_TOKEN = b"q3mXz0oN8yK5vT2rB7wL4sJ1"


class Judge:
    """In the place of a comparison: it says what it is told to, and keeps what it was given."""

    def __init__(self, verdict):
        self.verdict = verdict
        self.given = []

    def __call__(self, one, other):
        self.given.append((one, other))
        return self.verdict


@pytest.fixture
def pure():
    return engines.engine("python")


@pytest.fixture(params=[True, False], ids=["equal", "unequal"])
def judge(request):
    return Judge(request.param)


def headers(cookie, submitted):
    return [(b"cookie", b"csrf_token=" + cookie), (b"x-csrf-token", submitted)]


@pytest.mark.rule("token.signature")
@pytest.mark.parametrize("is_forged", [False, True], ids=["signed", "forged"])
def test_compare_digest_alone_decides_on_a_signature(pure, judge, monkeypatch, is_forged):
    token = pure.create_token("ada", "admin", SECRET)
    signing_input, _, _ = token.rpartition(".")
    right = hmac.digest(SECRET.encode(), signing_input.encode(), "sha256")
    presented = bytes(32) if is_forged else right
    if is_forged:
        token = f"{signing_input}.{'A' * 43}"
    monkeypatch.setattr(hmac, "compare_digest", judge)
    assert (pure.verify_token(token, SECRET) is not None) == judge.verdict
    assert [{*pair} for pair in judge.given] == [{right, presented}]


@pytest.mark.rule("csrf.double-submit")
@pytest.mark.parametrize("submitted", [CSRF_TOKEN, CSRF_TOKEN[::-1], b"x"], ids=["equal", "reversed", "short"])
def test_compare_digest_alone_decides_on_a_csrf_token(pure, judge, monkeypatch, submitted):
    monkeypatch.setattr(hmac, "compare_digest", judge)
    assert pure.csrf_verdict(headers(CSRF_TOKEN, submitted)) == (0 if judge.verdict else 2)
    assert judge.given == [(CSRF_TOKEN, submitted)]


@pytest.mark.parametrize("password", ["password", "another"])
def test_bcrypt_alone_decides_on_a_password(auth, judge, monkeypatch, password):
    hashed = auth.hash_password("password", cost=4)
    monkeypatch.setattr(bcrypt, "checkpw", judge)
    assert auth.verify_password(password, hashed) == judge.verdict
    assert judge.given == [(password.encode(), hashed.encode())]


SECRETS = {
    "headers.csrf_verdict": {"expected", "submitted"},
    "tokens.verify_token": {"signature", "secret", "signature_segment"},
}
EARLY_ENDS = {"startswith", "endswith", "find", "index", "count", "__eq__", "removeprefix", "removesuffix"}


def compared(function):
    """The names that *function* compares itself, or asks of what they begin with, end with or contain."""
    names = set()
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
        if isinstance(node, ast.Compare):
            is_identity = all(isinstance(operator, (ast.Is, ast.IsNot)) for operator in node.ops)
            operands = [] if is_identity else [node.left, *node.comparators]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in EARLY_ENDS:
            operands = [node.func.value, *node.args]
        elif isinstance(node, ast.Match):
            operands = [node.subject]
        else:
            continue
        names |= {operand.id for operand in operands if isinstance(operand, ast.Name)}
    return names


@pytest.mark.parametrize("place", SECRETS)
def test_no_secret_is_compared_beside_that(pure, place):
    function = getattr(pure, place.partition(".")[2])
    names = {*function.__code__.co_varnames, *function.__code__.co_cellvars}
    assert names >= SECRETS[place], "the names of the secrets have changed"
    assert compared(function) & SECRETS[place] == set()


def leaky(expected, submitted):
    return expected == submitted or submitted.startswith(expected) or len(expected) == 5


def test_a_comparison_that_ends_early_would_be_seen():
    assert compared(leaky) == {"expected", "submitted"}


@pytest.mark.skipif(callgrind.version() is None, reason="valgrind is not installed")
@pytest.mark.skipif("rust" not in engines.BUILT, reason="the Rust engine is not built in this installation")
@pytest.mark.rule("token.signature")
@pytest.mark.rule("csrf.double-submit")
def test_the_rust_engine_executes_as_many_instructions_wherever_secrets_differ(tmp_path):
    """Equal to the last one, where a comparison that ends early shows in hundreds."""
    counts = instructions.count("Rust", tmp_path / "profiles")
    for comparison in comparisons.of_an_engine("Rust"):
        first, last = counts[comparison.name]
        assert first == last, comparison.name
    for control in comparisons.controls():
        first, last = counts[control.name]
        assert (last - first > 100) if control.leaks else (first == last), control.name

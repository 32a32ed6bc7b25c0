"""create_token and verify_token as an application calls them.

Hostile tokens, secrets and arguments are rows in ``tests/attacks``, and ``tests/engine`` compares the two engines. Both
check the error messages.
"""

import json
import time
from collections import deque

import interpreters
import jwt
import pytest
from outcomes import identical
from raw_tokens import HEADER, SECRET, header_of, payload_of, sign_claims

OTHER_SECRET = "another secret, also of 32 bytes or more"


# Creating a token


@pytest.mark.rule("create.claims")
def test_token_has_the_usual_header_and_four_claims_in_order(auth):
    before = int(time.time())
    token = auth.create_token("alice", "admin", SECRET)
    after = int(time.time())
    assert header_of(token) == HEADER
    claims = json.loads(payload_of(token))
    assert list(claims) == ["sub", "role", "iat", "exp"]
    assert (claims["sub"], claims["role"]) == ("alice", "admin")
    assert (type(claims["iat"]), type(claims["exp"])) == (int, int)
    assert before <= claims["iat"] <= after


@pytest.mark.rule("create.times")
@pytest.mark.parametrize(("given", "hours"), [((), 720), ((1,), 1), ((876_000,), 876_000), ((0,), 0), ((-1,), -1)])
def test_token_expires_after_the_given_hours(auth, given, hours):
    claims = json.loads(payload_of(auth.create_token("alice", "admin", SECRET, *given)))
    assert claims["exp"] - claims["iat"] == hours * 3_600


@pytest.mark.parametrize("secret", [SECRET, "schlüssel-" * 4, b"\x00\xff" * 16], ids=["text", "non-ascii", "bytes"])
def test_token_is_byte_for_byte_that_of_pyjwt(auth, secret):
    token = auth.create_token("José", "admin", secret, expires_hours=5)
    claims = jwt.decode(token, secret, algorithms=["HS256"])
    assert (claims["sub"], claims["role"]) == ("José", "admin")
    assert token == jwt.encode(claims, secret, algorithm="HS256")


@pytest.mark.rule("create.bounds")
def test_longest_token_that_can_be_created_verifies(auth):
    longest = ""
    for length in range(48_900, 49_100):
        try:
            longest = auth.create_token("x" * length, "user", SECRET)
        except ValueError:
            break
    assert len(longest) in range(65_533, 65_537)
    assert auth.verify_token(longest, SECRET)["role"] == "user"


# Verifying a token


def test_created_token_verifies(auth):
    token = auth.create_token("José", "user", SECRET)
    assert identical(auth.verify_token(token, SECRET), json.loads(payload_of(token)))


@pytest.mark.parametrize("secret", [SECRET, SECRET.encode(), [SECRET]], ids=["text", "bytes", "list"])
def test_token_of_pyjwt_verifies(auth, secret):
    claims = {"sub": "José", "exp": int(time.time()) + 60, "n": [10**30, 1.5, None, {"deep": "愛"}]}
    assert identical(auth.verify_token(jwt.encode(claims, SECRET), secret), claims)


def test_token_signed_with_another_secret_is_rejected(auth):
    assert auth.verify_token(auth.create_token("alice", "admin", OTHER_SECRET), SECRET) is None


@pytest.mark.parametrize("hours", [0, -1])
def test_expired_token_is_rejected(auth, hours):
    assert auth.verify_token(auth.create_token("alice", "admin", SECRET, expires_hours=hours), SECRET) is None


@pytest.mark.parametrize(("claim", "offset"), [("exp", -100), ("nbf", 100), ("iat", 100)])
def test_leeway_widens_each_bound(auth, claim, offset):
    token = sign_claims({claim: int(time.time()) + offset})
    assert auth.verify_token(token, SECRET) is None
    assert auth.verify_token(token, SECRET, leeway=50) is None
    assert auth.verify_token(token, SECRET, leeway=150) is not None
    assert auth.verify_token(token, SECRET, leeway=150.5) is not None


# Several secrets, for key rotation


@pytest.mark.parametrize("sequence", [list, tuple, deque])
def test_first_of_several_secrets_signs(auth, sequence):
    token = auth.create_token("alice", "admin", sequence([SECRET, OTHER_SECRET]))
    assert auth.verify_token(token, SECRET)["sub"] == "alice"
    assert auth.verify_token(token, OTHER_SECRET) is None


@pytest.mark.parametrize("sequence", [list, tuple, deque])
@pytest.mark.parametrize("signer", [SECRET, OTHER_SECRET], ids=["first", "second"])
def test_each_of_several_secrets_verifies(auth, sequence, signer):
    token = auth.create_token("alice", "admin", signer)
    assert auth.verify_token(token, sequence([SECRET, OTHER_SECRET.encode()]))["sub"] == "alice"


# The warning for a short secret. Each test needs a fresh interpreter: a process warns once.

TWO_CALLS = """
import sys, warnings
from fastware.auth import create_token, verify_token
secret = eval(sys.argv[1])
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for name in ("alice", "bob"):
        assert verify_token(create_token(name, "admin", secret), secret)["sub"] == name
print(*[f"{warning.category.__name__}: {warning.message}" for warning in caught], sep="\\n")
"""
WARNING = (
    "InsecureKeyLengthWarning: secret is {} bytes long; HS256 needs at least 32 (RFC 7518 section 3.2); "
    'create one with: python -c "import secrets; print(secrets.token_urlsafe(32))"'
)


@pytest.mark.rule("secret.short")
@pytest.mark.parametrize(
    ("secret", "length"),
    [("s", 1), (b"s" * 31, 31), ("é" * 15, 30), ("é" * 16, None), (b"s" * 32, None), ("s" * 33, None)],
    ids=ascii,
)
def test_secret_under_32_bytes_warns_once_in_a_process(engine_name, secret, length):
    printed = interpreters.run(TWO_CALLS, ascii(secret), engine=engine_name)
    assert printed == ("" if length is None else WARNING.format(length))


def test_short_secret_warning_is_a_user_warning(auth):
    assert issubclass(auth.InsecureKeyLengthWarning, UserWarning)


def test_short_secret_warning_that_is_an_error_is_raised_at_every_call(engine_name):
    code = """
import warnings
from fastware.auth import InsecureKeyLengthWarning, create_token
for _ in range(2):
    try:
        create_token("alice", "admin", "short")
    except InsecureKeyLengthWarning:
        print("raised")
warnings.simplefilter("ignore")
print(type(create_token("alice", "admin", "short")).__name__)
"""
    assert interpreters.run(code, engine=engine_name).split() == ["raised", "raised", "str"]


def test_call_that_raises_does_not_warn(engine_name):
    code = """
import warnings
from fastware.auth import create_token
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for args in [(1, "admin", "short"), ("alice", "admin", "short", "1"), ("alice", "admin", "short", 2**62)]:
        try:
            create_token(*args)
        except (TypeError, ValueError):
            pass
    print(len(caught))
    create_token("alice", "admin", "short")
    print(len(caught))
"""
    assert interpreters.run(code, engine=engine_name).split() == ["0", "1"]


def test_verifying_with_a_short_secret_does_not_warn(engine_name):
    code = "import sys; from fastware.auth import verify_token; print(verify_token(sys.argv[1], 'short'))"
    token = sign_claims({"sub": "alice"}, secret="short")
    assert interpreters.run(code, token, engine=engine_name) == "{'sub': 'alice'}"


CALL_SITES = {
    "plain": "create_token('alice', 'admin', 'short')  # here",
    "keywords": "create_token(role='admin', secret=b'short', username='alice')  # here",
    "unpacked": "create_token(*['alice', 'admin'], **{'secret': ['short', 's' * 32]})  # here",
    "function": "def f():\n    return create_token('alice', 'admin', 'short')  # here\nf()",
    "method": "class A:\n    def f(self):\n        create_token('alice', 'admin', 'short')  # here\nA().f()",
    "lambda": "f = lambda: create_token('alice', 'admin', 'short')  # here\nf()",
    "partial": "import functools\nf = functools.partial(create_token, 'alice', 'admin')\nf('short')  # here",
    "map": "list(map(create_token, ['alice'], ['admin'], ['short']))  # here",
    "comprehension": "[create_token(name, 'admin', 'short') for name in ['alice']]  # here",
    "coroutine": "import asyncio\nasync def f():\n    create_token('a', 'b', 'short')  # here\nasyncio.run(f())",
    "generator": "def f():\n    yield create_token('alice', 'admin', 'short')  # here\nlist(f())",
}
CAUGHT_WARNINGS = """
import runpy, sys, warnings
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    runpy.run_path(sys.argv[1])
print([(warning.filename, warning.lineno) for warning in caught])
"""


@pytest.mark.parametrize("call_site", CALL_SITES)
def test_short_secret_warning_names_the_line_of_the_call(engine_name, tmp_path, call_site):
    script = tmp_path / "caller.py"
    script.write_text(f"from fastware.auth import create_token\n{CALL_SITES[call_site]}\n", encoding="utf-8")
    line = next(number for number, text in enumerate(script.read_text().split("\n"), 1) if "# here" in text)
    assert interpreters.run(CAUGHT_WARNINGS, script, engine=engine_name) == repr([(str(script), line)])

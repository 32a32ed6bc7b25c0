"""Both engines, whatever the input: equal tokens and equal claims, held against PyJWT too."""

import json
import math
import sys
import warnings

import clock
import engines
import jwt
import pytest
from hostile_objects import HostileBytes, HostileClass, HostileList, HostileText, HostileTuple, SaysItIsText
from hypothesis import example, given, settings
from hypothesis import strategies as st
from json_texts import HEADER_MEMBERS, PAYLOADS, as_bytes
from outcomes import identical, outcome
from raw_tokens import HEADER, SECRET, base64url, sign_bytes, sign_segments

many = settings(max_examples=300, deadline=None)
NOW = 1_700_000_000.5


def verified(both, token, secrets=SECRET, now=NOW, leeway=0.0):
    """The claims, or None, that both engines return; they may not differ in anything, and may not raise."""
    with clock.stopped_at(now):
        rust, python = (engine.verify_token(token, secrets, leeway=leeway) for engine in both)
    assert identical(rust, python), (rust, python)
    assert repr(rust) == repr(python)
    return rust


def created(both, subject, role, secrets, *hours, now=NOW):
    """What comes of making a token, by both engines: they may not differ in anything, the error's words included."""
    with clock.stopped_at(now), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rust, python = (outcome(engine.create_token, subject, role, secrets, *hours) for engine in both)
    assert rust == python
    return rust


@pytest.mark.rule("engines.equal")
@many
@given(payload=PAYLOADS)
@example(payload=rb'{"a":"\ud800","a":1}')
@example(payload=b'{"a":1e400,"a":1}')
@example(payload=b'{"a":NaN,"a":1}')
@example(payload=b'{"a":' + b"7" * 4301 + b',"a":1}')
@example(payload=b'{"exp":"soon","exp":99999999999}')
def test_any_signed_payload_verifies_alike(both, payload):
    verified(both, sign_bytes(payload))


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda values: st.lists(values, max_size=4) | st.dictionaries(st.text(max_size=4), values, max_size=4),
    max_leaves=20,
)
RESERVED = {"exp", "nbf", "iat", "sub", "jti", "aud"}


@many
@given(claims=st.dictionaries(st.text(max_size=8).filter(lambda name: name not in RESERVED), JSON_VALUES))
def test_the_claims_of_a_valid_token_come_back_as_they_were(both, claims):
    for ascii_only in (True, False):
        token = sign_bytes(json.dumps(claims, ensure_ascii=ascii_only).encode("utf-8"))
        assert identical(verified(both, token), claims)


@many
@given(members=HEADER_MEMBERS, with_alg=st.sampled_from(["first", "last", "absent"]))
def test_any_signed_header_verifies_alike(both, members, with_alg):
    alg = [("alg", '"HS256"')]
    members = {"first": alg + members, "last": members + alg, "absent": members}[with_alg]
    header = "{" + ",".join(f'"{name}":{value}' for name, value in members) + "}"
    verified(both, sign_bytes(b'{"sub":"alice"}', header=header.encode()))


@many
@given(header=PAYLOADS)
def test_any_bytes_for_a_header_verify_alike(both, header):
    verified(both, sign_bytes(b"{}", header=header))


# Tokens that are not signed as they stand

TOKEN = sign_bytes(b'{"sub":"alice","exp":99999999999,"n":[1,2.5,null]}')
CHARACTERS = st.sampled_from(list("ABQgwxyz0129-_.=+/ \n\t\x00é\ud800"))
CHANGES = st.lists(st.tuples(st.sampled_from("fid"), st.integers(0, len(TOKEN)), CHARACTERS), min_size=1, max_size=3)


@many
@given(changes=CHANGES, signed_again=st.booleans())
def test_a_mutated_token_verifies_alike(both, changes, signed_again):
    token = TOKEN.rpartition(".")[0] if signed_again else TOKEN
    for kind, index, character in changes:
        token = token[:index] + ("" if kind == "d" else character) + token[index + (kind != "i") :]
    if signed_again and "." in token:
        token = sign_segments(*token.split(".", 1))
    claims = verified(both, token)
    if claims is not None:
        assert signed_again or token == TOKEN
        assert identical(claims, jwt.decode(token, SECRET, algorithms=["HS256"]))


@many
@given(header=st.text("ABgw-_=. \n", max_size=8), payload=st.text("ABgw-_=. \n", max_size=8))
def test_signed_segments_of_any_spelling_verify_alike(both, header, payload):
    assert verified(both, sign_segments(header, payload)) is None


ODD_TOKENS = st.one_of(
    st.text(max_size=60),
    st.text("eyJA.-_=", max_size=60),
    st.binary(max_size=20),
    st.none() | st.booleans() | st.integers() | st.floats() | st.lists(st.text(max_size=3), max_size=2),
)


@pytest.mark.rule("engines.documented-errors")
@many
@given(token=ODD_TOKENS)
def test_anything_for_a_token_verifies_alike(both, token):
    assert verified(both, token) is None


@pytest.mark.parametrize("beyond", [-1, 0, 1])
def test_the_limit_of_length_is_the_same(both, beyond):
    room = 65_536 + beyond - len(base64url(HEADER)) - 43 - 2
    for filler in range(room * 3 // 4 - 10, room * 3 // 4 - 6):
        verified(both, sign_bytes(b'{"a":"%b"}' % (b"x" * filler)))


# Secrets


class Bytes(bytes):
    pass


class Text(str):
    __slots__ = ()


class List(list):
    pass


KEYS_OF_ANOTHER_KIND = [
    "-----BEGIN ",
    "---- BEGIN ",
    "-----BEGIN",
    "----BEGIN ",
    "ssh-rsa",
    "ssh-dss",
    " ssh-rsa",
    "ssh-",
]
KEYS_OF_ANOTHER_KIND += [
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp999",
    '{"kty":1}',
    "[kty]",
    " {kty}\n",
    "{\\}",
    "{}",
    "{k",
]
KEYS_OF_ANOTHER_KIND += ["\ufeff{kty}", "\x0b{kty}\x0c", "\xa0[kty]", "\x85{kty}", "[kty}", '"kty"', "x{kty}"]
DER_VALUES = st.recursive(
    st.binary(max_size=6),
    lambda contents: st.builds(
        lambda tag, length, content: bytes([tag]) + (length or bytes([len(content)])) + content,
        st.sampled_from([0x30, 0x30, 0x02, 0x31]),
        st.sampled_from([b"", b"", b"", b"\x81\x80", b"\x81\x05", b"\x82\x00\x05", b"\x80", b"\x84\0\0\0\1", b"\xff"]),
        contents,
    ),
    max_leaves=4,
)
ONE_SECRET = st.one_of(
    DER_VALUES,
    st.builds(
        lambda filler: b"\x30\x81" + bytes([filler + 3]) + b"\x02\x01\x00" + b"x" * filler, st.integers(120, 140)
    ),
    st.text(max_size=8),
    st.binary(max_size=8),
    st.builds(
        "{}{}{}".format, st.text("a \n{", max_size=2), st.sampled_from(KEYS_OF_ANOTHER_KIND), st.text("a }", max_size=2)
    ),
    st.sampled_from(KEYS_OF_ANOTHER_KIND).map(as_bytes),
    st.sampled_from(["", b"", "\ud800", "x" * 5000, Text("text"), Bytes(b"bytes"), SECRET]),
    st.sampled_from(KEYS_OF_ANOTHER_KIND).map(lambda key: key.encode("utf-16", "surrogatepass")),
)
ODD_SECRETS = st.none() | st.booleans() | st.integers() | st.binary(max_size=4).map(bytearray) | st.just({SECRET: 1})
LISTED = st.lists(ONE_SECRET | ODD_SECRETS, max_size=3)
SECRETS = st.one_of(
    ONE_SECRET, ODD_SECRETS, LISTED, LISTED.map(tuple), LISTED.map(List), LISTED.map(lambda listed: [SECRET, listed])
)


def signing_key(secrets):
    """Something that could be the key, so that the signature holds wherever an engine takes the secret."""
    first = next((one for one in secrets if isinstance(one, (str, bytes))), b"") if is_listed(secrets) else secrets
    return first if isinstance(first, (str, bytes)) else b"key"


def is_listed(secrets):
    return isinstance(secrets, (list, tuple))


@many
@given(secrets=SECRETS)
@example(secrets=SECRET)
def test_any_secrets_sign_alike(both, secrets):
    created(both, "alice", "admin", secrets)


@many
@given(secrets=SECRETS)
@example(secrets=SECRET)
def test_any_secrets_verify_alike(both, secrets):
    verified(both, sign_bytes(b"{}", secret=signing_key(secrets)), secrets)


@many
@given(secrets=SECRETS)
@example(secrets=SECRET)
def test_any_secrets_are_found_fit_alike(both, secrets):
    rust, python = (engine.has_fit_secret(secrets) for engine in both)
    assert rust is python


@many
@given(secret=ONE_SECRET)
@example(secret=SECRET)
def test_what_a_secret_signs_it_verifies_and_what_it_does_not_sign_it_does_not(both, secret):
    how, signed = created(both, "alice", "admin", secret, 1, now=1)[:2]
    signed = signed if how == "returned" else None
    claims = verified(both, sign_bytes(b"{}", secret=secret), secret)
    assert (signed is None) is (claims is None)
    assert both[0].has_fit_secret(secret) is (signed is not None)
    if signed is not None:
        assert verified(both, signed, secret, now=1.0) == {"sub": "alice", "role": "admin", "iat": 1, "exp": 3601}


MISBEHAVING = {
    "text": HostileText(SECRET),
    "bytes": HostileBytes(SECRET.encode()),
    "list": HostileList([SECRET]),
    "tuple": HostileTuple([SECRET]),
    "class": HostileClass(),
    "no-text": SaysItIsText(),
}
each_misbehaving = pytest.mark.parametrize("kind", MISBEHAVING)  # by name: pytest asks its parameters, too


@each_misbehaving
def test_a_secret_that_misbehaves_verifies_alike(both, kind):
    verified(both, TOKEN, MISBEHAVING[kind])
    verified(both, TOKEN, [MISBEHAVING[kind]])


@each_misbehaving
def test_a_token_that_misbehaves_verifies_alike(both, kind):
    verified(both, MISBEHAVING[kind])


@each_misbehaving
def test_a_secret_that_misbehaves_is_found_fit_alike(both, kind):
    rust, python = (outcome(engine.has_fit_secret, MISBEHAVING[kind]) for engine in both)
    assert rust == python
    assert rust[0] == "returned"


@each_misbehaving
def test_a_secret_that_misbehaves_signs_alike(both, kind):
    created(both, "alice", "admin", MISBEHAVING[kind])


@each_misbehaving
def test_a_subject_that_misbehaves_is_signed_alike(both, kind):
    created(both, MISBEHAVING[kind], "admin", SECRET)


# Signing

UNFIT = st.none() | st.binary(max_size=3) | st.floats() | st.booleans() | st.just(Text("text"))
SUBJECTS = st.text() | st.text('\ud800a\x00\x7f"\\/é\U0001f600', max_size=6) | UNFIT
HOURS = st.integers(-1000, 1000) | st.integers() | st.sampled_from([2**63 // 3600, -(2**63) // 3600, 2**70]) | UNFIT
MOMENTS_OF_ISSUE = st.floats(-(2.0**53), 2.0**53) | st.sampled_from([0.0, -0.0, -1.9, 2.0**53])


@many
@given(subject=SUBJECTS, role=SUBJECTS, hours=HOURS, now=MOMENTS_OF_ISSUE)
@example(subject="alice", role="admin", hours=(2**63 - 1) // 3600, now=0.0)
@example(subject="alice", role="admin", hours=(2**63 - 1) // 3600, now=3600.0)
@example(subject="alice", role="admin", hours=-(2**63) // 3600 - 1, now=0.0)
@example(subject="alice", role="admin", hours=-2_562_047_788_015_216, now=1792.0)
@example(subject="alice", role="admin", hours=1, now=-1.9)
def test_any_arguments_sign_alike(both, subject, role, hours, now):
    created(both, subject, role, SECRET, hours, now=now)


@many
@given(subject=st.text(), role=st.text(), now=MOMENTS_OF_ISSUE, hours=st.integers(-1000, 1000))
def test_a_signed_token_is_the_one_of_pyjwt(both, subject, role, now, hours):
    claims = {"sub": subject, "role": role, "iat": int(now), "exp": int(now) + hours * 3600}
    token = jwt.encode(claims, SECRET, algorithm="HS256")
    assert created(both, subject, role, SECRET, hours, now=now) == ("returned", token)


# Time

MOMENTS = st.one_of(
    st.integers(-10, 10).map(lambda offset: int(NOW) + offset),
    st.floats(NOW - 3, NOW + 3),
    st.integers(2**53 - 3, 2**53 + 3),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
)
CLOCKS = st.sampled_from([NOW, math.floor(NOW) + 0.0, 0.0, -1.5, 2.0**53, 2.0**53 - 1, -(2.0**53)])
LEEWAYS = st.sampled_from([0.0, 0.5, 1.0, 2.0, 2.0**52 + 0.5, 2.0**53])


@many
@given(claims=st.dictionaries(st.sampled_from(["exp", "nbf", "iat"]), MOMENTS), now=CLOCKS, leeway=LEEWAYS)
@example(claims={"iat": 1.0000000000000002e300, "exp": 10**4299}, now=NOW, leeway=2.0**53)
@example(claims={"iat": 2**54 + 1}, now=2.0**53, leeway=2.0**53)
@example(claims={"exp": 2**53 + 1}, now=2.0**53, leeway=0.0)
def test_times_are_compared_exactly(both, claims, now, leeway):
    valid = (
        ("exp" not in claims or int(claims["exp"]) > now - leeway)
        and ("nbf" not in claims or int(claims["nbf"]) <= now + leeway)
        and ("iat" not in claims or int(claims["iat"]) <= now + leeway)
    )
    accepted = verified(both, sign_bytes(json.dumps(claims).encode()), now=now, leeway=leeway)
    assert identical(accepted, claims if valid else None)


@pytest.mark.parametrize(
    "leeway", [None, "5", [], b"5", 10**400, True, float("nan"), float("inf"), -1], ids=lambda leeway: ascii(leeway)[:8]
)
def test_an_odd_leeway_is_answered_or_refused_alike(both, leeway):
    rust, python = (
        outcome(lambda name=engine.NAME: engines.load(name).auth.verify_token(TOKEN, SECRET, leeway=leeway))
        for engine in both
    )
    assert rust == python


# The interpreter's own limit on digits


def test_a_long_integer_in_a_header_is_not_converted(both):
    limit = sys.get_int_max_str_digits()
    header = b'{"alg":"HS256","n":' + b"7" * 1_000 + b"}"
    sys.set_int_max_str_digits(640)
    try:
        assert verified(both, sign_bytes(b'{"sub":"alice"}', header=header)) == {"sub": "alice"}
        assert verified(both, sign_bytes(b'{"n":' + b"7" * 1_000 + b"}")) is None
    finally:
        sys.set_int_max_str_digits(limit)

"""Property tests: for any input both engines do the same as the reference.

The reference is PyJWT with the rules by which fastware is stricter: ``tests/reference/tokens.py``.
"""

import decimal
import fractions
import math
import warnings
from collections import deque

import clock
import pytest
from hostile_objects import HostileBytes, HostileClass, HostileList, HostileText, HostileTuple, SaysItIsText
from hypothesis import example, given, settings
from hypothesis import strategies as st
from json_texts import HEADER_MEMBERS, PAYLOADS, as_bytes, objects
from outcomes import identical, outcome_of_both
from raw_tokens import SECRET, sign_bytes, sign_claims, sign_segments
from tests.reference import secrets as secrets_reference
from tests.reference import tokens as reference

many = settings(max_examples=300, deadline=None)
NOW = 1_700_000_000.5


def verified(both, token, secret=SECRET, **options):
    """Return the claims, or ``None``. Neither engine may raise."""
    how, claims = outcome_of_both(both, "verify_token", token, secret, **options)
    assert how == "returned"
    return claims


def created(both, *arguments, now=NOW, **options):
    """Return the token, or ``None`` if both engines raise the same error."""
    with clock.stopped_at(now), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        how = outcome_of_both(both, "create_token", *arguments, **options)
    assert how[0] == "returned" or issubclass(how[1], (TypeError, ValueError))
    return how[1] if how[0] == "returned" else None


def assert_as_reference(both, token, secret=SECRET):
    with reference.stopped_clock(NOW):
        assert identical(verified(both, token, secret), reference.verified(token, secret))


# Tokens with a valid signature

SMALL_VALUES = st.sampled_from(["1", "0", '"a"', '""', "[]", "{}", "null", "true", "9e9", "1e400", '"\\ud800"'])


@pytest.mark.rule("engines.equal")
@many
@given(payload=PAYLOADS | objects(SMALL_VALUES).map(as_bytes))
@example(payload=b"{}")
@example(payload=b'{"aud":-0.0}')
@example(payload=b'{"a":' + b"[" * 63 + b"]" * 63 + b"}")
@example(payload=rb'{"a":"\ud800","a":1}')
@example(payload=b'{"a":1e400,"a":1}')
@example(payload=b'{"a":NaN,"a":1}')
@example(payload=b'{"a":' + b"7" * 4301 + b',"a":1}')
@example(payload=b'{"exp":"soon","exp":99999999999}')
def test_token_with_any_payload_is_verified_as_by_the_reference(both, payload):
    assert_as_reference(both, sign_bytes(payload))


@many
@given(before=HEADER_MEMBERS, alg=st.sampled_from([[("alg", '"HS256"')], []]), after=HEADER_MEMBERS)
def test_token_with_any_header_is_verified_as_by_the_reference(both, before, alg, after):
    header = "{" + ",".join(f'"{name}":{value}' for name, value in [*before, *alg, *after]) + "}"
    assert_as_reference(both, sign_bytes(b'{"sub":"alice"}', header=header.encode()))


@many
@given(header=PAYLOADS)
def test_token_with_any_bytes_as_header_is_verified_as_by_the_reference(both, header):
    assert_as_reference(both, sign_bytes(b"{}", header=header))


@many
@given(header=st.text("ABgw-_=. \n", max_size=8), payload=st.text("ABgw-_=. \n", max_size=8))
def test_token_with_random_segments_is_rejected(both, header, payload):
    assert verified(both, sign_segments(header, payload)) is None


# Other tokens

TOKEN = sign_bytes(b'{"sub":"alice","exp":99999999999,"n":[1,2.5,null]}')
CHARACTERS = st.sampled_from(list("ABQgwxyz0129-_.=+/ \n\t\x00é\ud800"))
CHANGES = st.lists(st.tuples(st.sampled_from("fid"), st.integers(0, len(TOKEN)), CHARACTERS), min_size=1, max_size=3)


@many
@given(changes=CHANGES, is_signed_again=st.booleans())
def test_changed_token_is_verified_as_by_the_reference(both, changes, is_signed_again):
    token = TOKEN.rpartition(".")[0] if is_signed_again else TOKEN
    for kind, index, character in changes:
        token = token[:index] + ("" if kind == "d" else character) + token[index + (kind != "i") :]
    if is_signed_again and "." in token:
        token = sign_segments(*token.split(".", 1))
    assert_as_reference(both, token)


OBJECTS = st.one_of(
    st.text(max_size=60),
    st.text("eyJA.-_=", max_size=60),
    st.binary(max_size=20),
    st.none() | st.booleans() | st.integers() | st.floats() | st.lists(st.text(max_size=3), max_size=2),
)


@pytest.mark.rule("engines.documented-errors")
@many
@given(token=OBJECTS)
def test_any_object_as_a_token_is_rejected(both, token):
    assert verified(both, token) is None


# Times

MOMENTS = st.one_of(
    st.integers(-10, 10).map(lambda offset: int(NOW) + offset),
    st.floats(NOW - 3, NOW + 3),
    st.integers(2**53 - 3, 2**53 + 3),
    st.integers(-3, 3),
    st.integers(-(2**70), 2**70),
    st.sampled_from([2**63 - 1, 2**63, -(2**63), -(2**63) - 1, -(2**64), 2**64]),
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
    is_valid = (
        ("exp" not in claims or int(claims["exp"]) > now - leeway)
        and ("nbf" not in claims or int(claims["nbf"]) <= now + leeway)
        and ("iat" not in claims or int(claims["iat"]) <= now + leeway)
    )
    with clock.stopped_at(now):
        assert identical(verified(both, sign_claims(claims), leeway=leeway), claims if is_valid else None)


# Secrets

OTHER_KEYS = [key for key in secrets_reference.OTHER_KEYS.values() if isinstance(key, str)]
OTHER_KEYS += ["-----BEGIN ", "---- BEGIN ", "-----BEGIN", "----BEGIN ", "ssh-", " ssh-rsa", "ecdsa-sha2-nistp999"]
OTHER_KEYS += ["{\\}", "{}", "{k", "{kty}", "[kty]", "[kty}", '"kty"', " {kty}\n"]
OTHER_KEYS += ["\ufeff{kty}", "\x0b{kty}\x0c", "\xa0[kty]", "\x85{kty}"]
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
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
DER_KEYS = [key for key in secrets_reference.OTHER_KEYS.values() if isinstance(key, bytes) and key[0] == 0x30]
DER_KEYS += [
    length_of_length + bytes([length + 3]) + b"\x02\x01\x00" + b"x" * length
    for length_of_length in (b"\x30\x81", b"\x30\x82\x00", b"\x30\x83\x00\x00", b"\x30\x80", b"\x30\x85\0\0\0\0")
    for length in range(120, 140)
]
NEARLY_DER_KEYS = [other for key in DER_KEYS for other in (key, key[:-1], key + b"\0", key[1:], b"\x31" + key[1:])]


def test_key_of_another_kind_is_unusable_and_what_resembles_one_is_usable(both):
    for secret in (*secrets_reference.OTHER_KEYS.values(), *OTHER_KEYS, *NEARLY_DER_KEYS):
        expected = ("returned", secrets_reference.is_usable(secret))
        assert outcome_of_both(both, "has_usable_secret", secret) == expected, secret


ONE_SECRET = st.one_of(
    st.text(max_size=8),
    st.binary(max_size=8),
    st.builds("{}{}{}".format, st.text("a \n{", max_size=2), st.sampled_from(OTHER_KEYS), st.text("a }", max_size=2)),
    st.builds(str.encode, st.sampled_from(OTHER_KEYS), ENCODINGS),
    st.sampled_from(["", b"", "\ud800", "x" * 5000, SECRET, *DER_KEYS]),
    DER_VALUES,
)
ITEMS = ONE_SECRET | st.sampled_from([None, True, 5, bytearray(b"x"), {SECRET: 1}, [SECRET]])
SECRETS = ITEMS | st.builds(
    lambda sequence, items: sequence(items), st.sampled_from([list, tuple, deque]), st.lists(ITEMS)
)


def hmac_key(secret):
    """Secrets with equal keys make equal signatures: HMAC fills a short key with NULs (RFC 2104 section 2)."""
    octets = secret.encode("utf-8", "surrogatepass") if isinstance(secret, str) else secret
    return octets.ljust(64, b"\0")


@many
@given(secrets=SECRETS)
@example(secrets=SECRET)
def test_any_secrets_sign_and_verify_as_in_the_reference(both, secrets):
    listed = list(secrets) if isinstance(secrets, (list, tuple, deque)) else [secrets]
    readable = [secret for secret in listed if isinstance(secret, (str, bytes))]
    usable = [secret for secret in readable if secrets_reference.is_usable(secret)]
    assert outcome_of_both(both, "has_usable_secret", secrets) == ("returned", usable != [])
    is_first_usable = usable != [] and usable[0] is listed[0]
    expected = reference.created("alice", "admin", usable[0], 1, NOW) if is_first_usable else None
    assert created(both, "alice", "admin", secrets, 1) == expected
    for signer in (*readable, b"key"):
        claims = verified(both, sign_bytes(b'{"sub":"alice"}', secret=signer), secrets)
        assert claims == ({"sub": "alice"} if hmac_key(signer) in map(hmac_key, usable) else None)


# Creating

INVALID = st.none() | st.binary(max_size=3) | st.floats() | st.booleans()
SUBJECTS = st.text() | st.text('\ud800a\x00\x7f"\\/é\U0001f600', max_size=6) | INVALID
LAST_HOURS = 2**63 // 3600
HOURS = st.integers(-1000, 1000) | st.integers() | st.sampled_from([LAST_HOURS, -LAST_HOURS - 1, 2**70]) | INVALID
MOMENTS_OF_ISSUE = st.floats(-(2.0**53), 2.0**53) | st.sampled_from([0.0, -0.0, -1.9, 2.0**53])


@many
@given(subject=SUBJECTS, role=SUBJECTS, hours=HOURS, now=MOMENTS_OF_ISSUE)
@example(subject="alice", role="admin", hours=(2**63 - 1) // 3600, now=0.0)
@example(subject="alice", role="admin", hours=(2**63 - 1) // 3600, now=3600.0)
@example(subject="alice", role="admin", hours=-(2**63) // 3600 - 1, now=0.0)
@example(subject="alice", role="admin", hours=-2_562_047_788_015_216, now=1792.0)
@example(subject="alice", role="admin", hours=1, now=-1.9)
def test_token_is_created_as_pyjwt_does(both, subject, role, hours, now):
    is_text = isinstance(subject, str) and isinstance(role, str)
    expected = reference.created(subject, role, SECRET, hours, now) if is_text else None
    assert created(both, subject, role, SECRET, hours, now=now) == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text('\ud800a\x00\x7f"\\/é\U0001f600', max_size=4),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(max_size=3), parts, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["iss", "aud", "nbf", "jti", "sub", "role", "iat", "exp", "a", "é", "\ud800", 5, None])
FURTHER = st.dictionaries(NAMES | st.text(max_size=3), JSON | st.text() | st.just({"a"}), max_size=4)
LIFETIMES = st.integers(-1000, 1000) | st.integers() | st.floats(-1e4, 1e4) | st.floats(-1e19, 1e19)


@many
@given(claims=FURTHER, expires_in=st.none() | LIFETIMES)
@example(claims={"iss": 5}, expires_in=None)
@example(claims={"a": 10**4299}, expires_in=0)
@example(claims={"a": -(10**4299)}, expires_in=0)
@example(claims={}, expires_in=2.0**63)
@example(claims={}, expires_in=-0.5)
def test_token_with_further_claims_is_created_as_pyjwt_does(both, claims, expires_in):
    options = {"expires_in": expires_in, "claims": claims}
    expected = reference.created("alice", "admin", SECRET, 720, NOW, **options)
    assert created(both, "alice", "admin", SECRET, **options) == expected


AUDIENCES = [
    '"a"',
    '"b"',
    '""',
    "[]",
    '["a"]',
    '["b","a"]',
    '["a",1]',
    '[["a"]]',
    '{"a":1}',
    "null",
    "true",
    '"\\u0061"',
]
MEMBERS = st.lists(
    st.tuples(st.sampled_from(["aud", "iss", "exp", "sub"]), st.sampled_from([*AUDIENCES, "1e10"])), max_size=4
)
SEVERAL = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3)
EXPECTED = st.fixed_dictionaries(
    {"audience": st.sampled_from([None, "a", "b", "c"]) | SEVERAL | SEVERAL.map(tuple) | SEVERAL.map(frozenset)},
    optional={"issuer": st.sampled_from([None, "a", "b", "", "\ud800"])},
)


@pytest.mark.rule("claims.aud")
@many
@given(members=MEMBERS, expected=EXPECTED)
def test_audience_and_issuer_are_verified_as_by_the_reference(both, members, expected):
    token = sign_bytes(("{" + ",".join(f'"{name}":{value}' for name, value in members) + "}").encode())
    with reference.stopped_clock(NOW):
        found = verified(both, token, **expected)
        assert identical(found, reference.verified(token, SECRET, **expected))
        headers = [(b"authorization", b"Bearer " + token.encode())]
        identified = outcome_of_both(both, "identify", headers, None, "session", SECRET, **expected)
        assert identified == ("returned", 1 if found is None else found)


# Arguments of other types


class Index:
    def __index__(self):
        return 1

    def __float__(self):
        return 1.0


class Int(int):
    pass


class Float(float):
    """A number whose ``__float__`` returns another one, which is ignored."""

    def __float__(self):
        return 6.0


ARGUMENTS = [None, True, 0, 5, -1, 1.5, "", "text", b"bytes", bytearray(b"x"), [], [SECRET], (), {}, object, Ellipsis]
ARGUMENTS += [Int(1), Float(1.0), decimal.Decimal(1), fractions.Fraction(1), 2**63, 10**30, float("nan"), "\ud800", 1j]
ARGUMENTS += [Index(), "ssh-rsa AAAA", "x" * 70_000]
any_argument = st.sampled_from(ARGUMENTS)


@many
@given(
    username=st.just("alice") | any_argument, role=any_argument, secret=any_argument, hours=st.just(1) | any_argument
)
def test_create_token_treats_any_arguments_the_same_on_both_engines(both, username, role, secret, hours):
    created(both, username, role, secret, hours)


@many
@given(username=st.just("alice") | any_argument, secret=any_argument, expires_in=any_argument, claims=any_argument)
def test_create_token_treats_any_options_the_same_on_both_engines(both, username, secret, expires_in, claims):
    created(both, username, "admin", secret, expires_in=expires_in, claims=claims)
    created(both, username, "admin", SECRET, 1, expires_in=expires_in)


@many
@given(
    token=st.just(TOKEN) | any_argument,
    secret=any_argument,
    leeway=st.just(0.0) | any_argument,
    audience=st.none() | any_argument,
    issuer=st.none() | any_argument,
)
def test_verify_token_raises_for_an_invalid_option_only(both, token, secret, leeway, audience, issuer):
    options = {"leeway": leeway, "audience": audience, "issuer": issuer}
    how = outcome_of_both(both, "verify_token", token, secret, **options)
    assert how[0] == "returned" or any(name in how[2] for name in options)
    identified = outcome_of_both(both, "identify", [], b"", "session", secret, **options)
    assert identified == (("returned", 0) if how[0] == "returned" else how)


HEADERS = [(b"authorization", b"Bearer " + TOKEN.encode())]


@many
@given(headers=st.just(HEADERS) | any_argument, query=any_argument, name=any_argument, secret=any_argument)
def test_identify_and_credential_treat_any_arguments_the_same_on_both_engines(both, headers, query, name, secret):
    outcome_of_both(both, "identify", headers, query, name, secret)
    outcome_of_both(both, "credential", headers, query, name)


# By name, because pytest reads the class of its parameters.
HOSTILE = {
    "text": HostileText(SECRET),
    "bytes": HostileBytes(SECRET.encode()),
    "list": HostileList([SECRET]),
    "tuple": HostileTuple([SECRET]),
    "class": HostileClass(),
    "no text": SaysItIsText(),
}


@pytest.mark.rule("engines.exact-types")
@pytest.mark.parametrize("name", HOSTILE)
def test_object_is_read_without_its_own_methods(both, name):
    hostile = HOSTILE[name]
    is_text = name == "text"
    is_secret = name in ("text", "bytes")
    is_secrets = is_secret or name in ("list", "tuple")
    assert verified(both, hostile) is None
    assert (verified(both, TOKEN, hostile) is not None) is is_secrets
    assert (verified(both, TOKEN, [hostile]) is not None) is is_secret
    assert (created(both, hostile, "admin", SECRET) is not None) is is_text
    assert (created(both, "alice", hostile, SECRET) is not None) is is_text
    assert created(both, "alice", "admin", SECRET, hostile) is None
    assert (outcome_of_both(both, "create_token", "alice", "admin", hostile)[0] == "returned") is is_secrets
    assert outcome_of_both(both, "has_usable_secret", hostile) == ("returned", is_secrets)


@pytest.mark.rule("engines.exact-types")
@pytest.mark.parametrize("subclass", [HostileText, type("Text", (str,), {})])
def test_token_created_from_a_subclass_of_str_is_a_plain_str(both, subclass):
    token = created(both, subclass("alice"), subclass("admin"), subclass(SECRET), 1)
    assert type(token) is str
    assert token == created(both, "alice", "admin", SECRET, 1)
    with clock.stopped_at(NOW):
        assert type(verified(both, subclass(token), subclass(SECRET))) is dict


# The leeway. Errors for other types and values are rows in tests/attacks/test_tokens_claims.py


@many
@given(leeway=st.floats() | st.integers() | st.integers(2**53 - 2, 2**53 + 2), late=st.integers(-3, 3))
@example(leeway=-0.0, late=-1)
@example(leeway=5e-324, late=-1)
@example(leeway=2**53, late=3)
@example(leeway=2.0**53 + 2, late=3)
@example(leeway=True, late=0)
@example(leeway=Int(5), late=3)
def test_any_number_in_range_is_a_valid_leeway(both, leeway, late):
    token = sign_claims({"exp": int(NOW) - late})
    with clock.stopped_at(NOW):
        how = outcome_of_both(both, "verify_token", token, SECRET, leeway=leeway)
    if 0 <= leeway <= 2**53:
        assert (how[1] is not None) is (int(NOW) - late > fractions.Fraction(NOW) - fractions.Fraction(leeway))
    else:
        assert how == ("raised", ValueError, "leeway must be a number of seconds from 0 to 2**53")

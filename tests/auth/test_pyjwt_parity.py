"""Both engines against PyJWT: what they accept it accepts, and what it accepts they do where it is spelled strictly."""

import json
import math

import jwt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from json_texts import HEADER_MEMBERS, PAYLOADS, as_bytes, objects
from outcomes import identical
from raw_tokens import SECRET, sign_bytes

many = settings(max_examples=300, deadline=None)


def verified(both, token, secret=SECRET):
    rust, python = (engine.verify_token(token, secret) for engine in both)
    assert identical(rust, python), (rust, python)
    return rust


def pyjwt_claims(token, secret=SECRET):
    try:
        return jwt.decode(token, secret, algorithms=["HS256"])
    except jwt.PyJWTError:
        return None


class Members(list):
    """The members of an object, equal names included."""


def is_strict_json(data):
    """Whether the JSON keeps to what the engines are stricter in than PyJWT, written without a look at them."""

    def finite(text):
        return float(text) if math.isfinite(float(text)) else refuse(text)

    def short(text):
        return int(text) if len(text) <= 4300 else refuse(text)

    def refuse(text):
        raise ValueError(text)

    def fits(value, depth):
        if isinstance(value, str):
            return not any("\ud800" <= character <= "\udfff" for character in value)
        if not isinstance(value, list):
            return True
        parts = [part for member in value for part in member] if isinstance(value, Members) else value
        return depth < 64 and all(fits(part, depth + 1) for part in parts)

    try:
        text = data.decode("utf-8")
        read = json.loads(text, parse_float=finite, parse_int=short, parse_constant=refuse, object_pairs_hook=Members)
    except (ValueError, RecursionError):
        return False
    return fits(read, 0)


def has_number_dates(claims):
    return all(type(claims[name]) in (int, float) for name in ("exp", "nbf", "iat") if name in claims)


SMALL_VALUES = st.sampled_from(["1", "0", '"a"', '""', "[]", "{}", "null", "true", "9e9", "1e400", '"\\ud800"'])


@many
@given(payload=PAYLOADS | objects(SMALL_VALUES).map(as_bytes))
@example(payload=b"{}")
@example(payload=b'{"aud":-0.0}')
@example(payload=b'{"a":' + b"[" * 63 + b"]" * 63 + b"}")
def test_a_payload_is_accepted_where_pyjwt_accepts_it_and_it_is_strict(both, payload):
    token = sign_bytes(payload)
    claims, theirs = verified(both, token), pyjwt_claims(token)
    if theirs is not None and is_strict_json(payload) and has_number_dates(theirs):
        assert identical(claims, theirs)
    else:
        assert claims is None


@many
@given(members=HEADER_MEMBERS)
def test_a_header_is_accepted_where_pyjwt_accepts_it_and_it_is_strict(both, members):
    header = ("{" + ",".join(f'"{name}":{value}' for name, value in [("alg", '"HS256"'), *members]) + "}").encode()
    token = sign_bytes(b'{"sub":"alice"}', header=header)
    expected = pyjwt_claims(token) if is_strict_json(header) else None
    assert identical(verified(both, token), expected)


KEYS_OF_ANOTHER_KIND = [
    "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
    "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----",
    "ssh-ed25519 AAAA",
    "ecdsa-sha2-nistp521 AAAA",
    '{"kty":"oct","k":"AAAA"}',
    '[{"kty":"oct","k":"AAAA"}]',
    '{"\\u006bty":"oct"}',
]
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
PARTS = st.sampled_from(["", " ", "\n\t", "x", "\x0b", "\xa0", "\ufeff", "[", "]"])
SECRETS = st.one_of(
    st.text(min_size=1),
    st.binary(min_size=1),
    st.builds("{}{}{}".format, PARTS, st.sampled_from(KEYS_OF_ANOTHER_KIND), PARTS),
    st.builds(str.encode, st.sampled_from(KEYS_OF_ANOTHER_KIND), ENCODINGS),
)


@many
@given(secret=SECRETS)
@example(secret='{"kty":"oct","k":"AAAA"}'.encode("utf-8-sig"))
@example(secret='{"kty":"oct","k":"AAAA"}'.encode("utf-16"))
@pytest.mark.filterwarnings("ignore::jwt.InsecureKeyLengthWarning")
def test_a_secret_that_pyjwt_refuses_verifies_nothing(both, secret):
    token = sign_bytes(b'{"sub":"alice"}', secret=secret)
    claims = verified(both, token, secret)
    assert claims is None or identical(claims, pyjwt_claims(token, secret))

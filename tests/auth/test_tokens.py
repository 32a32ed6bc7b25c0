"""create_token and verify_token: RFC 7515, RFC 7519, RFC 8725, and PyJWT as the peer."""

import base64
import json
import os
import subprocess
import sys
import time

import clock
import jwt
import pytest
from outcomes import identical
from raw_tokens import HEADER, SECRET, header_of, payload_of, sign_bytes, sign_claims

OTHER_SECRET = "another secret, also of 32 bytes or more"
SHOWN = "hunter2-must-not-be-shown"

NAMES = {
    "ascii": "alice",
    "empty": "",
    "quotes-and-backslash": 'a"b\\c/d',
    "controls": "\x00\x01\x1f\x7f\n\r\t\b\f",
    "latin": "José Ñandú",
    "line-separators": "\u2028\u2029\ufeff",
    "cjk": "愛麗絲",
    "astral": "👩‍🚀 \U0010ffff",
    "html": "<script>&'",
    "long": "x" * 10_000,
}
each_name = pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())


def pyjwt_accepts(token, secret=SECRET, **options):
    return jwt.decode(token, secret, algorithms=["HS256"], **options)


# The token that create_token makes


def test_a_token_holds_exactly_the_four_claims_in_order(auth):
    before = int(time.time())
    token = auth.create_token("alice", "admin", SECRET)
    after = int(time.time())
    claims = json.loads(payload_of(token))
    assert list(claims) == ["sub", "role", "iat", "exp"]
    assert (claims["sub"], claims["role"]) == ("alice", "admin")
    assert type(claims["iat"]) is int
    assert before <= claims["iat"] <= after


@pytest.mark.parametrize("hours", [1, 720, 24 * 365 * 100, 0, -1])
def test_a_token_expires_the_given_hours_after_it_was_issued(auth, hours):
    claims = json.loads(payload_of(auth.create_token("alice", "admin", SECRET, hours)))
    assert type(claims["exp"]) is int
    assert claims["exp"] - claims["iat"] == hours * 3600


@pytest.mark.rule("create.times")
def test_a_token_lives_720_hours_by_default(auth):
    claims = json.loads(payload_of(auth.create_token("alice", "admin", SECRET)))
    assert claims["exp"] - claims["iat"] == 720 * 3600


@pytest.mark.rule("create.claims")
def test_the_header_is_hs256_jwt_and_nothing_else(auth):
    assert header_of(auth.create_token("alice", "admin", SECRET)) == HEADER


@each_name
@pytest.mark.parametrize("secret", [SECRET, "schlüssel-" * 4, b"\x00\xff" * 16], ids=["str", "non-ascii", "bytes"])
def test_a_token_is_byte_for_byte_the_one_of_pyjwt(auth, name, secret):
    token = auth.create_token(name, name[::-1], secret, expires_hours=5)
    issued_at = json.loads(payload_of(token))["iat"]
    claims = {"sub": name, "role": name[::-1], "iat": issued_at, "exp": issued_at + 5 * 3600}
    assert token == jwt.encode(claims, secret, algorithm="HS256")


@each_name
def test_pyjwt_decodes_a_created_token(auth, name):
    claims = pyjwt_accepts(auth.create_token(name, "user", SECRET))
    assert (claims["sub"], claims["role"]) == (name, "user")


@each_name
def test_a_created_token_verifies_with_its_claims(auth, name):
    token = auth.create_token(name, "user", SECRET)
    assert identical(auth.verify_token(token, SECRET), json.loads(payload_of(token)))


# What create_token refuses


class Unfit:
    def __repr__(self):
        return SHOWN

    __str__ = __repr__


REFUSED_ARGUMENTS = {
    "username-none": (TypeError, "username", {"username": None}),
    "username-int": (TypeError, "username", {"username": 5}),
    "username-bytes": (TypeError, "username", {"username": SHOWN.encode()}),
    "username-object": (TypeError, "username", {"username": Unfit()}),
    "username-surrogate": (ValueError, "username", {"username": SHOWN + "\ud800"}),
    "role-none": (TypeError, "role", {"role": None}),
    "role-list": (TypeError, "role", {"role": [SHOWN]}),
    "role-object": (TypeError, "role", {"role": Unfit()}),
    "role-surrogate": (ValueError, "role", {"role": "\udfff" + SHOWN}),
    "secret-none": (TypeError, "secret", {"secret": None}),
    "secret-int": (TypeError, "secret", {"secret": 5}),
    "secret-object": (TypeError, "secret", {"secret": Unfit()}),
    "secret-dict": (TypeError, "secret", {"secret": {SHOWN: SHOWN}}),
    "secret-bytearray": (TypeError, "secret", {"secret": bytearray(SHOWN.encode())}),
    "secret-list-of-none": (TypeError, "secret", {"secret": [None, SHOWN * 2]}),
    "secret-empty": (ValueError, "secret", {"secret": ""}),
    "secret-empty-bytes": (ValueError, "secret", {"secret": b""}),
    "secret-empty-list": (ValueError, "secret", {"secret": []}),
    "secret-empty-first": (ValueError, "secret", {"secret": ["", SHOWN * 2]}),
    "secret-surrogate": (ValueError, "secret", {"secret": SHOWN * 2 + "\ud800"}),
    "hours-str": (TypeError, "expires_hours", {"expires_hours": SHOWN}),
    "hours-none": (TypeError, "expires_hours", {"expires_hours": None}),
    "hours-float": (TypeError, "expires_hours", {"expires_hours": 1.5}),
    "hours-object": (TypeError, "expires_hours", {"expires_hours": Unfit()}),
    "hours-beyond-64-bits": (ValueError, "expires_hours", {"expires_hours": 2**62}),
    "username-too-long": (ValueError, "username", {"username": SHOWN * 8_000}),
    "role-too-long": (ValueError, "role", {"role": "\x01" + SHOWN * 8_000}),
    "hours-far-beyond-64-bits": (ValueError, "expires_hours", {"expires_hours": -(10**30)}),
}


@pytest.mark.parametrize(("error", "name", "change"), REFUSED_ARGUMENTS.values(), ids=REFUSED_ARGUMENTS.keys())
def test_a_bad_argument_is_named_and_its_value_is_not_shown(auth, error, name, change):
    arguments = {"username": "alice", "role": "admin", "secret": SECRET, "expires_hours": 1, **change}
    with pytest.raises(error) as raised:
        auth.create_token(**arguments)
    assert name in str(raised.value)
    assert "hunter2" not in str(raised.value)


KEYS_OF_ANOTHER_KIND = {
    "pem-private": "-----BEGIN PRIVATE KEY-----\nhunter2aaaaaaaaaaaaaaaaaaaaaa\n-----END PRIVATE KEY-----\n",
    "pem-public": "-----BEGIN PUBLIC KEY-----\nhunter2aaaaaaaaaaaaaaaaaaaaaaa\n-----END PUBLIC KEY-----",
    "pem-certificate": b"-----BEGIN CERTIFICATE-----\r\nhunter2aaaaaaaaaaaaaa\r\n-----END CERTIFICATE-----\r\n",
    "pem-after-text": "comment\n-----BEGIN RSA PUBLIC KEY-----\nhunter2\n-----END RSA PUBLIC KEY-----",
    "ssh2": "---- BEGIN SSH2 PUBLIC KEY ----\nhunter2aaaaaaaaaaaaaaaaaaaaaa\n---- END SSH2 PUBLIC KEY ----",
    "ssh-rsa": "ssh-rsa hunter2AAAAB3NzaC1yc2EAAAADAQABAAABAQC7",
    "ssh-dss": b"ssh-dss hunter2AAAAB3NzaC1yc2EAAAADAQABAAABAQC7",
    "ssh-ed25519": "ssh-ed25519 hunter2AAAAC3NzaC1lZDI1NTE5AAAAIE",
    "ssh-nistp256": "ecdsa-sha2-nistp256 hunter2AAAAC3NzaC1lZDI1NTE5",
    "ssh-nistp384": "ecdsa-sha2-nistp384 hunter2AAAAC3NzaC1lZDI1NTE5",
    "ssh-nistp521": "ecdsa-sha2-nistp521 hunter2AAAAC3NzaC1lZDI1NTE5",
    "jwk-oct": '{"kty":"oct","k":"hunter2aaaaaaaaaaaaaaaaaaaaaaaaaaa"}',
    "jwk-bytes": b'{"k":"hunter2aaaaaaaaaaaaaaaaaaaaaaaaaaa","kty":"oct"}',
    "jwk-white-space": ' \r\n\t{ "kty" : "oct", "k": "hunter2aaaaaaaaaaaaaaaaa" }\n',
    "jwk-set": '{"keys":[{"kty":"oct","k":"hunter2aaaaaaaaaaaaaaaaaaaaaaaa"}]}',
    "jwk-array": '[{"kty":"oct","k":"hunter2aaaaaaaaaaaaaaaaaaaaaaaaaaa"}]',
    "jwk-escaped": '{"\\u006bty":"oct","k":"hunter2aaaaaaaaaaaaaaaaaaaaaaaaaaa"}',
}
DER_KEYS = {
    # SubjectPublicKeyInfo of RFC 8410 section 10.1, and the PKCS #8 key of its section 10.3
    "der-public": base64.b64decode("MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="),
    "der-private": base64.b64decode("MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC"),
    # the shape of an RSAPublicKey (RFC 8017 appendix A.1.1), and of a certificate (RFC 5280 section 4.1)
    "der-pkcs1": b"\x30\x82\x01\x0a\x02\x82\x01\x01\x00" + b"\xc7" * 256 + b"\x02\x03\x01\x00\x01",
    "der-certificate": b"\x30\x81\x86\x30\x81\x83" + b"\x05" * 0x83,
}
each_unfit_key = pytest.mark.parametrize("key", KEYS_OF_ANOTHER_KIND.values(), ids=KEYS_OF_ANOTHER_KIND.keys())


each_der_key = pytest.mark.parametrize("key", DER_KEYS.values(), ids=DER_KEYS.keys())


@each_der_key
def test_a_der_key_signs_and_verifies_nothing(auth, key):
    with pytest.raises(ValueError, match="DER"):
        auth.create_token("alice", "admin", key)
    assert auth.verify_token(sign_claims({"sub": "alice"}, secret=key), key) is None


@each_der_key
def test_bytes_that_only_resemble_a_der_key_are_a_secret(auth, key):
    for secret in (key[:-1], key + b"\0", key[1:], b"\x31" + key[1:]):
        assert auth.verify_token(auth.create_token("alice", "admin", secret), secret)["sub"] == "alice"


@pytest.mark.rule("create.bounds")
def test_the_longest_token_that_can_be_made_verifies(auth):
    lengths = range(48_900, 49_100)
    made = [length for length in lengths if is_made(auth, "x" * length)]
    assert made == list(lengths[: len(made)])
    assert 0 < len(made) < len(lengths)
    token = auth.create_token("x" * made[-1], "user", SECRET)
    assert auth.verify_token(token, SECRET)["sub"] == "x" * made[-1]


def is_made(auth, username):
    try:
        auth.create_token(username, "user", SECRET)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_a_secret_of_the_wrong_kind_of_bytes_is_named_by_its_type(auth, kind):
    with pytest.raises(TypeError, match=kind.__name__):
        auth.create_token("alice", "admin", kind(SECRET.encode()))


@each_unfit_key
def test_a_key_of_another_kind_signs_nothing_and_is_not_shown(auth, key):
    with pytest.raises(ValueError, match="secret") as raised:
        auth.create_token("alice", "admin", key)
    assert "hunter2" not in str(raised.value)


@each_unfit_key
def test_a_key_of_another_kind_verifies_nothing(auth, key):
    assert auth.verify_token(sign_claims({"sub": "alice"}, secret=key), key) is None


@each_unfit_key
def test_pyjwt_refuses_the_same_keys(key):
    with pytest.raises(jwt.InvalidKeyError):
        jwt.encode({"sub": "alice"}, key, algorithm="HS256")


@pytest.mark.parametrize("secret", ["", b"", [], (), [""], ["", b""]], ids=repr)
def test_an_empty_secret_verifies_nothing(auth, secret):
    assert auth.verify_token(sign_claims({"sub": "alice"}, secret=b""), secret) is None


SECRETS_OF_NO_USE = [
    None,
    5,
    0.5,
    True,
    object(),
    {SECRET},
    {SECRET: 1},
    bytearray(SECRET.encode()),
    [None],
    [[SECRET]],
]


@pytest.mark.parametrize("secret", [*SECRETS_OF_NO_USE, SECRET + "\ud800"], ids=lambda secret: type(secret).__name__)
def test_a_secret_of_no_use_verifies_nothing(auth, secret):
    assert auth.verify_token(sign_claims({"sub": "alice"}), secret) is None


# The warning for short secrets, once a process

WARNINGS_OF_TWO_CALLS = """
import sys, warnings
import fastware.auth as auth
secret = sys.argv[1].encode("latin-1")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    token = auth.create_token("alice", "admin", secret)
    auth.create_token("bob", "admin", secret)
    assert auth.verify_token(token, secret)["sub"] == "alice"
print(len([w for w in caught if issubclass(w.category, auth.InsecureKeyLengthWarning)]), len(caught))
print(*[w.message for w in caught])
"""


def run_python(code, *arguments, engine, options=()):
    environment = {**os.environ, "FASTWARE_ENGINE": engine}
    command = [sys.executable, *options, "-c", code, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60).stdout


@pytest.mark.rule("secret.short")
@pytest.mark.parametrize(("length", "count"), [(1, 1), (31, 1), (32, 0), (33, 0)])
def test_a_secret_under_32_bytes_warns_once_a_process(engine_name, length, count):
    counts, messages = run_python(WARNINGS_OF_TWO_CALLS, "\xe9" * length, engine=engine_name).split("\n", 1)
    assert counts == f"{count} {count}"
    assert ("32" in messages) is (count == 1)
    assert "\\xe9" not in messages


def test_the_warning_is_a_user_warning(auth):
    assert issubclass(auth.InsecureKeyLengthWarning, UserWarning)


def test_verifying_with_a_short_secret_never_raises_even_where_warnings_are_errors(engine_name):
    code = "import sys, fastware.auth as auth; print(auth.verify_token(sys.argv[1], 'short'))"
    token = sign_claims({"sub": "alice"}, secret="short")
    assert run_python(code, token, engine=engine_name, options=["-W", "error"]) == "{'sub': 'alice'}\n"


# Key rotation


@pytest.mark.parametrize("kind", [list, tuple])
def test_the_first_of_several_secrets_signs(auth, kind):
    token = auth.create_token("alice", "admin", kind([SECRET, OTHER_SECRET]))
    assert pyjwt_accepts(token, SECRET)["sub"] == "alice"
    assert auth.verify_token(token, OTHER_SECRET) is None


@pytest.mark.parametrize("kind", [list, tuple])
@pytest.mark.parametrize("signer", [SECRET, OTHER_SECRET])
def test_each_of_several_secrets_verifies(auth, kind, signer):
    token = auth.create_token("alice", "admin", signer)
    assert auth.verify_token(token, kind([SECRET, OTHER_SECRET.encode()]))["sub"] == "alice"


@pytest.mark.parametrize("unfit", [None, "", 5, "\ud800", "ssh-rsa AAAA", '{"kty":1}', [SECRET], object()], ids=repr)
def test_an_unfit_secret_among_several_is_passed_over(auth, unfit):
    assert auth.verify_token(sign_claims({"sub": "alice"}), [unfit, SECRET, unfit]) == {"sub": "alice"}


# Time: exp, nbf, iat (RFC 7519 section 4.1) and the leeway


def test_an_expired_token_is_none(auth):
    assert auth.verify_token(auth.create_token("alice", "admin", SECRET, expires_hours=-1), SECRET) is None


def test_a_token_of_zero_hours_has_expired(auth):
    assert auth.verify_token(auth.create_token("alice", "admin", SECRET, 0), SECRET) is None


@pytest.mark.parametrize(("claim", "offset"), [("exp", -100), ("nbf", 100), ("iat", 100)])
def test_the_leeway_widens_each_bound(auth, claim, offset):
    token = sign_claims({claim: int(time.time()) + offset})
    assert auth.verify_token(token, SECRET) is None
    assert auth.verify_token(token, SECRET, leeway=50) is None
    assert auth.verify_token(token, SECRET, leeway=150) is not None
    assert auth.verify_token(token, SECRET, leeway=150.5) is not None


def test_the_leeway_is_keyword_only(auth):
    with pytest.raises(TypeError):
        auth.verify_token(sign_claims({}), SECRET, 5)


@pytest.mark.parametrize("leeway", [-1, -0.001, float("nan"), float("inf"), float("-inf")])
def test_a_leeway_that_is_no_number_of_seconds_is_a_value_error(auth, leeway):
    with pytest.raises(ValueError, match="leeway"):
        auth.verify_token(sign_claims({}), SECRET, leeway=leeway)


NOW = 1_700_000_000.5
BOUNDS = {
    "exp-in-a-second": ({"exp": 1_700_000_001}, 0, True),
    "exp-at-this-second": ({"exp": 1_700_000_000}, 0, False),
    "exp-fraction-is-cut": ({"exp": 1_700_000_000.9}, 0, False),
    "exp-with-leeway": ({"exp": 1_700_000_000}, 1, True),
    "exp-equal-to-now-less-leeway": ({"exp": 1_700_000_000}, 0.5, False),
    "exp-negative": ({"exp": -1}, 0, False),
    "exp-huge": ({"exp": 10**40}, 0, True),
    "exp-float-huge": ({"exp": 1e300}, 0, True),
    "nbf-this-second": ({"nbf": 1_700_000_000}, 0, True),
    "nbf-next-second": ({"nbf": 1_700_000_001}, 0, False),
    "nbf-fraction-is-cut": ({"nbf": 1_700_000_000.9}, 0, True),
    "nbf-equal-to-now-plus-leeway": ({"nbf": 1_700_000_001}, 0.5, True),
    "nbf-negative-fraction": ({"nbf": -0.5}, 0, True),
    "nbf-huge": ({"nbf": 10**40}, 0, False),
    "iat-this-second": ({"iat": 1_700_000_000}, 0, True),
    "iat-next-second": ({"iat": 1_700_000_001}, 0, False),
    "iat-fraction-is-cut": ({"iat": 1_700_000_000.9}, 0, True),
    "iat-equal-to-now-plus-leeway": ({"iat": 1_700_000_001}, 0.5, True),
    "iat-huge": ({"iat": 1e300}, 0, False),
}


@pytest.mark.parametrize(("claims", "leeway", "valid"), BOUNDS.values(), ids=BOUNDS.keys())
def test_times_are_compared_with_the_clock_as_pyjwt_does(engine, claims, leeway, valid):
    with clock.stopped_at(NOW):
        assert engine.verify_token(sign_claims(claims), SECRET, leeway=leeway) == (claims if valid else None)


# What verify_token accepts: what PyJWT accepts, with equal claims

ACCEPTED_PAYLOADS = {
    "empty": b"{}",
    "extra-claims": b'{"sub":"a","iss":5,"scope":["a","b"],"admin":true,"none":null}',
    "nested": b'{"a":{"b":[{"c":[[],{}]}]}}',
    "depth-64": b'{"a":' + b"[" * 63 + b"]" * 63 + b"}",
    "big-integers": b'{"a":18446744073709551616,"b":-170141183460469231731687303715884105729}',
    "longest-integer": b'{"a":' + b"9" * 4300 + b"}",
    "floats": b'{"a":0.1,"b":-0.0,"c":1e5,"d":1E-5,"e":1.7976931348623157e308,"f":5e-324,"g":1e-400}',
    "negative-zero": b'{"a":-0}',
    "non-ascii": '{"näme":"é愛👩‍🚀"}'.encode(),
    "escapes": rb'{"a":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\u0000"}',
    "delete-and-c1-controls": b'{"a":"\x7f\xc2\x80"}',
    "white-space": b' \r\n\t{ "a" :\t[ 1 , 2 ] }\n',
    "duplicates": b'{"a":1,"b":2,"a":3}',
    "duplicate-exp": b'{"exp":1,"exp":99999999999}',
    "empty-name": b'{"":1}',
    "aud-empty-string": b'{"aud":""}',
    "aud-empty-array": b'{"aud":[]}',
    "aud-empty-object": b'{"aud":{}}',
    "aud-zero": b'{"aud":0}',
    "aud-false": b'{"aud":false}',
    "aud-null": b'{"aud":null}',
    "empty-sub-and-jti": b'{"sub":"","jti":""}',
    "exp-exponent": b'{"exp":1e12}',
}


@pytest.mark.parametrize("payload", ACCEPTED_PAYLOADS.values(), ids=ACCEPTED_PAYLOADS.keys())
def test_a_payload_is_accepted_with_the_claims_that_pyjwt_reads(auth, payload):
    token = sign_bytes(payload)
    claims = auth.verify_token(token, SECRET)
    assert claims is not None
    assert identical(claims, pyjwt_accepts(token))


ACCEPTED_HEADERS = {
    "alg-only": b'{"alg":"HS256"}',
    "order-and-space": b'{ "typ" : "JWT" , "alg" : "HS256" }',
    "escaped-alg": rb'{"\u0061lg":"\u0048S256"}',
    "other-typ": b'{"alg":"HS256","typ":5}',
    "kid": b'{"alg":"HS256","kid":""}',
    "unknown-members": b'{"alg":"HS256","jku":"https://example.org","jwk":{"kty":"oct"},"x5c":[]}',
    "last-alg-counts": b'{"alg":"none","alg":"HS256"}',
    "b64-true": b'{"alg":"HS256","b64":true}',
    "crit-b64": b'{"alg":"HS256","b64":true,"crit":["b64"]}',
}


@pytest.mark.parametrize("header", ACCEPTED_HEADERS.values(), ids=ACCEPTED_HEADERS.keys())
def test_a_header_is_accepted_where_pyjwt_accepts_it(auth, header):
    token = sign_bytes(b'{"sub":"alice"}', header=header)
    assert pyjwt_accepts(token) == {"sub": "alice"}
    assert auth.verify_token(token, SECRET) == {"sub": "alice"}


@pytest.mark.parametrize("secret", [SECRET, SECRET.encode(), [SECRET]], ids=["str", "bytes", "list"])
def test_a_token_of_pyjwt_is_accepted(auth, secret):
    claims = {"sub": "José", "exp": int(time.time()) + 60, "n": [10**30, 1.5, None, {"deep": "愛"}]}
    assert identical(auth.verify_token(jwt.encode(claims, SECRET), secret), claims)

"""Tokens: any text, any signed JSON, and created tokens; their reports; and usable secrets."""

import json
import warnings
from typing import Any

from jwt.algorithms import HMACAlgorithm
from jwt.exceptions import InvalidKeyError
from outcomes import identical
from raw_tokens import HEADER, SECRET, base64url, sign_bytes, sign_segments
from tests.reference import secrets, tokens

from fuzz.both_engines import PURE, attempted, returned
from fuzz.target import Input, as_text, expect, target

NOW = 1_700_000_000.5
LEEWAYS = (0.0, 0.5, 1, 3_600.0, 2**53)
MOMENTS_OF_PYJWT = (NOW, 0.0, -1.9, 1e9)
MOMENTS = (*MOMENTS_OF_PYJWT, 2.0**53, -(2.0**53))
"""PyJWT reads a ``datetime``, whose years end at 9999."""
EXPECTED: tuple[dict[str, Any], ...] = (
    {},
    {},
    {"audience": "api"},
    {"audience": ("web", "api")},
    {"audience": {"api"}, "issuer": "id"},
    {"issuer": "id"},
    {"issuer": ""},
    {"audience": "\ud800"},
)
"""The options of a signed token, by its number; the segments of number 1 are not encoded."""
LIFETIMES = (0, -1, 3_600, 0.5, -0.5, 1e10, 2**63 - 1, -(2**63), 2.0**63, 10**30)
ODD_HOURS: tuple[Any, ...] = (True, 1.0, None, "1", 2**70, -(2**70))

HEADERS = (
    b'{"alg":"HS256","crit":["b64"],"b64":true,"kid":"k"}',
    b'{"alg":"none","alg":"HS256"}',
    b'{"alg":"none","crit":[]}',
    b'{"alg":"HS256","a":' + b"[" * 63 + b"]" * 63 + b"}",
    b'{"alg":"HS256","a":' + b"[" * 64 + b"]" * 64 + b"}",
)
PAYLOADS = (
    b'{"sub":"ada","role":"admin","iat":1700000000,"exp":1700003600}',
    b'{"exp":1700000000}',
    b'{"nbf":1700000001}',
    b'{"iat":1700000001}',
    b'{"exp":1700000000.9,"nbf":-0.0,"iat":1e3,"aud":[]}',
    b'{"exp":"soon","exp":1700000001}',
    b'{"exp":99999999999999999999,"nbf":-99999999999999999999}',
    b'{"sub":1,"jti":null}',
    b'{"a":' + b"[" * 63 + b"]" * 63 + b"}",
    b'{"a":' + b"[" * 64 + b"]" * 64 + b"}",
    b'{"a":' * 64 + b"1" + b"}" * 64,
    b'{"a":' * 65 + b"1" + b"}" * 65,
    b'{"a":' + b"7" * 4_300 + b"}",
    b'{"a":' + b"7" * 4_301 + b"}",
    b'{"a":1e309,"a":1}',
    b'{"a":NaN}',
    b'{"a":"\\ud83d\\ude00","b":"\\ud800"}',
    b'{"a":"\\uDBFF\\uDFFF\\udAFF\\udCfF"}',
    b"\xef\xbb\xbf{}",
    b"[]",
)

FURTHER_CLAIMS = (
    b'{"aud":"api","iss":"id","n":[1,1.5,null,true,{"a":"\\u00e9"}]}',
    b'{"role":"root"}',
    b'{"exp":1}',
    b'{"iss":5}',
    b'{"a":NaN}',
    b'{"a":[-Infinity]}',
    b'{"a":"\\ud800"}',
    b'{"\\udfff":1}',
    b'{"a":' + b"[" * 63 + b"]" * 63 + b"}",
    b'{"a":' + b"[" * 64 + b"]" * 64 + b"}",
    b'{"nbf":"soon","jti":5}',
)

SPARE_BIT = sign_bytes(b"{}").encode("ascii")
SPARE_BIT = SPARE_BIT[:-1] + bytes([SPARE_BIT[-1] + 1])
"""A valid token with a bit set that base64url ignores."""


def compare(token: str, secret: str | bytes, leeway: float, **options: Any) -> None:
    with tokens.stopped_clock(NOW):
        found = returned("verify_token", token, secret, leeway=leeway, **options)
        theirs = tokens.pyjwt_claims(token, secret, leeway, **options)
        report = PURE.auth.inspect_token(token, secret, leeway=leeway, **options)
    rule = None if theirs is None else tokens.stricter_rule(token, secret)
    expected = None if rule else theirs
    expect(identical(found, expected), "wrong claims", token, secret, leeway, options, found, theirs, rule)
    expect(identical(report.claims, found), "another report", token, secret, leeway, options, found, report)
    expect(report.valid is (found is not None), "another report", token, secret, leeway, options, found, report)


@target(
    "token",
    "PyJWT, or a stricter rule that rejects the token",
    seeds=[
        *(sign_bytes(payload).encode("ascii") for payload in (*PAYLOADS[:3], b"x")),
        *(sign_bytes(b"{}", header=header).encode("ascii") for header in HEADERS[:3]),
        sign_bytes(b"{}").encode("ascii") + b"=",
        SPARE_BIT,
        b"eyJhbGciOiJub25lIn0.e30.",
    ],
)
def check_token(data: bytes) -> None:
    compare(as_text(data), SECRET, 0.0)


@target(
    "signed_token",
    "PyJWT, or a stricter rule that rejects the token; the report agrees",
    seeds=[
        *(b'\x1e\x1e{"aud":["web","api"],"iss":"id"}\x00%c\x00' % number for number in range(2, 8)),
        *(b'\x1e\x1e{"aud":%s,"iss":["id"]}\x00\x03\x00' % aud for aud in (b'"api"', b'["api",1]', b"{}", b'""')),
        *(b"\x1e\x1e" + payload + b"\x00\x00\x00" for payload in PAYLOADS),
        *(b"\x1e\x1e" + payload + b"\x00\x00\x02" for payload in PAYLOADS[1:4]),
        *(header + b"\x1e\x1e{}\x00\x00\x00" for header in HEADERS),
        b"eyJhbGciOiJIUzI1NiJ9\x1e\x1ee30\x00\x01\x00",
        b"eyJhbGciOiJIUzI1NiJ9\x1e\x1ee30=\x00\x01\x00",
        b"\x1e-----BEGIN PUBLIC KEY-----\nAA\n-----END PUBLIC KEY-----\x1e{}\x00\x00\x00",
        b"\x1e\xc3\xa9 secret\x1e{}\x01\x00\x00",
    ],
)
def check_signed_token(data: bytes) -> None:
    inputs = Input(data)
    leeway, number, is_text = inputs.choice(LEEWAYS), inputs.number(0, 7), inputs.flag()
    header, octets, payload = inputs.fields(3)
    header, octets = header or HEADER, octets or SECRET.encode("ascii")
    encode = base64url if number != 1 else lambda segment: segment.decode("latin-1")
    token = sign_segments(encode(header), encode(payload), octets)
    compare(token, as_text(octets) if is_text else octets, leeway, **EXPECTED[number])


@target(
    "created_token",
    "the token that PyJWT creates, byte for byte; verified again",
    seeds=[
        *(
            fields + b"\x1e" + SECRET.encode("ascii") + choices
            for fields in (b"ada\x1eadmin", b'"\\\n\x00\x7f/\x1e\xc3\xa9\xf0\x9f\x98\x80', b"\xff\x1eadmin")
            for choices in (b"\x01\x06\xb8\x02\x00", b"\x00\x07\xa1 \x00\x01\x03", b"\x00\x02\x00\x00")
        ),
        *(
            b"ada\x1eadmin\x1e" + SECRET.encode("ascii") + b"\x1e" + claims + b"\x01%c\x03\x00" % number
            for number, claims in enumerate(FURTHER_CLAIMS)
        ),
    ],
)
def check_created_token(data: bytes) -> None:
    inputs = Input(data)
    moment, lifetime, is_text = inputs.choice(MOMENTS), lifetime_of(inputs), inputs.flag()
    username, role, octets, further = inputs.fields(4)
    secret = as_text(octets) if is_text else octets
    names = as_text(username), as_text(role)
    options = {**lifetime, "claims": object_in(further)}
    with tokens.stopped_clock(moment):
        kind, *rest = attempted("create_token", *names, secret, **options)
        expected = tokens.created(*names, secret, now=moment, **{"expires_hours": 720, **options})
        if expected is None:
            expect(kind == "raised" and rest[0] in (TypeError, ValueError), "not rejected", names, options, rest)
            return
        expect((kind, *rest) == ("returned", expected), "not the token of PyJWT", names, options, rest, expected)
        compare_created(expected, secret, moment, {"sub": names[0], "role": names[1], **(options["claims"] or {})})


def compare_created(token: str, secret: str | bytes, moment: float, claims: dict[str, Any]) -> None:
    """Expect that *token* is verified as by the reference, with *claims*."""
    expected = {"audience": claims["aud"]} if isinstance(claims.get("aud"), str) and claims["aud"] else {}
    found = returned("verify_token", token, secret, **expected)
    if moment in MOMENTS_OF_PYJWT:
        theirs = tokens.verified(token, secret, **expected)
        expect(identical(found, theirs), "wrong claims", moment, token, found, theirs)
    if found is not None:
        given = json.loads(json.dumps(claims))
        expect(identical({name: found[name] for name in given}, given), "other claims", moment, found, given)


def object_in(text: bytes) -> dict[str, Any] | None:
    """Return the JSON object in *text*, which may have NaN and lone surrogates."""
    try:
        value = json.loads(as_text(text))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def lifetime_of(inputs: Input) -> dict[str, Any]:
    kind = inputs.number(0, 7)
    if kind == 0:
        return {"expires_hours": inputs.choice(ODD_HOURS)}
    if kind == 1:
        limit = inputs.choice((1, -1)) * (2**63 // 3_600)
        return {"expires_hours": limit + inputs.number(-500_000, 500_000)}
    if kind == 3:
        return {"expires_in": inputs.choice(LIFETIMES)}
    return {"expires_hours": inputs.number(-1_000, 1_000)}


OTHER_KEYS = [key.encode("utf-8") if isinstance(key, str) else key for key in secrets.OTHER_KEYS.values()]


@target(
    "secret",
    "the reference; PyJWT accepts every usable secret",
    seeds=[
        *(key + b"\x00\x00\x00" for key in OTHER_KEYS),
        *(key[:-1] + b"\x00\x00\x00" for key in OTHER_KEYS if key.startswith(b"\x30")),
        *(b"\x00\x00\x00", bytes(range(1, 33)) + b"\x00\x00\x00", SECRET.encode("ascii") + b"\x00\x00\x01"),
        SECRET.encode("ascii") + b"\x1e-----BEGIN \x1e\x01\x01\x01",
    ],
)
def check_secret(data: bytes) -> None:
    inputs = Input(data)
    is_text, is_tuple = inputs.flag(), inputs.flag()
    if inputs.number(0, 3) == 1:
        several = [as_text(field) if is_text else field for field in inputs.all_fields()]
        several = several if any(several) else []
        usable = returned("has_usable_secret", tuple(several) if is_tuple else several)
        expect(usable is any(map(secrets.is_usable, several)), "wrong for several secrets", several, usable)
        return
    (octets,) = inputs.fields(1)
    secret = as_text(octets) if is_text else octets
    usable = returned("has_usable_secret", secret)
    expect(usable is secrets.is_usable(secret), "wrong for a secret", secret, usable)
    expect(not usable or is_accepted_by_pyjwt(secret), "a usable secret that PyJWT rejects", secret)


def is_accepted_by_pyjwt(secret: str | bytes) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(secret)
        except (InvalidKeyError, UnicodeEncodeError):
            return False
    return True

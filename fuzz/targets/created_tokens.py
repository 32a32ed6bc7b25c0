"""Tokens that are made: byte for byte those of PyJWT, and verified as what was asked for."""

import warnings
from typing import Any

import jwt
from outcomes import identical

from fuzz.alike import answer_or_warning, returned
from fuzz.fuzzed_input import FuzzedInput, as_text
from fuzz.reference import secrets
from fuzz.stopped_clock import NOW, stopped
from fuzz.target import Target, expect

_MOMENTS = (NOW, 0.0, -1.9, 1e9, 2.0**53, -(2.0**53))
_ODD_HOURS: tuple[Any, ...] = (True, 1.0, None, "1", 2**70, -(2**70))
_INT64 = range(-(2**63), 2**63)


def _check(data: bytes) -> None:
    given = FuzzedInput(data)
    moment = given.choice(_MOMENTS)
    hours = _hours(given)
    is_text = given.flag()
    username, role, octets = given.fields(3)
    secret = as_text(octets) if is_text else octets
    arguments = as_text(username), as_text(role), secret, hours
    with stopped(moment):
        kind, *rest = answer_or_warning("create_token", *arguments)
        expected = _token_of_pyjwt(arguments, moment)
        if kind == "raised":
            expect(rest[0] in (TypeError, ValueError), "an error of another type", arguments, rest)
            expect(expected is None, "refused, but nothing is wrong", arguments, rest, expected)
            return
        expect(rest[0] == expected, "not the token of PyJWT", arguments, rest[0], expected)
        issued_at = int(moment)
        claims = {"sub": arguments[0], "role": arguments[1], "iat": issued_at, "exp": issued_at + hours * 3_600}
        verified = returned("verify_token", rest[0], secret)
        is_valid = claims["exp"] > moment and issued_at <= moment
        expect(identical(verified, claims if is_valid else None), "not the claims", arguments, verified)


def _hours(given: FuzzedInput) -> Any:
    kind = given.number(0, 7)
    if kind == 0:
        return given.choice(_ODD_HOURS)
    if kind == 1:
        return given.choice((1, -1)) * (2**63 // 3_600) + given.number(-500_000, 500_000)
    return given.number(-1_000, 1_000)


def _token_of_pyjwt(arguments: tuple[Any, ...], moment: float) -> str | None:
    """``None`` where the engine contract has no token."""
    username, role, secret, hours = arguments
    if type(hours) is not int or not secrets.is_fit(secret) or not _is_unicode(username + role):
        return None
    issued_at = int(moment)
    expires_at = issued_at + hours * 3_600
    if expires_at not in _INT64:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        claims = {"sub": username, "role": role, "iat": issued_at, "exp": expires_at}
        token = jwt.encode(claims, secret, algorithm="HS256")
    return token if len(token) <= 65_536 else None


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


TARGET = Target(
    "created_token",
    "the token of PyJWT, byte for byte; verified again",
    _check,
    (b"\x1e", b'"', b"\\", b"\xf0\x9f\x98\x80", b"\xed\xa0\x80", b"-----BEGIN ", b'{"kty":'),
)

"""Which secrets are fit, one or several."""

import warnings

from jwt.algorithms import HMACAlgorithm
from jwt.exceptions import InvalidKeyError

from fuzz.alike import returned
from fuzz.fuzzed_input import FuzzedInput, as_text
from fuzz.reference import secrets
from fuzz.target import Target, expect

_HS256 = HMACAlgorithm(HMACAlgorithm.SHA256)


def _check(data: bytes) -> None:
    given = FuzzedInput(data)
    is_text, is_tuple = given.flag(), given.flag()
    if given.number(0, 3) == 1:
        several = [as_text(field) if is_text else field for field in given.all_fields()]
        several = several if any(several) else []
        fit = returned("has_fit_secret", tuple(several) if is_tuple else several)
        expect(fit is any(map(secrets.is_fit, several)), "another fitness of several", several, fit)
        return
    (octets,) = given.fields(1)
    secret = as_text(octets) if is_text else octets
    fit = returned("has_fit_secret", secret)
    expect(fit is secrets.is_fit(secret), "another fitness than by the contract", secret, fit)
    expect(not fit or _is_taken_by_pyjwt(secret), "a secret that PyJWT refuses", secret)


def _is_taken_by_pyjwt(secret: str | bytes) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            _HS256.prepare_key(secret)
        except (InvalidKeyError, UnicodeEncodeError):
            return False
    return True


TARGET = Target(
    "secret_fitness",
    "the contract's rule, written out; PyJWT takes every secret that is fit",
    _check,
    (
        b"-----BEGIN ",
        b"-----END ",
        b"PUBLIC KEY-----",
        b"---- BEGIN ",
        b"SSH2 PUBLIC KEY ----",
        b"ssh-ed25519",
        b"ssh-rsa",
        b"ecdsa-sha2-nistp256",
        b'{"kty":"oct"}',
        b"\\u006b",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\x30\x82",
        b"\x30\x81\x80",
        b"\x02\x01",
        b"\x1e",
    ),
)

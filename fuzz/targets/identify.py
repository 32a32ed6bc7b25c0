"""Who makes a request: tokens of all kinds anywhere in its headers."""

from outcomes import identical
from raw_tokens import SECRET, sign_bytes

from fuzz.alike import returned
from fuzz.fuzzed_input import FuzzedInput, as_headers
from fuzz.reference import headers as reference
from fuzz.stopped_clock import stopped
from fuzz.target import Target, expect

_OTHER_SECRET = "another secret of the tests, 32 bytes too"
_CLAIMS = b'{"sub":"ada","exp":1700000001}'
_TOKENS = {
    b"<valid>": sign_bytes(_CLAIMS).encode("ascii"),
    b"<other>": sign_bytes(_CLAIMS, secret=_OTHER_SECRET).encode("ascii"),
    b"<expired>": sign_bytes(b'{"exp":1700000000}').encode("ascii"),
    b"<unsigned>": sign_bytes(_CLAIMS)[:-1].encode("ascii"),
}
_SECRETS = (SECRET, SECRET.encode("ascii"), [_OTHER_SECRET, SECRET], (_OTHER_SECRET,), "", [], [""])


def _check(data: bytes) -> None:
    given = FuzzedInput(data)
    secret, name = given.choice(_SECRETS), given.choice(("session", "a"))
    headers = []
    for header_name, template in as_headers(given.all_fields()):
        value = template
        for mark, token in _TOKENS.items():
            value = value.replace(mark, token)
        headers.append((header_name, value))
    with stopped():
        claims = returned("identify", headers, name, secret)
    token = reference.credential(headers, b"", name, False)
    expect(identical(claims, _expected(token, secret)), "another identity", headers, name, secret, claims)


def _expected(token: str | None, secret: object) -> object:
    if token is None:
        return None
    held = secret if isinstance(secret, (list, tuple)) else (secret,)
    verifiable = set()
    if SECRET in held or SECRET.encode("ascii") in held:
        verifiable.add(_TOKENS[b"<valid>"].decode("ascii"))
    if _OTHER_SECRET in held:
        verifiable.add(_TOKENS[b"<other>"].decode("ascii"))
    return {"sub": "ada", "exp": 1_700_000_001} if token in verifiable else False


TARGET = Target(
    "identify",
    "the contract's rule, written out, for tokens that are known",
    _check,
    (*_TOKENS, b"\x1e", b"authorization:Bearer ", b"cookie:session=", b"cookie:a=", b"; ", b'"'),
)

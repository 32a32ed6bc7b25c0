"""The targets of the Rust side, which ``fuzz/rust/src/targets`` holds."""

from dataclasses import dataclass
from typing import TypeAlias

from fuzz.target import Target


@dataclass(frozen=True)
class CoreTarget:
    name: str
    compared_with: str
    words: tuple[bytes, ...] = ()
    longest: int = 1_024


AnyTarget: TypeAlias = Target | CoreTarget

_WRITTEN_OUT = "the contract's rule, written out"

_JSON = (
    b'{"a":',
    b"[[[[[[[[",
    b"null",
    b"true",
    b"1e309",
    b"-0",
    b"9223372036854775808",
    b"\\ud83d\\ude00",
    b"\\ud800",
)
_CLAIMS = (b'{"exp":', b'"nbf":', b'"iat":', b'"sub":""', b'"jti":', b'"aud":', b"1700000000", b"1700000001")
_HEADER = (b'{"alg":"HS256"', b'"kid":', b'"crit":["b64"]', b'"b64":')

CORE_TARGETS: dict[str, CoreTarget] = {
    target.name: target
    for target in (
        CoreTarget("core_base64url", "the crate base64"),
        CoreTarget("core_buckets", "buckets that count tokens in fractions of 128 bits", longest=400),
        CoreTarget(
            "core_claims", "serde_json, and the rules for claims in integers of 128 bits", _JSON + _CLAIMS, 2_048
        ),
        CoreTarget("core_cookies", _WRITTEN_OUT, (b"\x1e", b"a=", b'="', b'";', b"\\054", b"\\377")),
        CoreTarget("core_credential", _WRITTEN_OUT, (b"Bearer ", b"bearer  ", b"a.b.c"), 256),
        CoreTarget("core_csrf", "equality", (b"\x1e",), 256),
        CoreTarget(
            "core_fitness",
            _WRITTEN_OUT,
            (
                b"-----BEGIN ",
                b"---- BEGIN ",
                b"ssh-rsa",
                b'{"kty":',
                b"\\",
                b"\xff\xfe",
                b"\x30\x82",
                b"\x30\x03\x02\x01",
            ),
            512,
        ),
        CoreTarget("core_header_name", "lowercase letters, compared", (b"\x1e",), 128),
        CoreTarget("core_hs256", "the crates hmac and sha2", (b"\x1e",)),
        CoreTarget("core_json", "serde_json with the contract's bounds", _JSON, 6_000),
        CoreTarget(
            "core_jws", "base64, serde_json and the rules for header and claims", _JSON + _CLAIMS + _HEADER, 2_048
        ),
        CoreTarget("core_query", "the crate percent-encoding", (b"\x1e", b"token=", b"%74oken", b"&", b"+", b"%")),
    )
}

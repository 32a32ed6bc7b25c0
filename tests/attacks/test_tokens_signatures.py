"""Signatures: forged ones, other keys, the test vectors of Wycheproof and the examples of the RFCs."""

import base64
import hashlib
import hmac
import json
from pathlib import Path
from unittest import mock

import growth
import jwt
import pytest
from attacks import Attack, attacks, each, row
from raw_tokens import (
    BODY,
    CLAIMS,
    HEAD,
    HEADER,
    PAYLOAD,
    SECRET,
    SIGNATURE,
    TOKEN,
    base64url,
    sign_bytes,
    sign_segments,
)
from token_attacks import NOW, TokenAttack, check_pyjwt, check_token, signed


def decoded(segment):
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


KEY = SECRET.encode()
INPUT = f"{HEAD}.{BODY}".encode()
MAC = decoded(SIGNATURE)
WORDS_SWAPPED = b"".join(MAC[at : at + 4][::-1] for at in range(0, 32, 4))
FORGED_BODY = base64url(b'{"sub":"root"}')
ZERO = "CVE-2022-21449, a signature of zeros"
PART = "CWE-347, part of a signature"
OTHER_INPUT = "RFC 7515 section 5.1, the signing input"
HALF = "RFC 4868 section 2.3, a digest cut to its half"
EXTENDED = f"{HEAD}.{BODY}gAAAAAAAAAAA{FORGED_BODY}"
LENGTHS = "RFC 7518 section 3.2, HS256 makes 32 bytes"
ES256 = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFcgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"


def mac(message, key=KEY, digest="sha256"):
    return hmac.digest(key, message.encode(), digest)


def encoded(signature):
    return signature if isinstance(signature, str) else base64url(signature)


# Unsigned tokens with a valid header and payload.
alice = row("token.signature", kind=TokenAttack, of=lambda signature: f"{HEAD}.{BODY}.{encoded(signature)}")
root = row("token.signature", kind=TokenAttack, of=lambda signature: f"{HEAD}.{FORGED_BODY}.{encoded(signature)}")
forged = row("token.signature", kind=TokenAttack, of=lambda signing_input: f"{signing_input}.{SIGNATURE}")
SIGNATURES = [
    alice("valid", LENGTHS, MAC, expected=CLAIMS),
    *each(root, "CVE-2020-28042, an empty signature equals every one", "", b"\0"),
    root("32-zeros", ZERO, bytes(32)),
    root("64-zeros", ZERO, bytes(64)),
    root("ecdsa-zeros-and-ones", ZERO, bytes(31) + b"\1" + bytes(31) + b"\1"),
    root("32-ones", ZERO, b"\xff" * 32),
    root("der-of-two-zeros", ZERO, bytes.fromhex("3006020100020100")),
    root("of-another-payload", "CWE-347, the signature of another token", MAC),
    alice("cut-to-31-bytes", PART, MAC[:31]),
    alice("cut-to-16-bytes", "RFC 2104 section 5, truncated output", MAC[:16]),
    alice("cut-to-10-bytes", "RFC 2104 section 5, truncated output", MAC[:10]),
    alice("cut-to-one-byte", PART, MAC[:1]),
    alice("cut-by-character", PART, SIGNATURE[:-1]),
    alice("with-extra-byte", LENGTHS, MAC + b"\0"),
    alice("with-extra-character", LENGTHS, SIGNATURE + "A"),
    alice("doubled", LENGTHS, MAC * 2),
    alice("followed-by-32-zeros", LENGTHS, MAC + bytes(32)),
    alice("after-32-zeros", LENGTHS, bytes(32) + MAC),
    alice("reversed", "CWE-347, the bytes in another order", MAC[::-1]),
    alice("words-in-other-byte-order", "CWE-198, byte order of words", WORDS_SWAPPED),
    alice("first-bit-flipped", "CWE-347, one bit", bytes([MAC[0] ^ 0x80]) + MAC[1:]),
    alice("last-bit-flipped", "CWE-347, one bit", MAC[:-1] + bytes([MAC[-1] ^ 1])),
    alice("all-bits-flipped", "CWE-347, all bits", bytes(byte ^ 0xFF for byte in MAC)),
    alice("swapped-case", "CWE-178, compared without case", SIGNATURE.swapcase()),
    # Signatures of other input
    alice("of-payload-only", OTHER_INPUT, mac(BODY)),
    alice("of-header-only", OTHER_INPUT, mac(HEAD)),
    alice("of-header-and-payload-without-dot", OTHER_INPUT, mac(HEAD + BODY)),
    alice("of-input-and-dot", OTHER_INPUT, mac(f"{HEAD}.{BODY}.")),
    alice("of-input-and-newline", OTHER_INPUT, mac(f"{HEAD}.{BODY}\n")),
    alice("of-payload-and-header", OTHER_INPUT, mac(f"{BODY}.{HEAD}")),
    alice("of-decoded-payload", "RFC 7797 section 3, unencoded payloads", mac(f"{HEAD}.{PAYLOAD.decode()}")),
    alice("of-decoded-header-and-payload", OTHER_INPUT, mac(f"{HEADER.decode()}.{PAYLOAD.decode()}")),
    alice("of-digest-of-input", OTHER_INPUT, hmac.digest(KEY, hashlib.sha256(INPUT).digest(), "sha256")),
    alice("of-input-in-utf-16", OTHER_INPUT, hmac.digest(KEY, f"{HEAD}.{BODY}".encode("utf-16-le"), "sha256")),
    alice("of-empty-input", OTHER_INPUT, mac("")),
    root("of-swapped-segments", OTHER_INPUT, mac(f"{FORGED_BODY}.{HEAD}")),
    forged("moved-dot", OTHER_INPUT, f"{HEAD[:-1]}.{HEAD[-1]}{BODY}"),
    forged("appended-payload", "CWE-347, data after what was signed", f"{HEAD}.{BODY}{FORGED_BODY}"),
    forged("appended-payload-after-sha-256-padding", "CWE-328, length extension", EXTENDED),
    forged("of-another-header", "RFC 7515 section 5.1, the header is signed too", f"{base64url(b'{}')}.{BODY}"),
    # Signatures of other functions
    alice("plain-sha-256", "CWE-347, a digest without a key", hashlib.sha256(INPUT).digest()),
    alice("sha-256-of-key-and-input", "CWE-347, a keyed digest, but not HMAC", hashlib.sha256(KEY + INPUT).digest()),
    alice("sha-256-of-input-and-key", "CWE-347, a keyed digest, but not HMAC", hashlib.sha256(INPUT + KEY).digest()),
    alice("sha3-256", "CWE-347, another function", mac(f"{HEAD}.{BODY}", digest="sha3_256")),
    alice("blake2s", "RFC 7693 section 3.3, a keyed digest", hashlib.blake2s(INPUT, key=KEY[:32]).digest()),
    alice("sha-384", "RFC 7518 section 3.2, HS384", mac(f"{HEAD}.{BODY}", digest="sha384")),
    alice("sha-384-cut", HALF, mac(f"{HEAD}.{BODY}", digest="sha384")[:32]),
    alice("sha-512", "RFC 7518 section 3.2, HS512", mac(f"{HEAD}.{BODY}", digest="sha512")),
    alice("sha-512-cut", HALF, mac(f"{HEAD}.{BODY}", digest="sha512")[:32]),
    alice("sha-1", "RFC 3174 section 1", mac(f"{HEAD}.{BODY}", digest="sha1")),
    alice("es256", "RFC 7515 appendix A.3.1, a signature of 64 bytes", ES256),
    alice("rsa-2048", "RFC 7515 appendix A.2.1, a signature of 256 bytes", bytes(range(256))),
    alice("es512", "RFC 7515 appendix A.4.1, a signature of 132 bytes", bytes(range(132))),
]


def keyed(name, source, key, secret=SECRET, expected=None):
    """Return a row with a token that *key* signed, verified with *secret*."""
    return signed(f"key-{name}", "token.signature", source, expected=expected, key=key, secret=secret)


RFC_KEY = decoded("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
UNSET = "CWE-1188, a key that is not set"
PADDED = "RFC 2104 section 2, a key is padded with zeros to a block of 64 bytes"
HASHED = "RFC 2104 section 2, a key over 64 bytes is hashed first"
LONG = b"long-" * 20

KEYS = [
    keyed("secret", "RFC 7515 section 5.2", SECRET, expected=CLAIMS),
    *each(keyed, UNSET, "", b"\0", "None", "null", "undefined", "false"),
    keyed("block-of-nuls", UNSET, bytes(64)),
    keyed("object-as-text", "CWE-704, an object converted to text", "[object Object]"),
    *each(keyed, "CWE-321, a key that everybody knows", "secret", "your-256-bit-secret", "changeme"),
    keyed("key-of-rfc-7515", "RFC 7515 appendix A.1.1, a published key", RFC_KEY),
    keyed("reversed", "CWE-347, another key", SECRET[::-1]),
    keyed("secret-cut-by-a-byte", "CWE-347, a prefix of the key", SECRET[:-1]),
    keyed("with-extra-byte", "CWE-347, a key with equal start", SECRET + "x"),
    keyed("trailing-newline", "CWE-20, a file's last newline", SECRET + "\n"),
    keyed("leading-space", "CWE-20, white space around a key", " " + SECRET),
    keyed("leading-byte-order-mark", "Unicode UTR 36, invisible characters", "\ufeff" + SECRET),
    keyed("uppercase", "CWE-178, compared without case", SECRET.upper()),
    keyed("in-utf-16", "RFC 2781 section 3, UTF-16", SECRET.encode("utf-16-le")),
    keyed("in-base64", "RFC 7518 section 6.4.1, an encoded key", base64.b64encode(KEY)),
    keyed("decoded-from-base64", "RFC 7518 section 6.4.1, an encoded key", KEY, secret=base64.urlsafe_b64encode(KEY)),
    keyed("in-hexadecimal", "RFC 4648 section 8", KEY.hex()),
    keyed("digest-of-secret", "RFC 2104 section 2, a short key is not hashed", hashlib.sha256(KEY).digest()),
    keyed("token-header", "GHSA-869p-cjfg-cm3x, a key taken from the token", HEAD),
    keyed("token-payload", "GHSA-869p-cjfg-cm3x, a key taken from the token", PAYLOAD),
    keyed("decomposed-letters", "Unicode UAX 15, canonical forms", "e\u0301" * 20, secret="\u00e9" * 20),
    keyed("latin-1-for-utf-8", "RFC 3629 section 3", "é".encode("latin-1") * 20, secret="é" * 20),
    keyed("cut-at-its-nul", "CWE-158, a key that ends at a NUL", b"k" * 32, secret=b"k" * 32 + b"\0more"),
    # Keys that are equal for HMAC
    keyed("key-and-nul", PADDED, b"k" * 32 + b"\0", secret=b"k" * 32, expected=CLAIMS),
    keyed("key-without-its-nul", PADDED, b"k" * 32, secret=b"k" * 32 + b"\0", expected=CLAIMS),
    keyed("padded-to-block", PADDED, b"k" * 32 + bytes(32), secret=b"k" * 32, expected=CLAIMS),
    keyed("padded-over-block", PADDED, b"k" * 32 + bytes(33), secret=b"k" * 32),
    keyed("leading-nul", PADDED, b"\0" + b"k" * 32, secret=b"k" * 32),
    keyed("block-and-nul", PADDED, b"k" * 64 + b"\0", secret=b"k" * 64),
    keyed("digest-of-long-key", HASHED, hashlib.sha256(LONG).digest(), secret=LONG, expected=CLAIMS),
    keyed("long-key-for-its-digest", HASHED, LONG, secret=hashlib.sha256(LONG).digest(), expected=CLAIMS),
    keyed("digest-of-block", HASHED, hashlib.sha256(b"k" * 64).digest(), secret=b"k" * 64),
    keyed("first-block-of-long-key", HASHED, LONG[:64], secret=LONG),
    keyed("digest-in-hexadecimal", HASHED, hashlib.sha256(LONG).hexdigest(), secret=LONG),
    keyed("digest-of-digest", HASHED, hashlib.sha256(hashlib.sha256(LONG).digest()).digest(), secret=LONG),
]

# RFC 7515 appendix A.1, whose key is RFC_KEY
EXAMPLE = (
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
)
EXAMPLE_CLAIMS = {"iss": "joe", "exp": 1_300_819_380, "http://example.com/is_root": True}
EXAMPLE_PAYLOAD = EXAMPLE.split(".")[1]
ENCODED_KEY = base64.urlsafe_b64encode(RFC_KEY).decode()
GENERAL = json.dumps({"payload": EXAMPLE_PAYLOAD, "signatures": [{"protected": "eyJhbGciOiJSUzI1NiJ9"}]})
FLATTENED = json.dumps({"payload": EXAMPLE_PAYLOAD, "protected": "eyJhbGciOiJFUzI1NiJ9"})
ENCODED = "eyJhbGciOiJIUzI1NiJ9.JC4wMg.5mvfOroL-g7HyqJoozehmsaqmvTYGEq5jTI1gVvoEoQ"
UNENCODED = "eyJhbGciOiJIUzI1NiIsImI2NCI6ZmFsc2UsImNyaXQiOlsiYjY0Il19.$.02.A5dxf2s96_n5FLueVuW1Z_vh161FwXZC4YLPff6dmDY"


def vectors(name):
    return json.loads((Path(__file__).parent / "vectors" / f"{name}.json").read_text(encoding="utf-8"))


WYCHEPROOF = vectors("json_web_signature")["groups"]
PLAIN_TEXT = WYCHEPROOF[1]["tests"][0]["jws"]
PLAIN_KEY = decoded(WYCHEPROOF[1]["k"])


def detached(token):
    """Return the token without its payload."""
    return f"{token.partition('.')[0]}..{token.rpartition('.')[2]}"


def example(name, rule, source, token, expected=None, secret=RFC_KEY, now=1_300_819_379.9):
    return TokenAttack(f"example-{name}", rule, source, token, expected, secret=secret, now=now)


EXAMPLES = [
    example("hs256", "token.values", "RFC 7515 appendix A.1", EXAMPLE, EXAMPLE_CLAIMS),
    example("hs256-at-time-zero", "token.values", "RFC 7519 section 3.1", EXAMPLE, EXAMPLE_CLAIMS, now=0.0),
    example("hs256-at-exp", "claims.exp", "RFC 7515 appendix A.1", EXAMPLE, now=1_300_819_380.0),
    example("hs256-long-after-exp", "claims.exp", "RFC 7515 appendix A.1", EXAMPLE, now=NOW),
    example("hs256-with-another-key", "token.signature", "RFC 7515 appendix A.1", EXAMPLE, secret=KEY[:-1]),
    example("hs256-with-encoded-key", "token.signature", "RFC 7515 appendix A.1.1", EXAMPLE, secret=ENCODED_KEY),
    example("general-json", "token.segments", "RFC 7515 appendix A.6.4", GENERAL),
    example("flattened-json", "token.segments", "RFC 7515 appendix A.7", FLATTENED),
    example("detached", "token.segments", "RFC 7515 appendix F", detached(EXAMPLE)),
    example("plaintext-payload", "token.json", "RFC 7520 section 4.4", PLAIN_TEXT, secret=PLAIN_KEY),
    example("detached-plaintext", "token.segments", "RFC 7520 section 4.5", detached(PLAIN_TEXT), secret=PLAIN_KEY),
    example("encoded-payload", "token.json", "RFC 7797 section 4.1", ENCODED),
    example("unencoded-payload-detached", "jose.b64", "RFC 7797 section 4.2", detached(UNENCODED)),
    example("unencoded-payload", "token.segments", "RFC 7797 section 4.2", UNENCODED),
]


@attacks(SIGNATURES, KEYS, EXAMPLES)
def test_only_the_secret_makes_a_valid_signature(engine, attack):
    check_token(engine, attack)


@attacks(SIGNATURES, KEYS, EXAMPLES)
def test_pyjwt_accepts_or_rejects_the_signature_as_stated(attack):
    check_pyjwt(attack)


# The payloads of Wycheproof are not claims, so every result is None. The clock shows whether the signature is valid:
# it is read only after a valid signature.

SKIPS_CHARACTERS = {372, 373}
"""Valid for Wycheproof, whose decoder skips characters outside base64url."""
MAC_IS_VALID = {365, 366, 368, 369, 371, 375}
"""Invalid for Wycheproof because of the spelling of a segment; the MAC of the segments as they are spelled is valid."""


def wycheproof_tokens():
    for group in WYCHEPROOF:
        for test in group["tests"]:
            number = test["tcId"]
            is_valid = number in MAC_IS_VALID or (test["result"] == "valid" and number not in SKIPS_CHARACTERS)
            source = f"Wycheproof json_web_signature_test tcId {number}"
            name = f"tcId-{number}-{test['comment']}"
            yield Attack(name, "token.signature", source, (test["jws"], decoded(group["k"])), is_valid)


@attacks(wycheproof_tokens())
def test_clock_is_read_only_after_a_valid_signature_of_wycheproof(engine, attack):
    token, secret = attack.input
    with mock.patch("time.time", return_value=NOW) as clock:
        assert engine.verify_token(token, secret) is None
    assert clock.call_count == attack.expected


def wycheproof_macs():
    for test in vectors("hmac_sha256")["tests"]:
        key, message, tag = (bytes.fromhex(test[name]) for name in ("key", "msg", "tag"))
        source = f"Wycheproof hmac_sha256_test tcId {test['tcId']}"
        yield Attack(f"tcId-{test['tcId']}", "token.signature", source, (key, message, tag), test["result"] == "valid")


@attacks(wycheproof_macs())
def test_pyjwt_verifies_a_mac_of_wycheproof(attack):
    """The pure engine uses PyJWT's HMAC. ``rust/core/tests/wycheproof.rs`` tests that of the Rust engine."""
    key, message, tag = attack.input
    assert jwt.get_algorithm_by_name("HS256").verify(message, key, tag) is attack.expected


UNSECURED = base64url(b'{"alg":"none"}')
DEEP = base64url(b'{"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}")
LONG_INTEGER = base64url(b"[" + b"9" * 40_000 + b"]")


unsigned = row("token.signature-first", kind=TokenAttack)
UNSIGNED = [
    unsigned("expired", "RFC 7515 section 5.2", sign_bytes(b'{"exp":1}', secret="another")),
    unsigned("not-json", "CWE-696, decoded before it is verified", f"{HEAD}.{base64url(b'{')}.{SIGNATURE}"),
    unsigned("not-base64", "CWE-696, decoded before it is verified", f"{HEAD}.!.{SIGNATURE}"),
    unsigned("deep-payload", "CWE-674, depth", lambda: f"{HEAD}.{DEEP}.{SIGNATURE}"),
    unsigned("deep-header", "CWE-674, depth", lambda: f"{DEEP}.{BODY}.{SIGNATURE}"),
    unsigned("long-integer", "CVE-2020-10735, quadratic conversion", lambda: f"{HEAD}.{LONG_INTEGER}.{SIGNATURE}"),
    unsigned("short-signature", "RFC 7518 section 3.2", TOKEN[:-2]),
    unsigned("unsecured", "CVE-2022-23540, none by default", f"{UNSECURED}.{BODY}."),
]


@attacks(UNSIGNED)
def test_clock_is_not_read_for_a_forged_token(engine, attack):
    with mock.patch("time.time", side_effect=RuntimeError("the clock was read")) as clock:
        assert engine.verify_token(attack.make(), attack.secret) is None
    assert clock.call_count == 0


@pytest.mark.rule("token.signature-first")
def test_clock_is_read_for_a_signed_token(engine):
    with mock.patch("time.time", side_effect=RuntimeError("the clock was read")), pytest.raises(RuntimeError):
        engine.verify_token(TOKEN, SECRET)


@pytest.mark.rule("token.signature-first")
def test_payload_is_not_parsed_before_the_signature_is_valid(engine):
    """A forged token costs a MAC, and not the parsing of its payload."""
    payload = base64url(b'{"a":[' + b",".join([b"{}"] * 16_000) + b"]}")
    valid, forged = sign_segments(HEAD, payload), f"{HEAD}.{payload}.{SIGNATURE}"
    assert growth.is_within(0.5, lambda token: engine.verify_token(token, SECRET), valid, forged)

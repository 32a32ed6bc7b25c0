"""Signatures that are none, and keys that are not the secret."""

import base64
import hashlib
import hmac
import time
from unittest import mock

import pytest
from attacks import parameters
from raw_tokens import HEADER, SECRET, base64url, sign_bytes, sign_segments
from token_attacks import (
    BODY,
    CLAIMS,
    HEAD,
    PAYLOAD,
    SIGNATURE,
    TOKEN,
    TokenAttack,
    answered,
    compared_with_pyjwt,
    is_answer,
    signed,
)

KEY = SECRET.encode()
MAC = base64.urlsafe_b64decode(SIGNATURE + "=")
FORGED_BODY = base64url(b'{"sub":"root"}')
ANOTHER = base64url(b'{"sub":"alice","role":"admin"}')
EMPTY = "CVE-2020-28042, an empty signature equals every one"
ZERO = "CVE-2022-21449, a signature of zeros"
SHORT = "CWE-347, a part of a signature"
OTHER_INPUT = "RFC 7515 section 5.1, the signing input"
HALF = "RFC 4868 section 2.3, a digest cut to its half"
LENGTHS = "RFC 7518 section 3.2, HS256 makes 32 bytes"


def mac(message, key=KEY, digest="sha256"):
    return hmac.digest(key, message.encode(), digest)


def forged(name, source, signature, rest=f"{HEAD}.{FORGED_BODY}", **more):
    text = signature if isinstance(signature, str) else base64url(signature)
    return TokenAttack(name, "token.signature", source, f"{rest}.{text}", **more)


def true_but(name, source, signature, **more):
    return forged(name, source, signature, f"{HEAD}.{BODY}", **more)


SIGNATURES = [
    true_but("the-signature", LENGTHS, MAC, answer=CLAIMS),
    forged("empty", EMPTY, ""),
    forged("one-zero-byte", EMPTY, b"\0"),
    forged("zeros", ZERO, bytes(32)),
    forged("zeros-of-ecdsa", ZERO, bytes(64)),
    forged("zeros-and-one-of-ecdsa", ZERO, bytes(31) + b"\1" + bytes(31) + b"\1"),
    forged("ones", ZERO, b"\xff" * 32),
    forged("der-of-two-zeros", ZERO, bytes.fromhex("3006020100020100")),
    forged("of-another-payload", "CWE-347, the signature of another token", MAC),
    true_but("cut-to-31-bytes", SHORT, MAC[:31]),
    true_but("cut-to-16-bytes", "RFC 2104 section 5, truncated output", MAC[:16]),
    true_but("cut-to-10-bytes", "RFC 2104 section 5, truncated output", MAC[:10]),
    true_but("cut-to-one-byte", SHORT, MAC[:1]),
    true_but("cut-by-a-character", SHORT, SIGNATURE[:-1]),
    true_but("with-a-byte-more", LENGTHS, MAC + b"\0"),
    true_but("with-a-character-more", LENGTHS, SIGNATURE + "A"),
    true_but("twice", LENGTHS, MAC * 2),
    true_but("with-32-zeros", LENGTHS, MAC + bytes(32)),
    true_but("after-32-zeros", LENGTHS, bytes(32) + MAC),
    true_but("in-reverse", "CWE-347, the bytes in another order", MAC[::-1]),
    true_but(
        "words-in-the-other-byte-order",
        "CWE-198, the bytes of each word in another order",
        b"".join(MAC[at : at + 4][::-1] for at in range(0, 32, 4)),
    ),
    true_but("first-bit-flipped", "CWE-347, one bit", bytes([MAC[0] ^ 0x80]) + MAC[1:]),
    true_but("last-bit-flipped", "CWE-347, one bit", MAC[:-1] + bytes([MAC[-1] ^ 1])),
    true_but("all-bits-flipped", "CWE-347, all bits", bytes(byte ^ 0xFF for byte in MAC)),
    true_but("letters-in-the-other-case", "CWE-178, compared without case", SIGNATURE.swapcase()),
    # Of other bytes than the signing input
    true_but("of-the-payload-alone", OTHER_INPUT, mac(BODY)),
    true_but("of-the-header-alone", OTHER_INPUT, mac(HEAD)),
    true_but("of-header-and-payload-without-the-dot", OTHER_INPUT, mac(HEAD + BODY)),
    true_but("of-the-input-and-a-dot", OTHER_INPUT, mac(f"{HEAD}.{BODY}.")),
    true_but("of-the-input-and-a-newline", OTHER_INPUT, mac(f"{HEAD}.{BODY}\n")),
    true_but("of-payload-and-header", OTHER_INPUT, mac(f"{BODY}.{HEAD}")),
    true_but(
        "of-the-decoded-payload",
        "RFC 7797 section 3, the input of an unencoded payload",
        mac(f"{HEAD}.{PAYLOAD.decode()}"),
    ),
    true_but("of-the-decoded-header-and-payload", OTHER_INPUT, mac(f"{HEADER.decode()}.{PAYLOAD.decode()}")),
    true_but(
        "of-the-digest-of-the-input",
        OTHER_INPUT,
        hmac.digest(KEY, hashlib.sha256(f"{HEAD}.{BODY}".encode()).digest(), "sha256"),
    ),
    true_but("of-the-input-in-utf-16", OTHER_INPUT, hmac.digest(KEY, f"{HEAD}.{BODY}".encode("utf-16-le"), "sha256")),
    true_but("of-nothing", OTHER_INPUT, mac("")),
    forged("of-the-segments-swapped", OTHER_INPUT, mac(f"{FORGED_BODY}.{HEAD}")),
    forged("moved-dot", OTHER_INPUT, MAC, f"{HEAD[:-1]}.{HEAD[-1]}{BODY}"),
    forged("appended-payload", "CWE-347, data after what was signed", MAC, f"{HEAD}.{BODY}{FORGED_BODY}"),
    forged(
        "appended-with-the-padding-of-sha-256",
        "CWE-328, extension of a digest without its key",
        MAC,
        f"{HEAD}.{BODY}{'gAAAAAAAAAAA'}{FORGED_BODY}",
    ),
    forged("other-header", "RFC 7515 section 5.1, the header is signed too", MAC, f"{base64url(b'{}')}.{BODY}"),
    # Of other functions
    true_but("plain-sha-256", "CWE-347, a digest without a key", hashlib.sha256(f"{HEAD}.{BODY}".encode()).digest()),
    true_but(
        "sha-256-of-key-and-input",
        "CWE-347, a keyed digest that is no HMAC",
        hashlib.sha256(KEY + f"{HEAD}.{BODY}".encode()).digest(),
    ),
    true_but(
        "sha-256-of-input-and-key",
        "CWE-347, a keyed digest that is no HMAC",
        hashlib.sha256(f"{HEAD}.{BODY}".encode() + KEY).digest(),
    ),
    true_but("sha3-256", "CWE-347, another function", mac(f"{HEAD}.{BODY}", digest="sha3_256")),
    true_but(
        "blake2s",
        "RFC 7693 section 3.3, a keyed digest of 32 bytes",
        hashlib.blake2s(f"{HEAD}.{BODY}".encode(), key=KEY[:32]).digest(),
    ),
    true_but("sha-384", "RFC 7518 section 3.2, HS384", mac(f"{HEAD}.{BODY}", digest="sha384")),
    true_but("sha-384-cut", HALF, mac(f"{HEAD}.{BODY}", digest="sha384")[:32]),
    true_but("sha-512", "RFC 7518 section 3.2, HS512", mac(f"{HEAD}.{BODY}", digest="sha512")),
    true_but("sha-512-cut", HALF, mac(f"{HEAD}.{BODY}", digest="sha512")[:32]),
    true_but("sha-1", "RFC 3174 section 1", mac(f"{HEAD}.{BODY}", digest="sha1")),
    true_but(
        "es256",
        "RFC 7515 appendix A.3.1, a signature of 64 bytes",
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFcgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
    ),
    true_but("rsa-2048", "RFC 7515 appendix A.2.1, a signature of 256 bytes", bytes(range(256))),
    true_but("es512", "RFC 7515 appendix A.4.1, a signature of 132 bytes", bytes(range(132))),
]


def keyed(name, source, key, secret=SECRET, answer=None, **rest):
    return signed(f"key: {name}", "token.signature", source, answer=answer, key=key, secret=secret, **rest)


UNSET = "CWE-1188, a key that is not set"
GUESSED = "CWE-321, a key that everybody knows"
PADDED = "RFC 2104 section 2, a key is filled with zeros to a block of 64 bytes"
HASHED = "RFC 2104 section 2, a key over 64 bytes is hashed first"
LONG = b"long-" * 20

KEYS = [
    keyed("the-secret", "RFC 7515 section 5.2", SECRET, answer=CLAIMS),
    keyed("empty", UNSET, ""),
    keyed("one-nul", UNSET, b"\0"),
    keyed("block-of-nuls", UNSET, bytes(64)),
    keyed("none-as-text", UNSET, "None"),
    keyed("null-as-text", UNSET, "null"),
    keyed("undefined-as-text", UNSET, "undefined"),
    keyed("false-as-text", UNSET, "false"),
    keyed("object-as-text", "CWE-704, an object made text", "[object Object]"),
    keyed("secret", GUESSED, "secret"),
    keyed("your-256-bit-secret", GUESSED, "your-256-bit-secret"),
    keyed("changeme", GUESSED, "changeme"),
    keyed(
        "the-key-of-rfc-7515",
        "RFC 7515 appendix A.1.1, a key that was published",
        base64.urlsafe_b64decode(
            "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow=="
        ),
    ),
    keyed("in-reverse", "CWE-347, another key", SECRET[::-1]),
    keyed("with-a-byte-less", "CWE-347, a prefix of the key", SECRET[:-1]),
    keyed("with-a-byte-more", "CWE-347, a key that begins alike", SECRET + "x"),
    keyed("with-a-newline", "CWE-20, a file's last newline", SECRET + "\n"),
    keyed("with-a-space", "CWE-20, white space around a key", " " + SECRET),
    keyed("with-a-byte-order-mark", "Unicode UTR 36, characters that are not seen", "\ufeff" + SECRET),
    keyed("in-capitals", "CWE-178, compared without case", SECRET.upper()),
    keyed("in-utf-16", "RFC 2781 section 3, UTF-16", SECRET.encode("utf-16-le")),
    keyed("in-base64", "RFC 7518 section 6.4.1, an encoded key", base64.b64encode(KEY)),
    keyed("decoded-from-base64", "RFC 7518 section 6.4.1, an encoded key", KEY, secret=base64.urlsafe_b64encode(KEY)),
    keyed("in-hexadecimal", "RFC 4648 section 8", KEY.hex()),
    keyed("its-digest", "RFC 2104 section 2, a short key is not hashed", hashlib.sha256(KEY).digest()),
    keyed("the-header", "GHSA-869p-cjfg-cm3x, a key taken from the token", HEAD),
    keyed("the-payload", "GHSA-869p-cjfg-cm3x, a key taken from the token", PAYLOAD),
    keyed("decomposed-letters", "Unicode UAX 15, canonical forms", "e\u0301" * 20, secret="\u00e9" * 20),
    keyed("latin-1-for-utf-8", "RFC 3629 section 3", "é".encode("latin-1") * 20, secret="é" * 20),
    keyed("cut-at-its-nul", "CWE-158, a key that ends at a NUL", b"k" * 32, secret=b"k" * 32 + b"\0more"),
    # What HMAC cannot tell apart
    keyed("the-key-and-a-nul", PADDED, b"k" * 32 + b"\0", secret=b"k" * 32, answer=CLAIMS),
    keyed("a-nul-less-than-the-key", PADDED, b"k" * 32, secret=b"k" * 32 + b"\0", answer=CLAIMS),
    keyed("filled-to-the-block", PADDED, b"k" * 32 + bytes(32), secret=b"k" * 32, answer=CLAIMS),
    keyed("filled-beyond-the-block", PADDED, b"k" * 32 + bytes(33), secret=b"k" * 32),
    keyed("nul-first", PADDED, b"\0" + b"k" * 32, secret=b"k" * 32),
    keyed("a-block-and-a-nul", PADDED, b"k" * 64 + b"\0", secret=b"k" * 64),
    keyed("the-digest-of-a-long-key", HASHED, hashlib.sha256(LONG).digest(), secret=LONG, answer=CLAIMS),
    keyed("a-long-key-for-its-digest", HASHED, LONG, secret=hashlib.sha256(LONG).digest(), answer=CLAIMS),
    keyed("the-digest-of-a-block", HASHED, hashlib.sha256(b"k" * 64).digest(), secret=b"k" * 64),
    keyed("first-block-of-a-long-key", HASHED, LONG[:64], secret=LONG),
    keyed("digest-in-hexadecimal", HASHED, hashlib.sha256(LONG).hexdigest(), secret=LONG),
    keyed("digest-twice", HASHED, hashlib.sha256(hashlib.sha256(LONG).digest()).digest(), secret=LONG),
]


@pytest.mark.parametrize("attack", parameters(SIGNATURES, KEYS))
def test_only_the_secret_makes_a_signature(engine, attack):
    how = answered(engine, attack)
    assert is_answer(how, attack), how


@pytest.mark.parametrize("attack", parameters([row for row in (*SIGNATURES, *KEYS) if row.pyjwt]))
def test_pyjwt_stands_to_it_as_the_row_says(attack):
    assert compared_with_pyjwt(attack) == attack.pyjwt


# Nothing is looked at before the signature holds

UNSECURED = base64url(b'{"alg":"none"}')
BOMB = b'{"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}"


def unsigned(name, source, token, **rest):
    return TokenAttack(name, "token.signature-first", source, token, **rest)


UNSIGNED = [
    unsigned("expired", "RFC 7515 section 5.2", sign_bytes(b'{"exp":1}', secret="another")),
    unsigned("no-json", "CWE-696, decoded before it is verified", f"{HEAD}.{base64url(b'{')}.{SIGNATURE}"),
    unsigned("no-base64", "CWE-696, decoded before it is verified", f"{HEAD}.!.{SIGNATURE}"),
    unsigned("deep", "CWE-674, depth", lambda: f"{HEAD}.{base64url(BOMB)}.{SIGNATURE}"),
    unsigned("deep-header", "CWE-674, depth", lambda: f"{base64url(BOMB)}.{BODY}.{SIGNATURE}"),
    unsigned(
        "long-integer",
        "CVE-2020-10735, digits that cost the square of their number",
        lambda: f"{HEAD}.{base64url(b'[' + b'9' * 40_000 + b']')}.{SIGNATURE}",
    ),
    unsigned("short-signature", "RFC 7518 section 3.2", TOKEN[:-2]),
    unsigned("none", "CVE-2022-23540, none by default", f"{UNSECURED}.{BODY}."),
]


def clock_that_raises():
    return mock.patch("time.time", side_effect=RuntimeError("the clock was asked"))


@pytest.mark.parametrize("attack", parameters(UNSIGNED))
def test_the_clock_is_not_asked_of_a_forged_token(engine, attack):
    with clock_that_raises() as asked:
        assert engine.verify_token(attack.token(), attack.secret) is None
    assert asked.call_count == 0


@pytest.mark.rule("token.signature-first")
def test_the_clock_is_asked_of_a_signed_one(engine):
    """So that the test above can fail."""
    with clock_that_raises() as asked, pytest.raises(RuntimeError):
        engine.verify_token(TOKEN, SECRET)
    assert asked.call_count == 1


@pytest.mark.rule("token.signature-first")
def test_a_payload_is_not_parsed_before_the_signature_holds(engine):
    """A forged token costs a MAC, however costly its payload would be to read."""
    costly = base64url(b'{"a":[' + b",".join([b"{}"] * 16_000) + b"]}")
    honest, false = sign_segments(HEAD, costly), f"{HEAD}.{costly}.{SIGNATURE}"
    assert any(
        fastest(lambda: engine.verify_token(false, SECRET)) * 2 < fastest(lambda: engine.verify_token(honest, SECRET))
        for _ in range(3)
    )


def fastest(call, repeat=20):
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)

"""Usable secrets: the rule of ``has_usable_secret``, and examples of keys of other kinds."""

import base64

SSH_KEY_TYPES = (
    "ssh-ed25519",
    "ssh-ed448",
    "ssh-rsa",
    "ssh-dss",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
)

OTHER_KEYS: dict[str, str | bytes] = {
    "PEM public key": "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----",
    "PEM private key in bytes": b"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2Vw\n-----END PRIVATE KEY-----",
    "PEM after other text": "a comment before it\n-----BEGIN CERTIFICATE-----\nMIIB",
    "SSH2 public key": "---- BEGIN SSH2 PUBLIC KEY ----\nAAAAB3NzaC1yc2E\n---- END SSH2 PUBLIC KEY ----",
    **{f"SSH key of type {kind}": f"{kind} AAAAC3NzaC1lZDI1NTE5AAAAIE alice@example.org" for kind in SSH_KEY_TYPES},
    "DER public key (RFC 8410 section 10.1)": base64.b64decode(
        "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="
    ),
    "DER private key (RFC 8410 section 10.3)": base64.b64decode(
        "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC"
    ),
    "DER RSA key (RFC 8017 appendix A.1.1)": b"\x30\x82\x01\x0a\x02\x82\x01\x01\x00"
    + b"\xc7" * 256
    + b"\x02\x03\1\0\1",
    "DER certificate (RFC 5280 section 4.1)": b"\x30\x81\x86\x30\x81\x83" + b"\x05" * 0x83,
    "JWK": '{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}',
    "JWK in bytes": b'{"k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","kty":"oct"}',
    "JWK in white space": ' \r\n\t{ "kty" : "oct", "k": "AAAAAAAAAAAAAAAAAAAA" }\n',
    "JWK set": '{"keys":[{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAA"}]}',
    "JWK in an array": '[{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]',
    "JWK with an escape": '{"\\u006bty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAA"}',
    "JWK with a byte order mark": '{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAA"}'.encode("utf-8-sig"),
    "JWK in UTF-16": '{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAA"}'.encode("utf-16"),
    "JWK in UTF-32": '{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAA"}'.encode("utf-32-be"),
}
"""Unusable secrets: a key of each other kind."""


def is_usable(secret: str | bytes) -> bool:
    """Return whether *secret* can sign and verify."""
    if isinstance(secret, str):
        if any("\ud800" <= character <= "\udfff" for character in secret):
            return False
        secret = secret.encode("utf-8")
    return secret != b"" and not (is_pem(secret) or is_ssh_key(secret) or is_der_key(secret) or is_jwk(secret))


def is_pem(secret: bytes) -> bool:
    return b"-----BEGIN " in secret or b"---- BEGIN " in secret


def is_ssh_key(secret: bytes) -> bool:
    return any(secret[: len(kind)] == kind.encode("ascii") for kind in SSH_KEY_TYPES)


def is_jwk(secret: bytes) -> bool:
    octets = [octet for octet in secret if octet != 0]
    for mark in ([0xEF, 0xBB, 0xBF], [0xFF, 0xFE], [0xFE, 0xFF]):
        if octets[: len(mark)] == mark:
            octets = octets[len(mark) :]
    text = "".join(map(chr, octets)).strip(" \t\n\f\r")
    is_enclosed = len(text) >= 2 and text[0] + text[-1] in ("{}", "[]")
    return is_enclosed and ("kty" in text or "\\" in text)


def is_der_key(secret: bytes) -> bool:
    """Return whether *secret* is one whole SEQUENCE that begins with a SEQUENCE or an INTEGER."""
    outer = der_value(secret)
    if outer is None or outer[0] != 0x30 or outer[2] != b"":
        return False
    inner = der_value(outer[1])
    return inner is not None and inner[0] in (0x30, 0x02)


def der_value(data: bytes) -> tuple[int, bytes, bytes] | None:
    """Return tag, content and rest if the length has the shortest encoding, of at most five bytes."""
    for size in range(5):
        length_field = data[1 : 2 + size]
        if len(length_field) < 1 + size:
            return None
        length = int.from_bytes(length_field[1:], "big") if size else length_field[0]
        if length_field == shortest_length_field(length):
            rest = data[2 + size :]
            return (data[0], rest[:length], rest[length:]) if length <= len(rest) else None
    return None


def shortest_length_field(length: int) -> bytes:
    """Return the length field of DER (ITU-T X.690 section 10.1)."""
    if length < 0x80:
        return bytes([length])
    size = (length.bit_length() + 7) // 8
    return bytes([0x80 + size]) + length.to_bytes(size, "big")

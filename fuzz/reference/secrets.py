"""Which secrets are fit: the rule of ``Engine.has_fit_secret``."""

_SSH_KEY_TYPES = (
    "ssh-ed25519",
    "ssh-rsa",
    "ssh-dss",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-ed448",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
)


def is_fit(secret: str | bytes) -> bool:
    if isinstance(secret, str):
        if any("\ud800" <= character <= "\udfff" for character in secret):
            return False
        secret = secret.encode("utf-8")
    return secret != b"" and not (_is_pem(secret) or _is_ssh_key(secret) or _is_der_key(secret) or _is_jwk(secret))


def _is_pem(secret: bytes) -> bool:
    return b"-----BEGIN " in secret or b"---- BEGIN " in secret


def _is_ssh_key(secret: bytes) -> bool:
    return any(secret[: len(kind)] == kind.encode("ascii") for kind in _SSH_KEY_TYPES)


def _is_jwk(secret: bytes) -> bool:
    octets = [octet for octet in secret if octet != 0]
    for mark in ([0xEF, 0xBB, 0xBF], [0xFF, 0xFE], [0xFE, 0xFF]):
        if octets[: len(mark)] == mark:
            octets = octets[len(mark) :]
    while octets and octets[0] in (0x20, 0x09, 0x0A, 0x0C, 0x0D):
        octets = octets[1:]
    while octets and octets[-1] in (0x20, 0x09, 0x0A, 0x0C, 0x0D):
        octets = octets[:-1]
    text = "".join(map(chr, octets))
    is_enclosed = len(text) >= 2 and text[0] + text[-1] in ("{}", "[]")
    return is_enclosed and ("kty" in text or "\\" in text)


def _is_der_key(secret: bytes) -> bool:
    outer = _der(secret)
    if outer is None or outer[0] != 0x30 or outer[2] != b"":
        return False
    inner = _der(outer[1])
    return inner is not None and inner[0] in (0x30, 0x02)


def _der(data: bytes) -> tuple[int, bytes, bytes] | None:
    """Tag, content and rest, where the length is spelled in the shortest way and there is so much."""
    for size in (0, 1, 2, 3, 4):
        header = data[: 2 + size]
        if len(header) < 2 + size:
            return None
        length = int.from_bytes(header[2:], "big") if size else header[1]
        shortest = bytes([length]) if size == 0 and length < 0x80 else bytes([0x80 + size]) + header[2:]
        is_shortest = length < 0x80 if size == 0 else length >= max(0x80, 256 ** (size - 1))
        if header[1:] == shortest and is_shortest:
            rest = data[2 + size :]
            return (header[0], rest[:length], rest[length:]) if length <= len(rest) else None
    return None

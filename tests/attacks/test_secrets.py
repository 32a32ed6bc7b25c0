"""Unusable secrets: empty, of another type, or keys of another kind, which may be public; and several secrets."""

import base64
import collections
import json
import warnings
from dataclasses import dataclass

import jwt
import pytest
from attacks import Attack, attacks, check, each, row
from hostile_objects import HostileBytes, HostileList, HostileText, HostileTuple, SaysItIsText
from outcomes import outcome
from raw_tokens import CLAIMS, SECRET, TOKEN, sign_bytes, sign_claims
from token_attacks import ACCEPTS, NOT_COMPARED, SAME, compared

CREATE_ONE = 'create one with: python -c "import secrets; print(secrets.token_urlsafe(32))"'
ANOTHER_KIND = (
    ValueError,
    f"{{}} is a PEM, SSH, DER or JWK key, not a shared secret (RFC 8725 section 2.1); {CREATE_ONE}",
)
EMPTY = (ValueError, f"{{}} is empty; {CREATE_ONE}")
NO_SECRETS = (ValueError, "{} is an empty sequence; it must hold at least one secret")
SURROGATE = (ValueError, "{} has a lone surrogate, which UTF-8 cannot encode")


@dataclass(frozen=True)
class SecretAttack(Attack):
    """*input* is a secret, or a function that makes it; *expected* is the error of ``create_token``, or ``None``."""

    pyjwt: str | None = NOT_COMPARED

    @property
    def is_usable(self):
        return self.expected is None

    def octets(self):
        """Return what a careless HMAC would use as the key."""
        secret = self.make()
        secret = next(iter(secret), b"") if isinstance(secret, (list, tuple)) else secret
        if issubclass(type(secret), str):
            return str.encode(secret, "utf-8", "surrogatepass")
        return bytes(secret) if isinstance(secret, (bytes, bytearray, memoryview)) else b"None"


def key(name, source, secret, pyjwt=SAME):
    return SecretAttack(name, "secret.other-keys", source, secret, ANOTHER_KIND, pyjwt)


def usable(name, source, secret, pyjwt=SAME, rule="secret.other-keys"):
    return SecretAttack(name, rule, source, secret, None, pyjwt)


def pem(label, dashes="-----"):
    return f"{dashes}BEGIN {label}{dashes}\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7\n{dashes}END {label}{dashes}\n"


def pem_key(name, source, label, pyjwt=SAME):
    return key(f"pem-{name}", source, pem(label), pyjwt)


CONFUSION = "CVE-2022-29217, a public key as the secret"
OPENSSH = "CVE-2024-33663, OpenSSH keys as the secret"
PEM_LABELS = "RFC 7468 section 3, PEM labels"
CUT_SHORT = "RFC 8725 section 2.1, PEM that is cut short"
LINE_ENDS = "RFC 7468 section 2, ends of lines"
JWK = "RFC 7517 section 4, a JWK as the secret"
DER = "RFC 5280 section 4.1, DER as the secret"
ENCODED = "RFC 8725 section 2.1, a key in another encoding"
ED25519_DER = base64.b64decode("MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=")  # RFC 8410 section 10.1
ED25519_PKCS8 = base64.b64decode("MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC")  # section 10.3
P256_DER = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004") + bytes(range(64))
PKCS1_DER = b"\x30\x82\x01\x0a\x02\x82\x01\x01\x00" + b"\xc7" * 256 + b"\x02\x03\x01\x00\x01"
SEC1_DER = bytes.fromhex("303102010104") + b"\x20" + bytes(range(32)) + bytes.fromhex("a00a06082a8648ce3d030107")
CERTIFICATE_DER = b"\x30\x81\x86\x30\x81\x83" + b"\x05" * 0x83
PKCS12_DER = b"\x30\x82\x01\x04\x02\x01\x03\x30\x81\xfe" + b"\x05" * 0xFE
LONG_DER = b"\x30\x84\xff\xff\xff\xff\x30\x05" + bytes(32)
INDEFINITE_BER = b"\x30\x80" + ED25519_DER[2:] + b"\0\0"
assert all(len(der) == der[1] + 2 for der in (ED25519_DER, ED25519_PKCS8, P256_DER))
OCT_JWK = '{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}'
EC_JWK = (
    '{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",'
    '"y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}'
)
OKP_JWK = '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}'
JWK_SET = f'{{"keys":[{EC_JWK}]}}'
NESTED_JWK = f'{{"config":{{"jwks":[{EC_JWK}]}}}}'

TEXT_KEYS = [
    *each(pem_key, CONFUSION, "PUBLIC KEY"),
    key("pem-public-in-bytes", CONFUSION, pem("PUBLIC KEY").encode()),
    *each(pem_key, "CVE-2017-11424, PKCS 1 PEM as the secret", "RSA PUBLIC KEY", "RSA PRIVATE KEY"),
    *each(pem_key, PEM_LABELS, "DSA PRIVATE KEY", "TRUSTED CERTIFICATE", "DH PARAMETERS"),
    *each(pem_key, "RFC 5915 section 4", "EC PRIVATE KEY"),
    *each(pem_key, "RFC 7468 section 5", "CERTIFICATE"),
    *each(pem_key, "RFC 7468 section 6", "X509 CRL"),
    *each(pem_key, "RFC 7468 section 7", "CERTIFICATE REQUEST"),
    *each(pem_key, "RFC 7468 section 10", "PRIVATE KEY"),
    *each(pem_key, "RFC 7468 section 11", "ENCRYPTED PRIVATE KEY"),
    *each(pem_key, OPENSSH, "OPENSSH PRIVATE KEY"),
    *each(pem_key, "RFC 7468 section 8", "PKCS7", pyjwt=ACCEPTS),
    *each(pem_key, "RFC 7468 section 9", "CMS", pyjwt=ACCEPTS),
    *each(pem_key, "RFC 7468 section 12", "ATTRIBUTE CERTIFICATE", pyjwt=ACCEPTS),
    *each(pem_key, "RFC 9580 section 6.2", "PGP PUBLIC KEY BLOCK", pyjwt=ACCEPTS),
    *each(pem_key, "RFC 8725 section 2.1, other PEM labels", "EC PARAMETERS", "POST QUANTUM KEY", pyjwt=ACCEPTS),
    key("pem-without-end", CUT_SHORT, pem("PUBLIC KEY").partition("-----END")[0], ACCEPTS),
    key("pem-beginning-only", CUT_SHORT, "-----BEGIN PUBLIC KEY", ACCEPTS),
    key("pem-with-crlf", LINE_ENDS, pem("PUBLIC KEY").replace("\n", "\r\n")),
    key("pem-on-one-line", LINE_ENDS, pem("PUBLIC KEY").replace("\n", "")),
    key("pem-with-escaped-newlines", LINE_ENDS, pem("PUBLIC KEY").replace("\n", "\\n")),
    key("pem-with-spaces-for-newlines", LINE_ENDS, pem("PUBLIC KEY").replace("\n", " ")),
    key("pem-after-text", "RFC 7468 section 5.2, explanatory text", "Subject: CN=a\n" + pem("CERTIFICATE")),
    key("pem-after-nul", "CWE-158, a NUL before a key", "\0" + pem("PUBLIC KEY")),
    key("pem-after-byte-order-mark", ENCODED, "\ufeff" + pem("PUBLIC KEY")),
    key("pem-after-a-megabyte", "CWE-400, text before a key", lambda: "x" * 1_000_000 + pem("PUBLIC KEY")),
    key("pem-in-json", "RFC 7517 section 4", json.dumps({"key": pem("PUBLIC KEY")})),
    key("pem-in-quotes", CONFUSION, f'"{pem("PUBLIC KEY")}"'),
    key("ssh2-public", "RFC 4716 section 3.6", pem("SSH2 PUBLIC KEY ", "---- ").replace("KEY  ", "KEY ")),
    key("ssh2-beginning-only", "RFC 4716 section 3.1", "---- BEGIN SSH2 PUBLIC KEY ----", ACCEPTS),
    key("ssh-rsa", "RFC 4253 section 6.6", "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7 alice@example.org"),
    key("ssh-dss", "RFC 4253 section 6.6", b"ssh-dss AAAAB3NzaC1kc3MAAACBAK"),
    key("ssh-ed25519", "RFC 8709 section 4", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE"),
    key("ssh-nistp256", OPENSSH, "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTY"),
    key("ssh-nistp384", "RFC 5656 section 10.1", "ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQ"),
    key("ssh-nistp521", "RFC 5656 section 10.1", "ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjE"),
    key("ssh-ed448", "RFC 8709 section 4", "ssh-ed448 AAAACXNzaC1lZDQ0OAAAADk alice@example.org", ACCEPTS),
    key("ssh-security-key", OPENSSH, "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29t", ACCEPTS),
    key("ssh-security-key-nistp256", OPENSSH, "sk-ecdsa-sha2-nistp256@openssh.com AAAAInNrLWVjZHNh", ACCEPTS),
    key("ssh-certificate", OPENSSH, "ssh-rsa-cert-v01@openssh.com AAAAHHNzaC1yc2EtY2VydC12MDFA"),
    *each(key, OPENSSH, "ecdsa-sha2-nistp256-cert-v01@openssh.com AAAAKGVjZHNh", "ssh-rsa", "ssh-rsa\tAAAAB3NzaC1yc2E"),
    usable("pem-lowercase", PEM_LABELS, pem("PUBLIC KEY").lower()),
    usable("pem-with-four-dashes", PEM_LABELS, "----BEGIN PUBLIC KEY----\nMCowBQYDK2VwAyEA\n----END PUBLIC KEY----"),
    usable("the-word-begin", PEM_LABELS, "BEGIN PUBLIC KEY, a secret of a lazy person"),
    usable("ssh-type-inside", "RFC 4253 section 6.6", "my ssh-rsa secret of the tests, long enough"),
    usable("ssh-type-cut-short", "RFC 4253 section 6.6", "ssh-rs of the tests, a secret that is long enough"),
]

# Not compared if PyJWT's result depends on the package cryptography, which parses DER.
DER_KEYS = [
    key("der-ed25519", "RFC 8410 section 10.1", ED25519_DER, NOT_COMPARED),
    key("der-p256", "RFC 5480 section 2", P256_DER, NOT_COMPARED),
    key("der-pkcs1", "RFC 8017 appendix A.1.1", PKCS1_DER, NOT_COMPARED),
    key("der-certificate", DER, CERTIFICATE_DER, ACCEPTS),
    key("der-pkcs8", "RFC 8410 section 10.3", ED25519_PKCS8, ACCEPTS),
    key("der-sec1", "RFC 5915 section 3", SEC1_DER, ACCEPTS),
    key("der-pkcs12", "RFC 7292 section 4", PKCS12_DER, ACCEPTS),
    usable("der-cut-short", DER, ED25519_DER[:-1]),
    usable("der-and-nul", DER, ED25519_DER + b"\0", NOT_COMPARED),
    usable("der-set", "ITU-T X.690 section 8.11", b"\x31" + ED25519_DER[1:]),
    usable("der-octet-string", "ITU-T X.690 section 8.7", b"\x30\x22\x04\x20" + bytes(range(32))),
    usable("ber-indefinite-length", "ITU-T X.690 section 8.1.3.6", INDEFINITE_BER, NOT_COMPARED),
    usable("ber-with-longer-length", "ITU-T X.690 section 10.1", b"\x30\x81" + ED25519_DER[1:], NOT_COMPARED),
    usable("der-with-length-past-the-end", "CWE-130, a length past the end", LONG_DER),
    usable("der-empty-sequence", "ITU-T X.690 section 8.9", b"\x30\x00"),
]


def encoded_jwk(name, source, encoding):
    return key(f"jwk-in-{name}", source, OCT_JWK.encode(encoding))


JWKS = [
    key("jwk-oct", "RFC 7515 appendix A.1.1", OCT_JWK),
    key("jwk-ec", "RFC 7515 appendix A.3.1", EC_JWK),
    key("jwk-okp", "RFC 8037 appendix A.2", OKP_JWK),
    key("jwk-in-bytes", JWK, EC_JWK.encode()),
    key("jwk-set", "RFC 7517 section 5", JWK_SET),
    key("jwk-array", "RFC 7517 section 5", f"[{EC_JWK}]"),
    key("jwk-in-document", "RFC 7517 section 5", NESTED_JWK),
    key("jwk-with-white-space", JWK, ' \r\n\t{ "kty" : "oct", "k": "aaaaaaaaaaaaaaaaaaaaaaaa" }\n'),
    *each(key, JWK, '{"k":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","kty":"oct"}', '{"kty":1}'),
    key("jwk-with-kty-escaped", "RFC 8259 section 8.3", '{"\\u006bty":"oct","k":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}'),
    key("jwk-with-kty-twice", "RFC 8259 section 4", '{"kty":"oct","kty":"oct"}'),
    *each(encoded_jwk, ENCODED, "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"),
    key("jwk-in-utf-16-be-with-mark", ENCODED, b"\xfe\xff" + OCT_JWK.encode("utf-16-be")),
    key("jwk-in-utf-32-be-with-mark", ENCODED, b"\0\0\xfe\xff" + OCT_JWK.encode("utf-32-be")),
    key("jwk-in-utf-16-escaped", ENCODED, '{"\\u006bty":"oct"}'.encode("utf-16")),
    key("jwk-with-byte-order-mark-as-str", ENCODED, "\ufeff" + OCT_JWK),
    key("jwk-between-nuls", "CWE-158, NULs around a key", b"\0" + OCT_JWK.encode() + b"\0", ACCEPTS),
    key("jwk-with-trailing-comma", "RFC 8259 section 4, JSON of lenient parsers", '{"kty":"oct",}', ACCEPTS),
    key("jwk-with-single-quotes", "RFC 8259 section 7, JSON of lenient parsers", "{'kty':'oct'}", ACCEPTS),
    key("braces-and-backslash", "RFC 8259 section 7, names that may be escaped", "{a secret \\ of the tests}", ACCEPTS),
    key("encrypted-jwk-with-kty", "RFC 7517 section 7", '{"protected":"eyJhbGciOiJkaXIifQ","kty":"oct"}'),
    *each(usable, JWK, "{a secret of the tests, in braces}", "kty: a secret of the tests, long enough"),
    *each(usable, JWK, '{"k":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}', '"kty, a secret of the tests that is long"'),
    usable("crossed-brackets", JWK, "[kty, a secret of the tests that is long}"),
    usable("no-break-space-before-jwk", JWK, "\xa0" + OCT_JWK),
    usable("text-before-jwk", JWK, "jwk=" + OCT_JWK),
    usable("k-of-a-jwk", "RFC 7518 section 6.4.1", json.loads(OCT_JWK)["k"]),
]


def empty(name, source, secret, error=EMPTY, pyjwt=NOT_COMPARED):
    return SecretAttack(name, "secret.empty", source, secret, error, pyjwt)


def other(name, source, secret, wrong="secret", expected="str, bytes or a sequence of them"):
    kind = type(secret[0] if wrong == "secret[0]" else secret).__name__
    error = (TypeError, f"{wrong} must be {expected}, not {kind}")
    return SecretAttack(f"type-{name}", "secret.kinds", source, lambda: secret, error)


def other_item(name, source, secret):
    return other(name, source, secret, "secret[0]", "str or bytes")


class StringsToSecret:
    def __str__(self):
        return SECRET

    __bytes__ = None


UNSET = "CWE-1188, a secret that is not set"
TYPE = "CWE-1287, a secret of another type"
EMPTY_SECRETS = [
    *each(empty, UNSET, "", b"", pyjwt=SAME),
    *each(empty, UNSET, [""], (b"",), ["", b"", ""]),
    *each(empty, UNSET, [], (), range(0), collections.deque(), error=NO_SECRETS),
]
OTHER_TYPES = [
    other("none", UNSET, None),
    *each(other, TYPE, 5, 0, 0.5, True, False, {SECRET}, {SECRET: 1}, str, bytearray(SECRET.encode())),
    other("memoryview", TYPE, memoryview(SECRET.encode())),
    other("generator", TYPE, (item for item in [SECRET])),
    other("iterator", TYPE, iter([SECRET])),
    other("map", TYPE, map(str, [SECRET])),
    other("object-with-str-method", TYPE, StringsToSecret()),
    other("object-that-claims-to-be-str", TYPE, SaysItIsText()),
    *each(other_item, TYPE, [None], [[SECRET]], [(SECRET,)], list(SECRET.encode()), range(5)),
    *each(other_item, TYPE, [bytearray(SECRET.encode())]),
]


def surrogate(name, secret):
    return SecretAttack(name, "secret.unicode", "RFC 3629 section 3, surrogates have no UTF-8", secret, SURROGATE)


SURROGATES = [
    surrogate("high-surrogate", SECRET + "\ud800"),
    surrogate("low-surrogate", "\udfff" + SECRET),
    surrogate("surrogateescape", SECRET.encode().replace(b"a", b"\xff").decode("utf-8", "surrogateescape")),
    surrogate("in-list", [SECRET + "\ud800"]),
    usable("noncharacter", "Unicode Corrigendum 9, noncharacters", SECRET + "\uffff", rule="secret.unicode"),
    usable("nuls", "CWE-158, NULs in a secret", "\0" * 40, rule="secret.unicode"),
    usable("emoji", "RFC 3629 section 3", "\U0001f600" * 10, rule="secret.unicode"),
    usable("all-bytes", "RFC 7518 section 3.2, any octets", bytes(range(256)), rule="secret.kinds"),
]
TABLES = (TEXT_KEYS, DER_KEYS, JWKS, EMPTY_SECRETS, OTHER_TYPES, SURROGATES)


@attacks(*TABLES)
def test_unusable_secret_verifies_nothing(engine, attack):
    token = sign_bytes(b'{"sub":"alice"}', secret=attack.octets())
    assert engine.verify_token(token, attack.make()) == (CLAIMS if attack.is_usable else None)
    assert engine.has_usable_secret(attack.make()) is attack.is_usable


@attacks(*TABLES)
def test_unusable_secret_signs_nothing_and_is_not_shown(engine, attack):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        actual = outcome(engine.create_token, "alice", "admin", attack.make(), 1)
    if attack.is_usable:
        assert engine.verify_token(actual[1], attack.make())["sub"] == "alice"
    else:
        kind, message = attack.expected
        secret = attack.make()
        name = "secret[0]" if isinstance(secret, (list, tuple)) and len(secret) > 0 else "secret"
        assert actual == ("raised", kind, message.format(name))


@attacks(compared(*TABLES))
def test_pyjwt_accepts_or_rejects_the_secret_as_stated(attack):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", jwt.InsecureKeyLengthWarning)
        actual = outcome(lambda: jwt.encode({"sub": "alice"}, attack.make(), algorithm="HS256"))
    is_accepted = actual[0] == "returned"
    assert is_accepted or issubclass(actual[1], jwt.InvalidKeyError)
    assert is_accepted is (attack.is_usable or attack.pyjwt == ACCEPTS)


@pytest.mark.rule("engines.exact-types")
@pytest.mark.parametrize("kind", [HostileText, HostileBytes, HostileList, HostileTuple])
def test_empty_subclass_with_raising_methods_is_empty(engine, kind):
    with pytest.raises(ValueError, match="empty"):
        engine.create_token("alice", "admin", kind())


PEM = pem("PUBLIC KEY")


class Raising(collections.abc.Sequence):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        raise RuntimeError("called")


ROTATION = "RFC 8725 section 3.10, keys chosen by the application"
verified = row("secret.rotation", CLAIMS)
rejected = row("secret.rotation")
SEVERAL = [
    *each(verified, ROTATION, [SECRET], [SECRET, "another"], ["another", SECRET], ("another", SECRET)),
    *each(verified, ROTATION, ["another", SECRET.encode()], collections.deque(["another", SECRET])),
    *each(verified, ROTATION, ["", SECRET], [None, SECRET], [0, SECRET], ["\ud800", SECRET], [[SECRET], SECRET]),
    verified("after-pem", ROTATION, [PEM, SECRET]),
    verified("after-object", ROTATION, [object(), SECRET]),
    verified("in-list-with-raising-methods", ROTATION, lambda: HostileList([SECRET])),
    verified("in-tuple-with-raising-methods", ROTATION, lambda: HostileTuple([SECRET])),
    verified("last-of-1000", ROTATION, ["another"] * 1_000 + [SECRET]),
    verified("last-after-1000-unusable", ROTATION, [""] * 1_000 + [SECRET]),
    rejected("none-of-1000", ROTATION, [f"another {number}" for number in range(1_000)]),
    rejected("characters-of-secret", ROTATION, list(SECRET)),
    rejected("in-generator", ROTATION, lambda: (item for item in [SECRET])),
    rejected("in-iterator", ROTATION, lambda: iter([SECRET])),
    rejected("in-sequence-that-raises", ROTATION, Raising),
    rejected("joined-by-comma", ROTATION, f"{SECRET},another"),
    *each(rejected, ROTATION, [SECRET[:20], SECRET[20:]], [[SECRET]], {SECRET}, {"kid": SECRET}),
    *each(rejected, ROTATION, [bytearray(SECRET.encode())], ["", None, PEM, "\ud800"]),
]


@attacks(SEVERAL)
def test_each_usable_secret_of_a_sequence_verifies(engine, attack):
    check(attack, engine.verify_token, TOKEN, attack.make())


@attacks(SEVERAL)
def test_forged_token_is_rejected_with_several_secrets(engine, attack):
    forged = [sign_claims({"sub": "root"}, secret=secret) for secret in ("", "None", "\0", "[]", "0", PEM)]
    assert [engine.verify_token(token, attack.make()) for token in forged] == [None] * len(forged)

"""Secrets that are none: unset, of another type, or keys of another kind, which others may know."""

import base64
import collections
import json
import warnings
from dataclasses import dataclass

import jwt
import pytest
from attacks import Attack, parameters
from hostile_objects import HostileBytes, HostileList, HostileText, HostileTuple, SaysItIsText
from outcomes import outcome
from raw_tokens import SECRET, sign_bytes, sign_claims
from token_attacks import AS_PYJWT, CLAIMS, NOT_COMPARED, STRICTER, TOKEN

MAKE_ONE = 'make one with: python -c "import secrets; print(secrets.token_urlsafe(32))"'
ANOTHER_KIND = (
    ValueError,
    f"{{}} is a PEM, SSH, DER or JWK key, not a shared secret (RFC 8725 section 2.1); {MAKE_ONE}",
)
EMPTY = (ValueError, f"{{}} is empty; {MAKE_ONE}")
NO_SECRETS = (ValueError, "{} is an empty sequence; it must hold at least one secret")
SURROGATE = (ValueError, "{} has a lone surrogate, which UTF-8 cannot encode")


@dataclass(frozen=True)
class SecretAttack(Attack):
    """*given* is a secret, or a function that makes it; *answer* is the error of ``create_token``, or ``None``: fit."""

    pyjwt: str | None = NOT_COMPARED

    def secret(self):
        return self.given() if callable(self.given) else self.given

    def octets(self):
        """What a careless HMAC would take for the key."""
        secret = self.secret()
        secret = next((each for each in secret), b"") if isinstance(secret, (list, tuple)) else secret
        if issubclass(type(secret), str):
            return str.encode(secret, "utf-8", "surrogatepass")
        return bytes(secret) if isinstance(secret, (bytes, bytearray, memoryview)) else b"None"


# Keys of another kind


def key(name, source, secret, pyjwt=AS_PYJWT):
    return SecretAttack(name, "secret.other-keys", source, secret, ANOTHER_KIND, pyjwt)


def secret_after_all(name, source, secret, pyjwt=AS_PYJWT):
    return SecretAttack(name, "secret.other-keys", source, secret, None, pyjwt)


def armoured(label, dashes="-----"):
    return f"{dashes}BEGIN {label}{dashes}\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7\n{dashes}END {label}{dashes}\n"


CONFUSION = "CVE-2022-29217, a public key in the place of a secret"
OPENSSH = "CVE-2024-33663, OpenSSH keys in the place of a secret"
PKCS1_PEM = "CVE-2017-11424, PKCS 1 armour in the place of a secret"
ARMOUR = "RFC 7468 section 3, armour"
OTHER_ARMOUR = "RFC 8725 section 2.1, armour of other labels"
CUT_ARMOUR = "RFC 8725 section 2.1, armour that is cut"
ED25519_DER = base64.b64decode("MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=")  # RFC 8410 section 10.1
ED25519_PKCS8 = base64.b64decode("MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC")  # section 10.3
P256_DER = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004") + bytes(range(64))
PKCS1_DER = b"\x30\x82\x01\x0a\x02\x82\x01\x01\x00" + b"\xc7" * 256 + b"\x02\x03\x01\x00\x01"
SEC1_DER = bytes.fromhex("303102010104") + b"\x20" + bytes(range(32)) + bytes.fromhex("a00a06082a8648ce3d030107")
CERTIFICATE_DER = b"\x30\x81\x86\x30\x81\x83" + b"\x05" * 0x83
PKCS12_DER = b"\x30\x82\x01\x04\x02\x01\x03\x30\x81\xfe" + b"\x05" * 0xFE
assert all(len(der) == der[1] + 2 for der in (ED25519_DER, ED25519_PKCS8, P256_DER))
OCT_JWK = '{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}'
EC_JWK = (
    '{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",'
    '"y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}'
)
OKP_JWK = '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}'
JWK_SET = f'{{"keys":[{EC_JWK}]}}'
JWK = "RFC 7517 section 4, a JWK in the place of a secret"
DER = "RFC 5280 section 4.1, DER in the place of a secret"
ENCODED = "RFC 8725 section 2.1, a key in another encoding"
# PyJWT looks through DER where the package cryptography is installed beside it.
BY_CRYPTOGRAPHY = NOT_COMPARED

ARMOURED = [
    key("pem-public", CONFUSION, armoured("PUBLIC KEY")),
    key("pem-public-in-bytes", CONFUSION, armoured("PUBLIC KEY").encode()),
    key("pem-pkcs1-public", PKCS1_PEM, armoured("RSA PUBLIC KEY")),
    key("pem-pkcs1-private", PKCS1_PEM, armoured("RSA PRIVATE KEY")),
    key("pem-ec-private", "RFC 5915 section 4", armoured("EC PRIVATE KEY")),
    key("pem-dsa-private", ARMOUR, armoured("DSA PRIVATE KEY")),
    key("pem-pkcs8", "RFC 7468 section 10", armoured("PRIVATE KEY")),
    key("pem-pkcs8-encrypted", "RFC 7468 section 11", armoured("ENCRYPTED PRIVATE KEY")),
    key("pem-certificate", "RFC 7468 section 5", armoured("CERTIFICATE")),
    key("pem-trusted-certificate", ARMOUR, armoured("TRUSTED CERTIFICATE")),
    key("pem-certificate-request", "RFC 7468 section 7", armoured("CERTIFICATE REQUEST")),
    key("pem-certificate-list", "RFC 7468 section 6", armoured("X509 CRL")),
    key("pem-of-openssh", OPENSSH, armoured("OPENSSH PRIVATE KEY")),
    key("pem-parameters", ARMOUR, armoured("DH PARAMETERS")),
    key("pem-pkcs7", "RFC 7468 section 8", armoured("PKCS7"), STRICTER),
    key("pem-cms", "RFC 7468 section 9", armoured("CMS"), STRICTER),
    key("pem-attribute-certificate", "RFC 7468 section 12", armoured("ATTRIBUTE CERTIFICATE"), STRICTER),
    key("pem-of-openpgp", "RFC 9580 section 6.2, armour", armoured("PGP PUBLIC KEY BLOCK"), STRICTER),
    key("pem-of-ec-parameters", OTHER_ARMOUR, armoured("EC PARAMETERS"), STRICTER),
    key("pem-of-an-unknown-label", OTHER_ARMOUR, armoured("POST QUANTUM KEY"), STRICTER),
    key("pem-without-its-end", CUT_ARMOUR, armoured("PUBLIC KEY").partition("-----END")[0], STRICTER),
    key("pem-beginning-alone", CUT_ARMOUR, "-----BEGIN PUBLIC KEY", STRICTER),
    key("pem-of-crlf", "RFC 7468 section 2, ends of lines", armoured("PUBLIC KEY").replace("\n", "\r\n")),
    key("pem-in-one-line", "RFC 7468 section 2, ends of lines", armoured("PUBLIC KEY").replace("\n", "")),
    key("pem-with-escaped-lines", "RFC 7468 section 2, ends of lines", armoured("PUBLIC KEY").replace("\n", "\\n")),
    key("pem-with-spaces-for-lines", "RFC 7468 section 2, ends of lines", armoured("PUBLIC KEY").replace("\n", " ")),
    key("pem-after-text", "RFC 7468 section 5.2, explanatory text", "Subject: CN=a\n" + armoured("CERTIFICATE")),
    key("pem-after-a-nul", "CWE-158, a NUL before a key", "\0" + armoured("PUBLIC KEY")),
    key("pem-after-a-byte-order-mark", ENCODED, "\ufeff" + armoured("PUBLIC KEY")),
    key("pem-after-a-megabyte", "CWE-400, text before a key", lambda: "x" * 1_000_000 + armoured("PUBLIC KEY")),
    key("pem-in-json", "RFC 7517 section 4", json.dumps({"key": armoured("PUBLIC KEY")})),
    key("pem-in-quotes", CONFUSION, f'"{armoured("PUBLIC KEY")}"'),
    key("ssh2-public", "RFC 4716 section 3.6", armoured("SSH2 PUBLIC KEY ", "---- ").replace("KEY  ", "KEY ")),
    key("ssh2-beginning-alone", "RFC 4716 section 3.1", "---- BEGIN SSH2 PUBLIC KEY ----", STRICTER),
    key("ssh-rsa", "RFC 4253 section 6.6", "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7 alice@example.org"),
    key("ssh-dss", "RFC 4253 section 6.6", b"ssh-dss AAAAB3NzaC1kc3MAAACBAK"),
    key("ssh-ed25519", "RFC 8709 section 4", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE"),
    key("ssh-nistp256", OPENSSH, "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTY"),
    key("ssh-nistp384", "RFC 5656 section 10.1", "ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQ"),
    key("ssh-nistp521", "RFC 5656 section 10.1", "ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjE"),
    key("ssh-ed448", "RFC 8709 section 4", "ssh-ed448 AAAACXNzaC1lZDQ0OAAAADk alice@example.org", STRICTER),
    key("ssh-security-key", OPENSSH, "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29t", STRICTER),
    key("ssh-security-key-of-nistp256", OPENSSH, "sk-ecdsa-sha2-nistp256@openssh.com AAAAInNrLWVjZHNh", STRICTER),
    key("ssh-certificate", OPENSSH, "ssh-rsa-cert-v01@openssh.com AAAAHHNzaC1yc2EtY2VydC12MDFA"),
    key("ssh-certificate-of-nistp256", OPENSSH, "ecdsa-sha2-nistp256-cert-v01@openssh.com AAAAKGVjZHNh"),
    key("ssh-type-alone", OPENSSH, "ssh-rsa"),
    key("ssh-type-and-a-tab", OPENSSH, "ssh-rsa\tAAAAB3NzaC1yc2E"),
    secret_after_all("armour-in-lowercase", ARMOUR, armoured("PUBLIC KEY").lower()),
    secret_after_all(
        "armour-of-four-dashes", ARMOUR, "----BEGIN PUBLIC KEY----\nMCowBQYDK2VwAyEA\n----END PUBLIC KEY----"
    ),
    secret_after_all("the-word-begin", ARMOUR, "BEGIN PUBLIC KEY, a secret of a lazy person"),
    secret_after_all("ssh-type-within", "RFC 4253 section 6.6", "my ssh-rsa secret of the tests, long enough"),
    secret_after_all("ssh-type-cut", "RFC 4253 section 6.6", "ssh-rs of the tests, a secret that is long enough"),
]

DER_KEYS = [
    key("der-ed25519", "RFC 8410 section 10.1", ED25519_DER, BY_CRYPTOGRAPHY),
    key("der-p256", "RFC 5480 section 2", P256_DER, BY_CRYPTOGRAPHY),
    key("der-pkcs1", "RFC 8017 appendix A.1.1", PKCS1_DER, BY_CRYPTOGRAPHY),
    key("der-certificate", DER, CERTIFICATE_DER, STRICTER),
    key("der-pkcs8", "RFC 8410 section 10.3", ED25519_PKCS8, STRICTER),
    key("der-sec1", "RFC 5915 section 3", SEC1_DER, STRICTER),
    key("der-pkcs12", "RFC 7292 section 4", PKCS12_DER, STRICTER),
    secret_after_all("der-cut", DER, ED25519_DER[:-1]),
    secret_after_all("der-and-a-nul", DER, ED25519_DER + b"\0", BY_CRYPTOGRAPHY),
    secret_after_all("der-of-a-set", "ITU-T X.690 section 8.11", b"\x31" + ED25519_DER[1:]),
    secret_after_all("der-of-an-octet-string", "ITU-T X.690 section 8.7", b"\x30\x22\x04\x20" + bytes(range(32))),
    secret_after_all(
        "ber-of-indefinite-length",
        "ITU-T X.690 section 8.1.3.6",
        b"\x30\x80" + ED25519_DER[2:] + b"\0\0",
        BY_CRYPTOGRAPHY,
    ),
    secret_after_all(
        "ber-with-a-longer-length", "ITU-T X.690 section 10.1", b"\x30\x81" + ED25519_DER[1:], BY_CRYPTOGRAPHY
    ),
    secret_after_all(
        "der-with-a-length-beyond-the-end",
        "CWE-130, a length that is not there",
        b"\x30\x84\xff\xff\xff\xff\x30\x05" + bytes(32),
    ),
    secret_after_all("der-of-nothing", "ITU-T X.690 section 8.9", b"\x30\x00"),
]


def utf(encoding, text=OCT_JWK, mark=b""):
    return mark + text.encode(encoding)


JWKS = [
    key("jwk-oct", "RFC 7515 appendix A.1.1", OCT_JWK),
    key("jwk-ec", "RFC 7515 appendix A.3.1", EC_JWK),
    key("jwk-okp", "RFC 8037 appendix A.2", OKP_JWK),
    key("jwk-in-bytes", JWK, EC_JWK.encode()),
    key("jwk-set", "RFC 7517 section 5", JWK_SET),
    key("jwk-array", "RFC 7517 section 5", f"[{EC_JWK}]"),
    key("jwk-in-a-document", "RFC 7517 section 5", f'{{"config":{{"jwks":[{EC_JWK}]}}}}'),
    key("jwk-with-white-space", JWK, ' \r\n\t{ "kty" : "oct", "k": "aaaaaaaaaaaaaaaaaaaaaaaa" }\n'),
    key("jwk-with-kty-last", JWK, '{"k":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","kty":"oct"}'),
    key("jwk-with-a-number-for-kty", JWK, '{"kty":1}'),
    key("jwk-with-kty-escaped", "RFC 8259 section 8.3", '{"\\u006bty":"oct","k":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}'),
    key("jwk-with-kty-twice", "RFC 8259 section 4", '{"kty":"oct","kty":"oct"}'),
    key("jwk-in-utf-8-with-mark", ENCODED, utf("utf-8-sig")),
    key("jwk-in-utf-16", ENCODED, utf("utf-16")),
    key("jwk-in-utf-16-le", ENCODED, utf("utf-16-le")),
    key("jwk-in-utf-16-be", ENCODED, utf("utf-16-be")),
    key("jwk-in-utf-16-be-with-mark", ENCODED, utf("utf-16-be", mark=b"\xfe\xff")),
    key("jwk-in-utf-32", ENCODED, utf("utf-32")),
    key("jwk-in-utf-32-le", ENCODED, utf("utf-32-le")),
    key("jwk-in-utf-32-be", ENCODED, utf("utf-32-be")),
    key("jwk-in-utf-32-be-with-mark", ENCODED, utf("utf-32-be", mark=b"\0\0\xfe\xff")),
    key("jwk-in-utf-16-escaped", ENCODED, utf("utf-16", '{"\\u006bty":"oct"}')),
    key("jwk-with-a-mark-as-text", ENCODED, "\ufeff" + OCT_JWK),
    key("jwk-between-nuls", "CWE-158, NULs around a key", b"\0" + OCT_JWK.encode() + b"\0", STRICTER),
    key("jwk-with-a-trailing-comma", "RFC 8259 section 4, JSON that some readers take", '{"kty":"oct",}', STRICTER),
    key("jwk-with-single-quotes", "RFC 8259 section 7, JSON that some readers take", "{'kty':'oct'}", STRICTER),
    key(
        "braces-and-a-backslash",
        "RFC 8259 section 7, names that may be escaped",
        "{a secret \\ of the tests}",
        STRICTER,
    ),
    key("encrypted-jwk-is-json-with-kty", "RFC 7517 section 7", '{"protected":"eyJhbGciOiJkaXIifQ","kty":"oct"}'),
    secret_after_all("braces-alone", JWK, "{a secret of the tests, in braces}"),
    secret_after_all("kty-alone", JWK, "kty: a secret of the tests, long enough"),
    secret_after_all("json-without-kty", JWK, '{"k":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}'),
    secret_after_all("json-string", JWK, '"kty, a secret of the tests that is long"'),
    secret_after_all("crossed-brackets", JWK, "[kty, a secret of the tests that is long}"),
    secret_after_all("no-break-space-before-a-jwk", JWK, "\xa0" + OCT_JWK),
    secret_after_all("text-before-a-jwk", JWK, "jwk=" + OCT_JWK),
    secret_after_all("k-alone", "RFC 7518 section 6.4.1", json.loads(OCT_JWK)["k"]),
]

# Nothing at all, and other types


def of_type(kind, expected="str, bytes or a sequence of them", name="secret"):
    return TypeError, f"{name} must be {expected}, not {kind}"


def of_item(kind):
    return of_type(kind, "str or bytes", "secret[0]")


def empty(name, secret, error=EMPTY, pyjwt=NOT_COMPARED):
    return SecretAttack(name, "secret.empty", "CWE-1188, a secret that is not set", secret, error, pyjwt)


def other(name, secret, kind, source="CWE-1287, a secret of another type"):
    return SecretAttack(name, "secret.kinds", source, lambda: secret, kind)


class Stringly:
    def __str__(self):
        return SECRET

    __bytes__ = None


NOTHING = [
    empty("empty", "", pyjwt=AS_PYJWT),
    empty("empty-bytes", b"", pyjwt=AS_PYJWT),
    empty("empty-list", [], NO_SECRETS),
    empty("empty-tuple", (), NO_SECRETS),
    empty("list-of-an-empty-one", [""]),
    empty("tuple-of-empty-bytes", (b"",)),
    empty("list-of-empty-ones", ["", b"", ""]),
    empty("empty-deque", collections.deque(), NO_SECRETS),
    empty("empty-range", range(0), NO_SECRETS),
]
OTHERS = [
    other("none", None, of_type("NoneType"), "CWE-1188, a secret that is not set"),
    other("int", 5, of_type("int")),
    other("zero", 0, of_type("int")),
    other("float", 0.5, of_type("float")),
    other("true", True, of_type("bool")),
    other("false", False, of_type("bool")),
    other("set", {SECRET}, of_type("set")),
    other("dict", {SECRET: 1}, of_type("dict")),
    other("generator", (each for each in [SECRET]), of_type("generator")),
    other("iterator", iter([SECRET]), of_type("list_iterator")),
    other("map", map(str, [SECRET]), of_type("map")),
    other("bytearray", bytearray(SECRET.encode()), of_type("bytearray")),
    other("memoryview", memoryview(SECRET.encode()), of_type("memoryview")),
    other("object-that-prints", Stringly(), of_type("Stringly")),
    other("object-that-says-it-is-str", SaysItIsText(), of_type("SaysItIsText")),
    other("class", str, of_type("type")),
    other("list-of-none", [None], of_item("NoneType")),
    other("list-of-a-list", [[SECRET]], of_item("list")),
    other("list-of-a-tuple", [(SECRET,)], of_item("tuple")),
    other("list-of-bytearray", [bytearray(SECRET.encode())], of_item("bytearray")),
    other("list-of-numbers", list(SECRET.encode()), of_item("int")),
    other("range", range(5), of_item("int")),
]


def unicode(name, secret, error=SURROGATE):
    return SecretAttack(name, "secret.unicode", "RFC 3629 section 3, surrogates have no UTF-8", secret, error)


SURROGATES = [
    unicode("high-surrogate", SECRET + "\ud800"),
    unicode("low-surrogate", "\udfff" + SECRET),
    unicode("byte-smuggled", SECRET.encode().replace(b"a", b"\xff").decode("utf-8", "surrogateescape")),
    unicode("in-a-list", [SECRET + "\ud800"]),
    SecretAttack(
        "noncharacter", "secret.unicode", "Unicode Corrigendum 9, noncharacters", SECRET + "\uffff", None, AS_PYJWT
    ),
    SecretAttack("nuls", "secret.unicode", "CWE-158, NULs in a secret", "\0" * 40, None, AS_PYJWT),
    SecretAttack("emoji", "secret.unicode", "RFC 3629 section 3", "\U0001f600" * 10, None, AS_PYJWT),
    SecretAttack("any-bytes", "secret.kinds", "RFC 7518 section 3.2, any octets", bytes(range(256)), None, AS_PYJWT),
]
ALL = (ARMOURED, DER_KEYS, JWKS, NOTHING, OTHERS, SURROGATES)


def error_of(row):
    """What ``create_token`` says of the secret of the row: the value is never in it."""
    if row.answer is None:
        return None
    kind, message = row.answer
    is_listed = isinstance(row.secret(), (list, tuple)) and len(row.secret()) > 0
    return "raised", kind, message.format("secret[0]" if is_listed else "secret")


@pytest.mark.parametrize("attack", parameters(*ALL))
def test_an_unfit_secret_verifies_nothing(engine, attack):
    token = sign_bytes(b'{"sub":"alice"}', secret=attack.octets())
    assert outcome(engine.verify_token, token, attack.secret()) == ("returned", None if attack.answer else CLAIMS)


@pytest.mark.parametrize("attack", parameters(*ALL))
def test_an_unfit_secret_is_known_as_one(engine, attack):
    assert outcome(engine.has_fit_secret, attack.secret()) == ("returned", attack.answer is None)


@pytest.mark.parametrize("attack", parameters(*ALL))
def test_an_unfit_secret_signs_nothing_and_is_not_shown(engine, attack):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        how = outcome(engine.create_token, "alice", "admin", attack.secret(), 1)
    if attack.answer is None:
        assert engine.verify_token(how[1], attack.secret())["sub"] == "alice"
    else:
        assert how == error_of(attack)


@pytest.mark.parametrize("attack", parameters([row for table in ALL for row in table if row.pyjwt]))
def test_pyjwt_stands_to_it_as_the_row_says(attack):
    is_refused = refused_by_pyjwt(attack.secret())
    assert (AS_PYJWT if is_refused is (attack.answer is not None) else STRICTER) == attack.pyjwt
    assert not is_refused or attack.answer is not None


def refused_by_pyjwt(secret):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", jwt.InsecureKeyLengthWarning)
        try:
            jwt.encode({"sub": "alice"}, secret, algorithm="HS256")
        except jwt.InvalidKeyError:
            return True
    return False


@pytest.mark.rule("engines.exact-types")
@pytest.mark.parametrize("kind", [HostileText, HostileBytes, HostileList, HostileTuple])
def test_an_empty_secret_of_a_type_that_misbehaves_is_refused_as_an_empty_one(engine, kind):
    with pytest.raises(ValueError, match="empty"):
        engine.create_token("alice", "admin", kind())


# Several secrets, of which one signed the token

ROTATION = "RFC 8725 section 3.10, keys that are chosen by the application"
PEM = armoured("PUBLIC KEY")


class Raising(collections.abc.Sequence):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        raise RuntimeError("asked")


class Endless(collections.abc.Sequence):
    """Says that it is empty, and gives the secret whenever it is asked."""

    def __len__(self):
        return 0

    def __getitem__(self, index):
        if index > 3:
            raise IndexError(index)
        return SECRET


def several(name, secrets, is_verified, source=ROTATION):
    return Attack(name, "secret.rotation", source, secrets, CLAIMS if is_verified else None)


SEVERAL = [
    several("one", lambda: [SECRET], True),
    several("first", lambda: [SECRET, "another"], True),
    several("last", lambda: ["another", SECRET], True),
    several("after-an-empty-one", lambda: ["", SECRET], True),
    several("after-none", lambda: [None, SECRET], True),
    several("after-a-number", lambda: [0, SECRET], True),
    several("after-a-surrogate", lambda: ["\ud800", SECRET], True),
    several("after-armour", lambda: [PEM, SECRET], True),
    several("after-a-list", lambda: [[SECRET], SECRET], True),
    several("after-an-object", lambda: [object(), SECRET], True),
    several("in-bytes", lambda: ["another", SECRET.encode()], True),
    several("in-a-tuple", lambda: ("another", SECRET), True),
    several("in-a-deque", lambda: collections.deque(["another", SECRET]), True),
    several("in-a-list-that-misbehaves", lambda: HostileList([SECRET]), True),
    several("in-a-tuple-that-misbehaves", lambda: HostileTuple([SECRET]), True),
    several("last-of-a-thousand", lambda: ["another"] * 1_000 + [SECRET], True),
    several("last-of-a-thousand-unfit-ones", lambda: [""] * 1_000 + [SECRET], True),
    several("none-of-a-thousand", lambda: [f"another {number}" for number in range(1_000)], False),
    several("characters-of-the-secret", lambda: list(SECRET), False),
    several("parts-of-the-secret", lambda: [SECRET[:20], SECRET[20:]], False),
    several("in-a-list-of-a-list", lambda: [[SECRET]], False),
    several("in-a-set", lambda: {SECRET}, False),
    several("in-a-dict", lambda: {"kid": SECRET}, False),
    several("in-a-generator", lambda: (each for each in [SECRET]), False),
    several("in-an-iterator", lambda: iter([SECRET]), False),
    several("in-a-sequence-that-raises", Raising, False),
    several("bytearray-in-a-list", lambda: [bytearray(SECRET.encode())], False),
    several("joined-by-a-comma", lambda: f"{SECRET},another", False),
    several("all-unfit", lambda: ["", None, PEM, "\ud800"], False),
]


@pytest.mark.parametrize("attack", parameters(SEVERAL))
def test_one_of_several_secrets_verifies(engine, attack):
    assert outcome(engine.verify_token, TOKEN, attack.given()) == ("returned", attack.answer)


@pytest.mark.parametrize("attack", parameters(SEVERAL))
def test_a_token_of_nobody_is_verified_by_none_of_several(engine, attack):
    forged = [sign_claims({"sub": "root"}, secret=secret) for secret in ("", "None", "\0", "[]", "0", PEM)]
    assert [outcome(engine.verify_token, token, attack.given()) for token in forged] == [("returned", None)] * 6

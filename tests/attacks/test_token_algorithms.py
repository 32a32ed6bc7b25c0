"""Algorithms that the header names: HS256 is the only one, spelled so."""

import hmac
import json

import pytest
from attacks import parameters
from raw_tokens import SECRET, base64url
from token_attacks import (
    BODY,
    CLAIMS,
    SIGNATURE,
    TokenAttack,
    answered,
    compared_with_pyjwt,
    is_answer,
    signed,
)

CONFUSION = "CVE-2015-9235, another algorithm than the key is for"
NONE = "RFC 7519 section 6, unsecured tokens"
CASE = "RFC 7515 section 4.1.1, alg is case-sensitive"
CONFUSABLE = "Unicode UTS 39, confusable characters"
LAST = "RFC 7515 section 4, the last of equal names"
NAMES = "RFC 7515 section 4, names are case-sensitive"
PROTOTYPE = "CWE-1321, members of a prototype"
ESCAPED = "RFC 8259 section 8.3, escaped names and values"
TYPE = "CWE-843, alg of another type"


def header(name, source, text, answer=None, **rest):
    """A header that is signed as HS256 whatever it says."""
    text = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    return signed(name, "jose.alg", source, answer=answer, header=text, **rest)


def alg(name, source, value, answer=None, **rest):
    return header(name, source, json.dumps({"alg": value, "typ": "JWT"}, ensure_ascii=False), answer, **rest)


def unsecured(name, value, source=NONE, signature=""):
    head = base64url(json.dumps({"alg": value}).encode())
    return TokenAttack(name, "jose.alg", source, f"{head}.{BODY}.{signature}")


def truly(name, source, value, digest, length=None):
    """Signed with the secret by another algorithm of HMAC, as the header says."""
    signing_input = f"{base64url(json.dumps({'alg': value}).encode())}.{BODY}"
    mac = hmac.digest(SECRET.encode(), signing_input.encode(), digest)[:length]
    answer = CLAIMS if (value, digest) == ("HS256", "sha256") else None
    return TokenAttack(name, "jose.alg", source, f"{signing_input}.{base64url(mac)}", answer)


# RFC 7519 section 6.1, and RFC 7515 appendix A.5
PUBLISHED_UNSECURED = (
    "eyJhbGciOiJub25lIn0."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
)

ROWS = [
    alg("hs256", "RFC 7518 section 3.1", "HS256", CLAIMS),
    # No signature at all
    TokenAttack(
        "published-and-unsecured", "jose.alg", "RFC 7519 section 6.1", PUBLISHED_UNSECURED, now=1_300_000_000.0
    ),
    unsecured("none", "none"),
    unsecured("none-title", "None", CASE),
    unsecured("none-capitals", "NONE", CASE),
    unsecured("none-mixed", "nOnE", CASE),
    unsecured("none-and-a-space", "none "),
    unsecured("none-and-a-nul", "none\0", "CWE-158, a NUL at the end"),
    unsecured("none-with-the-signature", "none", "CVE-2018-1000531, none believed", SIGNATURE),
    unsecured("unsecured-hs256", "HS256", "CVE-2020-28042, an empty signature equals every one"),
    unsecured("null-and-unsecured", None, "CVE-2022-23540, none by default"),
    unsecured("empty-and-unsecured", "", "CVE-2022-23540, none by default"),
    unsecured("false-and-unsecured", False, "CVE-2022-23540, none by default"),
    # Signed by another algorithm
    truly("truly-hs256", "RFC 7518 section 3.2", "HS256", "sha256"),
    truly("truly-hs384", "RFC 7518 section 3.2", "HS384", "sha384"),
    truly("truly-hs512", "RFC 7518 section 3.2", "HS512", "sha512"),
    truly("truly-hs384-cut-to-32-bytes", "RFC 7518 section 3.2", "HS384", "sha384", 32),
    truly("truly-hs512-cut-to-32-bytes", "RFC 7518 section 3.2", "HS512", "sha512", 32),
    truly("hs512-that-says-hs256", CONFUSION, "HS256", "sha512"),
    truly("hs512-that-says-hs256-cut-to-32-bytes", CONFUSION, "HS256", "sha512", 32),
    # Signed as HS256, and says otherwise
    alg("signed-none", NONE, "none"),
    alg("signed-none-title", CASE, "None"),
    alg("signed-none-capitals", CASE, "NONE"),
    alg("hs384", CONFUSION, "HS384"),
    alg("hs512", CONFUSION, "HS512"),
    alg("hs1", CONFUSION, "HS1"),
    alg("hs256-of-64-bits", "RFC 9053 section 3.1, a truncated MAC", "HS256/64"),
    alg("rs256", CONFUSION, "RS256"),
    alg("rs384", CONFUSION, "RS384"),
    alg("rs512", CONFUSION, "RS512"),
    alg("ps256", CONFUSION, "PS256"),
    alg("es256", CONFUSION, "ES256"),
    alg("es512", CONFUSION, "ES512"),
    alg("es256k", "RFC 8812 section 3.2", "ES256K"),
    alg("eddsa", "RFC 8037 section 3.1", "EdDSA"),
    alg("ed25519", "RFC 9864 section 2.2, fully specified names", "Ed25519"),
    alg("direct-encryption", "RFC 7518 section 4.5", "dir"),
    alg("rsa-oaep", "RFC 7518 section 4.3", "RSA-OAEP"),
    alg("rsa1-5", "RFC 7518 section 4.2", "RSA1_5"),
    alg("password-based-encryption", "CVE-2022-36083, iterations that the token chooses", "PBES2-HS256+A128KW"),
    alg("aes-key-wrap", "RFC 7518 section 4.4", "A128KW"),
    alg("content-encryption", "RFC 7518 section 5.2", "A128CBC-HS256"),
    alg("number-of-cose", "RFC 9053 section 3.1, a number for HMAC 256/256", 5),
    alg(
        "uri-of-xml-signature",
        "RFC 9231 section 2.2.2, a URI for HMAC with SHA-256",
        "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
    ),
    alg("name-of-the-digest", CONFUSION, "SHA256"),
    alg("name-of-java", CONFUSION, "HmacSHA256"),
    alg("name-of-node", CONFUSION, "sha256"),
    # Look-alikes
    alg("lowercase", CASE, "hs256"),
    alg("title", CASE, "Hs256"),
    alg("mixed", CASE, "hS256"),
    alg("empty", TYPE, ""),
    alg("trailing-space", CASE, "HS256 "),
    alg("leading-space", CASE, " HS256"),
    alg("trailing-tab", CASE, "HS256\t"),
    alg("trailing-newline", CASE, "HS256\n"),
    alg("trailing-nul", "CWE-158, a NUL at the end", "HS256\0"),
    alg("nul-and-more", "CWE-158, a NUL within", "HS256\0none"),
    alg("prefix", CASE, "HS25"),
    alg("suffix", CASE, "HS256K"),
    alg("hyphen", CASE, "HS-256"),
    alg("underscore", CASE, "HS_256"),
    alg("comma-list", CASE, "HS256,none"),
    alg("alternatives", "CWE-625, a pattern for a name", "HS256|none"),
    alg("pattern", "CWE-625, a pattern for a name", "HS.*"),
    alg("quoted", CASE, '"HS256"'),
    alg("full-width", CONFUSABLE, "\uff28\uff33\uff12\uff15\uff16"),
    alg("full-width-digits", CONFUSABLE, "HS\uff12\uff15\uff16"),
    alg("arabic-digits", CONFUSABLE, "HS\u0662\u0665\u0666"),
    alg("mathematical-digits", CONFUSABLE, "HS\U0001d7d0\U0001d7d3\U0001d7d4"),
    alg("superscript-digit", CONFUSABLE, "HS\u00b256"),
    alg("cyrillic-letter", CONFUSABLE, "H\u0405256"),
    alg("greek-letter", CONFUSABLE, "\u0397S256"),
    alg("long-s", "Unicode UAX 44, letters that fold to ASCII", "H\u017f256"),
    alg("zero-width-space", "Unicode UTR 36, characters that are not seen", "HS\u200b256"),
    alg("byte-order-mark", "Unicode UTR 36, characters that are not seen", "\ufeffHS256"),
    alg("combining-mark", "Unicode UAX 15, combining marks", "HS256\u0301"),
    alg("right-to-left-override", "CVE-2021-42574, text in another order than it is read in", "\u202e652SH"),
    # Other types
    header("missing", "RFC 7515 section 4.1.1", "{}"),
    header("only-typ", "RFC 7515 section 4.1.1", '{"typ":"JWT"}'),
    alg("null", TYPE, None),
    alg("true", TYPE, True),
    alg("false", TYPE, False),
    alg("zero", TYPE, 0),
    alg("number", TYPE, 256),
    alg("float", TYPE, 256.0),
    alg("array", TYPE, ["HS256"]),
    alg("array-of-several", TYPE, ["none", "HS256"]),
    alg("empty-array", TYPE, []),
    alg("nested-array", TYPE, [["HS256"]]),
    alg("array-of-letters", TYPE, ["H", "S", "2", "5", "6"]),
    alg("object", TYPE, {"HS256": 1}),
    alg("empty-object", TYPE, {}),
    alg("object-that-prints", TYPE, {"toString": "HS256", "valueOf": "HS256"}),
    # Names of the member
    header("name-in-capitals", NAMES, '{"ALG":"HS256"}'),
    header("name-title", NAMES, '{"Alg":"HS256"}'),
    header("name-with-a-space", ESCAPED, '{"alg ":"HS256"}'),
    header("name-with-a-nul", "CWE-158, a NUL at the end", '{"alg\\u0000":"HS256"}'),
    header("name-full-width", CONFUSABLE, '{"\uff41\uff4c\uff47":"HS256"}'),
    header("name-with-long-letter", CONFUSABLE, '{"a\u2113g":"HS256"}'),
    header("name-of-encryption", "RFC 7516 section 4.1.2", '{"enc":"HS256"}'),
    header("nested", "RFC 7515 section 4", '{"header":{"alg":"HS256"}}'),
    header("in-the-prototype", PROTOTYPE, '{"__proto__":{"alg":"HS256"}}'),
    header(
        "in-the-prototype-and-none",
        PROTOTYPE,
        '{"__proto__":{"alg":"none"},"alg":"HS256"}',
        CLAIMS,
    ),
    header("escaped-name", ESCAPED, '{"\\u0061lg":"HS256"}', CLAIMS),
    header("escaped-value", ESCAPED, '{"alg":"\\u0048S256"}', CLAIMS),
    header("all-escaped", ESCAPED, '{"\\u0061\\u006C\\u0067":"\\u0048\\u0053\\u0032\\u0035\\u0036"}', CLAIMS),
    header("escaped-none", ESCAPED, '{"alg":"\\u006eone"}'),
    # Twice
    header("none-then-hs256", LAST, '{"alg":"none","alg":"HS256"}', CLAIMS),
    header("hs256-then-none", LAST, '{"alg":"HS256","alg":"none"}'),
    header("hs256-then-null", LAST, '{"alg":"HS256","alg":null}'),
    header("hs256-then-escaped-none", LAST, '{"alg":"HS256","\\u0061lg":"none"}'),
    header(
        "escaped-none-then-hs256",
        LAST,
        '{"\\u0061lg":"none","alg":"HS256"}',
        CLAIMS,
    ),
    header("hs256-twice", LAST, '{"alg":"HS256","alg":"HS256"}', CLAIMS),
    header("other-case-after", NAMES, '{"alg":"HS256","ALG":"none"}', CLAIMS),
    header("other-case-before", NAMES, '{"Alg":"HS256","alg":"none"}'),
]


def public_key(name, source, key):
    """A token that is signed with what everybody may know, and that key in the place of the secret."""
    return signed(name, "secret.other-keys", source, key=key, secret=key)


CONFUSED = "CVE-2016-10555, a public key in the place of a secret"
PUBLIC_PEM = """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
"""
ES256_JWK = (  # RFC 7515 appendix A.3.1, the public part
    '{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",'
    '"y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}'
)

PUBLIC_KEYS = [
    public_key("hs256-with-a-public-pem", CONFUSED, PUBLIC_PEM),
    public_key("hs256-with-a-public-pem-in-bytes", CONFUSED, PUBLIC_PEM.encode()),
    public_key("hs256-with-a-public-pem-without-its-newline", CONFUSED, PUBLIC_PEM.rstrip()),
    public_key("hs256-with-a-public-pem-of-crlf", CONFUSED, PUBLIC_PEM.replace("\n", "\r\n")),
    public_key("hs256-with-a-public-jwk", "CVE-2024-54150, a public key in the place of a secret", ES256_JWK),
]


@pytest.mark.parametrize("attack", parameters(ROWS, PUBLIC_KEYS))
def test_only_hs256_is_accepted(engine, attack):
    how = answered(engine, attack)
    assert is_answer(how, attack), how


@pytest.mark.parametrize("attack", parameters(ROWS, PUBLIC_KEYS))
def test_pyjwt_stands_to_it_as_the_row_says(attack):
    assert compared_with_pyjwt(attack) == attack.pyjwt

"""The header of a token: only HS256, no key and no URL from the token, no unknown critical extension."""

import hmac
import json
import socket

import pytest
from attacks import attacks, each, row
from raw_tokens import BODY, CLAIMS, SECRET, SIGNATURE, base64url, sign_bytes
from token_attacks import TokenAttack, check_pyjwt, check_token, signed, signed_header

CONFUSION = "CVE-2015-9235, another algorithm than that of the key"
NONE = "RFC 7519 section 6, unsecured tokens"
NONE_BY_DEFAULT = "CVE-2022-23540, none by default"
CASE = "RFC 7515 section 4.1.1, alg is case-sensitive"
CONFUSABLE = "Unicode UTS 39, confusable characters"
LAST = "RFC 7515 section 4, the last of duplicate names"
CASE_OF_NAMES = "RFC 7515 section 4, names are case-sensitive"
PROTOTYPE = "CWE-1321, members of a prototype"
ESCAPED = "RFC 8259 section 8.3, escaped names and values"
TYPE = "CWE-843, alg of another type"


def header_attack(name, rule, source, header, expected=None, **options):
    """Return a row with this header (JSON, or members beside ``alg``), signed with HS256."""
    text = header if isinstance(header, str) else json.dumps({"alg": "HS256", **header})
    return signed_header(name, rule, source, text.encode("utf-8", "surrogatepass"), expected, **options)


def header_with(alg):
    return json.dumps({"alg": alg, "typ": "JWT"}, ensure_ascii=False)


def unsecured(name, value, source=NONE, signature=""):
    head = base64url(json.dumps({"alg": value}).encode())
    return TokenAttack(name, "jose.alg", source, f"{head}.{BODY}.{signature}")


def signed_with(name, source, value, digest, length=None):
    """Return a row with the algorithm *value* in its header, signed with the HMAC of *digest*."""
    signing_input = f"{base64url(json.dumps({'alg': value}).encode())}.{BODY}"
    mac = hmac.digest(SECRET.encode(), signing_input.encode(), digest)[:length]
    expected = CLAIMS if (value, digest) == ("HS256", "sha256") else None
    return TokenAttack(name, "jose.alg", source, f"{signing_input}.{base64url(mac)}", expected)


header = row("jose.alg", kind=header_attack)
alg = row("jose.alg", kind=header_attack, prefix="alg-", of=header_with)

# RFC 7519 section 6.1, and RFC 7515 appendix A.5
XML_SIGNATURE = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
UNSECURED_TOKEN = (
    "eyJhbGciOiJub25lIn0."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
)

ALGORITHMS = [
    alg("HS256", "RFC 7518 section 3.1", "HS256", CLAIMS),
    # No signature at all
    TokenAttack("unsecured-of-the-rfc", "jose.alg", "RFC 7519 section 6.1", UNSECURED_TOKEN, now=1_300_000_000.0),
    unsecured("unsecured", "none"),
    unsecured("unsecured-title-case", "None", CASE),
    unsecured("unsecured-uppercase", "NONE", CASE),
    unsecured("unsecured-mixed-case", "nOnE", CASE),
    unsecured("unsecured-trailing-space", "none "),
    unsecured("unsecured-trailing-nul", "none\0", "CWE-158, a NUL at the end"),
    unsecured("none-with-valid-signature", "none", "CVE-2018-1000531, none accepted", SIGNATURE),
    unsecured("unsecured-hs256", "HS256", "CVE-2020-28042, an empty signature equals every one"),
    unsecured("null-and-unsecured", None, NONE_BY_DEFAULT),
    unsecured("empty-and-unsecured", "", NONE_BY_DEFAULT),
    unsecured("false-and-unsecured", False, NONE_BY_DEFAULT),
    # Signed by another algorithm
    signed_with("signed-with-hs256", "RFC 7518 section 3.2", "HS256", "sha256"),
    signed_with("signed-with-hs384", "RFC 7518 section 3.2", "HS384", "sha384"),
    signed_with("signed-with-hs512", "RFC 7518 section 3.2", "HS512", "sha512"),
    signed_with("signed-with-hs384-cut-to-32-bytes", "RFC 7518 section 3.2", "HS384", "sha384", 32),
    signed_with("signed-with-hs512-cut-to-32-bytes", "RFC 7518 section 3.2", "HS512", "sha512", 32),
    signed_with("signed-with-hs512-as-hs256", CONFUSION, "HS256", "sha512"),
    signed_with("signed-with-hs512-as-hs256-cut-to-32-bytes", CONFUSION, "HS256", "sha512", 32),
    # Signed with HS256, with another algorithm in the header
    alg("none", NONE, "none"),
    *each(alg, CASE, "None", "NONE"),
    *each(alg, CONFUSION, "HS384", "HS512", "HS1", "RS256", "RS384", "RS512", "PS256", "ES256", "ES512", "SHA256"),
    *each(alg, CONFUSION, "HmacSHA256", "sha256"),
    alg("hs256-64", "RFC 9053 section 3.1, a truncated MAC", "HS256/64"),
    alg("es256k", "RFC 8812 section 3.2", "ES256K"),
    alg("eddsa", "RFC 8037 section 3.1", "EdDSA"),
    alg("ed25519", "RFC 9864 section 2.2, fully specified names", "Ed25519"),
    alg("direct-encryption", "RFC 7518 section 4.5", "dir"),
    alg("rsa-oaep", "RFC 7518 section 4.3", "RSA-OAEP"),
    alg("rsa1-5", "RFC 7518 section 4.2", "RSA1_5"),
    alg("password-based-encryption", "CVE-2022-36083, iterations chosen by the token", "PBES2-HS256+A128KW"),
    alg("aes-key-wrap", "RFC 7518 section 4.4", "A128KW"),
    alg("content-encryption", "RFC 7518 section 5.2", "A128CBC-HS256"),
    alg("cose-number", "RFC 9053 section 3.1, a number for HMAC 256/256", 5),
    alg("xml-signature-uri", "RFC 9231 section 2.2.2, a URI for HMAC", XML_SIGNATURE),
    # Similar names
    *each(alg, CASE, "hs256", "Hs256", "hS256", "HS256 ", " HS256", "HS256\t", "HS256\n", "HS25", "HS256K", "HS-256"),
    *each(alg, CASE, "HS_256", "HS256,none", '"HS256"'),
    alg("empty", TYPE, ""),
    alg("trailing-nul", "CWE-158, a NUL at the end", "HS256\0"),
    alg("nul-and-none", "CWE-158, a NUL inside", "HS256\0none"),
    *each(alg, "CWE-625, a pattern for a name", "HS256|none", "HS.*"),
    *each(alg, CONFUSABLE, "\uff28\uff33\uff12\uff15\uff16", "HS\uff12\uff15\uff16", "HS\u0662\u0665\u0666"),
    *each(alg, CONFUSABLE, "HS\U0001d7d0\U0001d7d3\U0001d7d4", "HS\u00b256", "H\u0405256", "\u0397S256"),
    alg("long-s", "Unicode UAX 44, letters that fold to ASCII", "H\u017f256"),
    *each(alg, "Unicode UTR 36, invisible characters", "HS\u200b256", "\ufeffHS256"),
    alg("combining-mark", "Unicode UAX 15, combining marks", "HS256\u0301"),
    alg("right-to-left-override", "CVE-2021-42574, reordered text", "\u202e652SH"),
    # Other types
    *each(header, "RFC 7515 section 4.1.1", "{}", '{"typ":"JWT"}'),
    *each(alg, TYPE, None, True, False, 0, 256, 256.0, ["HS256"], ["none", "HS256"], [], [["HS256"]]),
    *each(alg, TYPE, ["H", "S", "2", "5", "6"], {"HS256": 1}, {}, {"toString": "HS256", "valueOf": "HS256"}),
    # The member name
    *each(header, CASE_OF_NAMES, '{"ALG":"HS256"}', '{"Alg":"HS256"}'),
    *each(header, ESCAPED, '{"alg ":"HS256"}', '{"alg":"\\u006eone"}'),
    header("member-name-with-nul", "CWE-158, a NUL at the end", '{"alg\\u0000":"HS256"}'),
    *each(header, CONFUSABLE, '{"\uff41\uff4c\uff47":"HS256"}', '{"a\u2113g":"HS256"}'),
    header("enc-in-place-of-alg", "RFC 7516 section 4.1.2", '{"enc":"HS256"}'),
    header("alg-in-nested-object", "RFC 7515 section 4", '{"header":{"alg":"HS256"}}'),
    header("alg-in-prototype", PROTOTYPE, '{"__proto__":{"alg":"HS256"}}'),
    header("none-in-prototype", PROTOTYPE, '{"__proto__":{"alg":"none"},"alg":"HS256"}', CLAIMS),
    *each(header, ESCAPED, '{"\\u0061lg":"HS256"}', '{"alg":"\\u0048S256"}', expected=CLAIMS),
    header("all-escaped", ESCAPED, '{"\\u0061\\u006C\\u0067":"\\u0048\\u0053\\u0032\\u0035\\u0036"}', CLAIMS),
    # Duplicate names
    *each(header, LAST, '{"alg":"none","alg":"HS256"}', '{"\\u0061lg":"none","alg":"HS256"}', expected=CLAIMS),
    header("duplicate-hs256", LAST, '{"alg":"HS256","alg":"HS256"}', CLAIMS),
    *each(header, LAST, '{"alg":"HS256","alg":"none"}', '{"alg":"HS256","alg":null}'),
    header("hs256-then-escaped-none", LAST, '{"alg":"HS256","\\u0061lg":"none"}'),
    header("other-case-after-alg", CASE_OF_NAMES, '{"alg":"HS256","ALG":"none"}', CLAIMS),
    header("other-case-before-none", CASE_OF_NAMES, '{"Alg":"HS256","alg":"none"}'),
]


def public_key(name, source, key):
    """Return a row with a public key as the secret, and a token that anybody can sign with it."""
    return signed(name, "secret.other-keys", source, key=key, secret=key)


CONFUSED = "CVE-2016-10555, a public key as the secret"
PUBLIC_PEM = """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
"""
ES256_JWK = (  # RFC 7515 appendix A.3.1, the public part
    '{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",'
    '"y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}'
)

PUBLIC_KEYS = [
    public_key("public-pem-as-secret", CONFUSED, PUBLIC_PEM),
    public_key("public-pem-in-bytes-as-secret", CONFUSED, PUBLIC_PEM.encode()),
    public_key("public-pem-without-last-newline-as-secret", CONFUSED, PUBLIC_PEM.rstrip()),
    public_key("public-pem-with-crlf-as-secret", CONFUSED, PUBLIC_PEM.replace("\n", "\r\n")),
    public_key("public-jwk-as-secret", "CVE-2024-54150, a public key as the secret", ES256_JWK),
]

KID_TRAVERSAL = "CWE-22, a path for kid"
KID_INJECTION = "RFC 8725 section 3.10, injection through kid"
KID_TYPE = "RFC 7515 section 4.1.4, kid is a string"
FETCHED = "RFC 8725 section 3.10, URLs that are fetched"
EMBEDDED = "CVE-2018-0114, a key from the token"
UNKNOWN = "CVE-2026-32597, an unknown extension"
CRIT = "RFC 7515 section 4.1.11"
CRIT_NAMES = "RFC 7515 section 4.1.11, names of the standard"
UNENCODED = "RFC 7797 section 7, unencoded payloads are not tokens"

kid = row("jose.kid", CLAIMS, kind=header_attack, prefix="kid-", of=lambda value: {"kid": value})
kid_text = row("jose.kid", CLAIMS, kind=header_attack)
KIDS = [
    *each(kid, "RFC 7515 section 4.1.4", "key-1", "", "schlüssel-愛-😀"),
    kid("of-another-key", "RFC 8725 section 3.10", "another-key"),
    kid("nul-inside", "CWE-158, a NUL inside", "key-1\0.pem"),
    kid("long", "CWE-400, a name without a limit", "k" * 20_000),
    *each(kid, KID_TRAVERSAL, "../../../../../../dev/null", "..%2f..%2f..%2fdev%2fnull"),
    kid("windows-path", KID_TRAVERSAL, "..\\..\\..\\windows\\win.ini"),
    kid("file-url", "CWE-73, a file named by the token", "file:///dev/null"),
    *each(kid, KID_INJECTION, "x' UNION SELECT 'key", "' OR '1'='1"),
    kid("ldap-filter", "CWE-90, a filter for kid", "*)(uid=*))(|(uid=*"),
    *each(kid, "CWE-78, a command for kid", "key.pem; curl http://127.0.0.1/", "|touch pwned"),
    kid("template", "CWE-1336, a template for kid", "{{7*7}}${7*7}<%=7*7%>"),
    kid("jndi-lookup", "CVE-2021-44228, a lookup for kid", "${jndi:ldap://127.0.0.1/a}"),
    kid("format-string", "CWE-134, a format for kid", "%s%s%s%n{0.__class__}"),
    kid("header-injection", "CWE-113, lines in kid", "key\r\nX-Role: admin"),
    kid("markup", "CWE-79, markup in kid", "<script>alert(1)</script>"),
    kid("url", FETCHED, "http://127.0.0.1:9/key"),
    kid("path-to-dev-null-signed-with-empty-key", KID_TRAVERSAL, "../../../../../../dev/null", None, key=""),
    kid("path-to-file-signed-with-its-content", KID_TRAVERSAL, "/proc/sys/kernel/randomize_va_space", None, key="2\n"),
    kid("sql-signed-with-its-result", KID_INJECTION, "x' UNION SELECT 'key", None, key="key"),
    kid("kid-as-key", "GHSA-869p-cjfg-cm3x, a key taken from the token", "kid-as-a-key", None, key="kid-as-a-key"),
    *each(kid, KID_TYPE, 1, 0, 1.5, None, True, False, ["key-1"], [], {"$ne": None}, expected=None),
    kid_text("duplicate-kid-string-last", LAST, '{"alg":"HS256","kid":1,"kid":"a"}'),
    kid_text("duplicate-kid-number-last", LAST, '{"alg":"HS256","kid":"a","kid":1}', None),
    kid_text("kid-escaped-number", ESCAPED, '{"alg":"HS256","\\u006bid":1}', None),
    kid_text("kid-uppercase", CASE_OF_NAMES, '{"alg":"HS256","KID":1}'),
]

ATTACKERS_KEY = "the key of an attacker, 32 bytes or more"
JWK = {"kty": "oct", "k": "dGhlIGtleSBvZiBhbiBhdHRhY2tlciwgMzIgYnl0ZXMgb3IgbW9yZQ"}
UNDEFINED = "http://example.com/UNDEFINED"
X5C = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"
unused = row("jose.unused", CLAIMS, kind=header_attack)
# Signed with the key of an attacker, which the header contains or points to
attackers = row("jose.unused", kind=header_attack, key=ATTACKERS_KEY)
UNUSED = [
    attackers("jwk-of-attacker", EMBEDDED, {"jwk": JWK}),
    attackers("jwk-of-attacker-and-kid", "CVE-2026-27962, a key from the token", {"jwk": JWK, "kid": "x"}),
    attackers("jwk-with-empty-key", EMBEDDED, {"jwk": {"kty": "oct", "k": ""}}, key=""),
    attackers("key-in-header", EMBEDDED, {"k": JWK["k"]}),
    attackers("key-set-in-header", EMBEDDED, {"keys": [JWK]}),
    attackers("key-in-header-as-text", EMBEDDED, {"jwk": ATTACKERS_KEY}),
    unused("jwk-and-valid-signature", "RFC 7515 section 4.1.3", {"jwk": JWK}),
    *each(unused, "RFC 7515 section 4.1.3", {"jwk": None}, {"jwk": 5}),
    *each(unused, FETCHED, {"jku": "https://attacker.example/keys.json"}, {"jku": "data:application/json,{}"}),
    unused("jku-metadata-service", "CWE-918, an internal address", {"jku": "http://169.254.169.254/latest/meta-data/"}),
    unused("jku-of-file", "CWE-73, a file named by the token", {"jku": "file:///etc/passwd"}),
    unused("jku-number", "RFC 7515 section 4.1.2", {"jku": 5}),
    attackers("jku-of-attacker", "CVE-2024-21643, a key set named by the token", {"jku": "http://127.0.0.1:9/"}),
    unused("x5u", "RFC 7515 section 4.1.5", {"x5u": "http://127.0.0.1:9/chain.pem"}),
    attackers("x5u-of-attacker", FETCHED, {"x5u": "http://127.0.0.1:9/chain.pem"}),
    unused("x5c", "RFC 7515 section 4.1.6", {"x5c": [X5C]}),
    attackers("x5c-of-attacker", "RFC 7515 section 4.1.6", {"x5c": [X5C]}, key=X5C),
    unused("x5c-number", "RFC 7515 section 4.1.6", {"x5c": 1}),
    unused("x5t", "RFC 7515 section 4.1.7", {"x5t": "AAAA"}),
    unused("x5t-sha256", "RFC 7515 section 4.1.8", {"x5t#S256": "AAAA"}),
    *each(unused, "RFC 7515 section 4.1.9", {}, {"typ": 5}, {"typ": None}),
    unused("typ-lowercase", "RFC 7519 section 5.1", {"typ": "jwt"}),
    unused("typ-access-token", "RFC 9068 section 2.1", {"typ": "at+jwt"}),
    unused("typ-security-event", "RFC 8417 section 2.3", {"typ": "secevent+jwt"}),
    unused("typ-proof-of-possession", "RFC 9449 section 4.2", {"typ": "dpop+jwt"}),
    unused("cty-nested", "RFC 7519 section 5.2", {"cty": "JWT"}),
    unused("zip", "CVE-2024-33664, a compressed payload", {"zip": "DEF"}),
    unused("zip-and-encryption", "CVE-2024-28180, a compressed payload", {"zip": "DEF", "enc": "A256GCM"}),
    unused("pbes2-iterations", "CVE-2023-51775, iterations chosen by the token", {"p2c": 2_147_483_647, "p2s": "AAAA"}),
    unused("ephemeral-key", "RFC 7518 section 4.6.1.1", {"epk": {"kty": "EC"}, "apu": "AA", "apv": "AA"}),
    unused("issuer-in-header", "RFC 7519 section 5.3", {"iss": "attacker", "sub": "root", "exp": 1}),
    unused("nonce", "RFC 8555 section 6.5", {"nonce": "6S8IqOGY7eL2lsGoTZYifg", "url": "https://example.com/"}),
    unused("prototype", PROTOTYPE, {"__proto__": {"kid": 1}, "constructor": {"prototype": {}}}),
    unused("class-names", "CWE-502, a class named by the token", {"@class": "java.net.URL", "$type": "System.Object"}),
    unused("many-members", "CWE-400, members without a limit", {f"x{number}": number for number in range(2_000)}),
    unused("escaped-members", ESCAPED, '{"alg":"HS256","\\u006aku":"http://127.0.0.1:9/"}'),
]
crit = row("jose.crit", kind=header_attack, prefix="crit-")
CRITS = [
    crit("b64-and-crit", "RFC 7797 section 6", {"b64": True, "crit": ["b64"]}, CLAIMS),
    crit("b64-twice-in-crit", CRIT, {"b64": True, "crit": ["b64", "b64"]}, CLAIMS),
    *each(crit, CRIT, {"crit": None}, {"b64": True, "crit": None}, {"b64": True, "crit": True}),
    *each(crit, CRIT, {"b64": True, "crit": False}, {"b64": True, "crit": 0}, {"b64": True, "crit": 1}, {"crit": []}),
    *each(crit, CRIT, {"b64": True, "crit": []}, {"b64": True, "crit": ""}, {"b64": True, "crit": "b64"}),
    *each(crit, CRIT, {"b64": True, "crit": {"b64": 1}}, {"b64": True, "crit": {}}, {"b64": True, "crit": [1]}),
    *each(crit, CRIT, {"b64": True, "crit": [None]}, {"b64": True, "crit": [True]}, {"b64": True, "crit": [["b64"]]}),
    *each(crit, CRIT, {"b64": True, "crit": [{"b64": True}]}, {"b64": True, "": 1, "crit": [""]}, {"crit": ["b64"]}),
    crit("b64-and-space", CRIT, {"b64": True, "crit": ["b64 "]}),
    crit("b64-null", "RFC 7797 section 3", {"b64": None, "crit": ["b64"]}, CLAIMS),
    *each(crit, UNKNOWN, {"b64": True, "x": 1, "crit": ["b64", "x"]}, {"b64": True, "x": 1, "crit": ["x", "b64"]}),
    *each(crit, UNKNOWN, {"x": 1, "crit": ["x"]}, {"crit": ["x"]}),
    crit("unknown-from-the-rfc", "RFC 7515 appendix E", {"crit": [UNDEFINED], UNDEFINED: True}),
    crit("bork", "CVE-2025-59420, an unknown extension", {"crit": ["bork"], "bork": "x"}),
    crit("confirmation-key", "RFC 7800 section 3.1", {"crit": ["cnf"], "cnf": {"kid": "a"}}),
    crit("exp-in-header", "RFC 7519 section 5.3", {"crit": ["exp"], "exp": 99_999_999_999}),
    *each(crit, CRIT_NAMES, {"crit": ["alg"]}, {"typ": "JWT", "crit": ["typ"]}, {"crit": ["crit"]}),
    crit("b64-uppercase", CASE_OF_NAMES, {"b64": True, "crit": ["B64"]}),
    crit("b64-and-nul", "CWE-158, a NUL at the end", {"b64": True, "crit": ["b64\0"]}),
    crit("b64-fullwidth", CONFUSABLE, {"b64": True, "crit": ["\uff42\uff16\uff14"]}),
    crit("thousands-of-names", "CWE-400, members without a limit", {"b64": True, "crit": ["x"] * 5_000}),
    crit("crit-uppercase", CASE_OF_NAMES, {"CRIT": ["x"], "x": 1}, CLAIMS),
    crit("crit-escaped", ESCAPED, '{"alg":"HS256","x":1,"cr\\u0069t":["x"]}'),
    crit("value-escaped", ESCAPED, '{"alg":"HS256","b64":true,"crit":["\\u0062\\u0036\\u0034"]}', CLAIMS),
    crit("duplicate-valid-last", LAST, '{"alg":"HS256","b64":true,"crit":["x"],"crit":["b64"]}', CLAIMS),
    crit("duplicate-unknown-last", LAST, '{"alg":"HS256","b64":true,"crit":["b64"],"crit":["x"]}'),
    crit("duplicate-null-last", LAST, '{"alg":"HS256","b64":true,"crit":["b64"],"crit":null}'),
    signed("crit-claim-in-payload", "jose.crit", CRIT, b'{"crit":["x"]}', {"crit": ["x"]}),
]
b64 = row("jose.b64", kind=header_attack, prefix="b64-")
B64S = [
    b64("true", "RFC 7797 section 3", {"b64": True}, CLAIMS),
    *each(b64, UNENCODED, {"b64": False}, {"b64": False, "crit": ["b64"]}, {"b64": False, "crit": []}),
    b64("true-then-false", LAST, '{"alg":"HS256","b64":true,"b64":false}'),
    b64("false-then-true", LAST, '{"alg":"HS256","b64":false,"b64":true}', CLAIMS),
    b64("escaped-false", ESCAPED, '{"alg":"HS256","b\\u00364":false}'),
    *each(b64, "RFC 7797 section 3, b64 is a boolean", {"b64": 0}, {"b64": None}, {"b64": "false"}, expected=CLAIMS),
    b64("uppercase", CASE_OF_NAMES, {"B64": False}, CLAIMS),
]
TABLES = (ALGORITHMS, PUBLIC_KEYS, KIDS, UNUSED, CRITS, B64S)


@attacks(*TABLES)
def test_header_is_verified(engine, attack):
    check_token(engine, attack)


@attacks(*TABLES)
def test_pyjwt_accepts_or_rejects_the_header_as_stated(attack):
    check_pyjwt(attack)


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        yield server


def has_connection(listener):
    try:
        connection, _ = listener.accept()
    except TimeoutError:
        return False
    connection.close()
    return True


@pytest.mark.rule("jose.unused")
def test_urls_in_a_token_are_not_fetched(engine, listener):
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/keys.json"
    members = {"alg": "HS256", "kid": url, "jku": url, "x5u": url, "iss": url}
    payload = json.dumps({"iss": url, "jku": url, "sub": "alice"}).encode()
    for key, expected in [(SECRET, json.loads(payload)), (ATTACKERS_KEY, None)]:
        token = sign_bytes(payload, header=json.dumps(members).encode(), secret=key)
        assert engine.verify_token(token, SECRET) == expected
    assert not has_connection(listener)


@pytest.mark.rule("jose.unused")
def test_listener_reports_a_connection(listener):
    with socket.create_connection(listener.getsockname()):
        assert has_connection(listener)

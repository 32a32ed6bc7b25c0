"""Header members that would choose a key, fetch one, change what is signed, or ask for what is not understood."""

import json
import socket

import pytest
from attacks import parameters
from raw_tokens import SECRET, sign_bytes
from token_attacks import (
    CLAIMS,
    answered,
    compared_with_pyjwt,
    is_answer,
    signed,
)

KID_TRAVERSAL = "CWE-22, a path for kid"
KID_INJECTION = "RFC 8725 section 3.10, injection through kid"
KID_TYPE = "RFC 7515 section 4.1.4, kid is a string"
FETCHED = "RFC 8725 section 3.10, URLs that are fetched"
EMBEDDED = "CVE-2018-0114, the key that comes with the token"
UNKNOWN = "CVE-2026-32597, an extension that is not understood"
CRIT = "RFC 7515 section 4.1.11"
UNENCODED = "RFC 7797 section 7, unencoded payloads are no tokens"
LAST = "RFC 7515 section 4, the last of equal names"
NAMES = "RFC 7515 section 4, names are case-sensitive"
PROTOTYPE = "CWE-1321, members of a prototype"
ESCAPED = "RFC 8259 section 8.3, escaped names and values"
TAKEN = "GHSA-869p-cjfg-cm3x, a key taken from the token"


def header(name, rule, source, members, answer=CLAIMS, **rest):
    text = members if isinstance(members, str) else json.dumps({"alg": "HS256", **members})
    return signed(name, rule, source, answer=answer, header=text.encode(), **rest)


def kid(name, source, value, answer=CLAIMS, **rest):
    return header(name, "jose.kid", source, {"kid": value}, answer, **rest)


def kid_as_key(name, source, value, key):
    """Signed with what the kid would bring a careless lookup to."""
    return header(name, "jose.kid", source, {"kid": value}, None, key=key)


KIDS = [
    kid("kid", "RFC 7515 section 4.1.4", "key-1"),
    kid("empty-kid", "RFC 7515 section 4.1.4", ""),
    kid("kid-of-another-key", "RFC 8725 section 3.10", "another-key"),
    kid("kid-beyond-ascii", "RFC 7515 section 4.1.4", "schlüssel-愛-😀"),
    kid("kid-of-a-nul", "CWE-158, a NUL within", "key-1\0.pem"),
    kid("long-kid", "CWE-400, a name without a bound", "k" * 20_000),
    kid("path-to-nothing", KID_TRAVERSAL, "../../../../../../dev/null"),
    kid("path-encoded", KID_TRAVERSAL, "..%2f..%2f..%2fdev%2fnull"),
    kid("path-of-windows", KID_TRAVERSAL, "..\\..\\..\\windows\\win.ini"),
    kid("file-url", "CWE-73, a file that the token names", "file:///dev/null"),
    kid("sql", KID_INJECTION, "x' UNION SELECT 'key"),
    kid("sql-or", KID_INJECTION, "' OR '1'='1"),
    kid("ldap", "CWE-90, a filter for kid", "*)(uid=*))(|(uid=*"),
    kid("shell", "CWE-78, a command for kid", "key.pem; curl http://127.0.0.1/"),
    kid("shell-of-ruby", "CWE-78, a command for kid", "|touch pwned"),
    kid("template", "CWE-1336, a template for kid", "{{7*7}}${7*7}<%=7*7%>"),
    kid("lookup", "CVE-2021-44228, a lookup for kid", "${jndi:ldap://127.0.0.1/a}"),
    kid("format-string", "CWE-134, a format for kid", "%s%s%s%n{0.__class__}"),
    kid("header-injection", "CWE-113, lines in kid", "key\r\nX-Role: admin"),
    kid("markup", "CWE-79, markup in kid", "<script>alert(1)</script>"),
    kid("url-for-kid", FETCHED, "http://127.0.0.1:9/key"),
    kid_as_key("path-to-nothing-signed-with-nothing", KID_TRAVERSAL, "../../../../../../dev/null", ""),
    kid_as_key("path-to-a-line-signed-with-it", KID_TRAVERSAL, "/proc/sys/kernel/randomize_va_space", "2\n"),
    kid_as_key("sql-signed-with-its-result", KID_INJECTION, "x' UNION SELECT 'key", "key"),
    kid_as_key("kid-that-is-the-key", TAKEN, "kid-as-a-key", "kid-as-a-key"),
    kid("number", KID_TYPE, 1, None),
    kid("zero", KID_TYPE, 0, None),
    kid("float", KID_TYPE, 1.5, None),
    kid("null", KID_TYPE, None, None),
    kid("true", KID_TYPE, True, None),
    kid("false", KID_TYPE, False, None),
    kid("array", KID_TYPE, ["key-1"], None),
    kid("empty-array", KID_TYPE, [], None),
    kid("object", KID_TYPE, {"$ne": None}, None),
    header(
        "kid-twice-string-last",
        "jose.kid",
        LAST,
        '{"alg":"HS256","kid":1,"kid":"a"}',
    ),
    header(
        "kid-twice-number-last",
        "jose.kid",
        LAST,
        '{"alg":"HS256","kid":"a","kid":1}',
        None,
    ),
    header("kid-escaped-number", "jose.kid", ESCAPED, '{"alg":"HS256","\\u006bid":1}', None),
    header("kid-in-capitals", "jose.kid", NAMES, '{"alg":"HS256","KID":1}'),
]

ATTACKERS_KEY = "the key of an attacker, 32 bytes or more"
JWK = {"kty": "oct", "k": "dGhlIGtleSBvZiBhbiBhdHRhY2tlciwgMzIgYnl0ZXMgb3IgbW9yZQ"}


def unused(name, source, members, answer=CLAIMS, **rest):
    return header(name, "jose.unused", source, members, answer, **rest)


UNUSED = [
    unused("embedded-jwk-of-an-attacker", EMBEDDED, {"jwk": JWK}, None, key=ATTACKERS_KEY),
    unused(
        "embedded-jwk-alone",
        "CVE-2026-27962, the key that comes with the token",
        {"jwk": JWK, "kid": "x"},
        None,
        key=ATTACKERS_KEY,
    ),
    unused("embedded-empty-jwk", EMBEDDED, {"jwk": {"kty": "oct", "k": ""}}, None, key=""),
    unused("key-in-the-header", EMBEDDED, {"k": JWK["k"]}, None, key=ATTACKERS_KEY),
    unused("key-set-in-the-header", EMBEDDED, {"keys": [JWK]}, None, key=ATTACKERS_KEY),
    unused("key-in-the-header-as-text", EMBEDDED, {"jwk": ATTACKERS_KEY}, None, key=ATTACKERS_KEY),
    unused("jwk-beside-the-true-signature", "RFC 7515 section 4.1.3", {"jwk": JWK}),
    unused("jwk-null", "RFC 7515 section 4.1.3", {"jwk": None}),
    unused("jwk-of-another-type", "RFC 7515 section 4.1.3", {"jwk": 5}),
    unused("jku", FETCHED, {"jku": "https://attacker.example/keys.json"}),
    unused(
        "jku-of-the-metadata-service",
        "CWE-918, an address behind the server",
        {"jku": "http://169.254.169.254/latest/meta-data/"},
    ),
    unused("jku-of-a-file", "CWE-73, a file that the token names", {"jku": "file:///etc/passwd"}),
    unused("jku-of-data", FETCHED, {"jku": "data:application/json,{}"}),
    unused("jku-no-url", "RFC 7515 section 4.1.2", {"jku": 5}),
    unused(
        "jku-of-an-attacker",
        "CVE-2024-21643, a key set that the token names",
        {"jku": "http://127.0.0.1:9/"},
        None,
        key=ATTACKERS_KEY,
    ),
    unused("x5u", "RFC 7515 section 4.1.5", {"x5u": "http://127.0.0.1:9/chain.pem"}),
    unused("x5u-of-an-attacker", FETCHED, {"x5u": "http://127.0.0.1:9/chain.pem"}, None, key=ATTACKERS_KEY),
    unused("x5c", "RFC 7515 section 4.1.6", {"x5c": ["MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"]}),
    unused(
        "x5c-of-an-attacker",
        "RFC 7515 section 4.1.6",
        {"x5c": ["MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"]},
        None,
        key="MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A",
    ),
    unused("x5c-no-array", "RFC 7515 section 4.1.6", {"x5c": 1}),
    unused("x5t", "RFC 7515 section 4.1.7", {"x5t": "AAAA"}),
    unused("x5t-sha256", "RFC 7515 section 4.1.8", {"x5t#S256": "AAAA"}),
    unused("typ-absent", "RFC 7515 section 4.1.9", {}),
    unused("typ-lowercase", "RFC 7519 section 5.1", {"typ": "jwt"}),
    unused("typ-number", "RFC 7515 section 4.1.9", {"typ": 5}),
    unused("typ-null", "RFC 7515 section 4.1.9", {"typ": None}),
    unused("typ-of-an-access-token", "RFC 9068 section 2.1", {"typ": "at+jwt"}),
    unused("typ-of-a-security-event", "RFC 8417 section 2.3", {"typ": "secevent+jwt"}),
    unused("typ-of-a-proof-of-possession", "RFC 9449 section 4.2", {"typ": "dpop+jwt"}),
    unused("cty-nested", "RFC 7519 section 5.2", {"cty": "JWT"}),
    unused("zip", "CVE-2024-33664, a compressed payload", {"zip": "DEF"}),
    unused("zip-and-encryption", "CVE-2024-28180, a compressed payload", {"zip": "DEF", "enc": "A256GCM"}),
    unused("iterations", "CVE-2023-51775, iterations that the token chooses", {"p2c": 2_147_483_647, "p2s": "AAAA"}),
    unused("ephemeral-key", "RFC 7518 section 4.6.1.1", {"epk": {"kty": "EC"}, "apu": "AA", "apv": "AA"}),
    unused("issuer-in-the-header", "RFC 7519 section 5.3", {"iss": "attacker", "sub": "root", "exp": 1}),
    unused("nonce", "RFC 8555 section 6.5", {"nonce": "6S8IqOGY7eL2lsGoTZYifg", "url": "https://example.com/"}),
    unused("prototype", PROTOTYPE, {"__proto__": {"kid": 1}, "constructor": {"prototype": {}}}),
    unused("class", "CWE-502, a class that is named", {"@class": "java.net.URL", "$type": "System.Object"}),
    unused("many-members", "CWE-400, members without a bound", {f"x{number}": number for number in range(2_000)}),
    unused("escaped-members", ESCAPED, '{"alg":"HS256","\\u006aku":"http://127.0.0.1:9/"}'),
]


def crit(name, source, members, answer=None, **rest):
    return header(f"crit: {name}", "jose.crit", source, members, answer, **rest)


CRITS = [
    crit("b64-and-crit", "RFC 7797 section 6", {"b64": True, "crit": ["b64"]}, CLAIMS),
    crit("b64-twice-in-crit", CRIT, {"b64": True, "crit": ["b64", "b64"]}, CLAIMS),
    crit("null", CRIT, {"crit": None}),
    crit("null-with-b64", CRIT, {"b64": True, "crit": None}),
    crit("true", CRIT, {"b64": True, "crit": True}),
    crit("false", CRIT, {"b64": True, "crit": False}),
    crit("zero", CRIT, {"b64": True, "crit": 0}),
    crit("number", CRIT, {"b64": True, "crit": 1}),
    crit("empty", CRIT, {"crit": []}),
    crit("empty-with-b64", CRIT, {"b64": True, "crit": []}),
    crit("empty-string", CRIT, {"b64": True, "crit": ""}),
    crit("string", CRIT, {"b64": True, "crit": "b64"}),
    crit("object", CRIT, {"b64": True, "crit": {"b64": 1}}),
    crit("empty-object", CRIT, {"b64": True, "crit": {}}),
    crit("array-of-a-number", CRIT, {"b64": True, "crit": [1]}),
    crit("array-of-null", CRIT, {"b64": True, "crit": [None]}),
    crit("array-of-true", CRIT, {"b64": True, "crit": [True]}),
    crit("array-of-an-array", CRIT, {"b64": True, "crit": [["b64"]]}),
    crit("array-of-an-object", CRIT, {"b64": True, "crit": [{"b64": True}]}),
    crit("array-of-an-empty-string", CRIT, {"b64": True, "": 1, "crit": [""]}),
    crit("b64-absent", CRIT, {"crit": ["b64"]}),
    crit("b64-null", "RFC 7797 section 3", {"b64": None, "crit": ["b64"]}, CLAIMS),
    crit("b64-and-unknown", UNKNOWN, {"b64": True, "x": 1, "crit": ["b64", "x"]}),
    crit("unknown-and-b64", UNKNOWN, {"b64": True, "x": 1, "crit": ["x", "b64"]}),
    crit("unknown", UNKNOWN, {"x": 1, "crit": ["x"]}),
    crit("unknown-and-absent", UNKNOWN, {"crit": ["x"]}),
    crit(
        "unknown-of-the-rfc",
        "RFC 7515 appendix E",
        {"crit": ["http://example.com/UNDEFINED"], "http://example.com/UNDEFINED": True},
    ),
    crit("bork-of-authlib", "CVE-2025-59420, an extension that is not understood", {"crit": ["bork"], "bork": "x"}),
    crit("confirmation-key", "RFC 7800 section 3.1", {"crit": ["cnf"], "cnf": {"kid": "a"}}),
    crit("exp-in-the-header", "RFC 7519 section 5.3", {"crit": ["exp"], "exp": 99_999_999_999}),
    crit("alg", "RFC 7515 section 4.1.11, names of the specification itself", {"crit": ["alg"]}),
    crit("typ", "RFC 7515 section 4.1.11, names of the specification itself", {"typ": "JWT", "crit": ["typ"]}),
    crit("crit", "RFC 7515 section 4.1.11, names of the specification itself", {"crit": ["crit"]}),
    crit("b64-in-capitals", NAMES, {"b64": True, "crit": ["B64"]}),
    crit("b64-and-a-space", CRIT, {"b64": True, "crit": ["b64 "]}),
    crit("b64-and-a-nul", "CWE-158, a NUL at the end", {"b64": True, "crit": ["b64\0"]}),
    crit("b64-full-width", "Unicode UTS 39, confusable characters", {"b64": True, "crit": ["\uff42\uff16\uff14"]}),
    crit("thousands", "CWE-400, members without a bound", {"b64": True, "crit": ["x"] * 5_000}),
    crit(
        "crit-in-capitals",
        NAMES,
        {"CRIT": ["x"], "x": 1},
        CLAIMS,
    ),
    crit("crit-escaped", ESCAPED, '{"alg":"HS256","x":1,"cr\\u0069t":["x"]}'),
    crit("value-escaped", ESCAPED, '{"alg":"HS256","b64":true,"crit":["\\u0062\\u0036\\u0034"]}', CLAIMS),
    crit(
        "twice-fit-last",
        LAST,
        '{"alg":"HS256","b64":true,"crit":["x"],"crit":["b64"]}',
        CLAIMS,
    ),
    crit(
        "twice-unknown-last",
        LAST,
        '{"alg":"HS256","b64":true,"crit":["b64"],"crit":["x"]}',
    ),
    crit(
        "twice-null-last",
        LAST,
        '{"alg":"HS256","b64":true,"crit":["b64"],"crit":null}',
    ),
    signed("crit-of-the-payload-is-a-claim", "jose.crit", CRIT, b'{"crit":["x"]}', {"crit": ["x"]}),
]


def b64(name, source, members, answer=None, **rest):
    return header(f"b64: {name}", "jose.b64", source, members, answer, **rest)


B64S = [
    b64("true", "RFC 7797 section 3", {"b64": True}, CLAIMS),
    b64("false", UNENCODED, {"b64": False}),
    b64("false-and-crit", UNENCODED, {"b64": False, "crit": ["b64"]}),
    b64("false-and-empty-crit", UNENCODED, {"b64": False, "crit": []}),
    b64("true-then-false", LAST, '{"alg":"HS256","b64":true,"b64":false}'),
    b64(
        "false-then-true",
        LAST,
        '{"alg":"HS256","b64":false,"b64":true}',
        CLAIMS,
    ),
    b64("escaped-false", ESCAPED, '{"alg":"HS256","b\\u00364":false}'),
    b64("zero", "RFC 7797 section 3, b64 is a boolean", {"b64": 0}, CLAIMS),
    b64("null", "RFC 7797 section 3, b64 is a boolean", {"b64": None}, CLAIMS),
    b64("false-as-text", "RFC 7797 section 3, b64 is a boolean", {"b64": "false"}, CLAIMS),
    b64("in-capitals", NAMES, {"B64": False}, CLAIMS),
]


@pytest.mark.parametrize("attack", parameters(KIDS, UNUSED, CRITS, B64S))
def test_a_header_chooses_nothing(engine, attack):
    how = answered(engine, attack)
    assert is_answer(how, attack), how


@pytest.mark.parametrize("attack", parameters(KIDS, UNUSED, CRITS, B64S))
def test_pyjwt_stands_to_it_as_the_row_says(attack):
    assert compared_with_pyjwt(attack) == attack.pyjwt


# A URL in a token brings nobody to a server


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        yield server


def connections(listener):
    """Whether somebody has connected; those who did are let go."""
    try:
        connection, _ = listener.accept()
    except TimeoutError:
        return 0
    connection.close()
    return 1


@pytest.mark.rule("jose.unused")
def test_no_url_of_a_token_is_fetched(engine, listener):
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/keys.json"
    members = {"alg": "HS256", "kid": url, "jku": url, "x5u": url, "iss": url}
    payload = json.dumps({"iss": url, "jku": url, "sub": "alice"}).encode()
    for key, answer in [(SECRET, json.loads(payload)), (ATTACKERS_KEY, None)]:
        token = sign_bytes(payload, header=json.dumps(members).encode(), secret=key)
        assert engine.verify_token(token, SECRET) == answer
    assert connections(listener) == 0


@pytest.mark.rule("jose.unused")
def test_a_connection_would_be_seen(listener):
    with socket.create_connection(listener.getsockname()):
        assert connections(listener) == 1

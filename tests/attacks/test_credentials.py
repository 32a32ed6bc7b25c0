"""The token of a request: where it is found, and the errors for requests without a valid one."""

import json
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from attacks import Attack, attacks, check, each, pairs, row
from challenges import INVALID, MISSING, forbidden
from raw_tokens import SECRET, sign_bytes, sign_claims

from fastware._engine.contract import INVALID_TOKEN, NO_TOKEN, UNUSABLE_SECRET

BASIC = b"Basic YWxpY2U6QmVhcmVyIHQ="  # alice:Bearer t
URLENCODED = "WHATWG URL, urlencoded parsing"
PERCENT = "WHATWG URL, percent-decode"


@dataclass(frozen=True)
class Sent:
    """A request: its Authorization headers, its Cookie headers and its query string."""

    authorization: tuple = ()
    cookie: tuple = ()
    query: bytes = b""
    is_query_allowed: bool = True
    first_headers: tuple = ()

    @property
    def headers(self):
        authorization = [(b"authorization", value) for value in self.authorization]
        return [*self.first_headers, *authorization, *((b"cookie", value) for value in self.cookie)]

    @property
    def query_string(self):
        return self.query if self.is_query_allowed else None


bearer = row("credential.bearer", of=lambda value: Sent(value if isinstance(value, tuple) else (value,)))
header_name = row("credential.bearer", of=lambda name: Sent(first_headers=((name, b"Bearer t"),)))
query = row("credential.query", prefix="query-", of=lambda value: Sent(query=value))
order = row("credential.order")
SIMILAR_HEADERS = ((b"x-token", b"t"), (b"token", b"t"), (b"session", b"t"))
AUTHORIZATION = [
    bearer("plain", "RFC 6750 section 2.1", b"Bearer t", "t"),
    *each(bearer, "RFC 9110 section 11.1", b"bearer t", b"bEaReR t", expected="t"),
    *pairs(bearer, "RFC 9110 section 11.4, 1*SP", {b"Bearer    t": "t", b"Bearer\tt": None}),
    bearer("whitespace-around-token", "RFC 9110 section 5.6.3", b"Bearer \t t \t ", "t"),
    *each(bearer, "CWE-444", b"Bearer\x0bt", b"Bearer\x0ct", b"Bearer\xa0t", expected=None),
    *pairs(bearer, "CWE-93", {b"Bearer\r\n t": None, b"Bearer t\r\n": "t\r\n"}),
    *each(bearer, "CWE-158", b"Bearer\0 t", b"Bearer\0t", expected=None),
    *each(bearer, "RFC 9110 section 11.4", b"Bearert", b"Bearer", b"Bearer \t ", b"", b'"Bearer" t', expected=None),
    *each(bearer, "RFC 9110 section 11.4", b"Bearer: t", b"Token t", b"a.b.c", expected=None),
    *pairs(bearer, "RFC 9110 section 5.5", {b" Bearer t": None, b"Bearer \xe9\xff": "éÿ"}),
    *pairs(bearer, "RFC 9110 section 11.2", {b"Bearer=t": None, b'Bearer token="t"': 'token="t"'}),
    *each(bearer, "RFC 9110 section 11.3", b"Bearer, t", b"Basic x, Bearer t", expected=None),
    *each(bearer, "CWE-187", b"Bearers t", b"Beare t", expected=None),
    *pairs(bearer, "RFC 9110 section 11.4", {b"Bearer Bearer t": "Bearer t", b"Bearer t,u": "t,u"}),
    bearer("two-tokens", "RFC 9110 section 11.4", b"Bearer t u", "t u"),
    bearer("before-another-scheme", "RFC 9110 section 11.3", b"Bearer t, Basic x", "t, Basic x"),
    bearer("quoted-token", "RFC 9110 section 11.4, token68", b'Bearer "t"', '"t"'),
    bearer("trailing-nul-is-kept", "CWE-158", b"Bearer t\0", "t\0"),
    *pairs(bearer, "CWE-444", {b"Bearer t\xa0": "t\xa0", b"Bearer \x0bt": "\x0bt"}),
    bearer("percent-encoding-is-not-decoded", "CWE-177", b"Bearer %74", "%74"),
    bearer("basic-credentials", "RFC 7617 section 2", BASIC, None),
    bearer("basic-then-bearer", "RFC 7617 section 2", b"Basic Bearer t", None),
    bearer("dpop", "RFC 9449 section 7.1", b"DPoP t", None),
    bearer("cyrillic-letter", "Unicode UTS 39, confusables", "Веarer t".encode(), None),
    bearer("fullwidth-letter", "Unicode UTS 39, confusables", "Ｂearer t".encode(), None),
    bearer("first-of-two", "RFC 9110 section 5.3", (b"Bearer t", b"Bearer u"), "t"),
    bearer("first-is-basic", "RFC 9110 section 5.3", (BASIC, b"Bearer u"), None),
    bearer("first-is-empty", "RFC 9110 section 5.3", (b"", b"Bearer u"), None),
    bearer("first-has-no-token", "RFC 9110 section 5.3", (b"Bearer ", b"Bearer u"), None),
    bearer("scheme-and-token-in-two-headers", "RFC 9112 section 5.2", (b"Bearer", b" t"), None),
    header_name("proxy-authorization", "RFC 9110 section 11.7.2", b"proxy-authorization"),
    header_name("trailing-space-in-header-name", "RFC 9112 section 5.1", b"authorization "),
    header_name("x-prefix-on-header-name", "CWE-444", b"x-authorization"),
    header_name("forwarded-header", "CWE-290", b"x-forwarded-authorization"),
    header_name("uppercase-header-name", "RFC 9110 section 5.1", b"AUTHORIZATION", "t"),
    Attack("headers-named-token", "credential.bearer", "CWE-290", Sent(first_headers=SIMILAR_HEADERS)),
]
QUERY = [
    query("plain", "RFC 6750 section 2.3, URI query parameter", b"token=t", "t"),
    *each(query, URLENCODED, b"a=1&token=t&b=2", b"t%6Fken=t", b"%74%6f%6b%65%6e=t", b"&&token=t&&", expected="t"),
    *each(query, "CWE-235", b"token=t&token=u", b"%74oken=t&token=u", expected="t"),
    *each(query, "CWE-235", b"token=&token=u", b"token&token=u", expected=None),
    *each(query, URLENCODED, b"token%3Dt", b"+token=t", b"=token=t", b"a=1&amp;token=t", b"", b"token", expected=None),
    *pairs(query, URLENCODED, {b"token=a%26token%3Db": "a&token=b", b"token=a+b": "a b", b"token=a%2Bb": "a+b"}),
    *pairs(query, URLENCODED, {b"token=+": " ", b"token==t": "=t"}),
    *pairs(query, "CWE-158", {b"token=t%00u": "t\0u", b"token%00=t": None}),
    query("encoded-line-break", "CWE-93", b"token=t%0d%0a", "t\r\n"),
    *pairs(query, PERCENT, {b"token=%": "%", b"token=%2": "%2", b"token=%zz": "%zz", b"token=%+1%-1": "% 1%-1"}),
    query("percent-and-space", PERCENT, b"token=% 41", "% 41"),
    query("percent-and-superscripts", "Unicode UAX 44, digits that are not decimal", b"token=%\xb2\xb3", "%²³"),
    query("percent-u", "CWE-177, an escape of no standard", b"token=%u0074", "%u0074"),
    query("double-encoding-is-decoded-once", "CWE-174", b"token=%2574", "%74"),
    query("bytes-are-latin-1", "RFC 6750 section 2.1, ASCII only", b"token=%C3%A9\xff", "Ã©ÿ"),
    *pairs(query, "CVE-2021-23336", {b"a=1;token=t": None, b"token=t;a=1": "t;a=1"}),
    query("other-case", "CWE-178", b"Token=t&TOKEN=u", None),
    query("prefix-or-suffix-on-name", "CWE-187", b"tokens=t&xtoken=u", None),
    *each(query, "CWE-235, arrays of PHP and Rails", b"token[]=t", b"a[token]=t", expected=None),
    query("access_token", "RFC 6750 section 2.3", b"access_token=t", None),
    query("leading-question-mark", "RFC 3986 section 3.4", b"?token=t", None),
    query("fragment", "RFC 3986 section 3.5", b"a=1#token=t", None),
    Attack("query-disabled", "credential.query", "CWE-598", Sent(query=b"token=t", is_query_allowed=False)),
]
ORDER = [
    order(
        "header-before-cookie-and-query", "RFC 6750 section 2", Sent((b"Bearer t",), (b"session=s",), b"token=q"), "t"
    ),
    order("cookie-before-query", "RFC 6750 section 2", Sent((), (b"session=s",), b"token=q"), "s"),
    order("empty-header-then-cookie", "RFC 6750 section 2", Sent((b"Bearer ",), (b"session=s",), b"token=q"), "s"),
    order("other-scheme-then-cookie", "RFC 6750 section 2", Sent((BASIC,), (b"session=s",)), "s"),
    order("second-header-is-ignored", "CWE-235", Sent((BASIC, b"Bearer t"), (b"session=s",)), "s"),
    order("malformed-header-before-cookie", "CWE-288", Sent((b"Bearer \xff",), (b"session=s",)), "ÿ"),
    order("empty-cookie-then-query", "RFC 6750 section 2", Sent((), (b"session=",), b"token=q"), "q"),
    order("quoted-empty-cookie-then-query", "RFC 6265 section 4.1.1", Sent((), (b'session=""',), b"token=q"), "q"),
    order("last-cookie-empty-then-query", "CWE-235", Sent((), (b"session=s", b"session="), b"token=q"), "q"),
    order("nul-cookie-before-query", "CWE-158", Sent((), (b"session=\0",), b"token=q"), "\0"),
    order("quoted-cookie-before-query", "RFC 6265 section 4.1.1", Sent((), (b'session="s"',), b"token=q"), "s"),
    order("cookie-sandwich", "CWE-565", Sent((), (b'x="1; session=s; y="',)), "s"),
    order(
        "cookie-header-before-authorization-header",
        "RFC 9110 section 5.3",
        Sent((b"Bearer t",), first_headers=((b"cookie", b"session=s"),)),
        "t",
    ),
    order("no-credential", "RFC 6750 section 2", Sent(), None),
]


@attacks(AUTHORIZATION, QUERY, ORDER)
def test_credential_is_found(engine, attack):
    sent = attack.input
    check(attack, engine.credential, sent.headers, sent.query_string, "session")


VALID = sign_claims({"sub": "alice", "role": "user"}).encode()
FORGED = sign_claims({"sub": "mallory", "role": "admin"}, secret="another secret, also of 32 bytes or more").encode()


challenge = row("identity.challenge", INVALID)
CHALLENGES = [
    challenge("no-credential", "RFC 9110 section 15.5.2", Sent(), MISSING),
    challenge("basic-credentials", "RFC 7617 section 2", Sent((BASIC,)), MISSING),
    challenge("tab-for-space", "RFC 9110 section 11.4", Sent((b"Bearer\t" + VALID,)), MISSING),
    challenge("forged-header", "CWE-347", Sent((b"Bearer " + FORGED,))),
    challenge("forged-header-and-valid-cookie", "CWE-288", Sent((b"Bearer " + FORGED,), (b"session=" + VALID,))),
    challenge("forged-cookie-and-valid-query", "CWE-288", Sent((), (b"session=" + FORGED,), b"token=" + VALID)),
    challenge("valid-cookie-then-forged-cookie", "CWE-565", Sent((), (b"session=%b; session=%b" % (VALID, FORGED),))),
    challenge("forged-header-then-valid-header", "CWE-235", Sent((b"Bearer " + FORGED, b"Bearer " + VALID))),
    challenge("forged-and-valid-in-one-header", "CWE-235", Sent((b"Bearer %b, Bearer %b" % (VALID, FORGED),))),
    challenge("valid-token-then-nul", "CWE-20", Sent((b"Bearer " + VALID + b"\0",))),
    challenge("valid-token-in-escaped-quotes", "CWE-565", Sent((), (b'session="\\"%b\\""' % VALID,))),
    challenge("valid-token-encoded-twice", "CWE-174", Sent(query=b"token=" + VALID.replace(b".", b"%252E"))),
    challenge("valid-token-in-another-parameter", "CWE-235", Sent(query=b"token[]=" + VALID), MISSING),
    challenge("valid-token-after-semicolon", "CVE-2021-23336", Sent(query=b"a;token=" + VALID), MISSING),
    challenge("query-disabled", "CWE-598", Sent(query=b"token=" + VALID, is_query_allowed=False), MISSING),
    challenge("uppercase-cookie", "CWE-178", Sent((), (b"SESSION=" + VALID,)), MISSING),
    challenge("csrf-cookie-only", "CWE-352", Sent((), (b"csrf_token=" + VALID,)), MISSING),
]


def result_of(fastware, dependency, sent, config):
    """Return the claims, or the content of the HTTPError."""
    scope = {"type": "http", "headers": sent.headers, "query_string": sent.query, "state": {"config": config}}
    try:
        return dependency(SimpleNamespace(scope=scope))
    except fastware.HTTPError as error:
        return error.status_code, error.detail, error.headers


@attacks(CHALLENGES)
def test_request_without_valid_token_is_challenged(fastware, auth, attack):
    config = {"jwt_secret": SECRET, "allow_query_token": attack.input.is_query_allowed}
    assert result_of(fastware, auth.get_current_user, attack.input, config) == attack.expected


@attacks(CHALLENGES)
def test_identify_says_why_there_are_no_claims(engine, attack):
    sent = attack.input
    expected = NO_TOKEN if attack.expected == MISSING else INVALID_TOKEN
    assert engine.identify(sent.headers, sent.query_string, "session", SECRET) == expected


role = row("identity.role", forbidden("admin"))
ROLES = [
    role("other-case", "CWE-178", {"role": "Admin"}),
    role("trailing-space", "CWE-289", {"role": "admin "}),
    role("trailing-nul", "CWE-158", {"role": "admin\0"}),
    role("suffix-on-role", "CWE-187", {"role": "administrator"}),
    *each(role, "CWE-1287", {"role": ["admin"]}, {"role": {"admin": True}}, {"role": True}, {"role": None}),
    role("number", "CWE-1287", {"role": 0}),
    role("missing", "CWE-862", {"sub": "alice"}),
    *each(role, "CWE-863", {"roles": ["admin"], "scope": "admin", "groups": "admin"}, {"role": "user,admin"}),
    role("fullwidth", "Unicode UAX 15, NFKC", {"role": "ａdmin"}),
    role("zero-width-joiner", "Unicode UTS 39, confusables", {"role": "admin\u200d"}),
    role("wildcard", "CWE-155", {"role": "*"}),
    role("required-role", "CWE-863", {"sub": "alice", "role": "admin"}, {"sub": "alice", "role": "admin"}),
    role("duplicate-then-other-role", "RFC 8259 section 4", b'{"role":"admin","role":"user"}'),
    role("duplicate-then-required-role", "RFC 8259 section 4", b'{"role":"user","role":"admin"}', {"role": "admin"}),
]


@attacks(ROLES)
def test_another_role_is_forbidden(fastware, auth, attack):
    claims = attack.input if isinstance(attack.input, bytes) else json.dumps(attack.input).encode()
    sent = Sent((b"Bearer " + sign_bytes(claims).encode(),))
    assert result_of(fastware, auth.require_role("admin"), sent, {"jwt_secret": SECRET}) == attack.expected


PEM = "-----BEGIN PUBLIC KEY-----\nAA\n-----END PUBLIC KEY-----"
NOT_CONFIGURED = "No JWT secret is configured"
UNUSABLE = "The JWT secret is not usable"
secret = row("identity.secret", UNUSABLE, of=lambda config: {"config": config})
SECRETS = [
    Attack("no-state", "identity.secret", "ASGI Lifespan Scope, a lifespan that did not run", None, NOT_CONFIGURED),
    Attack("empty-state", "identity.secret", "ASGI Lifespan Scope, a lifespan that did not run", {}, NOT_CONFIGURED),
    *each(secret, "CWE-1188", None, {}, {"jwt_secret": None}, expected=NOT_CONFIGURED),
    secret("empty", "CWE-1391, an unset environment variable", {"jwt_secret": ""}, NOT_CONFIGURED),
    *each(secret, "CWE-1391", {"jwt_secret": b""}, {"jwt_secret": []}, expected=NOT_CONFIGURED),
    secret("config-is-str", "CWE-1287", "jwt_secret", NOT_CONFIGURED),
    secret("list-of-empty-secrets", "CWE-1391", {"jwt_secret": ["", b""]}),
    *each(secret, "CWE-1287", {"jwt_secret": 5}, {"jwt_secret": True}),
    secret("dict", "CWE-1287", {"jwt_secret": {"key": SECRET}}),
    secret("lone-surrogate", "Unicode chapter 3.8, surrogates", {"jwt_secret": SECRET + "\ud800"}),
    secret("public-key", "RFC 8725 section 2.1", {"jwt_secret": PEM}),
]


@attacks(SECRETS)
def test_unusable_jwt_secret_raises_configuration_error(fastware, auth, attack):
    scope = {"type": "http", "headers": [(b"authorization", b"Bearer " + VALID)], "state": attack.input}
    with pytest.raises(fastware.ConfigurationError, match=f"^{attack.expected}:"):
        auth.get_current_user(SimpleNamespace(scope=scope))


@attacks([attack for attack in SECRETS if attack.expected == UNUSABLE])
def test_identify_reports_an_unusable_secret(engine, attack):
    headers = [(b"authorization", b"Bearer " + VALID)]
    assert engine.identify(headers, None, "session", attack.input["config"]["jwt_secret"]) == UNUSABLE_SECRET

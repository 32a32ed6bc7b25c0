"""Where a request's token is looked for, and what else may stand there."""

import json
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from answers import is_answered
from attacks import Attack, parameters
from raw_tokens import SECRET, sign_bytes, sign_claims

BASIC = b"Basic YWxpY2U6QmVhcmVyIHQ="  # alice:Bearer t


@dataclass(frozen=True)
class Presented:
    """What a request presents: Authorization headers, Cookie headers, the query string."""

    authorization: tuple = ()
    cookie: tuple = ()
    query: bytes = b""
    allow_query: bool = True
    other: tuple = ()

    @property
    def headers(self):
        named = [(b"authorization", value) for value in self.authorization]
        return [*self.other, *named, *((b"cookie", value) for value in self.cookie)]


def bearer(name, source, value, answer, **more):
    values = value if isinstance(value, tuple) else (value,)
    return Attack(name, "credential.bearer", source, Presented(values, **more), answer)


def query(name, source, value, answer, **more):
    return Attack(f"query-{name}", "credential.query", source, Presented(query=value, **more), answer)


def order(name, source, given, answer):
    return Attack(name, "credential.order", source, given, answer)


AUTHORIZATION = [
    bearer("plain", "RFC 6750 section 2.1", b"Bearer t", "t"),
    bearer("lowercase", "RFC 9110 section 11.1", b"bearer t", "t"),
    bearer("odd-case", "RFC 9110 section 11.1", b"bEaReR t", "t"),
    bearer("spaces", "RFC 9110 section 11.4, 1*SP", b"Bearer    t", "t"),
    bearer("spaces-and-tabs", "RFC 9110 section 5.6.3", b"Bearer \t t \t ", "t"),
    bearer("tab-for-the-space", "RFC 9110 section 11.4, 1*SP", b"Bearer\tt", None),
    bearer("vertical-tab-for-the-space", "CWE-444", b"Bearer\x0bt", None),
    bearer("form-feed-for-the-space", "CWE-444", b"Bearer\x0ct", None),
    bearer("no-break-space-for-the-space", "CWE-444", b"Bearer\xa0t", None),
    bearer("line-break-for-the-space", "CWE-93", b"Bearer\r\n t", None),
    bearer("nul-behind-the-scheme", "CWE-158", b"Bearer\0 t", None),
    bearer("nul-for-the-space", "CWE-158", b"Bearer\0t", None),
    bearer("no-space", "RFC 9110 section 11.4", b"Bearert", None),
    bearer("scheme-only", "RFC 9110 section 11.4", b"Bearer", None),
    bearer("scheme-and-blanks", "RFC 9110 section 11.4", b"Bearer \t ", None),
    bearer("empty", "RFC 9110 section 11.4", b"", None),
    bearer("blank-in-front", "RFC 9110 section 5.5", b" Bearer t", None),
    bearer("quote-in-front", "RFC 9110 section 11.4", b'"Bearer" t', None),
    bearer("colon-behind", "RFC 9110 section 11.4", b"Bearer: t", None),
    bearer("equals-behind", "RFC 9110 section 11.2", b"Bearer=t", None),
    bearer("comma-behind", "RFC 9110 section 11.3", b"Bearer, t", None),
    bearer("longer-scheme", "CWE-187", b"Bearers t", None),
    bearer("shorter-scheme", "CWE-187", b"Beare t", None),
    bearer("scheme-behind-another", "RFC 9110 section 11.3", b"Basic x, Bearer t", None),
    bearer("scheme-twice", "RFC 9110 section 11.4", b"Bearer Bearer t", "Bearer t"),
    bearer("list-of-schemes", "RFC 9110 section 11.3", b"Bearer t, Basic x", "t, Basic x"),
    bearer("list-of-tokens", "RFC 9110 section 11.4", b"Bearer t,u", "t,u"),
    bearer("tokens-by-a-space", "RFC 9110 section 11.4", b"Bearer t u", "t u"),
    bearer("quoted-token", "RFC 9110 section 11.4, token68", b'Bearer "t"', '"t"'),
    bearer("parameter", "RFC 9110 section 11.2", b'Bearer token="t"', 'token="t"'),
    bearer("line-break-behind-stays", "CWE-93", b"Bearer t\r\n", "t\r\n"),
    bearer("nul-behind-stays", "CWE-158", b"Bearer t\0", "t\0"),
    bearer("no-break-space-behind-stays", "CWE-444", b"Bearer t\xa0", "t\xa0"),
    bearer("vertical-tab-in-front-stays", "CWE-444", b"Bearer \x0bt", "\x0bt"),
    bearer("percent-is-not-decoded", "CWE-177", b"Bearer %74", "%74"),
    bearer("latin-1", "RFC 9110 section 5.5", b"Bearer \xe9\xff", "éÿ"),
    bearer("basic", "RFC 7617 section 2", BASIC, None),
    bearer("basic-with-a-bearer-behind", "RFC 7617 section 2", b"Basic Bearer t", None),
    bearer("dpop", "RFC 9449 section 7.1", b"DPoP t", None),
    bearer("token-scheme", "RFC 9110 section 11.4", b"Token t", None),
    bearer("bare-token", "RFC 9110 section 11.4", b"a.b.c", None),
    bearer("cyrillic-letter", "Unicode UTS 39, confusables", "Веarer t".encode(), None),
    bearer("fullwidth-letter", "Unicode UTS 39, confusables", "Ｂearer t".encode(), None),
    bearer("first-of-two", "RFC 9110 section 5.3", (b"Bearer t", b"Bearer u"), "t"),
    bearer("first-though-basic", "RFC 9110 section 5.3", (BASIC, b"Bearer u"), None),
    bearer("first-though-empty", "RFC 9110 section 5.3", (b"", b"Bearer u"), None),
    bearer("first-though-without-token", "RFC 9110 section 5.3", (b"Bearer ", b"Bearer u"), None),
    bearer("folded-over-two", "RFC 9112 section 5.2", (b"Bearer", b" t"), None),
    bearer("proxy-authorization", "RFC 9110 section 11.7.2", (), None, other=((b"proxy-authorization", b"Bearer t"),)),
    bearer("name-with-a-space", "RFC 9112 section 5.1", (), None, other=((b"authorization ", b"Bearer t"),)),
    bearer("x-name", "CWE-444", (), None, other=((b"x-authorization", b"Bearer t"),)),
    bearer("forwarded-name", "CWE-290", (), None, other=((b"x-forwarded-authorization", b"Bearer t"),)),
    bearer("name-in-capitals", "RFC 9110 section 5.1", (), "t", other=((b"AUTHORIZATION", b"Bearer t"),)),
    bearer("token-header", "CWE-290", (), None, other=((b"x-token", b"t"), (b"token", b"t"), (b"session", b"t"))),
]

QUERY = [
    query("plain", "RFC 6750 section 2.3, URI query parameter", b"token=t", "t"),
    query("among-others", "WHATWG URL, urlencoded parsing", b"a=1&token=t&b=2", "t"),
    query("first-of-two", "CWE-235", b"token=t&token=u", "t"),
    query("first-though-empty", "CWE-235", b"token=&token=u", None),
    query("first-though-bare", "CWE-235", b"token&token=u", None),
    query("encoded-name", "WHATWG URL, urlencoded parsing", b"t%6Fken=t", "t"),
    query("wholly-encoded-name", "WHATWG URL, urlencoded parsing", b"%74%6f%6b%65%6e=t", "t"),
    query("encoded-name-first-of-two", "CWE-235", b"%74oken=t&token=u", "t"),
    query("encoded-equals-is-of-the-name", "WHATWG URL, urlencoded parsing", b"token%3Dt", None),
    query("encoded-ampersand-is-of-the-value", "WHATWG URL, urlencoded parsing", b"token=a%26token%3Db", "a&token=b"),
    query("plus-in-the-name", "WHATWG URL, urlencoded parsing", b"+token=t", None),
    query("plus-in-the-value", "WHATWG URL, urlencoded parsing", b"token=a+b", "a b"),
    query("encoded-plus", "WHATWG URL, urlencoded parsing", b"token=a%2Bb", "a+b"),
    query("plus-is-a-token", "WHATWG URL, urlencoded parsing", b"token=+", " "),
    query("encoded-nul", "CWE-158", b"token=t%00u", "t\0u"),
    query("encoded-nul-in-the-name", "CWE-158", b"token%00=t", None),
    query("encoded-line-break", "CWE-93", b"token=t%0d%0a", "t\r\n"),
    query("percent-alone", "WHATWG URL, percent-decode", b"token=%", "%"),
    query("percent-and-a-digit", "WHATWG URL, percent-decode", b"token=%2", "%2"),
    query("percent-and-letters", "WHATWG URL, percent-decode", b"token=%zz", "%zz"),
    query("percent-and-a-sign", "WHATWG URL, percent-decode", b"token=%+1%-1", "% 1%-1"),
    query("percent-and-a-space", "WHATWG URL, percent-decode", b"token=% 41", "% 41"),
    query("percent-and-superscripts", "Unicode UAX 44, digits that are no decimals", b"token=%\xb2\xb3", "%²³"),
    query("percent-u", "CWE-177, an escape that no standard has", b"token=%u0074", "%u0074"),
    query("encoded-percent-is-decoded-once", "CWE-174", b"token=%2574", "%74"),
    query("bytes-are-latin-1", "RFC 6750 section 2.1, ASCII only", b"token=%C3%A9\xff", "Ã©ÿ"),
    query("semicolon-separates-nothing", "CVE-2021-23336", b"a=1;token=t", None),
    query("semicolon-ends-no-value", "CVE-2021-23336", b"token=t;a=1", "t;a=1"),
    query("other-case", "CWE-178", b"Token=t&TOKEN=u", None),
    query("longer-name", "CWE-187", b"tokens=t&xtoken=u", None),
    query("brackets-behind", "CWE-235, arrays of PHP and Rails", b"token[]=t", None),
    query("brackets-around", "CWE-235, arrays of PHP and Rails", b"a[token]=t", None),
    query("name-of-the-rfc", "RFC 6750 section 2.3", b"access_token=t", None),
    query("question-mark-twice", "RFC 3986 section 3.4", b"?token=t", None),
    query("fragment", "RFC 3986 section 3.5", b"a=1#token=t", None),
    query("equals-twice", "WHATWG URL, urlencoded parsing", b"token==t", "=t"),
    query("equals-in-front", "WHATWG URL, urlencoded parsing", b"=token=t", None),
    query("ampersands", "WHATWG URL, urlencoded parsing", b"&&token=t&&", "t"),
    query("encoded-ampersand-separates-nothing", "WHATWG URL, urlencoded parsing", b"a=1&amp;token=t", None),
    query("empty", "WHATWG URL, urlencoded parsing", b"", None),
    query("nothing-but-the-name", "WHATWG URL, urlencoded parsing", b"token", None),
    query("turned-off", "CWE-598", b"token=t", None, allow_query=False),
]

ORDER = [
    order(
        "header-first",
        "RFC 6750 section 2, one method a request",
        Presented((b"Bearer t",), (b"session=s",), b"token=q"),
        "t",
    ),
    order("cookie-before-query", "RFC 6750 section 2", Presented((), (b"session=s",), b"token=q"), "s"),
    order(
        "empty-header-falls-through", "RFC 6750 section 2", Presented((b"Bearer ",), (b"session=s",), b"token=q"), "s"
    ),
    order("other-scheme-falls-through", "RFC 6750 section 2", Presented((BASIC,), (b"session=s",)), "s"),
    order("second-header-does-not-count", "CWE-235", Presented((BASIC, b"Bearer t"), (b"session=s",)), "s"),
    order("malformed-header-does-not-fall", "CWE-288", Presented((b"Bearer \xff",), (b"session=s",)), "ÿ"),
    order("empty-cookie-falls-through", "RFC 6750 section 2", Presented((), (b"session=",), b"token=q"), "q"),
    order(
        "quoted-empty-cookie-falls-through", "RFC 6265 section 4.1.1", Presented((), (b'session=""',), b"token=q"), "q"
    ),
    order("last-empty-cookie-falls-through", "CWE-235", Presented((), (b"session=s", b"session="), b"token=q"), "q"),
    order("cookie-of-a-nul-does-not-fall", "CWE-158", Presented((), (b"session=\0",), b"token=q"), "\0"),
    order("quoted-cookie", "RFC 6265 section 4.1.1", Presented((), (b'session="s"',), b"token=q"), "s"),
    order("cookie-in-the-sandwich", "CWE-565", Presented((), (b'x="1; session=s; y="',)), "s"),
    order(
        "cookie-before-the-header",
        "RFC 9110 section 5.3",
        Presented((b"Bearer t",), other=((b"cookie", b"session=s"),)),
        "t",
    ),
    order("nothing", "RFC 6750 section 2", Presented(), None),
]


@pytest.mark.parametrize("attack", parameters(AUTHORIZATION, QUERY, ORDER))
def test_a_credential_is_found(engine, attack):
    given = attack.given
    assert is_answered(attack, engine.credential, given.headers, given.query, "session", given.allow_query)


# What the dependencies say of a request

GOOD = sign_claims({"sub": "alice", "role": "user"}).encode()
BAD = sign_claims({"sub": "mallory", "role": "admin"}, secret="another secret, also of 32 bytes or more").encode()
UNAUTHENTICATED = (401, "Not authenticated", {"WWW-Authenticate": "Bearer"})
INVALID = (401, "Invalid or expired token", {"WWW-Authenticate": "Bearer"})
FORBIDDEN = (403, "Requires role: admin", {})


def challenge(name, source, given, answer=INVALID):
    return Attack(name, "identity.challenge", source, given, answer)


IDENTITIES = [
    challenge("nothing", "RFC 9110 section 15.5.2", Presented(), UNAUTHENTICATED),
    challenge("basic", "RFC 7617 section 2", Presented((BASIC,)), UNAUTHENTICATED),
    challenge("tab-for-the-space", "RFC 9110 section 11.4", Presented((b"Bearer\t" + GOOD,)), UNAUTHENTICATED),
    challenge("forged-header", "CWE-347", Presented((b"Bearer " + BAD,))),
    challenge("forged-header-before-a-good-cookie", "CWE-288", Presented((b"Bearer " + BAD,), (b"session=" + GOOD,))),
    challenge("forged-cookie-before-a-good-query", "CWE-288", Presented((), (b"session=" + BAD,), b"token=" + GOOD)),
    challenge("forged-cookie-behind-a-good-one", "CWE-565", Presented((), (b"session=%b; session=%b" % (GOOD, BAD),))),
    challenge("forged-header-first-of-two", "CWE-235", Presented((b"Bearer " + BAD, b"Bearer " + GOOD))),
    challenge("good-and-forged-in-a-list", "CWE-235", Presented((b"Bearer %b, Bearer %b" % (GOOD, BAD),))),
    challenge("good-token-with-a-tail", "CWE-20", Presented((b"Bearer " + GOOD + b"\0",))),
    challenge("good-token-in-escaped-quotes", "CWE-565", Presented((), (b'session="\\"%b\\""' % GOOD,))),
    challenge("good-token-doubly-encoded", "CWE-174", Presented(query=b"token=" + GOOD.replace(b".", b"%252E"))),
    challenge("good-token-in-another-parameter", "CWE-235", Presented(query=b"token[]=" + GOOD), UNAUTHENTICATED),
    challenge("good-token-behind-a-semicolon", "CVE-2021-23336", Presented(query=b"a;token=" + GOOD), UNAUTHENTICATED),
    challenge("query-turned-off", "CWE-598", Presented(query=b"token=" + GOOD, allow_query=False), UNAUTHENTICATED),
    challenge("cookie-in-capitals", "CWE-178", Presented((), (b"SESSION=" + GOOD,)), UNAUTHENTICATED),
    challenge("only-the-csrf-cookie", "CWE-352", Presented((), (b"csrf_token=" + GOOD,)), UNAUTHENTICATED),
]


def dependency_answer(fastware, dependency, given, config):
    scope = {"type": "http", "headers": given.headers, "query_string": given.query}
    request = SimpleNamespace(scope=scope, state={"config": config})
    try:
        return dependency(request)
    except fastware.HTTPError as error:
        return error.status_code, error.detail, error.headers


@pytest.mark.parametrize("attack", parameters(IDENTITIES))
def test_who_is_not_known_is_challenged(fastware, auth, attack):
    config = {"jwt_secret": SECRET, "allow_query_token": attack.given.allow_query}
    assert dependency_answer(fastware, auth.get_current_user, attack.given, config) == attack.answer


def role(name, source, claims, answer=FORBIDDEN):
    return Attack(name, "identity.role", source, claims, answer)


ROLES = [
    role("other-case", "CWE-178", {"role": "Admin"}),
    role("blank-behind", "CWE-289", {"role": "admin "}),
    role("nul-behind", "CWE-158", {"role": "admin\0"}),
    role("longer", "CWE-187", {"role": "administrator"}),
    role("list-with-the-role", "CWE-1287", {"role": ["admin"]}),
    role("object-with-the-role", "CWE-1287", {"role": {"admin": True}}),
    role("true", "CWE-1287", {"role": True}),
    role("null", "CWE-1287", {"role": None}),
    role("number", "CWE-1287", {"role": 0}),
    role("none", "CWE-862", {"sub": "alice"}),
    role("other-claim", "CWE-863", {"roles": ["admin"], "scope": "admin", "groups": "admin"}),
    role("fullwidth", "Unicode UAX 15, NFKC", {"role": "ａdmin"}),
    role("zero-width-joiner", "Unicode UTS 39, confusables", {"role": "admin\u200d"}),
    role("comma-list", "CWE-863", {"role": "user,admin"}),
    role("wildcard", "CWE-155", {"role": "*"}),
    role("the-role", "CWE-863", {"sub": "alice", "role": "admin"}, {"sub": "alice", "role": "admin"}),
    role("the-last-of-two", "RFC 8259 section 4", b'{"role":"admin","role":"user"}'),
    role("the-last-of-two-is-it", "RFC 8259 section 4", b'{"role":"user","role":"admin"}', {"role": "admin"}),
]


@pytest.mark.parametrize("attack", parameters(ROLES))
def test_who_has_another_role_is_refused(fastware, auth, attack):
    claims = attack.given if isinstance(attack.given, bytes) else json.dumps(attack.given).encode()
    given = Presented((b"Bearer " + sign_bytes(claims).encode(),))
    assert dependency_answer(fastware, auth.require_role("admin"), given, {"jwt_secret": SECRET}) == attack.answer


HOW = (
    'let the lifespan yield {"config": {"jwt_secret": ...}}, at least 32 random bytes as str or bytes; '
    'it is read as request.state["config"]["jwt_secret"]'
)
NOT_CONFIGURED = (500, f"No JWT secret is configured: {HOW}", {})
NOT_USABLE = (500, f"The JWT secret is not usable: {HOW}", {})


def secret(name, source, config, answer=NOT_USABLE):
    return Attack(name, "identity.secret", source, config, answer)


SECRETS = [
    secret("no-config", "CWE-1188", None, NOT_CONFIGURED),
    secret("no-secret", "CWE-1188", {}, NOT_CONFIGURED),
    secret("none", "CWE-1188", {"jwt_secret": None}, NOT_CONFIGURED),
    secret("empty", "CWE-1391, an unset environment variable", {"jwt_secret": ""}, NOT_CONFIGURED),
    secret("empty-bytes", "CWE-1391", {"jwt_secret": b""}, NOT_CONFIGURED),
    secret("no-secrets", "CWE-1391", {"jwt_secret": []}, NOT_CONFIGURED),
    secret("config-is-text", "CWE-1287", "jwt_secret", NOT_CONFIGURED),
    secret("empty-in-a-list", "CWE-1391", {"jwt_secret": ["", b""]}),
    secret("number", "CWE-1287", {"jwt_secret": 5}),
    secret("true", "CWE-1287", {"jwt_secret": True}),
    secret("dict", "CWE-1287", {"jwt_secret": {"key": SECRET}}),
    secret("lone-surrogate", "Unicode chapter 3.8, surrogates", {"jwt_secret": SECRET + "\ud800"}),
    secret(
        "public-key", "RFC 8725 section 2.1", {"jwt_secret": "-----BEGIN PUBLIC KEY-----\nAA\n-----END PUBLIC KEY-----"}
    ),
]


@pytest.mark.parametrize("attack", parameters(SECRETS))
def test_without_a_secret_nobody_is_let_in(fastware, auth, attack):
    given = Presented((b"Bearer " + GOOD,))
    assert dependency_answer(fastware, auth.get_current_user, given, attack.given) == attack.answer

"""``CSRFCheck``, compared with the reference; and a table of the results that each step decides."""

import pytest
from hostile_objects import HostileBytes, HostileText
from hypothesis import example, given, settings
from hypothesis import strategies as st
from outcomes import identical, outcome
from raw_tokens import sign_bytes, sign_claims
from tests.reference import csrf as reference

from fastware._engine.contract import (
    CSRF_CROSS_SITE,
    CSRF_FORM,
    CSRF_MISMATCH,
    CSRF_MISSING,
    CSRF_NULL_ORIGIN,
    CSRF_ORIGIN,
    CSRF_PASSED,
    CSRF_WRONG_SESSION,
)

KEY, OTHER_KEY, UNKNOWN_KEY = b"k" * 32, b"another key", b"a key that the check does not have"
RANDOM = bytes(range(16))
SESSION = sign_claims({"sub": "alice", "sid": "session 1"})
TRUSTED = (b"https://app.example.org", b"http://[::1]:8000", b"https://b.example.org:8443")

SETTINGS = {"session_cookie": "session", "csrf_cookie": "csrf_token", "check_origin": True}


def signed(session=b"session 1", key=KEY, random=RANDOM):
    return reference.signed(session, random, key).encode()


def cookies(**values):
    return b"cookie", "; ".join(f"{name}={value}" for name, value in values.items()).encode("latin-1")


# A table of results

SAME_ORIGIN = (b"sec-fetch-site", b"same-origin")
CROSS_SITE = (b"Sec-Fetch-Site", b"cross-site")
HOST = (b"host", b"example.org")
PAIR = [(b"x-csrf-token", b"t"), cookies(csrf_token="t", session="s")]
SIGNED = [(b"x-csrf-token", signed()), cookies(session=SESSION)]
BEARER = (b"authorization", b"Bearer abc")


def origin(value):
    return b"origin", value


STEPS = {
    "bearer of any b64token": ([(b"authorization", b"bearer  a-._~+/9== "), CROSS_SITE], True, {}, CSRF_PASSED),
    "bearer that is no b64token": ([(b"authorization", b"Bearer a=b"), CROSS_SITE], True, {}, CSRF_CROSS_SITE),
    "bearer after a space": ([(b"authorization", b" Bearer a"), CROSS_SITE], True, {}, CSRF_CROSS_SITE),
    "bearer of equals signs": ([(b"authorization", b"Bearer =="), CROSS_SITE], True, {}, CSRF_CROSS_SITE),
    "second authorization": ([(b"authorization", b"Basic eDp5"), BEARER, CROSS_SITE], True, {}, CSRF_CROSS_SITE),
    "websocket without a session": ([CROSS_SITE, cookies(csrf_token="t")], False, {}, CSRF_PASSED),
    "websocket with an empty session": ([CROSS_SITE, cookies(session="")], False, {}, CSRF_PASSED),
    "websocket of another site": ([CROSS_SITE, cookies(session="s")], False, {}, CSRF_CROSS_SITE),
    "websocket of the site": ([SAME_ORIGIN, cookies(session="s")], False, {}, CSRF_PASSED),
    "websocket with bearer": ([CROSS_SITE, BEARER, cookies(session="s")], False, {}, CSRF_PASSED),
    "same origin": ([SAME_ORIGIN, *PAIR], True, {}, CSRF_PASSED),
    "same origin counts more than Origin": ([SAME_ORIGIN, origin(b"https://evil.example"), *PAIR], True, {}, 0),
    "made by the user": ([(b"sec-fetch-site", b" none\t"), *PAIR], True, {}, CSRF_PASSED),
    "same site": ([(b"sec-fetch-site", b"same-site"), *PAIR], True, {}, CSRF_CROSS_SITE),
    "unknown site": ([(b"sec-fetch-site", b""), *PAIR], True, {}, CSRF_CROSS_SITE),
    "site in capitals": ([(b"sec-fetch-site", b"None"), *PAIR], True, {}, CSRF_CROSS_SITE),
    "first of two sites": ([CROSS_SITE, SAME_ORIGIN, *PAIR], True, {}, CSRF_CROSS_SITE),
    "cross-site, origin is host": ([CROSS_SITE, HOST, origin(b"https://example.org"), *PAIR], True, {}, 3),
    "cross-site, null origin": ([CROSS_SITE, origin(b"null"), *PAIR], True, {}, CSRF_CROSS_SITE),
    "cross-site, trusted": ([CROSS_SITE, origin(b"https://App.example.org:443"), *PAIR], True, {}, CSRF_PASSED),
    "no origin": ([HOST, *PAIR], True, {}, CSRF_PASSED),
    "origin is host": ([HOST, origin(b"http://EXAMPLE.org"), *PAIR], True, {}, CSRF_PASSED),
    "origin without host": ([origin(b"http://example.org"), *PAIR], True, {}, CSRF_ORIGIN),
    "origin trusted": ([HOST, origin(b"http://[::1]:8000"), *PAIR], True, {}, CSRF_PASSED),
    "origin of another port": ([HOST, origin(b"http://example.org:8000"), *PAIR], True, {}, CSRF_ORIGIN),
    "origin of another scheme is not trusted": ([HOST, origin(b"http://app.example.org"), *PAIR], True, {}, 4),
    "null origin": ([HOST, origin(b"null"), *PAIR], True, {}, CSRF_NULL_ORIGIN),
    "null host": ([(b"host", b"null"), origin(b"null"), *PAIR], True, {}, CSRF_NULL_ORIGIN),
    "origin in capitals": ([HOST, origin(b"NULL"), *PAIR], True, {}, CSRF_ORIGIN),
    "empty origin and host": ([(b"host", b""), origin(b""), *PAIR], True, {}, CSRF_ORIGIN),
    "origin not checked": ([CROSS_SITE, *PAIR], True, {"check_origin": False}, CSRF_PASSED),
    "no token": ([cookies(csrf_token="t")], True, {}, CSRF_MISSING),
    "empty token": ([(b"x-csrf-token", b" "), cookies(csrf_token="t")], True, {}, CSRF_MISSING),
    "no cookie": ([(b"x-csrf-token", b"t")], True, {}, CSRF_MISSING),
    "other token": ([(b"x-csrf-token", b"u"), cookies(csrf_token="t")], True, {}, CSRF_MISMATCH),
    "quoted cookie": ([(b"x-csrf-token", b"t"), cookies(csrf_token='"t"')], True, {}, CSRF_PASSED),
    "form": ([cookies(csrf_token="t")], True, {"form": True}, CSRF_FORM),
    "form of another site": ([CROSS_SITE], True, {"form": True}, CSRF_CROSS_SITE),
    "wrong header beside a form": ([(b"x-csrf-token", b"u"), cookies(csrf_token="t")], True, {"form": True}, 2),
    "keys without a session": ([*PAIR[:1], cookies(csrf_token="t")], True, {"keys": [KEY]}, CSRF_PASSED),
    "keys and an unsigned token": (PAIR, True, {"keys": [KEY]}, CSRF_WRONG_SESSION),
    "signed": (SIGNED, True, {"keys": [OTHER_KEY, KEY]}, CSRF_PASSED),
    "signed by another key": (SIGNED, True, {"keys": [OTHER_KEY]}, CSRF_WRONG_SESSION),
    "signed for another session": ([*SIGNED, cookies(session="s")], True, {"keys": [KEY]}, CSRF_WRONG_SESSION),
}


@pytest.mark.parametrize("name", STEPS)
def test_step_decides(engine, name):
    headers, needs_token, changes, expected = STEPS[name]
    check = engine.CSRFCheck(**{**SETTINGS, "trusted_origins": TRUSTED, **changes})
    assert check.verdict(headers, needs_token) == expected


@pytest.mark.parametrize(
    ("cookie", "session"),
    [
        (SESSION, b"session 1"),
        ("an opaque value", b"an opaque value"),
        (f"x.{SESSION.split('.')[1]}.", b"session 1"),  # nothing but the payload is read
        (f"{SESSION}.", f"{SESSION}.".encode()),
        (sign_bytes(b'{"sid":"a","sid":"\\u00e9"}'), b"\xc3\xa9"),
        (f'"{SESSION}"', b"session 1"),
        ("\xe4.\xf6.\xfc", b"\xe4.\xf6.\xfc"),
    ],
)
def test_signed_token_is_that_of_the_session(engine, cookie, session):
    check = engine.CSRFCheck(**SETTINGS, keys=(KEY,))
    assert check.verdict_of_form([cookies(session=cookie)], signed(session)) == CSRF_PASSED


@pytest.mark.parametrize(
    "payload",
    [
        *(b"{}", b'{"sid":""}', b'{"sid":5}', b'["sid"]', b'{"sid":"a","sid":null}', b'{"a":{"sid":"b"}}'),
        *(
            b'{"sid":"b"',
            b'{"sid":"b","n":NaN}',
            b'{"sid":"\\ud800"}',
            b'{"sid":["b"]}',
            b'{"a":"b","sid":{}}',
            b"\xff",
        ),
        b'{"sid":"b","d":' + b"[" * 64 + b"]" * 64 + b"}",
        b'{"sid":"b","n":' + b"1" * 4_301 + b"}",
        b'{"sid":"b","pad":"' + b"x" * 49_200 + b'"}',  # over 65,536 characters
    ],
)
def test_cookie_without_a_valid_sid_is_the_session_as_a_whole(engine, payload):
    check, cookie = engine.CSRFCheck(**SETTINGS, keys=(KEY,)), sign_bytes(payload)
    assert check.verdict_of_form([cookies(session=cookie)], signed(cookie.encode())) == CSRF_PASSED
    assert check.verdict_of_form([cookies(session=cookie)], signed(b"b")) == CSRF_WRONG_SESSION


def test_token_of_another_spelling_is_not_signed(engine):
    check, token = engine.CSRFCheck(**SETTINGS, keys=(KEY,)), signed()
    random, mac = token.split(b".")
    others = [b"", b".", random, random + b".", b"." + mac, mac + b"." + random, token + b".", token + b"="]
    others += [token.replace(b".", other) for other in (b"..", b"", b":", b"\xff")]
    others += [random[:-1] + bytes([random[-1] + 1]) + b"." + mac, random + b"." + mac[:-1] + bytes([mac[-1] + 1])]
    others += [signed(random=RANDOM[:15]), signed(random=RANDOM * 2), signed(random=b"")]
    for other in others:
        expected = CSRF_WRONG_SESSION if other else CSRF_MISSING
        assert check.verdict_of_form([cookies(session=SESSION)], other) == expected, other
    assert check.verdict_of_form([cookies(session=SESSION)], token) == CSRF_PASSED


# The reference


def joined(parts, max_size):
    return st.lists(st.sampled_from(parts), max_size=max_size).map(b"".join)


AUTHORITIES = joined([b"a", b"B", b"example.org", b".", b"-_", b":80", b":443", b":8443", b"[::1]", b"[", b"]"], 4)
ORIGINS = st.one_of(
    st.builds(bytes.__add__, st.sampled_from([b"http://", b"HTTPS://", b"wss://", b"ws://", b"x-1+.://"]), AUTHORITIES),
    st.sampled_from([*TRUSTED, b"null", b"", b"https://app.example.org:443", b"HTTPS://APP.example.org", b"file://"]),
    joined([b"https", b":", b"/", b"//", b"a", b"\xe4", b" ", b"1", b"@", b"?", b"#", b"%61", b"*", b"\n", b"null"], 7),
)
TOKENS = st.sampled_from(
    [
        *(b"t", b"T", b"", b" t\t", b"\xff", signed(), signed(key=OTHER_KEY), signed(key=UNKNOWN_KEY)),
        *(signed(b"s"), signed(b"\xe9"), signed()[:-1], signed() + b"=", signed() + b".", b'"t"'),
    ]
)
SESSIONS = st.one_of(
    st.sampled_from([SESSION.encode(), b"s", b"", b"\xe9", b'"s"', b"a.b.c", b"..", b'"\\163"']),
    st.builds(lambda at: SESSION[:at].encode() + b"A" + SESSION[at + 1 :].encode(), st.integers(0, len(SESSION))),
)
AUTHORIZATIONS = st.one_of(
    st.sampled_from([b"Bearer a", b" Bearer a", b"\tBearer a"]),
    joined([b"Bearer", b"bearer", b"Basic", b" ", b"\t", b"a", b".", b"-_~+/", b"\xff", b"=", b"\n"], 6),
)
SITES = joined([b"same-origin", b"none", b"x", b" "], 2)
FIELDS = st.one_of(
    st.tuples(st.sampled_from([b"sec-fetch-site", b"Sec-Fetch-Site"]), SITES),
    st.tuples(st.sampled_from([b"origin", b"Origin"]), ORIGINS),
    st.tuples(st.sampled_from([b"host", b"HOST"]), AUTHORITIES),
    st.tuples(st.sampled_from([b"authorization", b"AUTHORIZATION"]), AUTHORIZATIONS),
    st.tuples(st.just(b"x-csrf-token"), TOKENS),
    st.tuples(st.just(b"cookie"), TOKENS.map(lambda token: b"a=1; csrf_token=" + token)),
    st.tuples(st.just(b"cookie"), SESSIONS.map(lambda session: b"session=" + session)),
    st.tuples(st.sampled_from([b"cookie ", b"", b"hosts", b"x-csrf-tokens"]), TOKENS),
)
TRUSTED_OR_NOT = st.sampled_from([*TRUSTED, b"null", b"https://a", b"HTTP://B", b""])
CHECKS = st.fixed_dictionaries(
    {
        "session_cookie": st.sampled_from(["session"] * 6 + ["a", "", "csrf_token", "\xe9", "愛"]),
        "csrf_cookie": st.sampled_from(["csrf_token"] * 6 + ["a", "", "session", "=", "\ud800"]),
        "check_origin": st.sampled_from([True, True, False]),
        "trusted_origins": st.lists(TRUSTED_OR_NOT, max_size=3).map(tuple),
        "keys": st.sampled_from([(), (KEY,), (OTHER_KEY, KEY), (b"",)]),
        "form": st.booleans(),
    }
)


@pytest.mark.rule("engines.equal")
@settings(max_examples=800, deadline=None)
@given(settings=CHECKS, headers=st.lists(FIELDS, max_size=7), needs_token=st.booleans(), submitted=TOKENS)
@example(
    settings={**SETTINGS, "keys": (KEY,)}, headers=[cookies(session=SESSION)], needs_token=True, submitted=signed()
)
def test_verdict_is_that_of_the_reference(engine, settings, headers, needs_token, submitted):
    check, model = engine.CSRFCheck(**settings), reference.Check(**settings)
    assert identical(check.verdict(headers, needs_token), reference.verdict(model, headers, needs_token))
    assert identical(check.verdict_of_form(headers, submitted), reference.verdict_of_form(model, headers, submitted))


@settings(max_examples=400, deadline=None)
@given(origin=ORIGINS, host=st.one_of(AUTHORITIES, ORIGINS), same=st.booleans())
def test_origin_is_compared_as_in_the_reference(engine, origin, host, same):
    host = origin.partition(b"://")[2].swapcase() if same else host
    headers = [(b"origin", origin), (b"host", host), *PAIR]
    check, model = (make(**SETTINGS, trusted_origins=TRUSTED) for make in (engine.CSRFCheck, reference.Check))
    assert check.verdict(headers, True) == reference.verdict(model, headers, True)


# Arguments

LISTS = ("trusted_origins", "keys")
INVALID = [
    *[{"session_cookie": name} for name in (None, b"session", 5)],
    *[{"csrf_cookie": name} for name in (None, b"csrf_token", ["a"])],
    *[{option: value} for option in LISTS for value in (b"a", "a", None, {b"a"}, iter([b"a"]), ["a"])],
    *[{option: [b"a", value]} for option in LISTS for value in (None, bytearray(b"a"), 5)],
]


def test_invalid_setting_is_the_same_type_error_on_both_engines(both):
    for changes in INVALID:
        rust, python = (outcome(engine.CSRFCheck, **{**SETTINGS, **changes}) for engine in both)
        assert rust == python
        assert rust[:2] == ("raised", TypeError), changes


def test_submitted_token_of_another_type_is_a_type_error(both):
    for submitted in (None, "t", bytearray(b"t"), 5):
        rust, python = (outcome(engine.CSRFCheck(**SETTINGS).verdict_of_form, [], submitted) for engine in both)
        assert rust == python == ("raised", TypeError, "submitted must be bytes")


@pytest.mark.rule("engines.exact-types")
def test_overridden_methods_of_arguments_are_not_called(engine):
    check = engine.CSRFCheck(
        session_cookie=HostileText("session"),
        csrf_cookie=HostileText("csrf_token"),
        check_origin=1,
        trusted_origins=[HostileBytes(TRUSTED[0])],
        keys=(HostileBytes(KEY),),
        form=[],
    )
    headers = [(HostileBytes(b"Origin"), HostileBytes(TRUSTED[0])), cookies(session=SESSION)]
    assert check.verdict(headers, 1) == CSRF_MISSING
    assert check.verdict_of_form(headers, HostileBytes(signed())) == CSRF_PASSED


def test_check_does_not_follow_changes_of_its_lists(engine):
    origins, keys = [TRUSTED[0]], [KEY]
    check = engine.CSRFCheck(**SETTINGS, trusted_origins=origins, keys=keys)
    origins.clear()
    keys.clear()
    headers = [origin(TRUSTED[0]), (b"x-csrf-token", signed()), cookies(session=SESSION)]
    assert check.verdict(headers, True) == CSRF_PASSED


class RaisesForItsTruth:
    def __bool__(self):
        raise LookupError("its truth")


def test_error_of_the_truth_value_is_raised(engine):
    with pytest.raises(LookupError, match="its truth"):
        engine.CSRFCheck(**SETTINGS).verdict([], RaisesForItsTruth())
    with pytest.raises(LookupError, match="its truth"):
        engine.CSRFCheck(**{**SETTINGS, "check_origin": RaisesForItsTruth()})

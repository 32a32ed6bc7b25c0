"""engine.identify: what credential and verify_token say one after the other, whatever the headers are."""

import json
from unittest import mock

import clock
import pytest
from hostile_objects import HostileBytes, HostileText
from hypothesis import example, given, settings
from hypothesis import strategies as st
from outcomes import identical, outcome
from raw_tokens import SECRET, sign_bytes, sign_claims, sign_segments

many = settings(max_examples=400, deadline=None)
NOW = 1_700_000_000.5
OTHER_SECRET = "another secret, also of 32 bytes or more"
SECRETS = st.sampled_from([SECRET, SECRET.encode(), [OTHER_SECRET, SECRET], OTHER_SECRET, "", None, [None, SECRET], []])


def in_two_calls(engine, headers, name, secret):
    token = engine.credential(headers, b"", name, False)
    if token is None:
        return None
    claims = engine.verify_token(token, secret)
    return False if claims is None else claims


def identified(both, make_headers, name, secret):
    """What both engines return or raise: alike, and as in two calls. *make_headers* makes the headers anew."""
    with clock.stopped_at(NOW):
        found = [outcome(engine.identify, make_headers(), name, secret) for engine in both]
        found += [outcome(in_two_calls, engine, make_headers(), name, secret) for engine in both]
    first, *others = found
    for other in others:
        assert first == other if first[0] == "raised" else identical(first, other), found
    return first


VALID = sign_claims({"sub": "alice", "exp": int(NOW) + 60})
TOKENS = {
    "valid": VALID,
    "other": sign_claims({"sub": "bob"}),
    "empty": sign_claims({}),
    "expired": sign_claims({"exp": 1}),
    "not-yet": sign_claims({"nbf": int(NOW) + 60}),
    "not-json": sign_bytes(b"\xff"),
    "array": sign_bytes(b"[]"),
    "aud": sign_claims({"aud": "someone"}),
    "of-another": sign_claims({"sub": "eve"}, secret=OTHER_SECRET),
    "cut": VALID[:-1],
    "longer": VALID + "A",
    "one-dot": VALID.rpartition(".")[0],
    "three-dots": VALID + ".",
    "padded": VALID + "=",
    "no-payload": sign_segments("eyJhbGciOiJIUzI1NiJ9", ""),
}
AS_BYTES = [token.encode("ascii") for token in TOKENS.values()]
ODD_TOKENS = [b"", b"t", b"..", b"a.b.c", b"\xff", b"\xc3\xa9", b"\x00", b"%", b'"', b"=", b";", b" "]
ODD_TOKENS += [
    VALID.encode() + tail for tail in (b"\xff", b"\xe9", b"\x80", b"\x00", b" ", b"\t", b"\n", b'"', b";", b", x")
]
ODD_TOKENS += [head + VALID.encode() for head in (b"\xff", b"\xa0", b"\x85", b"\x00", b" ", b"\t ", b"\n", b'"')]
ODD_TOKENS += [
    VALID.encode().replace(b".", b"\xb7"),
    VALID.encode().replace(b".", b".\xad", 1),
    b'"' + VALID.encode() + b'"',
]
ODD_TOKENS += [b'"' + VALID.encode().replace(b".", b"\\.") + b'"', b'"' + VALID.encode().replace(b".", b"\\056") + b'"']
TOKEN_BYTES = st.one_of(
    st.sampled_from(AS_BYTES),
    st.sampled_from(AS_BYTES),
    st.sampled_from(ODD_TOKENS),
    st.binary(max_size=8),
    st.builds(
        lambda at, byte: VALID.encode()[:at] + bytes([byte]) + VALID.encode()[at + 1 :],
        st.integers(0, len(VALID) - 1),
        st.integers(0, 255),
    ),
)
SCHEMES = st.sampled_from([b"Bearer ", b"Bearer ", b"bearer  ", b"BEARER \t", b"Bearer\t", b"Bearer", b"Basic ", b""])
COOKIE_NAMES = st.sampled_from(["session", "session", "other", "", "sess ion", "\ud800", "ÿ"])
COOKIES = st.lists(
    st.builds(
        lambda name, token: name.encode("latin-1", "replace") + b"=" + token,
        st.sampled_from(["session", "session", " session ", "Session", "other", "", "sess ion", "ÿ"]),
        TOKEN_BYTES,
    ),
    max_size=3,
).map(b"; ".join)
HEADERS = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from([b"authorization", b"Authorization", b"AUTHORIZATION", b"authorisation"]),
            st.builds(lambda scheme, token: scheme + token, SCHEMES, TOKEN_BYTES),
        ),
        st.tuples(st.sampled_from([b"cookie", b"Cookie", b"COOKIE"]), COOKIES),
        st.tuples(st.sampled_from([b"host", b"x-token", b"", b"\xff"]), TOKEN_BYTES),
    ),
    max_size=4,
)


@settings(many, max_examples=1_000)
@given(headers=HEADERS, name=COOKIE_NAMES, secret=SECRETS)
@example(headers=[(b"authorization", b"Bearer " + VALID.encode())], name="session", secret=SECRET)
@example(headers=[(b"cookie", b"session=" + VALID.encode())], name="session", secret=SECRET)
def test_identify_is_credential_and_verify_token(both, headers, name, secret):
    how, claims = identified(both, lambda: headers, name, secret)
    assert how == "returned"
    assert claims is None or claims is False or type(claims) is dict


NAMES_AND_VALUES = st.sampled_from(
    [b"authorization", b"cookie", b"Bearer " + VALID.encode(), b"session=" + VALID.encode(), b"x", None, "text", 5]
)
ITEMS = st.lists(
    st.one_of(
        st.tuples(NAMES_AND_VALUES, NAMES_AND_VALUES),
        st.lists(NAMES_AND_VALUES, max_size=3),
        st.lists(NAMES_AND_VALUES, max_size=3).map(tuple),
        st.tuples(st.just(b"authorization"), st.just(b"Bearer " + VALID.encode())),
        st.tuples(st.just(b"cookie"), st.just(b"session=" + VALID.encode())),
    ),
    max_size=4,
)


@many
@given(items=ITEMS, make=st.sampled_from([list, tuple, iter]))
def test_odd_headers_are_identified_or_refused_as_by_credential(both, items, make):
    identified(both, lambda: make(items), "session", SECRET)


@many
@given(
    headers=st.sampled_from([[], [(b"cookie", b"session=" + VALID.encode())], None, 5]),
    name=st.sampled_from(["session", None, b"session", HostileText("session")]),
    secret=st.sampled_from([SECRET, None, HostileText(SECRET), HostileBytes(SECRET.encode())]),
)
def test_odd_arguments_are_refused_as_by_credential(both, headers, name, secret):
    identified(both, lambda: headers, name, secret)


PLACES = {"bearer": (b"authorization", b"Bearer "), "cookie": (b"cookie", b"session=")}


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("place", PLACES)
def test_a_token_of_any_kind_in_each_place(both, place, token):
    name, before = PLACES[place]
    headers = [(name, before + TOKENS[token].encode())]
    how, claims = identified(both, lambda: headers, "session", SECRET)
    assert how == "returned"
    expected = {"valid": {"sub": "alice", "exp": int(NOW) + 60}, "other": {"sub": "bob"}, "empty": {}}
    assert identical(claims, expected.get(token, False))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("byte", [*range(0x80, 0x100, 5), 0x80, 0xA0, 0xAD, 0xFF])
@pytest.mark.parametrize("at", [0, 5, -1], ids=["first", "within", "last"])
def test_a_token_with_a_byte_beyond_ascii_is_invalid_and_no_error(engine, place, byte, at):
    text = VALID.encode()
    at %= len(text) + 1
    text = text[:at] + bytes([byte]) + text[at:]
    name, before = PLACES[place]
    assert engine.identify([(name, before + text)], "session", SECRET) is False


def test_without_a_token_the_secret_is_not_looked_at(engine):
    for secret in (None, object(), "", [], {}):
        assert engine.identify([], "session", secret) is None
        assert engine.identify([(b"host", b"x")], "session", secret) is None


@pytest.mark.parametrize("secret", [None, "", [], 5, "ssh-rsa AAAA", [None], object()], ids=repr)
def test_with_an_unfit_secret_every_token_is_invalid(engine, secret):
    assert engine.identify([(b"authorization", b"Bearer " + VALID.encode())], "session", secret) is False


def test_an_invalid_token_hides_one_in_a_later_place(engine):
    """The credential that is presented first counts; nobody gets in by a second one."""
    good, bad = sign_claims({"sub": "alice"}).encode(), b"a.b.c"
    headers = [(b"cookie", b"session=" + good), (b"authorization", b"Bearer " + bad)]
    assert engine.identify(headers, "session", SECRET) is False


def test_claims_are_a_dict_of_their_own_each_time(engine):
    headers = [(b"authorization", b"Bearer " + sign_claims({"sub": "alice", "list": [1]}).encode())]
    one, other = (engine.identify(headers, "session", SECRET) for _ in range(2))
    one["list"].append(2)
    assert other == {"sub": "alice", "list": [1]}


@pytest.mark.parametrize("size", [0, 1, 40_000, 48_000, 49_050, 49_060, 49_070, 60_000])
def test_a_long_token_is_taken_up_to_the_limit_alike(both, size):
    token = sign_bytes(json.dumps({"a": "x" * size}).encode()).encode()
    how, claims = identified(both, lambda: [(b"authorization", b"Bearer " + token)], "session", SECRET)
    assert how == "returned"
    assert (claims is False) is (len(token) > 65_536)


def test_an_error_of_the_headers_comes_through(both):
    def headers():
        yield (b"host", b"x")
        raise RuntimeError("no more")

    assert identified(both, headers, "session", SECRET) == ("raised", RuntimeError, "no more")


def test_headers_after_a_bearer_token_are_not_looked_at(engine):
    headers = [(b"authorization", b"Bearer " + VALID.encode()), None]
    with clock.stopped_at(NOW):
        assert engine.identify(headers, "session", SECRET)["sub"] == "alice"


def test_get_current_user_asks_the_clock_once(auth):
    scope = {"headers": [(b"authorization", b"Bearer " + VALID.encode())], "state": {"config": {"jwt_secret": SECRET}}}
    with mock.patch("time.time", return_value=NOW) as asked:
        assert auth.get_current_user(mock.Mock(scope=scope, state=scope["state"]))["sub"] == "alice"
    assert asked.call_count == 1

"""``inspect_token``: the reason why ``verify_token`` rejects a token."""

import dataclasses
import itertools
import json
import pickle
import warnings
from unittest import mock

import clock
import interpreters
import pytest
from hostile_objects import HostileBytes, HostileText, SaysItIsText
from hypothesis import example, given, settings
from hypothesis import strategies as st
from invalid_arguments import RaisingSequence
from json_texts import HEADER_MEMBERS, PAYLOADS, as_bytes, objects
from outcomes import identical, outcome
from raw_tokens import BODY, HEAD, SECRET, TOKEN, base64url, sign_bytes, sign_claims, sign_segments

NOW = 1_700_000_000.5
SECOND = int(NOW)
OTHER = "another secret, also of 32 bytes or more"


def inspected(auth, token, secret=SECRET, *, now=NOW, **options):
    """Return the report. It agrees with ``verify_token``."""
    with clock.stopped_at(now):
        report = auth.inspect_token(token, secret, **options)
        claims = auth.verify_token(token, secret, **options)
    assert (bool(report), report.valid, report.reason is None) == ((claims is not None),) * 3
    assert identical(report.claims, claims)
    assert report.claims is None or identical(report.signed_claims, claims)
    return report


def test_report_of_a_valid_token_has_its_claims(auth):
    report = inspected(auth, sign_claims({"sub": "alice", "aud": ["api"]}), audience="api")
    assert report == auth.TokenReport(True, None, "The token is valid.", *[{"sub": "alice", "aud": ["api"]}] * 2)


# One row for each reason, or more: the token, the arguments, the message.


def header(text):
    return sign_bytes(b"{}", header=text.encode())


def claims(**members):
    return sign_claims(members), {}


IN_BAD_BASE64 = "is empty or not canonical base64url."
BAD_SIGNATURE = "The signature is wrong: the token was changed, or signed with another secret."
NO_OBJECT = "The header is not a JSON object within the limits."
NO_PAYLOAD = "The payload is not a JSON object within the limits."
UNUSABLE = "The secret is empty, of another type, or a PEM, SSH, DER or JWK key."
ROWS = {
    "unusable secret": [
        (TOKEN, {"secret": ""}, UNUSABLE),
        (TOKEN, {"secret": []}, UNUSABLE),
        (TOKEN, {"secret": ["", None, "\ud800", "ssh-rsa AAAA"]}, UNUSABLE),
        (TOKEN, {"secret": RaisingSequence(SECRET)}, UNUSABLE),
        (TOKEN, {"secret": None}, UNUSABLE),
    ],
    "too long": [
        ("x" * 65_537, {}, "The token is longer than 65536 characters."),
        (sign_claims({"a": "x" * 60_000}), {}, "The token is longer than 65536 characters."),
        ("é" * 65_537, {}, "The token is longer than 65536 characters."),
    ],
    "malformed": [
        (None, {}, "The token must be str, not NoneType."),
        (TOKEN.encode(), {}, "The token must be str, not bytes."),
        (SaysItIsText(), {}, "The token must be str, not SaysItIsText."),
        (HostileBytes(b"x" * 70_000), {}, "The token must be str, not HostileBytes."),
        ("", {}, "The token must have 3 segments, separated by dots, not 1."),
        ("a.b.c.d", {}, "The token must have 3 segments, separated by dots, not 4."),
        ("." * 65_536, {}, "The token must have 3 segments, separated by dots, not 65537."),
        (f".{BODY}.AAAA", {}, f"The header {IN_BAD_BASE64}"),
        (sign_segments(HEAD, ""), {}, f"The payload {IN_BAD_BASE64}"),
        (f"{HEAD}.{BODY}.", {}, f"The signature {IN_BAD_BASE64}"),
        (TOKEN + "=", {}, f"The signature {IN_BAD_BASE64}"),
        (TOKEN + "\n", {}, f"The signature {IN_BAD_BASE64}"),
        (f" {TOKEN}", {}, f"The header {IN_BAD_BASE64}"),
        (sign_segments("é" + HEAD, BODY), {}, f"The header {IN_BAD_BASE64}"),
        (sign_segments(HEAD, "\ud800"), {}, f"The payload {IN_BAD_BASE64}"),
        (sign_segments(HEAD, "e31"), {}, f"The payload {IN_BAD_BASE64}"),
        (sign_segments(HEAD, "e30A="), {}, f"The payload {IN_BAD_BASE64}"),
        (header("[]"), {}, NO_OBJECT),
        (header("\ufeff{}"), {}, NO_OBJECT),
        (header('{"alg":"HS256","a":' + "[" * 64 + "]" * 64 + "}"), {}, NO_OBJECT),
        (header('{"alg":"HS256","a":NaN}'), {}, NO_OBJECT),
        (header('{"alg":"HS256","kid":5}'), {}, "The header is invalid: kid is not a string."),
        (header('{"alg":"HS256","b64":false}'), {}, "The header is invalid: b64 is false."),
        (
            header('{"alg":"HS256","crit":["exp"],"exp":1}'),
            {},
            "The header is invalid: crit names an extension that is not supported.",
        ),
    ],
    "wrong algorithm": [
        (header("{}"), {}, "The algorithm of the token is not HS256."),
        (header('{"alg":"none"}'), {}, "The algorithm of the token is not HS256."),
        (header('{"alg":["HS256"]}'), {}, "The algorithm of the token is not HS256."),
        (header('{"alg":"HS256","alg":"HS512"}'), {}, "The algorithm of the token is not HS256."),
        (header('{"alg":"HS384","kid":5,"crit":[]}'), {}, "The algorithm of the token is not HS256."),
    ],
    "bad signature": [
        (sign_claims({}, secret=OTHER), {}, BAD_SIGNATURE),
        (f"{HEAD}.{BODY}.AAAA", {}, BAD_SIGNATURE),
        (f"{HEAD}.{BODY}.{'A' * 43}", {}, BAD_SIGNATURE),
        (f"{HEAD}.{BODY}.{'A' * 86}", {}, BAD_SIGNATURE),
        (sign_segments(HEAD, base64url(b"not JSON"), OTHER.encode()), {}, BAD_SIGNATURE),
    ],
    "invalid claims": [
        (sign_bytes(b"[]"), {}, NO_PAYLOAD),
        (sign_bytes(b"\xff"), {}, NO_PAYLOAD),
        (sign_bytes(b'{"a":"\\ud800"}'), {}, NO_PAYLOAD),
        (sign_bytes(b'{"a":' + b"[" * 6_000 + b"]" * 6_000 + b"}"), {}, NO_PAYLOAD),
        (*claims(exp="soon"), "The claim exp must be a number."),
        (*claims(nbf=None), "The claim nbf must be a number."),
        (*claims(iat=True), "The claim iat must be a number."),
        (*claims(sub=5), "The claim sub must be a string."),
        (*claims(jti=None), "The claim jti must be a string."),
    ],
    "not yet valid": [
        (*claims(nbf=SECOND + 1), "The token is not valid yet; it will be in 1 second."),
        (*claims(nbf=SECOND + 35.9), "The token is not valid yet; it will be in 35 seconds."),
        (*claims(nbf=10**4_299), "The token is not valid yet; it will be in more than 1000000000000 seconds."),
        (*claims(nbf=1e308), "The token is not valid yet; it will be in more than 1000000000000 seconds."),
    ],
    "issued in the future": [
        (*claims(iat=SECOND + 35), "The token was issued 35 seconds in the future; one of the clocks is wrong."),
    ],
    "expired": [
        (*claims(exp=SECOND - 35), "The token expired 35 seconds ago."),
        (*claims(exp=SECOND - 1), "The token expired 1 second ago."),
        (*claims(exp=SECOND), "The token expired 0 seconds ago."),
        (sign_claims({"exp": SECOND - 35}), {"leeway": 30}, "The token expired 35 seconds ago."),
        (*claims(exp=-1e308), "The token expired more than 1000000000000 seconds ago."),
        (*claims(exp=-(10**4_298)), "The token expired more than 1000000000000 seconds ago."),
    ],
    "wrong audience": [
        (*claims(aud="api"), "The token is for an audience, and no audience is expected."),
        (sign_claims({"aud": "api"}), {"audience": "other"}, "The token is for another audience."),
        (sign_claims({"aud": {"api": 1}}), {"audience": "api"}, "The token is for another audience."),
        (sign_claims({}), {"audience": "api"}, "The token is for no audience."),
        (sign_claims({"aud": []}), {"audience": ["api"]}, "The token is for no audience."),
    ],
    "wrong issuer": [
        (sign_claims({"iss": "id"}), {"issuer": "other"}, "The token has another issuer."),
        (sign_claims({"iss": ["id"]}), {"issuer": "id"}, "The token has another issuer."),
        (sign_claims({}), {"issuer": "id"}, "The token has no issuer."),
    ],
}
REASONS = list(ROWS)
EVERY_ROW = [(reason, *row) for reason, rows in ROWS.items() for row in rows]


@pytest.mark.rule("report.reasons")
def test_each_reason_has_its_message(auth):
    for reason, token, arguments, message in EVERY_ROW:
        report = inspected(auth, token, **arguments)
        assert (report.reason, report.message) == (reason, message)


@pytest.mark.rule("report.order")
def test_first_reason_that_applies_is_reported(auth):
    is_signed = REASONS.index("invalid claims")
    for present in itertools.product((False, True), repeat=len(REASONS)):
        has = dict(zip(REASONS, present, strict=True))
        members = {"aud": "api" if not has["wrong audience"] else "x", "iss": "id" if not has["wrong issuer"] else 5}
        members |= {"exp": SECOND - 5} if has["expired"] else {}
        members |= {"iat": SECOND + 5} if has["issued in the future"] else {}
        members |= {"nbf": SECOND + 5} if has["not yet valid"] else {}
        members |= {"jti": 5} if has["invalid claims"] else {}
        members |= {"long": "x" * 60_000} if has["too long"] else {}
        payload = base64url(json.dumps(members).encode()) + "=" * has["malformed"]
        head = base64url(b'{"alg":"none"}') if has["wrong algorithm"] else HEAD
        token = sign_segments(head, payload, (OTHER if has["bad signature"] else SECRET).encode())
        secret = "" if has["unusable secret"] else SECRET
        report = inspected(auth, token, secret, audience=["api"], issuer="id")
        assert report.reason == next((reason for reason in REASONS if has[reason]), None)
        assert (report.signed_claims is not None) is not any(present[:is_signed])


# Agreement with verify_token. The report itself is engine-independent.

many = settings(max_examples=300, deadline=None)
SMALL_VALUES = st.sampled_from(["1", "0", '"a"', '""', "[]", '["a"]', "{}", "null", "9e9", "1e400"])
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "leeway": st.sampled_from([0, 0.5, 1, 1e9, 2**53]),
        "audience": st.sampled_from([None, "a", ("b", "a")]),
        "issuer": st.sampled_from([None, "a", ""]),
        "now": st.sampled_from([NOW, 0.0, 1.0, -1.5, 1e10, 2.0**63, float("nan"), float("-inf")]),
    },
)
CHARACTERS = st.sampled_from(list("ABQgwxyz0129-_.=+/ \n\x00é\ud800"))
CHANGES = st.lists(st.tuples(st.sampled_from("fid"), st.integers(0, 120), CHARACTERS), max_size=3)


@pytest.mark.rule("report.agrees")
@many
@given(payload=PAYLOADS | objects(SMALL_VALUES).map(as_bytes), options=OPTIONS)
@example(payload=b'{"exp":1}', options={"now": float("nan")})
@example(payload=b'{"nbf":-1}', options={"now": 2.0**63})
def test_report_on_any_payload_agrees_with_verify_token(auth, payload, options):
    inspected(auth, sign_bytes(payload), **options)


@many
@given(before=HEADER_MEMBERS, alg=st.sampled_from([[("alg", '"HS256"')], []]), after=HEADER_MEMBERS)
def test_report_on_any_header_agrees_with_verify_token(auth, before, alg, after):
    text = "{" + ",".join(f'"{name}":{value}' for name, value in [*before, *alg, *after]) + "}"
    inspected(auth, header(text))


@many
@given(changes=CHANGES, is_signed_again=st.booleans(), options=OPTIONS)
def test_report_on_a_changed_token_agrees_with_verify_token(auth, changes, is_signed_again, options):
    token = TOKEN.rpartition(".")[0] if is_signed_again else TOKEN
    for kind, index, character in changes:
        token = token[:index] + ("" if kind == "d" else character) + token[index + (kind != "i") :]
    if is_signed_again and "." in token:
        token = sign_segments(*token.split(".", 1))
    inspected(auth, token, **options)


ANYTHING = st.none() | st.text(max_size=8) | st.binary(max_size=8) | st.integers() | st.lists(st.text(max_size=3))


@many
@given(token=st.just(TOKEN) | ANYTHING, secret=st.just(SECRET) | ANYTHING)
def test_report_on_any_objects_agrees_with_verify_token(auth, token, secret):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        inspected(auth, token, secret)


@many
@given(options=st.fixed_dictionaries({}, optional=dict.fromkeys(["leeway", "audience", "issuer"], ANYTHING)))
def test_invalid_options_raise_the_errors_of_verify_token(auth, options):
    expected = outcome(auth.verify_token, TOKEN, SECRET, **options)
    found = outcome(auth.inspect_token, TOKEN, SECRET, **options)
    assert found == expected if expected[0] == "raised" else found[0] == "returned"


def test_token_of_a_subclass_of_str_is_read_as_str(auth):
    assert inspected(auth, HostileText(TOKEN), HostileText(SECRET))
    assert inspected(auth, TOKEN, [OTHER, HostileBytes(SECRET.encode())])


def test_token_expires_in_the_report_when_it_expires_for_verify_token(auth):
    token = sign_claims({"exp": SECOND})
    for now in (SECOND - 1.0, SECOND - 0.000001, float(SECOND), SECOND + 0.1):
        for leeway in (0, 0.1, 1):
            inspected(auth, token, now=now, leeway=leeway)


def test_invalid_clock_is_the_reason_in_the_message(auth):
    for name, reason in {"nbf": "not yet valid", "iat": "issued in the future", "exp": "expired"}.items():
        report = inspected(auth, sign_claims({name: 5}), now=float("nan"))
        assert (report.reason, report.message) == (reason, "The clock, with the leeway, is outside of 64 bits.")


# What a report contains, and what it is


@pytest.mark.rule("report.contents")
def test_claims_are_in_the_report_once_the_signature_holds(auth):
    members = {"sub": "alice", "exp": SECOND - 1}
    expired = inspected(auth, sign_claims(members))
    assert (expired.claims, expired.signed_claims) == (None, members)
    forged = inspected(auth, sign_claims(members, secret=OTHER))
    assert (forged.claims, forged.signed_claims) == (None, None)


@pytest.mark.rule("report.contents")
def test_report_shows_neither_token_nor_secret_nor_claims(auth):
    mark = "hunter2-must-not-be-shown"
    tokens = [sign_claims({name: mark}) for name in ("a", "exp", "aud", "iss", "sub")]
    tokens += [sign_claims({"jti": mark, "exp": 1}), header(f'{{"alg":"{mark}"}}'), f"{mark}.{mark}.{mark}", mark]
    for token in tokens:
        report = inspected(auth, token, [SECRET, mark], issuer="id")
        shown = repr(report) + report.message
        assert mark not in shown and SECRET not in shown and token not in shown
    expired = inspected(auth, sign_claims({"exp": SECOND - 35}))
    message = "The token expired 35 seconds ago."
    assert repr(expired) == f"TokenReport(valid=False, reason='expired', message='{message}')"


def test_report_is_frozen_and_can_be_compared_hashed_and_copied(auth):
    report = inspected(auth, TOKEN)
    for name in ("valid", "reason", "another"):
        with pytest.raises((dataclasses.FrozenInstanceError, TypeError, AttributeError)):
            setattr(report, name, None)
    assert report == inspected(auth, TOKEN) != inspected(auth, "")
    assert hash(report) == hash(inspected(auth, TOKEN))
    assert dataclasses.replace(report, message="x").message == "x"


def test_report_can_be_pickled():
    from fastware.auth import inspect_token

    report = inspect_token(TOKEN, SECRET)
    assert pickle.loads(pickle.dumps(report)) == report


@pytest.mark.rule("token.signature-first")
def test_payload_is_not_decoded_before_the_signature_is_verified(engine_name):
    code = """
import json, sys
from fastware.auth import inspect_token
from fastware._engine import token_json
read = []
decode = json.JSONDecoder.decode
json.JSONDecoder.decode = lambda self, text: read.append(text) or decode(self, text)
print(inspect_token(sys.argv[1], "s" * 32).reason, read)
"""
    token = sign_claims({"sub": "alice"}, secret=OTHER)
    assert interpreters.run(code, token, engine=engine_name) == f"bad signature {[HEADER_TEXT]}"


@pytest.mark.rule("token.signature-first")
def test_clock_is_not_read_before_the_signature_is_verified(auth):
    with mock.patch("time.time", side_effect=RuntimeError("the clock was read")) as read_clock:
        for token in ("", TOKEN[:-1], sign_claims({"exp": 1}, secret=OTHER), header("{}")):
            assert not auth.inspect_token(token, SECRET)
        assert not read_clock.called
        with pytest.raises(RuntimeError, match="the clock was read"):
            auth.inspect_token(TOKEN, SECRET)
        assert read_clock.call_count == 1


HEADER_TEXT = '{"alg":"HS256","typ":"JWT"}'


def test_report_is_loaded_on_first_use_and_needs_no_pyjwt(engine_name):
    code = """
import sys
sys.modules["jwt"] = None
import fastware.auth
print("fastware.auth.token_report" in sys.modules, "dataclasses" in sys.modules)
print(fastware.auth.inspect_token(sys.argv[1], sys.argv[2]).valid)
print(fastware.auth.TokenReport.__name__, "inspect_token" in vars(fastware.auth))
try:
    fastware.auth.nothing
except AttributeError as error:
    print(error)
"""
    assert interpreters.run(code, sign_claims({}), SECRET, engine=engine_name).splitlines() == [
        "False False",
        "True",
        "TokenReport True",
        "module 'fastware.auth' has no attribute 'nothing'",
    ]

"""``create_token``: arguments of wrong types, special characters, times at the limits, and further claims."""

import enum
import json
import warnings
from collections import OrderedDict, UserDict
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from types import MappingProxyType

import clock
import jwt
import pytest
from attacks import Attack, Raises, attacks, check, each
from error_text import shown_by
from hostile_objects import HostileText, SaysItIsText
from outcomes import identical
from raw_tokens import HEADER, SECRET, header_of, payload_of
from token_attacks import NOW

SHOWN = "hunter2-must-not-be-shown"
ARGUMENTS = {"username": "alice", "role": "admin", "secret": SECRET, "expires_hours": 1}
TOO_LONG = "username and role are too long: the token would be over 65536 characters"
TYPE = "CWE-1287, an argument of another type"
OUT_OF_RANGE = "expires_hours is out of range: exp must fit in 64 bits"
OVER_64_BITS = "CWE-190, a time over 64 bits"
SECOND = int(NOW)


class Hidden:
    def __repr__(self):
        return SHOWN

    __str__ = __repr__


class Index:
    def __index__(self):
        return 1


class Hours(int):
    pass


def type_error(argument, expected, name, source, value):
    error = Raises(TypeError, f"{argument} must be {expected}, not {type(value).__name__}")
    return Attack(f"{argument}-{name}", "create.arguments", source, {argument: value}, error)


username = partial(type_error, "username", "str")
role = partial(type_error, "role", "str")
hours = partial(type_error, "expires_hours", "int")


def surrogate(name, argument, value):
    message = f"{argument} has a lone surrogate, which UTF-8 cannot encode"
    source = "RFC 8259 section 8.2, lone surrogates"
    return Attack(name, "create.arguments", source, {argument: value}, Raises(ValueError, message))


def limit(name, message, source, **arguments):
    return Attack(name, "create.bounds", source, arguments, Raises(ValueError, message))


ERRORS = [
    *each(username, TYPE, None, 5, SHOWN.encode(), [SHOWN], Hidden()),
    *each(username, "CWE-943, operators of a query", {"$ne": SHOWN}),
    username("object-that-claims-to-be-str", TYPE, SaysItIsText()),
    *each(role, TYPE, None, True, Hidden()),
    *each(role, "CWE-269, several roles", [SHOWN], (SHOWN,)),
    *each(hours, TYPE, None, SHOWN, "24", 1.5, 1.0, float("nan"), float("inf"), True, False),
    hours("object", TYPE, Hidden()),
    hours("int-subclass", TYPE, Hours(1)),
    hours("index", TYPE, Index()),
    surrogate("username-high-surrogate", "username", SHOWN + "\ud800"),
    surrogate("username-low-surrogate", "username", "\udfff" + SHOWN),
    surrogate("username-surrogate-pair", "username", "\ud83d" + "\ude00"),
    surrogate("username-surrogateescape", "username", b"\xff".decode("utf-8", "surrogateescape") + SHOWN),
    surrogate("role-surrogate", "role", "\udfff" + SHOWN),
    limit("hours-over-64-bits", OUT_OF_RANGE, OVER_64_BITS, expires_hours=2**62),
    limit("hours-below-64-bits", OUT_OF_RANGE, OVER_64_BITS, expires_hours=-(2**62)),
    limit("hours-far-over-64-bits", OUT_OF_RANGE, OVER_64_BITS, expires_hours=10**30),
    limit("hours-far-below-64-bits", OUT_OF_RANGE, OVER_64_BITS, expires_hours=-(10**30)),
    limit("hours-that-wrap-around", OUT_OF_RANGE, "CWE-190, a time that wraps around", expires_hours=2**64),
    limit("username-too-long", TOO_LONG, "CWE-400, a name without a limit", username=SHOWN * 8_000),
    limit("username-of-one-megabyte", TOO_LONG, "CWE-400, a name without a limit", username="x" * 1_000_000),
    limit("role-too-long", TOO_LONG, "CWE-400, a name without a limit", role=SHOWN * 8_000),
    limit("too-long-once-escaped", TOO_LONG, "RFC 8259 section 7, escapes of six characters", username="\x01" * 9_000),
    limit("too-long-once-escaped-as-pairs", TOO_LONG, "RFC 8259 section 7, surrogate pairs", role="\U0001f600" * 5_000),
    limit("too-long-together", TOO_LONG, "CWE-400, a name without a limit", username="x" * 30_000, role="y" * 30_000),
]


@attacks(ERRORS)
def test_invalid_argument_raises_an_error_without_its_value(engine, attack):
    with clock.stopped_at(NOW):
        check(attack, engine.create_token, **{**ARGUMENTS, **attack.input})


def name(name, source, value, rule="create.claims"):
    """Return a row with *value* as the username and the role."""
    return Attack(name, rule, source, value)


SUBCLASS = "CWE-1287, a subclass that overrides methods"
NAMES = [
    name("plain", "RFC 7519 section 3", "alice"),
    name("empty", "RFC 7519 section 4.1.2", ""),
    *each(name, "CWE-74, a name that ends its string", 'alice","role":"admin', 'alice"}', "alice\\", 'alice\\"'),
    *each(name, "RFC 8259 section 7", "\\u0022,\\u0022role\\u0022:", "https://example.org/\\alice/", "\u2028\u2029"),
    name("controls", "RFC 8259 section 7", "".join(map(chr, range(0x20))) + "\x7f"),
    name("nul", "CWE-158, a NUL inside", "root\0alice"),
    name("line-breaks", "CWE-93, line breaks in a name", "alice\r\nSet-Cookie: a=b"),
    name("dots", "RFC 7515 section 7.1", "a.b.c"),
    name("unsecured-token", "RFC 7519 section 3.1", "eyJhbGciOiJub25lIn0.e30."),
    name("markup", "CWE-79, markup in a name", "</script><script>1</script>"),
    name("format", "CWE-134, a format for a name", "%s{0.__class__}{}$@"),
    name("c1-controls", "RFC 8259 section 7", "".join(map(chr, range(0x80, 0xA1)))),
    name("latin-1-letters", "RFC 8259 section 8.2", "José Ñandú"),
    name("byte-order-mark", "RFC 8259 section 8.1", "\ufeffalice"),
    name("right-to-left", "CVE-2021-42574, reordered text", "\u202eecila"),
    name("noncharacters", "Unicode Corrigendum 9, noncharacters", "\uffff\ufffe\ufdd0"),
    name("around-surrogates", "RFC 3629 section 3", "\ud7ff\ue000"),
    name("supplementary-characters", "RFC 8259 section 7, surrogate pairs", "\U00010000\U0001f600\U0010ffff"),
    name("combining", "Unicode UAX 15, canonical forms", "e\u0301 \u00e9"),
    name("long", "CWE-400, a name without a limit", "x" * 20_000),
    name("str-subclass-with-raising-methods", SUBCLASS, HostileText("alice"), "engines.exact-types"),
]


@attacks(NAMES)
def test_token_with_this_name_is_the_token_of_pyjwt(engine, attack):
    text = str.__add__(attack.input, "")
    claims = {"sub": text, "role": text, "iat": SECOND, "exp": SECOND + 3_600}
    with clock.stopped_at(NOW):
        token = engine.create_token(attack.input, attack.input, SECRET, 1)
        assert token == jwt.encode(claims, SECRET, algorithm="HS256")
        assert engine.verify_token(token, SECRET) == claims
    assert header_of(token) == HEADER
    assert payload_of(token).isascii()


def time(name, now, hours, iat, exp, rule="create.times", source="RFC 7519 section 4.1.4"):
    return Attack(name, rule, source, (now, hours), (iat, exp))


TIMES = [
    time("one-hour", NOW, 1, SECOND, SECOND + 3_600),
    time("zero-hours", NOW, 0, SECOND, SECOND),
    time("minus-one-hour", NOW, -1, SECOND, SECOND - 3_600),
    time("hundred-years", NOW, 876_600, SECOND, SECOND + 3_155_760_000),
    time("end-of-second", SECOND + 0.999999, 1, SECOND, SECOND + 3_600, source="RFC 7519 section 2"),
    time("epoch", 0.0, 1, 0, 3_600, source="RFC 7519 section 2"),
    time("before-epoch", -1.9, 1, -1, 3_599, source="RFC 7519 section 2"),
    time("year-2038", 2.0**31, 1, 2**31, 2**31 + 3_600, source="CWE-190, the year 2038"),
    time("expires-after-2038", 2.0**31 - 1, 1, 2**31 - 1, 2**31 + 3_599, source="CWE-190, the year 2038"),
    time("largest-exp", 0.0, (2**63 - 1) // 3_600, 0, (2**63 - 1) // 3_600 * 3_600, "create.bounds", OVER_64_BITS),
    time("smallest-exp", 0.0, -(2**63 // 3_600), 0, -(2**63 // 3_600) * 3_600, "create.bounds", OVER_64_BITS),
]


@attacks(TIMES)
def test_exp_is_the_given_number_of_hours_after_iat(engine, attack):
    now, expires_hours = attack.input
    with clock.stopped_at(now):
        claims = json.loads(payload_of(engine.create_token("alice", "admin", SECRET, expires_hours)))
    assert (claims["iat"], claims["exp"]) == attack.expected


# tests/auth/test_tokens.py tests the warning for a short secret.
@pytest.mark.rule("secret.short")
def test_short_secret_signs_as_pyjwt_does(engine):
    claims = {"sub": "alice", "role": "admin", "iat": SECOND, "exp": SECOND + 3_600}
    with warnings.catch_warnings(), clock.stopped_at(NOW):
        warnings.simplefilter("ignore", UserWarning)
        assert engine.create_token("alice", "admin", "short", 1) == jwt.encode(claims, "short", algorithm="HS256")


# expires_in

EXPIRES_IN = "RFC 7519 section 4.1.4"
Seconds = type("Seconds", (int,), {})
Float = type("Float", (float,), {"__floor__": None, "__float__": None})
Delta = type("Delta", (timedelta,), {"__floordiv__": None, "days": None, "seconds": None})
LIFETIMES = [
    (60, 60),
    (0, 0),
    (-1, -1),
    (1.9, 1),
    (-0.5, -1),
    (-0.0, 0),
    (5e-324, 0),
    (-5e-324, -1),
    (2.0**53, 2**53),
    (Seconds(60), 60),
    (Float(60.5), 60),
    (timedelta(), 0),
    (timedelta(microseconds=999_999), 0),
    (timedelta(microseconds=-1), -1),
    (timedelta(days=30), 2_592_000),
    (timedelta.max, 86_399_999_999_999),
    (timedelta.min, -86_399_999_913_600),
    (Delta(minutes=1), 60),
    (2**63 - 1 - SECOND, 2**63 - 1 - SECOND),
    (-(2**63), -(2**63)),
]


@pytest.mark.rule("create.times")
@pytest.mark.parametrize(("expires_in", "seconds"), LIFETIMES, ids=repr)
def test_expires_in_is_rounded_down_to_whole_seconds(engine, expires_in, seconds):
    with clock.stopped_at(NOW):
        token = engine.create_token("alice", "admin", SECRET, expires_in=expires_in)
    claims = {"sub": "alice", "role": "admin", "iat": SECOND, "exp": SECOND + seconds}
    assert token == jwt.encode(claims, SECRET, algorithm="HS256")


expires_in_type = partial(type_error, "expires_in", "a number of seconds or a timedelta")


def expires_in_value(name, message, value):
    return Attack(
        f"expires-in-{name}", "create.bounds", OVER_64_BITS, {"expires_in": value}, Raises(ValueError, message)
    )


FINITE = "expires_in must be a finite number of seconds"
EXPIRES_IN_OUT_OF_RANGE = "expires_in is out of range: exp must fit in 64 bits"
LIFETIME_ERRORS = [
    *each(expires_in_type, TYPE, True, False, SHOWN, b"60", [60], 1j),
    *[expires_in_type(type(value).__name__, TYPE, value) for value in (Hidden(), Index(), datetime.now(UTC))],
    *[expires_in_value(str(value), FINITE, value) for value in (float("nan"), float("inf"), float("-inf"))],
    *[
        expires_in_value(name, EXPIRES_IN_OUT_OF_RANGE, value)
        for name, value in {
            "over-64-bits": 2**63,
            "far-over-64-bits": 10**30,
            "below-64-bits": -(2**63) - 1,
            "float-over-64-bits": 2.0**63,
            "largest-float": 1.7976931348623157e308,
            "exp-over-64-bits": 2**63 - SECOND,
        }.items()
    ],
]


@attacks(LIFETIME_ERRORS)
def test_invalid_expires_in_raises_an_error_without_its_value(engine, attack):
    with clock.stopped_at(NOW):
        check(attack, engine.create_token, "alice", "admin", SECRET, **attack.input)


@pytest.mark.rule("create.arguments")
@pytest.mark.parametrize("hours", [720, 1, None, "1"])
def test_expires_hours_and_expires_in_together_raise_type_error(engine, hours):
    for expires_in in (60, timedelta(1), "60"):
        with pytest.raises(TypeError, match=r"^pass expires_hours or expires_in, not both$"):
            engine.create_token("alice", "admin", SECRET, hours, expires_in=expires_in)
    assert json.loads(payload_of(engine.create_token("alice", "admin", SECRET, 1, expires_in=None)))["sub"] == "alice"


# Further claims


class Color(enum.IntEnum):
    RED = 1


class Raised(UserDict):
    def keys(self):
        raise LookupError(SHOWN)


def nested(depth):
    value = []
    for _ in range(depth - 1):
        value = [value]
    return value


ITSELF = []
ITSELF.append(ITSELF)
CLAIMS = {
    "none": {},
    "every kind": {
        "s": 'é\U0001f600\x7f"\\',
        "i": 5,
        "f": -0.0,
        "t": True,
        "n": None,
        "l": [1, [], {}],
        "o": {"a": {}},
    },
    "order": {"z": 1, "a": 2, "nbf": 3, "jti": "x", "aud": ["b", "a"], "iss": "id"},
    "names": {"": 1, "é": 2, "\x00": 3, '"},{"sub': 4, "SUB": 5, "sub ": 6},
    "numbers": {"a": 10**4299, "b": -(10**4298), "c": 1e308, "d": 5e-324, "e": 1e16, "f": 2**64, "g": 0.1},
    "tuples": {"t": (1, (2,))},
    "names that are no str inside": {"o": {1: 1, None: 2, False: 3, 1.5: 4}},
    "enum": {"e": Color.RED, "o": {Color.RED: 1}},
    "as deep as possible": {"d": nested(63)},
    "nbf as a date in UTC": {"nbf": datetime(2026, 1, 2, 3, 4, 5, 999_999, UTC)},
    "nbf as a date in a zone": {"nbf": datetime(2026, 1, 2, 3, tzinfo=timezone(timedelta(hours=-5)))},
    "nbf as a date without a zone": {"nbf": datetime(2026, 1, 2, 3)},
    "nbf as a number": {"nbf": 5.5},
    "not secret": {"password": "x", "token": "a.b.c"},
}


@pytest.mark.rule("create.further-claims")
@pytest.mark.parametrize("kind", [dict, OrderedDict, UserDict, MappingProxyType])
@pytest.mark.parametrize("name", CLAIMS)
def test_further_claims_are_those_of_pyjwt_byte_for_byte(engine, name, kind):
    claims = {"sub": "alice", "role": "admin", "iat": SECOND, "exp": SECOND + 3_600, **CLAIMS[name]}
    with clock.stopped_at(NOW):
        token = engine.create_token("alice", "admin", SECRET, 1, claims=kind(CLAIMS[name]))
        assert token == jwt.encode(claims, SECRET, algorithm="HS256")
        audience = claims.get("aud")
        if "date" not in name:
            read = json.loads(payload_of(token))
            assert identical(engine.verify_token(token, SECRET, audience=audience), read)


def claim_error(name, message, claims, kind=ValueError, rule="create.further-claims", source=TYPE):
    return Attack(name, rule, source, claims, Raises(kind, message))


REJECTED = "claims['x'] is JSON that verify_token rejects: {}"
NOT_JSON = "claims['x'] is not JSON: use dict, list, tuple, str, int, float, bool and None"
TOO_LONG_WITH_CLAIMS = TOO_LONG.replace("username and role", "username, role and claims")
CLAIM_ERRORS = [
    *[
        claim_error(type(value).__name__, f"claims must be a mapping, not {type(value).__name__}", value, TypeError)
        for value in (5, SHOWN, [("x", SHOWN)], {SHOWN}, True, Hidden(), b"", ())
    ],
    *[
        claim_error(
            f"name-{value!r}", f"a name in claims must be str, not {type(value).__name__}", {value: 1}, TypeError
        )
        for value in (5, None, b"x", ("x",), True)
    ],
    *[
        claim_error(
            f"reserved-{name}",
            f"claims must not contain {name!r}: create_token sets it",
            {"a": 1, name: SHOWN},
            source="CWE-269, a role in further claims",
        )
        for name in ("sub", "role", "iat", "exp")
    ],
    claim_error("reserved-none", "claims must not contain 'sub': create_token sets it", {"sub": None}),
    claim_error("reserved-subclass", "claims must not contain 'role': create_token sets it", {HostileText("role"): 1}),
    *[
        claim_error(
            f"iss-{value!r}", f"claims['iss'] must be str, not {type(value).__name__}", {"iss": value}, TypeError
        )
        for value in (5, None, ["id"], b"id")
    ],
    *[
        claim_error(f"x-{type(value).__name__}", NOT_JSON, {"x": [{"y": value}]}, TypeError)
        for value in (SHOWN.encode(), {SHOWN}, Hidden(), 1j, object, datetime.now(UTC), MappingProxyType({}))
    ],
    claim_error("x-tuple-as-name", NOT_JSON, {"x": {(SHOWN,): 1}}, TypeError),
    claim_error("exp-as-date-inside", NOT_JSON, {"x": {"exp": datetime.now(UTC)}}, TypeError),
    *[
        claim_error(f"x-{value}", REJECTED.format(f"{shown} is not JSON"), {"x": [value]})
        for value, shown in ((float("nan"), "NaN"), (float("inf"), "Infinity"), (float("-inf"), "-Infinity"))
    ],
    claim_error("x-surrogate", REJECTED.format("a lone surrogate"), {"x": SHOWN + "\ud800"}),
    claim_error("x-surrogate-in-name", REJECTED.format("a lone surrogate"), {"x": {"\udfff": 1}}),
    claim_error(
        "name-surrogate", "claims['\\ud800'] is JSON that verify_token rejects: a lone surrogate", {"\ud800": 1}
    ),
    claim_error("x-too-deep", REJECTED.format("too deep"), {"x": nested(64)}),
    claim_error("x-integer", REJECTED.format("integer too long"), {"x": -(10**4299)}),
    claim_error(
        "x-longer-integer",
        "claims['x'] is not JSON: it contains itself, or an integer that is too long",
        {"x": 10**4300},
    ),
    claim_error(
        "x-in-itself", "claims['x'] is not JSON: it contains itself, or an integer that is too long", {"x": ITSELF}
    ),
    claim_error(
        "nbf-out-of-range",
        "claims['nbf'] is out of range",
        {"nbf": datetime.min.replace(tzinfo=timezone(timedelta(1 / 2)))},
    ),
    claim_error("too-long", TOO_LONG_WITH_CLAIMS, {"x": SHOWN * 8_000}, rule="create.bounds"),
    claim_error("too-long-name", TOO_LONG_WITH_CLAIMS, {"x" * 70_000: 1}, rule="create.bounds"),
]


@attacks(CLAIM_ERRORS)
def test_invalid_claim_raises_an_error_without_its_value(engine, attack):
    with clock.stopped_at(NOW):
        check(attack, engine.create_token, "alice", "admin", SECRET, 1, claims=attack.input)
        with pytest.raises(attack.expected.kind) as raised:
            engine.create_token("alice", "admin", SECRET, 1, claims=attack.input)
    assert SHOWN not in shown_by(raised.value)
    assert raised.value.__context__ is None


@pytest.mark.rule("create.further-claims")
def test_very_deep_claim_raises_value_error(engine):
    with pytest.raises(ValueError, match=r"^claims\['x'\] is JSON that verify_token rejects: too deep$"):
        engine.create_token("alice", "admin", SECRET, claims={"x": nested(100_000)})


def test_error_of_a_mapping_is_passed_on(engine):
    with pytest.raises(LookupError, match=SHOWN):
        engine.create_token("alice", "admin", SECRET, claims=Raised(x=1))


def test_claims_that_change_while_they_are_read_set_no_other_subject(engine):
    class Changing(dict):
        def items(self):
            claims["sub"] = claims["role"] = "mallory"
            claims.pop("z", None)
            return [("x", 1)]

    claims = {"a": Changing(b=1), "z": 1}
    token = engine.create_token("alice", "admin", SECRET, claims=claims)
    assert list(json.loads(payload_of(token))) == ["sub", "role", "iat", "exp", "a", "z"]
    assert engine.verify_token(token, SECRET)["sub"] == "alice"

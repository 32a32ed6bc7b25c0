"""``create_token``: arguments of wrong types, names with special characters, and times at the limits."""

import json
import warnings
from functools import partial

import clock
import jwt
import pytest
from attacks import Attack, Raises, attacks, check, each
from hostile_objects import HostileText, SaysItIsText
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

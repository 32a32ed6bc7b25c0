"""Arguments of ``create_token`` that would say more than they may, cannot be written, or are of another type."""

import json
import warnings
from dataclasses import dataclass
from typing import Any

import clock
import jwt
import pytest
from attacks import Attack, parameters
from hostile_objects import HostileText, SaysItIsText
from outcomes import outcome
from raw_tokens import HEADER, SECRET, header_of, payload_of
from token_attacks import NOW

SHOWN = "hunter2-must-not-be-shown"
FIT = {"username": "alice", "role": "admin", "secret": SECRET, "expires_hours": 1}
TOO_LONG = "username and role are too long: the token would be over 65536 characters"
OUT_OF_RANGE = "expires_hours is out of range: exp must fit in 64 bits"


@dataclass(frozen=True)
class Making(Attack):
    """*given* are the arguments that are not fit; *answer* is the error, or ``None``: a token is made."""

    now: float = NOW


class Unfit:
    def __repr__(self):
        return SHOWN

    __str__ = __repr__


class Index:
    def __index__(self):
        return 1


class Hours(int):
    pass


def type_error(name, argument, value, kind, expected="str", source="CWE-1287, an argument of another type"):
    message = f"{argument} must be {expected}, not {kind}"
    return Making(name, "create.arguments", source, {argument: value}, (TypeError, message))


def hours(name, value, kind):
    return type_error(name, "expires_hours", value, kind, "int")


def surrogate(name, argument, value):
    message = f"{argument} has a lone surrogate, which UTF-8 cannot encode"
    source = "RFC 8259 section 8.2, surrogates alone"
    return Making(name, "create.arguments", source, {argument: value}, (ValueError, message))


def bound(name, message, source, **given):
    return Making(name, "create.bounds", source, given, message and (ValueError, message))


REFUSED = [
    type_error("username-none", "username", None, "NoneType"),
    type_error("username-int", "username", 5, "int"),
    type_error("username-bytes", "username", SHOWN.encode(), "bytes"),
    type_error("username-list", "username", [SHOWN], "list"),
    type_error("username-dict", "username", {"$ne": SHOWN}, "dict", source="CWE-943, operators of a query"),
    type_error("username-object", "username", Unfit(), "Unfit"),
    type_error("username-that-says-it-is-str", "username", SaysItIsText(), "SaysItIsText"),
    type_error("role-none", "role", None, "NoneType"),
    type_error("role-true", "role", True, "bool"),
    type_error("role-list", "role", [SHOWN], "list", source="CWE-269, several roles for one"),
    type_error("role-tuple", "role", (SHOWN,), "tuple", source="CWE-269, several roles for one"),
    type_error("role-object", "role", Unfit(), "Unfit"),
    hours("hours-none", None, "NoneType"),
    hours("hours-str", SHOWN, "str"),
    hours("hours-digits", "24", "str"),
    hours("hours-float", 1.5, "float"),
    hours("hours-whole-float", 1.0, "float"),
    hours("hours-nan", float("nan"), "float"),
    hours("hours-infinity", float("inf"), "float"),
    hours("hours-true", True, "bool"),
    hours("hours-false", False, "bool"),
    hours("hours-subclass", Hours(1), "Hours"),
    hours("hours-index", Index(), "Index"),
    hours("hours-object", Unfit(), "Unfit"),
    surrogate("username-high-surrogate", "username", SHOWN + "\ud800"),
    surrogate("username-low-surrogate", "username", "\udfff" + SHOWN),
    surrogate("username-surrogates-of-a-pair", "username", "\ud83d" + "\ude00"),
    surrogate("username-bytes-smuggled", "username", b"\xff".decode("utf-8", "surrogateescape") + SHOWN),
    surrogate("role-surrogate", "role", "\udfff" + SHOWN),
    bound("hours-beyond-64-bits", OUT_OF_RANGE, "CWE-190, a moment beyond 64 bits", expires_hours=2**62),
    bound("hours-below-64-bits", OUT_OF_RANGE, "CWE-190, a moment beyond 64 bits", expires_hours=-(2**62)),
    bound("hours-far-beyond", OUT_OF_RANGE, "CWE-190, a moment beyond 64 bits", expires_hours=10**30),
    bound("hours-far-below", OUT_OF_RANGE, "CWE-190, a moment beyond 64 bits", expires_hours=-(10**30)),
    bound("hours-that-wrap", OUT_OF_RANGE, "CWE-190, a moment that wraps", expires_hours=2**64),
    bound("username-too-long", TOO_LONG, "CWE-400, a name without a bound", username=SHOWN * 8_000),
    bound("username-of-a-megabyte", TOO_LONG, "CWE-400, a name without a bound", username="x" * 1_000_000),
    bound("role-too-long", TOO_LONG, "CWE-400, a name without a bound", role=SHOWN * 8_000),
    bound("too-long-once-escaped", TOO_LONG, "RFC 8259 section 7, escapes of six characters", username="\x01" * 9_000),
    bound(
        "too-long-once-escaped-as-pairs", TOO_LONG, "RFC 8259 section 7, escapes of pairs", role="\U0001f600" * 5_000
    ),
    bound("too-long-together", TOO_LONG, "CWE-400, a name without a bound", username="x" * 30_000, role="y" * 30_000),
]


@pytest.mark.parametrize("attack", parameters(REFUSED))
def test_no_token_is_made_of_it_and_nothing_is_shown(engine, attack):
    with clock.stopped_at(attack.now):
        how = outcome(lambda: engine.create_token(**{**FIT, **attack.given}))
    assert how == ("raised", *attack.answer)
    assert SHOWN not in how[2]


# Names that would be more than names


def name(what, source, value, rule="create.claims"):
    return Making(what, rule, source, {"username": value, "role": value})


INJECTION = "CWE-74, a name that ends its string"
NAMES = [
    name("plain", "RFC 7519 section 3", "alice"),
    name("empty", "RFC 7519 section 4.1.2", ""),
    name("another-claim", INJECTION, 'alice","role":"admin'),
    name("the-end-of-the-object", INJECTION, 'alice"}'),
    name("backslash-at-the-end", INJECTION, "alice\\"),
    name("escaped-quote", INJECTION, 'alice\\"'),
    name("escape-as-text", "RFC 8259 section 7", "\\u0022,\\u0022role\\u0022:"),
    name("slashes", "RFC 8259 section 7", "https://example.org/\\alice/"),
    name("controls", "RFC 8259 section 7", "".join(map(chr, range(0x20))) + "\x7f"),
    name("nul", "CWE-158, a NUL within", "root\0alice"),
    name("lines", "CWE-93, lines in a name", "alice\r\nSet-Cookie: a=b"),
    name("dots", "RFC 7515 section 7.1", "a.b.c"),
    name("token", "RFC 7519 section 3.1", "eyJhbGciOiJub25lIn0.e30."),
    name("markup", "CWE-79, markup in a name", "</script><script>1</script>"),
    name("format", "CWE-134, a format for a name", "%s{0.__class__}{}$@"),
    name("c1-controls", "RFC 8259 section 7", "".join(map(chr, range(0x80, 0xA1)))),
    name("latin", "RFC 8259 section 8.2", "José Ñandú"),
    name("line-separators", "RFC 8259 section 7", "\u2028\u2029"),
    name("byte-order-mark", "RFC 8259 section 8.1", "\ufeffalice"),
    name("right-to-left", "CVE-2021-42574, text in another order", "\u202eecila"),
    name("noncharacters", "Unicode Corrigendum 9, noncharacters", "\uffff\ufffe\ufdd0"),
    name("last-before-surrogates", "RFC 3629 section 3", "\ud7ff\ue000"),
    name("beyond-the-plane", "RFC 8259 section 7, escapes of pairs", "\U00010000\U0001f600\U0010ffff"),
    name("combining", "Unicode UAX 15, canonical forms", "e\u0301 \u00e9"),
    name("long", "CWE-400, a name without a bound", "x" * 20_000),
    name(
        "text-that-misbehaves",
        "CWE-1287, a subclass that overrides what is asked of it",
        HostileText("alice"),
        "engines.exact-types",
    ),
]


@pytest.mark.parametrize("attack", parameters(NAMES))
def test_a_name_is_text_and_the_token_is_the_one_of_pyjwt(engine, attack):
    text = str.__add__(attack.given["username"], "")
    claims = {"sub": text, "role": text, "iat": int(NOW), "exp": int(NOW) + 3_600}
    with clock.stopped_at(NOW):
        token = engine.create_token(**{**FIT, **attack.given})
        assert token == jwt.encode(claims, SECRET, algorithm="HS256")
        assert engine.verify_token(token, SECRET) == claims
    assert header_of(token) == HEADER
    assert payload_of(token).isascii()


# Times at their bounds


@dataclass(frozen=True)
class Moment(Attack):
    """*given* is the clock and the hours, *answer* ``iat`` and ``exp``."""

    def made(self, engine):
        now, expires_hours = self.given
        with clock.stopped_at(now):
            token = engine.create_token("alice", "admin", SECRET, expires_hours)
        claims: dict[str, Any] = json.loads(payload_of(token))
        return claims["iat"], claims["exp"]


def moment(what, now, expires_hours, iat, exp, rule="create.times", source="RFC 7519 section 4.1.4"):
    return Moment(what, rule, source, (now, expires_hours), (iat, exp))


SECOND = int(NOW)
BOUNDS = "CWE-190, a moment beyond 64 bits"
MOMENTS = [
    moment("an-hour", NOW, 1, SECOND, SECOND + 3_600),
    moment("no-hour", NOW, 0, SECOND, SECOND),
    moment("an-hour-ago", NOW, -1, SECOND, SECOND - 3_600),
    moment("a-century", NOW, 876_600, SECOND, SECOND + 3_155_760_000),
    moment("end-of-a-second", SECOND + 0.999999, 1, SECOND, SECOND + 3_600, source="RFC 7519 section 2"),
    moment("the-epoch", 0.0, 1, 0, 3_600, source="RFC 7519 section 2"),
    moment("before-the-epoch", -1.9, 1, -1, 3_599, source="RFC 7519 section 2"),
    moment("the-year-2038", 2.0**31, 1, 2**31, 2**31 + 3_600, source="CWE-190, the year 2038"),
    moment("expires-after-2038", 2.0**31 - 1, 1, 2**31 - 1, 2**31 + 3_599, source="CWE-190, the year 2038"),
    moment("last-that-fits", 0.0, (2**63 - 1) // 3_600, 0, (2**63 - 1) // 3_600 * 3_600, "create.bounds", BOUNDS),
    moment("first-that-fits", 0.0, -(2**63 // 3_600), 0, -(2**63 // 3_600) * 3_600, "create.bounds", BOUNDS),
]


@pytest.mark.parametrize("attack", parameters(MOMENTS))
def test_a_token_is_of_now_and_expires_so_many_hours_later(engine, attack):
    assert attack.made(engine) == attack.answer


# A short secret signs, and says so once a process: see tests/auth/test_tokens.py


@pytest.mark.rule("secret.short")
def test_a_short_secret_signs_as_pyjwt_does(engine):
    with warnings.catch_warnings(), clock.stopped_at(NOW):
        warnings.simplefilter("ignore", UserWarning)
        claims = {"sub": "alice", "role": "admin", "iat": SECOND, "exp": SECOND + 3_600}
        assert engine.create_token("alice", "admin", "short", 1) == jwt.encode(claims, "short", algorithm="HS256")

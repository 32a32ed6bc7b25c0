"""The calls of an engine as Python functions: names, docstrings, arguments, warnings, and the clock they ask."""

import datetime
import decimal
import fractions
import inspect
import pydoc
import time
import warnings
from unittest import mock

import clock
import engines
import interpreters
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outcomes import identical, outcome
from raw_tokens import SECRET, sign_bytes, sign_claims

many = settings(max_examples=300, deadline=None)
NOW = 1_700_000_000.5
TOKEN = sign_claims({"sub": "alice", "exp": 99_999_999_999})
FORGED = TOKEN[:-2] + ("A" if TOKEN[-2] != "A" else "B") + TOKEN[-1]
HEADERS = [(b"authorization", b"Bearer " + TOKEN.encode()), (b"cookie", b"session=s; csrf_token=t")]

FIT_CALLS = {
    "create_token": {"username": "alice", "role": "admin", "secret": SECRET, "expires_hours": 1},
    "verify_token": {"token": TOKEN, "secret": SECRET, "leeway": 0.0},
    "has_fit_secret": {"secrets": SECRET},
    "header": {"headers": HEADERS, "name": b"cookie"},
    "cookie": {"headers": HEADERS, "cookie_name": "session"},
    "cookies": {"headers": HEADERS},
    "credential": {"headers": HEADERS, "query_string": b"", "cookie_name": "session", "allow_query": True},
    "identify": {"headers": HEADERS, "cookie_name": "session", "secret": SECRET},
    "csrf_verdict": {"headers": HEADERS},
}
OPTIONAL = {"expires_hours", "leeway"}
KEYWORD_ONLY = {"leeway"}
each_call = pytest.mark.parametrize("call", FIT_CALLS)
each_required = pytest.mark.parametrize(
    ("call", "name"),
    [(call, name) for call, arguments in FIT_CALLS.items() for name in arguments if name not in OPTIONAL],
)


def alike(both, call, *args, **kwargs):
    """What both engines did: the same, the error's words included."""
    rust, python = (outcome(lambda one=engine: getattr(one, call)(*args, **kwargs)) for engine in both)
    assert rust == python if rust[0] == "raised" else identical(rust, python), (rust, python)
    return rust


# What a function says of itself


@pytest.mark.parametrize("name", ["create_token", "verify_token"])
def test_the_public_call_is_that_of_the_engine(engine, auth, name):
    assert getattr(auth, name) is getattr(engine, name)


@each_call
def test_the_signature_is_the_same_on_both_engines(both, call):
    rust, python = (inspect.signature(getattr(engine, call)) for engine in both)
    assert [(each.name, each.kind, each.default) for each in rust.parameters.values()] == [
        (each.name, each.kind, each.default) for each in python.parameters.values()
    ]


@each_call
def test_the_signature_is_the_one_of_the_contract(fastware, engine, call):
    contract = inspect.signature(getattr(fastware._engine.contract.Engine, call)).parameters
    own = inspect.signature(getattr(engine, call)).parameters
    assert [(each.name, each.kind, each.default) for each in own.values()] == [
        (each.name, each.kind, each.default) for each in list(contract.values())[1:]
    ]


@each_call
def test_the_docstring_is_the_same_on_both_engines(both, call):
    rust, python = (inspect.getdoc(getattr(engine, call)) for engine in both)
    assert rust
    assert rust == python


@each_call
def test_the_name_is_the_same_on_both_engines(engine, call):
    function = getattr(engine, call)
    assert (function.__name__, function.__qualname__) == (call, call)


def test_help_can_be_asked(auth):
    text = pydoc.render_doc(auth.create_token, renderer=pydoc.plaintext)
    assert "720" in text.partition("Args:")[0]
    assert "Return a signed JWT" in text


@pytest.mark.parametrize("call", ["take", "take_by_client"])
def test_the_signature_of_a_bucket_call_is_the_same_on_both_engines(both, call):
    rust, python = (inspect.signature(getattr(engine.TokenBuckets, call)) for engine in both)
    assert list(rust.parameters) == list(python.parameters)


# How a function is called


def answer_of(engine, call, *args, **kwargs):
    with clock.stopped_at(NOW):
        return getattr(engine, call)(*args, **kwargs)


@each_call
def test_arguments_are_taken_by_position_and_by_keyword(engine, call):
    arguments = FIT_CALLS[call]
    expected = answer_of(engine, call, **arguments)
    names = [name for name in arguments if name not in KEYWORD_ONLY]
    keywords = {name: arguments[name] for name in arguments if name in KEYWORD_ONLY}
    for by_position in range(len(names) + 1):
        args = [arguments[name] for name in names[:by_position]]
        rest = {name: arguments[name] for name in reversed(names[by_position:])}
        assert identical(answer_of(engine, call, *args, **rest, **keywords), expected)


@each_required
def test_a_missing_argument_is_a_type_error(engine, call, name):
    arguments = {key: value for key, value in FIT_CALLS[call].items() if key != name}
    with pytest.raises(TypeError, match=name):
        getattr(engine, call)(**arguments)


@each_call
def test_no_argument_at_all_is_a_type_error(engine, call):
    with pytest.raises(TypeError):
        getattr(engine, call)()


@each_call
def test_an_argument_too_many_is_a_type_error(engine, call):
    arguments = list(FIT_CALLS[call].values())
    with pytest.raises(TypeError):
        getattr(engine, call)(*arguments, None)
    with pytest.raises(TypeError):
        getattr(engine, call)(*arguments, *[None] * 40)


@each_call
def test_an_argument_of_another_name_is_a_type_error(engine, call):
    with pytest.raises(TypeError, match="another"):
        getattr(engine, call)(**FIT_CALLS[call], another=1)
    with pytest.raises(TypeError):
        getattr(engine, call)(**FIT_CALLS[call], **{"": 1})
    with pytest.raises(TypeError):
        getattr(engine, call)(**FIT_CALLS[call], **{"\ud800": 1})


@each_required
def test_an_argument_given_twice_is_a_type_error(engine, call, name):
    arguments = FIT_CALLS[call]
    positional = [value for key, value in arguments.items() if key not in KEYWORD_ONLY]
    with pytest.raises(TypeError, match=name):
        getattr(engine, call)(*positional, **{name: arguments[name]})


def test_keyword_names_may_be_strings_of_their_own(engine):
    """As where they come out of JSON: not interned, and of a subclass."""

    class Name(str):
        __slots__ = ()

    arguments = {"".join(list(name)): value for name, value in FIT_CALLS["create_token"].items()}
    expected = answer_of(engine, "create_token", **FIT_CALLS["create_token"])
    assert answer_of(engine, "create_token", **arguments) == expected
    assert answer_of(engine, "create_token", **{Name(name): value for name, value in arguments.items()}) == expected


def test_a_token_call_is_a_static_attribute_and_no_method(engine):
    """A builtin function does not bind, a function does: a class that holds one must use ``staticmethod``."""

    class Service:
        verify = staticmethod(engine.verify_token)

    assert Service().verify(TOKEN, SECRET)["sub"] == "alice"


class Index:
    def __init__(self, value):
        self.value = value

    def __index__(self):
        return self.value

    __int__ = __index__

    def __float__(self):
        return float(self.value)


class Int(int):
    pass


class Float(float):
    pass


class LyingFloat(float):
    def raises(self, *_):
        raise RuntimeError("asked")

    __float__ = __int__ = __str__ = __repr__ = __bool__ = raises


WRONG = [None, True, 0, 5, -1, 1.5, "", "text", b"bytes", bytearray(b"x"), [], [SECRET], (), {}, object, Ellipsis]
WRONG += [Int(1), Float(1.0), decimal.Decimal(1), fractions.Fraction(1), 2**63, 10**30, float("nan"), "\ud800", 1j]
WRONG += [Index(1), "ssh-rsa AAAA", "x" * 70_000]


@many
@given(
    username=st.sampled_from(["alice", *WRONG]),
    role=st.sampled_from(["admin", *WRONG]),
    secret=st.sampled_from([SECRET, SECRET, *WRONG]),
    hours=st.sampled_from([1, 1, 1, *WRONG]),
    by_name=st.booleans(),
)
def test_wrong_arguments_of_create_token_are_refused_alike(both, username, role, secret, hours, by_name):
    args = (username, role, secret, hours)
    kwargs = dict(zip(FIT_CALLS["create_token"], args, strict=True)) if by_name else {}
    with clock.stopped_at(NOW), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        alike(both, "create_token", *(() if by_name else args), **kwargs)


@many
@given(
    token=st.sampled_from([TOKEN, FORGED, *WRONG]),
    secret=st.sampled_from([SECRET, *WRONG]),
    leeway=st.sampled_from([0.0, *WRONG]),
)
def test_wrong_arguments_of_verify_token_are_refused_alike(both, token, secret, leeway):
    how = alike(both, "verify_token", token, secret, leeway=leeway)
    if how[0] == "raised":
        assert "leeway" in how[2]


@many
@given(
    headers=st.sampled_from([HEADERS, [], *WRONG]),
    query=st.sampled_from([b"", b"token=q", *WRONG]),
    name=st.sampled_from(["session", *WRONG]),
    allow_query=st.booleans(),
    secret=st.sampled_from([SECRET, *WRONG]),
)
def test_wrong_arguments_of_identify_are_refused_alike(both, headers, query, name, allow_query, secret):
    alike(both, "identify", headers, name, secret)
    alike(both, "credential", headers, query, name, allow_query)


# The leeway

LEEWAYS = {
    "zero": (0, True),
    "negative-zero": (-0.0, True),
    "denormal": (5e-324, True),
    "negative-denormal": (-5e-324, False),
    "true": (True, True),
    "false": (False, True),
    "int-subclass": (Int(5), True),
    "float-subclass": (Float(5.5), True),
    "longest": (2**53, True),
    "longest-float": (2.0**53, True),
    "beyond": (2**53 + 1, False),
    "beyond-float": (2.0**53 + 2, False),
    "beyond-64-bits": (2**64, False),
    "beyond-floats": (10**400, False),
    "far-below": (-(10**400), False),
    "nan": (float("nan"), False),
    "infinity": (float("inf"), False),
    "below": (-1, False),
}
NO_LEEWAYS = {
    "none": None,
    "str": "5",
    "bytes": b"5",
    "decimal": decimal.Decimal(5),
    "fraction": fractions.Fraction(5),
    "timedelta": datetime.timedelta(seconds=5),
    "complex": 5j,
    "index": Index(5),
    "list": [5],
    "type": float,
}


@pytest.mark.parametrize("kind", LEEWAYS)  # by name: pytest asks its parameters, too
def test_a_number_is_a_leeway_within_its_bounds(both, kind):
    leeway, is_fit = LEEWAYS[kind]
    how = alike(both, "verify_token", TOKEN, SECRET, leeway=leeway)
    assert how[:2] == (("returned", {"sub": "alice", "exp": 99_999_999_999}) if is_fit else ("raised", ValueError))


@pytest.mark.parametrize("leeway", NO_LEEWAYS.values(), ids=NO_LEEWAYS.keys())
def test_another_leeway_is_a_type_error(both, leeway):
    how = alike(both, "verify_token", TOKEN, SECRET, leeway=leeway)
    assert how[:2] == ("raised", TypeError)
    assert "leeway" in how[2]


@pytest.mark.parametrize("token", [FORGED, "", None, "a.b.c"], ids=["forged", "empty", "none", "short"])
def test_a_wrong_leeway_is_an_error_whatever_the_token_is(both, token):
    assert alike(both, "verify_token", token, SECRET, leeway="5")[:2] == ("raised", TypeError)
    assert alike(both, "verify_token", token, None, leeway=-1)[:2] == ("raised", ValueError)


@pytest.mark.parametrize("kind", [Int, Float, int, float])
def test_a_leeway_counts_as_the_number_that_it_is(engine, kind):
    leeway = kind(2)
    with clock.stopped_at(NOW):
        for late, is_valid in [(0, True), (1, True), (2, False)]:
            token = sign_claims({"exp": int(NOW) - late})
            assert (engine.verify_token(token, SECRET, leeway=leeway) is not None) is is_valid


@pytest.mark.parametrize(
    "other",
    [
        6.0,
        2.0**60,
        None,
        float("nan"),
    ],
    ids=repr,
)
def test_a_leeway_that_says_it_is_another_number_is_answered_alike(both, other):
    class Lying(float):
        def __float__(self):
            return other

    alike(both, "verify_token", TOKEN, SECRET, leeway=Lying(5.5))
    alike(both, "verify_token", TOKEN, SECRET, leeway=LyingFloat(5.5))


@many
@given(leeway=st.floats() | st.integers() | st.integers(2**53 - 2, 2**53 + 2), late=st.integers(-3, 3))
def test_any_number_for_a_leeway_is_taken_or_refused_alike(both, leeway, late):
    with clock.stopped_at(NOW):
        alike(both, "verify_token", sign_claims({"exp": int(NOW) + late}), SECRET, leeway=leeway)


# The clock


def clock_that_counts(now=NOW):
    return mock.patch("time.time", side_effect=lambda: now)


def clock_that_raises():
    return mock.patch("time.time", side_effect=RuntimeError("the clock has stopped"))


def test_a_clock_in_the_place_of_the_real_one_is_honoured(engine):
    with clock.stopped_at(86_400.75):
        token = engine.create_token("alice", "admin", SECRET, 1)
        claims = engine.verify_token(token, SECRET)
        assert claims == {"sub": "alice", "role": "admin", "iat": 86_400, "exp": 90_000}
        assert engine.identify([(b"authorization", b"Bearer " + token.encode())], "", SECRET) == claims
    with clock.stopped_at(89_999.9):
        assert engine.verify_token(token, SECRET) == claims
    with clock.stopped_at(90_000):
        assert engine.verify_token(token, SECRET) is None
    with clock.stopped_at(86_399):
        assert engine.verify_token(token, SECRET) is None
        assert engine.verify_token(token, SECRET, leeway=1) == claims
    assert engine.verify_token(token, SECRET) is None  # the real clock again


def test_a_clock_may_be_a_function_of_any_kind(engine):
    class Clock:
        def __call__(self):
            return NOW

    for time_source in (Clock(), Clock().__call__, lambda: NOW, mock.Mock(return_value=NOW)):
        with mock.patch("time.time", time_source):
            token = engine.create_token("alice", "admin", SECRET, 1)
            assert engine.verify_token(token, SECRET)["iat"] == int(NOW)


def test_the_clock_goes_on_between_calls(engine):
    with mock.patch("time.time", side_effect=[100.0, 100.0 + 3_599.5, 100.0 + 3_600]):
        token = engine.create_token("alice", "admin", SECRET, 1)
        assert engine.verify_token(token, SECRET)["exp"] == 3_700
        assert engine.verify_token(token, SECRET) is None


NOT_SIGNED = {
    "forged": FORGED,
    "cut": TOKEN[:-1],
    "none": None,
    "empty": "",
    "not-ascii": TOKEN + "é",
    "two-segments": TOKEN.rpartition(".")[0],
    "other-secret": sign_claims({"sub": "alice"}, secret="another secret, also of 32 bytes or more"),
    "expired-and-forged": sign_claims({"exp": 1})[:-3] + "AAA",
}


@pytest.mark.parametrize("token", NOT_SIGNED.values(), ids=NOT_SIGNED.keys())
def test_the_clock_is_not_asked_before_the_signature_holds(engine, token):
    with clock_that_raises() as asked:
        assert engine.verify_token(token, SECRET) is None
        if isinstance(token, str) and token.isascii():
            headers = [(b"authorization", b"Bearer " + token.encode())]
            assert engine.identify(headers, "session", SECRET) in (None, False)
    assert asked.call_count == 0


def test_the_clock_is_not_asked_without_a_fit_secret(engine):
    with clock_that_raises() as asked:
        for secret in ("", None, [], "ssh-rsa AAAA", [None, ""], "\ud800"):
            assert engine.verify_token(TOKEN, secret) is None
    assert asked.call_count == 0


def test_the_clock_is_asked_once_a_verified_token(engine):
    with clock_that_counts() as asked:
        assert engine.verify_token(TOKEN, SECRET)["sub"] == "alice"
        assert asked.call_count == 1
        assert engine.verify_token(TOKEN, ["another secret, also of 32 bytes or more", SECRET, SECRET]) is not None
        assert asked.call_count == 2


def test_the_clock_is_asked_once_a_made_token(engine):
    with clock_that_counts() as asked:
        engine.create_token("alice", "admin", SECRET)
    assert asked.call_count == 1


def test_an_error_of_the_clock_comes_through_where_it_is_asked(both):
    with clock_that_raises():
        assert alike(both, "verify_token", TOKEN, SECRET) == ("raised", RuntimeError, "the clock has stopped")
        assert alike(both, "create_token", "alice", "admin", SECRET)[:2] == ("raised", RuntimeError)
        assert alike(both, "identify", HEADERS, "session", SECRET)[:2] == ("raised", RuntimeError)


CLOCK_VALUES = {
    "int": 1_700_000_000,
    "float": NOW,
    "float-subclass": Float(NOW),
    "int-subclass": Int(1_700_000_000),
    "before-the-epoch": -2.0,
    "zero": 0.0,
}


@pytest.mark.parametrize("now", CLOCK_VALUES.values(), ids=CLOCK_VALUES.keys())
def test_a_clock_may_return_a_number_of_any_kind(both, now):
    """freezegun and others return ``float``; a mock of someone's own may return an ``int``."""
    with mock.patch("time.time", return_value=now):
        how, token = alike(both, "create_token", "alice", "admin", SECRET, 1)
        assert how == "returned"
        assert alike(both, "verify_token", token, SECRET)[1]["iat"] == int(now)


ODD_CLOCK_VALUES = {
    "true": True,
    "fraction": fractions.Fraction(11, 2),
    "infinite": float("inf"),
    "beyond-64-bits": 1e300,
    "nan": float("nan"),
    "none": None,
    "str": "5",
    "decimal": decimal.Decimal("5.5"),
    "beyond-exact-floats": 2**53 + 1,
    "beyond-floats": 10**400,
}


@pytest.mark.parametrize("now", ODD_CLOCK_VALUES.values(), ids=ODD_CLOCK_VALUES.keys())
def test_an_odd_clock_is_answered_or_refused_alike(both, now):
    with mock.patch("time.time", return_value=now):
        alike(both, "create_token", "alice", "admin", SECRET, 1)
        alike(both, "verify_token", TOKEN, SECRET)
        alike(both, "verify_token", sign_claims({"exp": 1}), SECRET)
        alike(both, "verify_token", sign_claims({"nbf": 2**53}), SECRET)


def test_a_clock_that_changes_the_module_attribute_for_good_is_seen(engine_name):
    """As a test runner does that freezes the time before fastware is imported, or after it."""
    code = """
import sys, time
real = time.time
def frozen():
    return 5.5
if sys.argv[1] == "before":
    time.time = frozen
from fastware.auth import create_token, verify_token
time.time = frozen
token = create_token("alice", "admin", "s" * 32, 1)
print(verify_token(token, "s" * 32))
time.time = real
print(verify_token(token, "s" * 32))
"""
    for when in ("before", "after"):
        printed = interpreters.run(code, when, engine=engine_name)
        assert printed == "{'sub': 'alice', 'role': 'admin', 'iat': 5, 'exp': 3605}\nNone"


def test_tokens_made_by_the_real_clock_are_of_now(engine):
    before = int(time.time())
    issued = engine.verify_token(engine.create_token("alice", "admin", SECRET), SECRET)["iat"]
    assert before <= issued <= int(time.time())


# The warning for a short secret

CALL_SITES = {
    "plain": "token = create_token('alice', 'admin', 'short')  # here",
    "keywords": "token = create_token(role='admin', secret=b'short', username='alice')  # here",
    "unpacked": "token = create_token(*['alice', 'admin'], **{'secret': ['short', 's' * 32]})  # here",
    "function": "def make():\n    return create_token('alice', 'admin', 'short')  # here\nmake()",
    "method": "class A:\n    def make(self):\n        create_token('alice', 'admin', 'short')  # here\nA().make()",
    "lambda": "make = lambda: create_token('alice', 'admin', 'short')  # here\nmake()",
    "partial": "import functools\nmake = functools.partial(create_token, 'alice', 'admin')\nmake('short')  # here",
    "map": "list(map(create_token, ['alice'], ['admin'], ['short']))  # here",
    "comprehension": "tokens = [create_token(name, 'admin', 'short') for name in ['alice']]  # here",
    "coroutine": (
        "import asyncio\nasync def make():\n    create_token('alice', 'admin', 'short')  # here\nasyncio.run(make())"
    ),
    "generator": "def make():\n    yield create_token('alice', 'admin', 'short')  # here\nlist(make())",
    "attribute": "import fastware.auth as auth\nauth.create_token('alice', 'admin', 'short', expires_hours=1)  # here",
}
WATCH = """
import runpy, sys, warnings
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    runpy.run_path(sys.argv[1])
print([(w.category.__name__, w.filename, w.lineno) for w in caught])
"""


@pytest.mark.parametrize("site", CALL_SITES.values(), ids=CALL_SITES.keys())
def test_the_warning_points_at_the_line_of_the_call(engine_name, tmp_path, site):
    script = tmp_path / "caller.py"
    script.write_text(f"from fastware.auth import create_token\n{site}\n", encoding="utf-8")
    line = next(number for number, text in enumerate(script.read_text().split("\n"), 1) if "# here" in text)
    printed = interpreters.run(WATCH, script, engine=engine_name)
    assert printed == repr([("InsecureKeyLengthWarning", str(script), line)])


def test_the_warning_has_the_same_words_on_both_engines(both):
    code = """
import warnings
from fastware.auth import create_token
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    create_token("alice", "admin", "é" * 5)
print(*[w.message for w in caught])
"""
    rust, python = (interpreters.run(code, engine=engine.NAME) for engine in both)
    assert rust == python
    assert "10 bytes" in rust


def test_a_warning_that_is_an_error_comes_through_and_comes_again(engine_name):
    code = """
import warnings
from fastware.auth import InsecureKeyLengthWarning, create_token
for _ in range(2):
    try:
        create_token("alice", "admin", "short")
    except InsecureKeyLengthWarning:
        print("raised")
warnings.simplefilter("ignore")
print(type(create_token("alice", "admin", "short")).__name__)
"""
    assert interpreters.run(code, engine=engine_name) == "raised\nraised\nstr"


def test_a_token_that_is_not_made_does_not_warn(engine_name):
    code = """
import warnings
from fastware.auth import create_token
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for args in [(1, "admin", "short"), ("alice", "admin", "short", "1"), ("alice", "admin", "short", 2**62)]:
        try:
            create_token(*args)
        except (TypeError, ValueError):
            pass
    print(len(caught))
    create_token("alice", "admin", "short")
    print(len(caught))
"""
    assert interpreters.run(code, engine=engine_name) == "0\n1"


def test_the_calls_of_two_copies_of_the_package_are_told_apart():
    for name in engines.BUILT:
        assert engines.load(name).auth.create_token is engines.engine(name).create_token


def test_a_token_is_a_str_of_its_own(engine):
    """Exactly ``str``, whatever the arguments are subclasses of."""

    class Text(str):
        __slots__ = ()

    with clock.stopped_at(NOW):
        token = engine.create_token(Text("alice"), Text("admin"), Text(SECRET), 1)
        assert type(token) is str
        assert token == engine.create_token("alice", "admin", SECRET, 1)
    claims = engine.verify_token(Text(sign_bytes(b'{"sub":"alice"}')), SECRET)
    assert type(claims) is dict

"""No engine call keeps a reference to its arguments, whether it returns or raises."""

import gc
import sys
import weakref
from collections import UserDict
from datetime import timedelta

import pytest
from checks.engine_calls import CALLS, Case, Made, Request, calls_of, cases, fresh
from hostile_objects import HostileClass, HostileText
from raw_tokens import SECRET, sign_claims

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

TOKEN = sign_claims({"sub": "alice"})
TOKEN_FOR = sign_claims({"sub": "alice", "aud": ["another", "the api"], "iss": "the issuer"})
OPTIONS = {
    "one": {"audience": "the api", "issuer": "the issuer"},
    "tuple": {"audience": ("no api", "the api"), "issuer": "the issuer"},
    "list": {"audience": ["no api", "the api"]},
    "set": {"audience": Made(lambda: {fresh("the api"), fresh("no api")})},
    "subclass": {"audience": Made(lambda: HostileText("the api")), "issuer": Made(lambda: HostileText("the issuer"))},
    "timedelta": {"leeway": Made(lambda: timedelta(seconds=30.5)), "audience": "the api"},
    "wrong audience": {"audience": "no api"},
    "wrong audiences": {"audience": ("no api",), "issuer": "the issuer"},
    "wrong issuer": {"audience": ("the api",), "issuer": "no issuer"},
}
INVALID_OPTIONS = {
    "bytes": {"audience": b"the api"},
    "object": {"audience": Made(object), "issuer": "the issuer"},
    "hostile class": {"audience": Made(HostileClass)},
    "tuple of another type": {"audience": ("the api", Made(object))},
    "empty tuple": {"audience": (), "issuer": "the issuer"},
    "empty text": {"audience": ["the api", ""]},
    "issuer of another type": {"audience": ("the api",), "issuer": Made(object)},
}
NEW_TOKENS = {
    "expires_in": {"expires_in": 10**6},
    "timedelta": {"expires_in": Made(lambda: timedelta(seconds=30.5))},
    "claims": {"claims": {"aud": "the api", "numbers": [1.5, 10**30, {"deep": None}]}},
    "claims of another class": {"claims": Made(lambda: UserDict({"a": "the api"}))},
}
INVALID_NEW_TOKENS = {
    "two lifetimes": {"expires_hours": 300, "expires_in": 300},
    "expires_in of another type": {"expires_in": Made(object), "claims": {"a": "text"}},
    "expires_in out of range": {"expires_in": 10**40},
    "claims of another type": {"claims": Made(object)},
    "claims with an object": {"claims": {"a": "text", "b": [Made(object)]}},
    "claims with NaN": {"claims": {"a": [Made(lambda: float("nan"))]}},
    "claims with another subject": {"claims": {"a": "text", "sub": "alice"}},
    "claims that are too long": {"claims": {"a": "text" * 20_000}},
}


def cases_of_options():
    for raises, tables in {False: (OPTIONS, NEW_TOKENS), True: (INVALID_OPTIONS, INVALID_NEW_TOKENS)}.items():
        options, new_tokens = tables
        for name, keywords in options.items():
            headers = [(b"authorization", b"Bearer " + TOKEN_FOR.encode())]
            yield Case("verify_token", name, (TOKEN_FOR, SECRET), keywords, raises)
            yield Case("identify", name, (headers, None, "session", SECRET), keywords, raises)
        for name, keywords in new_tokens.items():
            yield Case("create_token", name, ("alice", "admin", SECRET), keywords, raises)
    yield Case("take_by_client", "scope", (Made(lambda: {"client": ("a host", 5)}),), {}, raises=False)


EVERY_CASE = [*cases(), *cases_of_options()]
CASES = {call: [case for case in EVERY_CASE if case.call == call] for call in CALLS}
MODULES_OF_ARGUMENTS = ("checks.engine_calls", "hostile_objects")
REPETITIONS = 5


@pytest.fixture(scope="module")
def calls(engine):
    return calls_of(engine)


def parts(value, found=None):
    """Return *value* and everything that it refers to by id, without the objects that the interpreter shares."""
    found = {} if found is None else found
    kind = type(value)
    is_shared = kind in (type, bool, type(None)) or (kind in (str, bytes, tuple) and len(value) < 2)
    if id(value) in found or is_shared or (kind is int and -6 < value < 257):
        return found
    found[id(value)] = value
    if kind in (list, tuple, set, dict) or kind.__module__ in MODULES_OF_ARGUMENTS:
        for part in gc.get_referents(value):
            parts(part, found)
    return found


def counts(objects):
    return [sys.getrefcount(each) for each in objects]


def outcome(function, arguments, keywords):
    try:
        function(*arguments, **keywords)
    except Exception:
        return "raised"
    return "returned"


@pytest.mark.parametrize("call", CALLS)
def test_call_keeps_no_reference_to_an_argument(calls, call):
    function = calls[call]
    kept = []
    # The pure-Python engine keeps a key with its bucket, once.
    allowed = 1 if call.startswith("take") else 0
    for case in CASES[call]:
        assert outcome(function, *case.fresh_arguments()) == ("raised" if case.raises else "returned"), case.title
        arguments, keywords = case.fresh_arguments()
        objects = list(parts((arguments, keywords)).values())
        before = counts(objects)
        for _ in range(REPETITIONS):
            outcome(function, arguments, keywords)
        # An exhausted iterator no longer refers to what it iterated over: a count may fall.
        if any(now > then for now, then in zip(counts(objects), before, strict=True)):
            gc.collect()
            more = [now - then for now, then in zip(counts(objects), before, strict=True)]
            kept += [f"{case.title}: {type(each)} {n:+}" for each, n in zip(objects, more, strict=True) if n > allowed]
    assert kept == []


def test_kept_reference_is_detected():
    arguments, keywords = CASES["header"][0].fresh_arguments()
    objects = list(parts((arguments, keywords)).values())
    before = counts(objects)
    kept = arguments[0][1][1]
    assert [now - then for now, then in zip(counts(objects), before, strict=True)].count(1) == 1
    assert any(each is kept for each in objects)


@pytest.mark.parametrize("call", CALLS)
def test_arguments_are_deleted_after_the_call(calls, call):
    function = calls[call]
    watched = []
    for case in CASES[call]:
        arguments, keywords = case.fresh_arguments()
        for each in parts((arguments, keywords)).values():
            if type(each).__module__ in MODULES_OF_ARGUMENTS and type(each).__weakrefoffset__:
                watched.append((case.title, weakref.ref(each)))
        outcome(function, arguments, keywords)
        del arguments, keywords, each
    gc.collect()
    assert [title for title, reference in watched if reference() is not None] == []


class Watched:
    """An object that can have weak references."""


def test_exception_of_a_request_is_deleted_with_what_it_refers_to(engine):
    class Scope:
        def __init__(self):
            self.part = Watched()

        def get(self, _):
            raise RuntimeError(self)

    request = Request(Scope())
    part = weakref.ref(request.scope.part)
    with pytest.raises(RuntimeError) as raised:
        engine.TokenBuckets(1, 10**9).take_by_client(request)
    assert raised.value.args[0].part is part()
    del request, raised
    gc.collect()
    assert part() is None


# Secrets

ERRORS = {
    "two lifetimes": ("create_token", lambda secret: ("alice", "admin", secret, 1), {"expires_in": 1}),
    "invalid lifetime": ("create_token", lambda secret: ("alice", "admin", secret), {"expires_in": "1"}),
    "invalid claims": ("create_token", lambda secret: ("alice", "admin", secret), {"claims": {"a": object}}),
    "invalid audience": ("verify_token", lambda secret: (TOKEN, secret), {"audience": 5}),
    "invalid issuer": ("identify", lambda secret: ([], None, "session", secret), {"issuer": 5}),
    "username of a wrong type": ("create_token", lambda secret: (5, "admin", secret), {}),
    "role of a wrong type": ("create_token", lambda secret: ("alice", None, secret), {}),
    "hours of a wrong type": ("create_token", lambda secret: ("alice", "admin", secret, "1"), {}),
    "hours out of range": ("create_token", lambda secret: ("alice", "admin", secret, 2**62), {}),
    "surrogate in the username": ("create_token", lambda secret: ("\ud800", "admin", secret), {}),
    "token too long": ("create_token", lambda secret: ("a" * 70_000, "admin", secret), {}),
    "secret of a wrong type": ("create_token", lambda secret: ("alice", "admin", {secret: secret}), {}),
    "first secret of a wrong type": ("create_token", lambda secret: ("alice", "admin", [None, secret]), {}),
    "unusable secret": ("create_token", lambda secret: ("alice", "admin", ["-----BEGIN " + secret, secret]), {}),
    "surrogate in the secret": ("create_token", lambda secret: ("alice", "admin", ["\ud800" + secret, secret]), {}),
    "invalid headers": ("identify", lambda secret: ([(b"authorization", "text")], None, "session", secret), {}),
    "invalid cookie name": ("identify", lambda secret: ([], None, b"session", secret), {}),
}


def error_of(function, make_arguments, keywords, secret):
    """Return the exception. Its traceback refers to this frame, which must not refer to the secret by then."""
    arguments = make_arguments(secret)
    del secret
    try:
        function(*arguments, **keywords)
    except Exception as error:
        return error
    finally:
        del arguments
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize(("call", "make_arguments", "keywords"), ERRORS.values(), ids=ERRORS.keys())
def test_exception_of_the_rust_engine_does_not_refer_to_the_secret(both, call, make_arguments, keywords):
    # Exceptions of the pure-Python engine refer to its frames, as those of any Python code do.
    secret = fresh(SECRET)
    before = sys.getrefcount(secret)
    error = error_of(getattr(both[0], call), make_arguments, keywords, secret)
    assert sys.getrefcount(secret) == before
    assert SECRET not in repr(error) + repr(error.__context__) + repr(error.__cause__)


@pytest.mark.parametrize(("call", "make_arguments", "keywords"), ERRORS.values(), ids=ERRORS.keys())
def test_secret_is_deleted_with_the_exception(engine, call, make_arguments, keywords):
    secret = fresh(SECRET)
    before = sys.getrefcount(secret)
    error = error_of(getattr(engine, call), make_arguments, keywords, secret)
    assert SECRET not in repr(error) + repr(error.__context__) + repr(error.__cause__)
    del error
    gc.collect()
    assert sys.getrefcount(secret) == before


def test_secret_in_a_frame_of_the_traceback_is_detected(engine):
    def keeps(secret):
        return engine.create_token(None, "admin", secret)

    secret = fresh(SECRET)
    before = sys.getrefcount(secret)
    error = error_of(keeps, lambda secret: (secret,), {}, secret)
    assert sys.getrefcount(secret) > before
    assert isinstance(error, TypeError)


def test_claims_do_not_refer_to_the_token_or_the_secret(engine):
    secret, token = fresh(SECRET), fresh(TOKEN)
    before = sys.getrefcount(secret), sys.getrefcount(token)
    claims = engine.verify_token(token, secret)
    assert claims == {"sub": "alice"}
    assert (sys.getrefcount(secret), sys.getrefcount(token)) == before

"""References: each call gives back all that it takes of its arguments, whichever way it ends."""

import gc
import sys
import weakref

import pytest
from benches.memory.cases import Case, calls_of, cases
from benches.memory.fresh import fresh
from benches.memory.hostile import Request
from benches.memory.jobs import CALLS
from raw_tokens import SECRET, sign_claims

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

CASES = cases()
BY_CALL = {call: [case for case in CASES if case.call == call] for call in CALLS}
OURS = ("benches.memory.hostile", "hostile_objects")
TIMES = 5


@pytest.fixture(scope="module")
def calls(engine):
    return calls_of(engine)


def arguments_of(case: Case):
    return fresh(case.arguments), fresh(case.keywords or {})


def parts(value, found=None):
    """*value* and all that can be reached from it, what the interpreter shares aside."""
    found = {} if found is None else found
    kind = type(value)
    is_shared = kind in (type, bool, type(None)) or (kind in (str, bytes, tuple) and len(value) < 2)
    if id(value) in found or is_shared or (kind is int and -6 < value < 257):
        return found
    found[id(value)] = value
    if kind in (list, tuple, set, dict) or kind.__module__ in OURS:
        for part in gc.get_referents(value):
            parts(part, found)
    return found


def counts(objects):
    return [sys.getrefcount(each) for each in objects]


def run(function, arguments, keywords):
    try:
        function(*arguments, **keywords)
    except Exception:
        return "raised"
    return "returned"


@pytest.mark.parametrize("call", CALLS)
def test_no_reference_to_an_argument_is_kept(calls, call):
    function = calls[call]
    kept = []
    # The pure-Python engine keeps a key with its bucket, once.
    most = 1 if call.startswith("take") else 0
    for case in BY_CALL[call]:
        arguments, keywords = arguments_of(case)
        assert run(function, arguments, keywords) == ("raised" if case.raises else "returned"), case.title
        arguments, keywords = arguments_of(case)
        objects = list(parts((arguments, keywords)).values())
        before = counts(objects)
        for _ in range(TIMES):
            run(function, arguments, keywords)
        # An iterator that is exhausted lets go of what it went through.
        if any(now > then for now, then in zip(counts(objects), before, strict=True)):
            gc.collect()
            more = [now - then for now, then in zip(counts(objects), before, strict=True)]
            kept += [f"{case.title}: {type(each)} {n:+}" for each, n in zip(objects, more, strict=True) if n > most]
    assert kept == []


def test_the_count_sees_a_reference_that_is_kept():
    arguments, keywords = arguments_of(BY_CALL["header"][0])
    objects = list(parts((arguments, keywords)).values())
    before = counts(objects)
    stolen = arguments[0][1][1]
    assert [now - then for now, then in zip(counts(objects), before, strict=True)].count(1) == 1
    assert any(each is stolen for each in objects)


@pytest.mark.parametrize("call", CALLS)
def test_objects_are_gone_once_the_caller_lets_go_of_them(calls, call):
    function = calls[call]
    watched = []
    for case in BY_CALL[call]:
        arguments, keywords = arguments_of(case)
        for each in parts((arguments, keywords)).values():
            if type(each).__module__ in OURS and type(each).__weakrefoffset__:
                watched.append((case.title, weakref.ref(each)))
        run(function, arguments, keywords)
        del arguments, keywords, each
    gc.collect()
    assert [title for title, reference in watched if reference() is not None] == []


class Watched:
    """An object that can be watched."""


def test_what_an_exception_of_the_callers_holds_is_gone_with_it(engine):
    """A request, its scope and its client, whose own error comes through."""

    class Scope:
        def __init__(self):
            self.part = Watched()

        def get(self, _):
            raise RuntimeError(self)

    request = Request(Scope())
    gone = weakref.ref(request.scope.part)
    with pytest.raises(RuntimeError) as raised:
        engine.TokenBuckets(1, 10**9).take_by_client(request)
    assert raised.value.args[0].part is gone()
    del request, raised
    gc.collect()
    assert gone() is None


# Secrets

TOKEN = sign_claims({"sub": "alice"})
WITH_A_SECRET = {
    "wrong username": ("create_token", lambda secret: (5, "admin", secret)),
    "wrong role": ("create_token", lambda secret: ("alice", None, secret)),
    "wrong hours": ("create_token", lambda secret: ("alice", "admin", secret, "1")),
    "hours out of range": ("create_token", lambda secret: ("alice", "admin", secret, 2**62)),
    "surrogate in the username": ("create_token", lambda secret: ("\ud800", "admin", secret)),
    "too long": ("create_token", lambda secret: ("a" * 70_000, "admin", secret)),
    "wrong secret": ("create_token", lambda secret: ("alice", "admin", {secret: secret})),
    "wrong first secret": ("create_token", lambda secret: ("alice", "admin", [None, secret])),
    "unfit secret": ("create_token", lambda secret: ("alice", "admin", ["-----BEGIN " + secret, secret])),
    "surrogate in the secret": ("create_token", lambda secret: ("alice", "admin", ["\ud800" + secret, secret])),
    "wrong headers": ("identify", lambda secret: ([(b"authorization", "text")], "session", secret)),
    "wrong cookie name": ("identify", lambda secret: ([], b"session", secret)),
}


def error_of(function, make_arguments, secret):
    """The exception itself: this frame is in its traceback, and must not have the secret when it is looked at."""
    arguments = make_arguments(secret)
    del secret
    try:
        function(*arguments)
    except Exception as error:
        return error
    finally:
        del arguments
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize(("call", "make_arguments"), WITH_A_SECRET.values(), ids=WITH_A_SECRET.keys())
def test_no_exception_of_the_rust_engine_keeps_a_secret_alive(both, call, make_arguments):
    """Those of the pure-Python engine have its frames in their tracebacks, as exceptions of Python code do."""
    secret = fresh(SECRET)
    before = sys.getrefcount(secret)
    error = error_of(getattr(both[0], call), make_arguments, secret)
    assert sys.getrefcount(secret) == before
    assert SECRET not in repr(error) + repr(error.__context__) + repr(error.__cause__)
    error = error_of(getattr(both[1], call), make_arguments, secret)
    assert SECRET not in repr(error) + repr(error.__context__) + repr(error.__cause__)
    del error
    gc.collect()
    assert sys.getrefcount(secret) == before


def test_the_reference_that_a_frame_keeps_is_seen(engine):
    """What the test before looks for, where a frame does keep the secret."""

    def keeps(secret):
        return engine.create_token(None, "admin", secret)

    secret = fresh(SECRET)
    before = sys.getrefcount(secret)
    error = error_of(keeps, lambda secret: (secret,), secret)
    assert sys.getrefcount(secret) > before
    assert isinstance(error, TypeError)


def test_no_claims_keep_the_token(engine):
    secret, token = fresh(SECRET), fresh(TOKEN)
    before = sys.getrefcount(secret), sys.getrefcount(token)
    claims = engine.verify_token(token, secret)
    assert claims == {"sub": "alice"}
    assert (sys.getrefcount(secret), sys.getrefcount(token)) == before

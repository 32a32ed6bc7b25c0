"""Each engine module implements the contract: names, signatures, docstrings and constants. Selection of an engine."""

import inspect

import engines
import interpreters
import pytest
from outcomes import identical, outcome
from raw_tokens import SECRET, sign_claims

TOKEN = sign_claims({"sub": "alice", "aud": "api", "iss": "issuer"})
HEADERS = [(b"authorization", b"Bearer " + TOKEN.encode()), (b"cookie", b"session=s; csrf_token=t")]
EXPECTED = {"leeway": 0.0, "audience": "api", "issuer": "issuer"}

CALLS = {
    "has_usable_secret": {"secrets": SECRET},
    "create_token": {
        "username": "alice",
        "role": "admin",
        "secret": SECRET,
        "expires_hours": 1,
        "expires_in": None,
        "claims": {"n": 1},
    },
    "verify_token": {"token": TOKEN, "secret": SECRET, **EXPECTED},
    "header": {"headers": HEADERS, "name": b"cookie"},
    "cookie": {"headers": HEADERS, "cookie_name": "session"},
    "cookies": {"headers": HEADERS},
    "credential": {"headers": HEADERS, "query_string": b"", "cookie_name": "session"},
    "identify": {"headers": HEADERS, "query_string": None, "cookie_name": "session", "secret": SECRET, **EXPECTED},
}
KEYWORD_ONLY = {"expires_in", "claims", *EXPECTED}
OPTIONAL = {"expires_hours", *KEYWORD_ONLY}
each_call = pytest.mark.parametrize("call", CALLS)


@pytest.fixture(autouse=True)
def _stopped_clock(monkeypatch):
    monkeypatch.setattr("time.time", lambda: 1_700_000_000.5)


# Names, signatures and docstrings


def parameters(function):
    found = inspect.signature(function).parameters.values()
    return [(each.name, each.kind, repr(each.default)) for each in found if each.name != "self"]


def public_functions(namespace):
    return {name for name, value in vars(namespace).items() if callable(value) and not name.startswith("_")}


def test_calls_are_those_of_the_contract(fastware, engine):
    contract = fastware._engine.contract.Engine
    assert public_functions(contract) == set(CALLS)
    assert public_functions(engine) == {*CALLS, "CSRFCheck", "SharedTokenBuckets", "TokenBuckets"}


def test_engine_has_its_name(engine, auth, engine_name):
    assert engine.NAME == auth.ENGINE == engine_name


@each_call
def test_signature_is_that_of_the_contract(fastware, engine, call):
    assert parameters(getattr(engine, call)) == parameters(getattr(fastware._engine.contract.Engine, call))
    assert [name for name, *_ in parameters(getattr(engine, call))] == list(CALLS[call])


@pytest.mark.parametrize("method", ["take", "take_counted", "give_back", "take_by_client", "reset", "__len__"])
def test_method_of_token_buckets_has_the_signature_of_the_contract(fastware, engine, method):
    contract = fastware._engine.contract
    assert parameters(getattr(engine.TokenBuckets, method)) == parameters(getattr(contract.TokenBuckets, method))
    if method != "__len__":
        shared = getattr(engine.SharedTokenBuckets, method)
        assert parameters(shared) == parameters(getattr(contract.SharedTokenBuckets, method))


def test_csrf_check_has_the_signatures_and_docstrings_of_the_contract(fastware, both):
    contract = fastware._engine.contract
    for engine in both:
        assert parameters(engine.CSRFCheck) == parameters(contract.CSRFCheckClass.__call__)
        for method in ("verdict", "verdict_of_form"):
            assert parameters(getattr(engine.CSRFCheck, method)) == parameters(getattr(contract.CSRFCheck, method))
    rust, python = (engine.CSRFCheck for engine in both)
    assert inspect.getdoc(rust) == inspect.getdoc(python)
    assert inspect.getdoc(rust.verdict) == inspect.getdoc(python.verdict)
    assert inspect.getdoc(rust.verdict_of_form) == inspect.getdoc(python.verdict_of_form)


@each_call
def test_function_has_the_same_docstring_and_name_on_both_engines(both, call):
    rust, python = (getattr(engine, call) for engine in both)
    assert inspect.getdoc(rust)
    assert inspect.getdoc(rust) == inspect.getdoc(python)
    assert rust.__name__ == rust.__qualname__ == python.__name__ == python.__qualname__ == call


@pytest.mark.parametrize("name", ["create_token", "verify_token"])
def test_public_function_is_that_of_the_engine(engine, auth, name):
    assert getattr(auth, name) is getattr(engine, name)


# Constants

CONSTANTS = {
    "MAX_TOKEN_LENGTH": 65_536,
    "MAX_JSON_DEPTH": 64,
    "MAX_INTEGER_LENGTH": 4_300,
    "SECONDS_PER_HOUR": 3_600,
    "DEFAULT_EXPIRES_HOURS": 720,
    "MIN_SECRET_LENGTH": 32,
    "MAX_LEEWAY": 9_007_199_254_740_992,
    "MAX_BUCKET_CAPACITY": 1_000_000_000,
    "MIN_BUCKET_PERIOD": 1_000_000_000,
    "MAX_BUCKET_PERIOD": 9_007_199_254_740_992,
    "SHARED_CLAIMS_AT": 56,
    "SHARED_SLOTS_AT": 65_536,
    "SHARED_GROUP": 64,
    "SHARED_KEY_AT": 0,
    "SHARED_EPOCH_AT": 32,
    "NO_TOKEN": 0,
    "INVALID_TOKEN": 1,
    "UNUSABLE_SECRET": 2,
    "CSRF_PASSED": 0,
    "CSRF_MISSING": 1,
    "CSRF_MISMATCH": 2,
    "CSRF_CROSS_SITE": 3,
    "CSRF_ORIGIN": 4,
    "CSRF_NULL_ORIGIN": 5,
    "CSRF_FORM": 6,
    "CSRF_WRONG_SESSION": 7,
}


def constants(namespace):
    return {name: value for name, value in vars(namespace).items() if type(value) is int}


def test_contract_has_these_constants(fastware):
    assert constants(fastware._engine.contract) == CONSTANTS


def test_rust_engine_has_the_constants_of_the_contract(both):
    rust, _ = both
    assert constants(rust) == CONSTANTS


# How a function takes its arguments


def raises_type_error(engine, call, *args, **kwargs):
    how = outcome(getattr(engine, call), *args, **kwargs)
    assert how[:2] == ("raised", TypeError)
    return how[2]


@each_call
def test_arguments_are_positional_or_keyword(engine, call):
    function, arguments = getattr(engine, call), CALLS[call]
    names = [name for name in arguments if name not in KEYWORD_ONLY]
    keyword_only = {name: arguments[name] for name in arguments if name in KEYWORD_ONLY}
    expected = function(**arguments)
    for count in range(len(names) + 1):
        args = [arguments[name] for name in names[:count]]
        kwargs = {name: arguments[name] for name in reversed(names[count:])}
        assert identical(function(*args, **kwargs, **keyword_only), expected)


@each_call
def test_wrong_arguments_raise_type_error(engine, call):
    arguments = CALLS[call]
    positional = [value for name, value in arguments.items() if name not in KEYWORD_ONLY]
    raises_type_error(engine, call)
    raises_type_error(engine, call, *arguments.values(), None)
    raises_type_error(engine, call, *arguments.values(), *[None] * 40)
    assert "another" in raises_type_error(engine, call, **arguments, another=1)
    raises_type_error(engine, call, **arguments, **{"": 1})
    raises_type_error(engine, call, **arguments, **{"\ud800": 1})
    for required in arguments.keys() - OPTIONAL:
        others = {name: value for name, value in arguments.items() if name != required}
        assert required in raises_type_error(engine, call, **others)
        assert required in raises_type_error(engine, call, *positional, **{required: arguments[required]})


def test_argument_names_may_be_strings_of_a_subclass_or_not_interned(engine):
    class Name(str):
        __slots__ = ()

    arguments = CALLS["create_token"]
    expected = engine.create_token(**arguments)
    assert engine.create_token(**{"".join(list(name)): value for name, value in arguments.items()}) == expected
    assert engine.create_token(**{Name(name): value for name, value in arguments.items()}) == expected


# Selection of an engine

CHOSEN = "import fastware.auth; print(fastware.auth.ENGINE)"
CHANGED_LATER = f"import fastware.auth, os; os.environ['FASTWARE_ENGINE'] = 'jit'; {CHOSEN}"
UNSET = f"import os; del os.environ['FASTWARE_ENGINE']; {CHOSEN}"
WITHOUT_EXTENSION = f"import sys; sys.modules['fastware._engine._rust'] = None; {CHOSEN}"
BROKEN_EXTENSION = f"""
import sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "fastware._engine._rust":
            raise ModuleNotFoundError("No module named 'other'", name="other")
sys.meta_path.insert(0, Finder())
{CHOSEN}
"""
INVALID = "ImportError: FASTWARE_ENGINE is {!r}; it must be one of: rust, python, auto"
NOT_BUILT = (
    "ImportError: FASTWARE_ENGINE is 'rust', but this installation has no Rust engine. Install a wheel for your "
    "platform, or install Rust (https://rustup.rs) and run, where fastware's sources are: "
    'FASTWARE_BUILD=rust pip install --force-reinstall ".[auth]"'
)
BROKEN = "ModuleNotFoundError: No module named 'other'"
BEST = "rust" if "rust" in engines.BUILT else "python"

CHOICES = {
    "python": (CHOSEN, "python", "python"),
    "auto": (CHOSEN, "auto", BEST),
    "unset": (UNSET, "python", BEST),
    "empty": (CHOSEN, "", INVALID.format("")),
    "capital letter": (CHOSEN, "Rust", INVALID.format("Rust")),
    "unknown": (CHOSEN, "jit", INVALID.format("jit")),
    "changed after the import": (CHANGED_LATER, "python", "python"),
    "python without the extension": (WITHOUT_EXTENSION, "python", "python"),
    "auto without the extension": (WITHOUT_EXTENSION, "auto", "python"),
    "rust without the extension": (WITHOUT_EXTENSION, "rust", NOT_BUILT),
    # The import fails for another reason: the error is passed on.
    "auto with a broken extension": (BROKEN_EXTENSION, "auto", BROKEN),
    "rust with a broken extension": (BROKEN_EXTENSION, "rust", BROKEN),
}


def printed(code, *arguments, engine):
    """Return the output of *code*, or the last line of its traceback."""
    how = outcome(interpreters.run, code, *arguments, engine=engine)
    return how[1] if how[0] == "returned" else how[2].strip().splitlines()[-1]


@pytest.mark.parametrize("name", CHOICES)
def test_environment_chooses_the_engine(name):
    code, choice, expected = CHOICES[name]
    assert printed(code, engine=choice) == expected


# The module of the standard library has another name, and other arguments, in each of CPython 3.11, 3.12 and 3.13.
SUBINTERPRETER = """
import sys
if sys.version_info >= (3, 13):
    import _interpreters as interpreters
    created = interpreters.create(sys.argv[1])
else:
    import _xxsubinterpreters as interpreters
    created = interpreters.create(isolated=sys.argv[1] == "isolated")
code = f"import sys; sys.path[:] = {sys.path!r}" + '''
from fastware.auth import ENGINE, create_token, verify_token
print(ENGINE, verify_token(create_token("ada", "admin", "s" * 32), "s" * 32)["sub"], flush=True)'''
try:
    failure = interpreters.run_string(created, code)
except Exception as error:
    failure = error
print(getattr(failure, "msg", failure))
interpreters.destroy(created)
import fastware.auth
print(fastware.auth.ENGINE)
"""


@pytest.mark.parametrize("kind", ["legacy", "isolated"])
def test_subinterpreter_gets_the_pure_python_engine(kind):
    assert printed_lines(SUBINTERPRETER, kind, engine="auto") == ["python ada", "None", BEST]
    assert printed_lines(SUBINTERPRETER, kind, engine="python") == ["python ada", "None", "python"]


@pytest.mark.skipif(BEST != "rust", reason="this installation has no Rust engine")
@pytest.mark.parametrize("kind", ["legacy", "isolated"])
def test_rust_engine_raises_import_error_in_a_subinterpreter(kind):
    explanation = "FASTWARE_ENGINE is 'rust', but the Rust engine works in the main interpreter only; set "
    code = SUBINTERPRETER.rpartition("import fastware")[0]
    (failure,) = printed_lines(code, kind, engine="rust")
    assert explanation in failure


def printed_lines(code, *arguments, engine):
    return interpreters.run(code, *arguments, engine=engine).splitlines()

"""What users import: the names and signatures of the reference page, and what an import costs and brings along."""

import inspect
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

# The reference page: name, parameters before any keyword-only one, defaults.
REQUIRED = inspect.Parameter.empty
SIGNATURES = {
    "create_token": {"username": REQUIRED, "role": REQUIRED, "secret": REQUIRED, "expires_hours": 720},
    "verify_token": {"token": REQUIRED, "secret": REQUIRED},
    "hash_password": {"plain": REQUIRED},
    "verify_password": {"plain": REQUIRED, "hashed": REQUIRED},
    "UserStore.load_users": {"self": REQUIRED},
    "UserStore.save_users": {"self": REQUIRED, "users": REQUIRED},
    "UserStore.find_user": {"self": REQUIRED, "username": REQUIRED},
    "UserStore.create_user": {"self": REQUIRED, "username": REQUIRED, "password": REQUIRED, "role": REQUIRED},
    "UserStore.delete_user": {"self": REQUIRED, "username": REQUIRED},
    "JSONFileUserStore": {"path": REQUIRED},
    "JSONFileUserStore.load_users": {"self": REQUIRED},
    "JSONFileUserStore.save_users": {"self": REQUIRED, "users": REQUIRED},
    "get_current_user": {"request": REQUIRED},
    "require_role": {"role": REQUIRED},
    "_get_asgi_header": {"headers": REQUIRED, "name": REQUIRED},
    "_get_asgi_cookie": {"headers": REQUIRED, "cookie_name": REQUIRED},
    "CSRFMiddleware": {"app": REQUIRED, "exempt_paths": None, "disabled": False},
    "set_session_cookies": {"token": REQUIRED, "csrf_token": REQUIRED},
    "clear_session_cookies": {},
    "rate_limit": {"rate": REQUIRED, "key_func": None},
}
CORE_NAMES = [
    "Router",
    "create_app",
    "Request",
    "State",
    "HTTPError",
    "JSONResponse",
    "TextResponse",
    "HTMLResponse",
    "set_cookie",
    "delete_cookie",
    "send_error",
    "__version__",
]
OPTIONAL_PACKAGES = ["jwt", "bcrypt", "granian", "uvicorn", "starlette", "fastapi", "httpx", "cryptography"]


def found(module, dotted_name):
    for name in dotted_name.split("."):
        module = getattr(module, name)
    return module


@pytest.mark.parametrize("name", SIGNATURES)
def test_a_documented_name_has_its_documented_signature(auth, name):
    parameters = inspect.signature(found(auth, name)).parameters.values()
    keyword_only = {parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY}
    positional = {
        parameter.name: parameter.default
        for parameter in parameters
        if parameter.name not in keyword_only and parameter.kind is not parameter.VAR_POSITIONAL
    }
    assert positional == SIGNATURES[name]
    assert all(each.default is not REQUIRED for each in parameters if each.name in keyword_only)


@pytest.mark.parametrize(
    "name", ["create_token", "CSRFMiddleware", "rate_limit", "get_current_user", "_get_asgi_cookie"]
)
def test_a_documented_name_has_a_docstring(auth, name):
    assert found(auth, name).__doc__


@pytest.mark.parametrize("name", CORE_NAMES)
def test_the_core_has_its_documented_names(fastware, name):
    assert getattr(fastware, name)
    assert name in fastware.__all__


def test_every_exported_name_exists(fastware, auth):
    assert all(hasattr(fastware, name) for name in fastware.__all__)
    assert all(hasattr(auth, name) for name in auth.__all__)


def test_the_version_is_that_of_the_distribution(fastware):
    assert fastware.__version__ == version("fastware")


def test_the_package_is_typed(fastware):
    assert (Path(fastware.__file__).parent / "py.typed").exists()


def test_the_engine_is_told(auth, engine_name):
    assert auth.ENGINE == engine_name


def python(code, **environment):
    """Run *code* in a fresh interpreter; what it printed, or the last line of its error."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, env={**os.environ, **environment}
    )
    return done.stdout.strip() if done.returncode == 0 else done.stderr.strip().splitlines()[-1]


def test_an_import_loads_no_optional_package(engine_name):
    code = f"import sys, fastware, fastware.auth; print([name for name in {OPTIONAL_PACKAGES} if name in sys.modules])"
    assert python(code, FASTWARE_ENGINE=engine_name) == "[]"


def test_an_unknown_engine_is_an_error_that_names_the_choices():
    message = python("import fastware.auth", FASTWARE_ENGINE="jit")
    assert message.startswith("ImportError: FASTWARE_ENGINE is 'jit'")
    assert "rust, python, auto" in message


def test_the_engine_is_chosen_once_at_import(engine_name):
    change = "os.environ['FASTWARE_ENGINE'] = 'jit'"
    code = f"import os, fastware; {change}; import fastware.auth; print(fastware.auth.ENGINE)"
    assert python(code, FASTWARE_ENGINE=engine_name) == engine_name


HIDE = "import sys; sys.modules.update(dict.fromkeys({missing!r})); from fastware.auth import *; "


def test_rust_that_is_not_built_is_an_error_that_says_how_to_get_it():
    code = HIDE.format(missing=["fastware._engine._rust"]).replace(
        "from fastware.auth import *; ", "import fastware.auth"
    )
    message = python(code, FASTWARE_ENGINE="rust")
    assert message.startswith("ImportError: FASTWARE_ENGINE is 'rust'")
    assert "pip install" in message


def test_auto_is_python_where_rust_is_not_built():
    code = HIDE.format(missing=["fastware._engine._rust"]) + "print(ENGINE)"
    assert python(code, FASTWARE_ENGINE="auto") == "python"


CALLS_THAT_NEED_BCRYPT = ["hash_password('x')", "verify_password('x', 'y')"]
CALLS_THAT_NEED_PYJWT = ["create_token('ada', 'admin', 'x' * 32)", "verify_token('a.b.c', 'x' * 32)"]


@pytest.mark.parametrize("call", CALLS_THAT_NEED_BCRYPT)
def test_a_call_without_bcrypt_says_how_to_install_it(engine_name, call):
    message = python(HIDE.format(missing=["bcrypt"]) + call, FASTWARE_ENGINE=engine_name)
    assert message.startswith("ImportError: ") and 'pip install "fastware[auth]"' in message


@pytest.mark.parametrize("call", CALLS_THAT_NEED_PYJWT)
def test_a_token_without_pyjwt_is_rust_s_alone(engine_name, call):
    result = python(HIDE.format(missing=["jwt"]) + f"print(type({call}).__name__)", FASTWARE_ENGINE=engine_name)
    if engine_name == "rust":
        assert result in ("str", "NoneType")
    else:
        assert result.startswith("ImportError: ") and 'pip install "fastware[auth]"' in result

"""What users import: names, signatures, types, and what each import loads."""

import inspect
import json
import os
import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
RESPONSE = "status=200, headers=None, cookies=()"
SIGNATURES = {
    "fastware": {
        "App": "(router, middleware=None, lifespan=None, max_body_size=1048576)",
        "ConfigurationError": None,
        "CookieSizeWarning": None,
        "HTMLResponse": f"(text, {RESPONSE})",
        "HTTPError": "(status_code, detail, headers=None)",
        "JSONResponse": f"(content, {RESPONSE})",
        "Request": "(scope, body=b'', path_params=None)",
        "Request.decode": "(self, type)",
        "Response": f"(body, {RESPONSE})",
        "Router": "(prefix='', *, deps=None)",
        "Router.add_route": "(self, method, path, handler, deps=None)",
        "Router.include_router": "(self, router, prefix='', *, deps=None)",
        "Router.mount": "(self, path, app)",
        "Router.ws": "(self, path, *, deps=None)",
        "State": "(values=None)",
        "TextResponse": f"(text, {RESPONSE})",
        "WebSocket": "(scope, receive, send, path_params=None)",
        "WebSocketDisconnect": "(code=1005, reason='')",
        "__version__": None,
        "create_app": "(router, middleware=None, lifespan=None, *, max_body_size=1048576)",
        "delete_cookie": "(name, *, path='/', domain=None, secure=False, httponly=False, samesite='lax', "
        "partitioned=False)",
        "in_thread": "(factory)",
        "send_error": "(send, status, detail, headers=None)",
        "set_cookie": "(name, value, *, max_age=None, path='/', domain=None, secure=False, httponly=False, "
        "samesite='lax', partitioned=False)",
    },
    "fastware.auth": {
        "Auth": "(secret, *, leeway=0, audience=None, issuer=None, allow_query_token=False, host_prefix=False, "
        "revocations=None, tickets=None)",
        "Auth.acreate_token": "(self, username, role, *, expires_in=None, claims=None, session=None)",
        "Auth.anew_session": "(self, username)",
        "Auth.arenew_token": "(self, claims, *, expires_in=None)",
        "Auth.create_token": "(self, username, role, *, expires_in=None, claims=None, session=None)",
        "Auth.from_env": "(prefix='FASTWARE_', **options)",
        "Auth.identify": "(self, request)",
        "Auth.inspect_token": "(self, token)",
        "Auth.new_session": "(self, username)",
        "Auth.renew_token": "(self, claims, *, expires_in=None)",
        "Auth.require_role": "(self, role, *other_roles)",
        "Auth.verify_token": "(self, token)",
        "CSRFMiddleware": "(app, exempt_paths=None, disabled=False, *, trusted_origins=(), check_origin=True, "
        "secret=None, form_field=None, websockets=True, host_prefix=False)",
        "ConfigurationError": None,
        "CookieSizeWarning": None,
        "ENGINE": None,
        "HTTPError": "(status_code, detail, headers=None)",
        "InsecureKeyLengthWarning": None,
        "JSONFileUserStore": "(path, *, revocations=None)",
        "JSONFileUserStore.find_user": "(self, username)",
        "JSONFileUserStore.load_users": "(self)",
        "JSONFileUserStore.save_users": "(self, users)",
        "LoginGuard": "(*, per_user_and_address='10/hour', per_address='100/hour', per_user='100/hour', buckets=None, "
        "name='login')",
        "LoginGuard.areset": "(self, username=None, address=None)",
        "LoginGuard.attempt": "(self, username, address)",
        "LoginGuard.reset": "(self, username=None, address=None)",
        "LoginLimitedError": "(limit, wait)",
        "MemoryRevocations": "()",
        "PerProcessLimitWarning": None,
        "RedisBuckets": "(url_or_client, *, lease=1, on_error='local', timeout=0.25, prefix='fastware:')",
        "RedisRevocations": "(url_or_client, *, refresh=1.0, max_stale=60, prefix='fastware:')",
        "RefreshTokenError": "()",
        "RefreshTokenReusedError": "(username, data=None)",
        "RefreshTokens": "(storage, *, lifetime=2592000, idle=1209600, grace=30, revocations=None)",
        "RefreshTokens.aissue": "(self, username, data=None)",
        "RefreshTokens.arevoke": "(self, token)",
        "RefreshTokens.arevoke_user": "(self, username)",
        "RefreshTokens.arotate": "(self, token)",
        "RefreshTokens.issue": "(self, username, data=None)",
        "RefreshTokens.revoke": "(self, token)",
        "RefreshTokens.revoke_user": "(self, username)",
        "RefreshTokens.rotate": "(self, token)",
        "Refreshed": "(username, data, token)",
        "Revocations.accept_leeway": "(self, seconds)",
        "Revocations.ais_revoked": "(self, claims)",
        "Revocations.anote_longer_session": "(self, claims, expires_in)",
        "Revocations.arevision": "(self, username)",
        "Revocations.arevoke": "(self, claims, *, expires_in=None)",
        "Revocations.arevoke_user": "(self, username)",
        "Revocations.is_revoked": "(self, claims)",
        "Revocations.note_longer_session": "(self, claims, expires_in)",
        "Revocations.revision": "(self, username)",
        "Revocations.revoke": "(self, claims, *, expires_in=None)",
        "Revocations.revoke_user": "(self, username)",
        "RevocationsUnavailableError": "(retry_after=5)",
        "RollingSessions": "(app, auth, *, idle_limit=None, absolute_limit=datetime.timedelta(seconds=43200), "
        "secure=False, domain=None, path='/', samesite='lax', partitioned=False)",
        "SQLUserStore": "(url, *, revocations=None)",
        "SQLUserStore.find_user": "(self, username)",
        "SQLUserStore.load_users": "(self)",
        "SQLUserStore.name": None,
        "SQLUserStore.save_users": "(self, users)",
        "SQLiteRevocations": "(path)",
        "SharedBuckets": "(path, *, clients=100000)",
        "StorageError": None,
        "Tickets": "(storage, *, lifetime=60, revocations=None)",
        "Tickets.aissue": "(self, claims)",
        "Tickets.aredeem": "(self, ticket)",
        "Tickets.issue": "(self, claims)",
        "Tickets.redeem": "(self, ticket)",
        "TokenReport": "(valid, reason, message, claims, signed_claims)",
        "UserExistsError": None,
        "UserFileError": None,
        "UserNotFoundError": None,
        "UserStore.acreate_user": "(self, username, password, role, *, fields=None)",
        "UserStore.adelete_user": "(self, username)",
        "UserStore.afind_user": "(self, username)",
        "UserStore.aload_users": "(self)",
        "UserStore.asave_users": "(self, users)",
        "UserStore.aupdate_user": "(self, username, *, role=None, password=None, fields=None)",
        "UserStore.create_user": "(self, username, password, role, *, fields=None)",
        "UserStore.delete_user": "(self, username)",
        "UserStore.find_user": "(self, username)",
        "UserStore.load_users": "(self)",
        "UserStore.save_users": "(self, users)",
        "UserStore.update_user": "(self, username, *, role=None, password=None, fields=None)",
        "_get_asgi_cookie": "(headers, cookie_name)",
        "_get_asgi_header": "(headers, name)",
        "ahash_password": "(plain, *, cost=12)",
        "authenticate": "(store, username, password, *, guard=None, address=None)",
        "averify_password": "(plain, hashed)",
        "client_address": "(*, trusted_proxies=(), header='x-forwarded-for', ipv6_prefix=64)",
        "clear_session_cookies": "(*, secure=False, host_prefix=False, domain=None, path='/', samesite='lax', "
        "partitioned=False)",
        "create_csrf_token": "(session_token, secret)",
        "create_token": "(username, role, secret, expires_hours=720, *, expires_in=None, claims=None)",
        "get_current_user": "(request, *, allow_query_token=True)",
        "hash_password": "(plain, *, cost=12)",
        "inspect_token": "(token, secret, *, leeway=0.0, audience=None, issuer=None)",
        "needs_rehash": "(hashed, *, cost=12)",
        "password_problem": "(plain, *, username=None, min_length=15)",
        "rate_limit": "(rate, key_func=None, *, buckets=None, cost=1, headers=False, name=None)",
        "reject_cross_site": "(request, *, trusted_origins=())",
        "require_role": "(role, *other_roles, allow_query_token=True)",
        "set_session_cookies": "(token, csrf_token, *, max_age=None, secure=False, host_prefix=False, domain=None, "
        "path='/', samesite='lax', partitioned=False)",
        "user_key": "(*, address=client_address(), auth=None)",
        "verify_password": "(plain, hashed)",
        "verify_token": "(token, secret, *, leeway=0.0, audience=None, issuer=None)",
    },
}
ROWS = [(module, name) for module, names in SIGNATURES.items() for name in names]


@pytest.mark.parametrize(("module", "name"), ROWS, ids=map(".".join, ROWS))
def test_public_name_has_its_documented_signature_and_a_docstring(fastware, module, name):
    found = fastware if module == "fastware" else fastware.auth
    for part in name.split("."):
        found = getattr(found, part)
    expected = SIGNATURES[module][name]
    if expected is not None:
        parameters = [each.replace(annotation=each.empty) for each in inspect.signature(found).parameters.values()]
        assert str(inspect.Signature(parameters)) == expected
    assert isinstance(found, str) or found.__doc__


@pytest.mark.parametrize("module", SIGNATURES)
def test_public_names_are_those_of_the_table(fastware, module):
    found = fastware if module == "fastware" else fastware.auth
    assert set(found.__all__) == {name.partition(".")[0] for name in SIGNATURES[module]}
    assert set(found.__all__) <= set(dir(found))


def test_version_is_that_of_the_distribution(fastware):
    assert fastware.__version__ == version("fastware")


def test_engine_is_the_name_of_the_engine(auth, engine_name):
    assert auth.ENGINE == engine_name


# Imports


def python(code, **environment):
    """Run *code* in a new interpreter. Returns its output, or the last line of its error."""
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})
    return done.stdout.strip() if done.returncode == 0 else done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize("name", [name for name in SIGNATURES["fastware"] if "." not in name])
def test_name_of_the_package_is_loaded_on_first_use(name):
    code = "import sys, fastware; print('fastware.core' in sys.modules, {0!r} in vars(fastware))"
    assert python(f"{code.format(name)}; from fastware import {name}; print({name} is fastware.{name})") == (
        "False False\nTrue"
    )


def test_star_import_binds_every_public_name():
    code = "from fastware import *; from fastware.auth import *; import fastware, fastware.auth; "
    code += "print([name for name in fastware.__all__ + fastware.auth.__all__ if name not in globals()])"
    assert python(code) == "[]"


@pytest.mark.parametrize(
    ("use", "error"),
    [
        ("fastware.nothing", "AttributeError: module 'fastware' has no attribute 'nothing'"),
        ("from fastware import nothing", "ImportError: cannot import name 'nothing' from 'fastware'"),
    ],
)
def test_unknown_name_is_an_error(use, error):
    assert python(f"import fastware; {use}").startswith(error)


FRAMEWORKS = ["starlette", "fastapi", "litestar"]
OPTIONAL = ["jwt", "bcrypt", "granian", "uvicorn", *FRAMEWORKS, "httpx", "trio", "cryptography"]
ONLY_NEEDED_FROM_3_12_ON = ["inspect"] if sys.version_info < (3, 12) else []
AUTH_DOES_NOT_NEED = ["msgspec", "asyncio", "dataclasses", "logging", "filelock", *ONLY_NEEDED_FROM_3_12_ON]
NOT_LOADED = {
    "fastware": ["fastware.core", "fastware.auth", "fastware._engine", "msgspec", *OPTIONAL],
    "fastware.auth": ["fastware.core", *AUTH_DOES_NOT_NEED, *OPTIONAL],
    "fastware.auth.settings": ["fastware.core", "secrets", *AUTH_DOES_NOT_NEED, *OPTIONAL],
    "fastware.core.app": ["fastware.auth", *OPTIONAL],
}
NEEDED_BY_PYTHON_ENGINE = ["json", "hmac", "ipaddress", "urllib"]


@pytest.mark.parametrize("module", NOT_LOADED)
def test_import_loads_no_module_that_it_does_not_need(engine_name, module):
    unwanted = NOT_LOADED[module]
    if engine_name == "rust" and module == "fastware.auth":
        unwanted = unwanted + NEEDED_BY_PYTHON_ENGINE
    code = f"import sys; before = set(sys.modules); import {module}; "
    code += f"print([name for name in {unwanted} if name in sys.modules and name not in before])"
    assert python(code, FASTWARE_ENGINE=engine_name) == "[]"


USE = """
import asyncio, inspect, sys
from fastware import HTTPError, Request, Router, create_app
from fastware.auth import Auth, get_current_user, rate_limit, require_role

auth = Auth("a secret of at least 32 bytes for this test")
request = Request({"type": "http", "headers": [], "client": ("203.0.113.7", 5), "state": {"config": {"auth": auth}}})
router = Router()


@router.get("/", deps={"user": get_current_user, "admin": require_role("admin")})
@rate_limit("1/hour")
async def handler(request): ...


@rate_limit("1/hour")
def sync_handler(request): ...


create_app(router)
inspect.signature(get_current_user)
calls = [get_current_user, require_role("admin"), auth.identify, sync_handler, sync_handler]
calls += [lambda request: asyncio.run(auth.current_user(request))]
rejections = 0
for call in calls:
    try:
        call(request)
    except HTTPError as error:
        rejections += 1
print(rejections, [name for name in FRAMEWORKS if name in sys.modules])
"""


def test_use_imports_no_framework(engine_name):
    """An installed framework is not imported unless the application does."""
    assert python(f"FRAMEWORKS = {FRAMEWORKS}\n{USE}", FASTWARE_ENGINE=engine_name) == "5 []"


def test_unknown_engine_is_an_error_that_names_the_choices():
    message = python("import fastware.auth", FASTWARE_ENGINE="jit")
    assert message.startswith("ImportError: FASTWARE_ENGINE is 'jit'")
    assert "rust, python, auto" in message


def test_engine_is_chosen_once(engine_name):
    code = "import os, fastware.auth; os.environ['FASTWARE_ENGINE'] = 'jit'; from fastware import *; "
    assert python(f"{code} print(fastware.auth.ENGINE)", FASTWARE_ENGINE=engine_name) == engine_name


def without(*modules):
    """Return code that makes imports of *modules* fail."""
    return f"import sys; sys.modules.update(dict.fromkeys({modules})); from fastware.auth import *; "


def test_missing_rust_engine_is_an_error_that_says_how_to_install_it():
    message = python(without("fastware._engine._rust"), FASTWARE_ENGINE="rust")
    assert message.startswith("ImportError: FASTWARE_ENGINE is 'rust'")
    assert "pip install" in message


def test_engine_auto_is_python_if_rust_is_missing():
    assert python(without("fastware._engine._rust") + "print(ENGINE)", FASTWARE_ENGINE="auto") == "python"


NEEDS = {
    "hash_password('x')": ("bcrypt", None),
    "verify_password('x', 'y')": ("bcrypt", None),
    "create_token('ada', 'admin', 'x' * 32)": ("jwt", "str"),
    "verify_token('a.b.c', 'x' * 32)": ("jwt", "NoneType"),
}
"""The package that a call needs, and the type of the Rust engine's result without it."""


@pytest.mark.parametrize("call", NEEDS)
def test_call_without_its_package_says_how_to_install_it(engine_name, call):
    package, type_of_rust = NEEDS[call]
    result = python(without(package) + f"print(type({call}).__name__)", FASTWARE_ENGINE=engine_name)
    if engine_name == "rust" and type_of_rust:
        assert result == type_of_rust
    else:
        assert result.startswith("ImportError: ") and 'pip install "fastware[auth]"' in result


# Types


def mypy(file, folder):
    options = ["--strict", "--config-file", os.devnull, "--cache-dir", folder / "cache"]
    environment = {**os.environ, "MYPYPATH": str(source())}
    return checked([sys.executable, "-m", "mypy", *options, file], folder, environment)


def pyright(file, folder):
    settings = {"typeCheckingMode": "strict", "reportUnnecessaryTypeIgnoreComment": "error"}
    settings |= {"include": [file.name], "extraPaths": [str(source())]}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "--project", folder]
    return checked(command, folder, os.environ)


def source():
    return Path(find_spec("fastware").origin).parent.parent


def checked(command, folder, environment):
    """Return the errors of a type checker; skip the test if it is not installed."""
    name = command[2]
    if not find_spec(name) or subprocess.run([*command[:3], "--version"], capture_output=True).returncode:
        pytest.skip(f"{name} is not installed; it is in the lint extra")
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_package_is_marked_as_typed(fastware):
    assert (Path(fastware.__file__).parent / "py.typed").exists()


@pytest.mark.parametrize("check", [mypy, pyright])
@pytest.mark.parametrize("name", ["what_users_write.py", "what_users_of_fastapi_write.py"])
def test_typed_code_of_users_passes_and_wrong_uses_are_errors(tmp_path, check, name):
    file = tmp_path / name
    file.write_text((ROOT / "tests/typing" / name).read_text(encoding="utf-8"), encoding="utf-8")
    assert check(file, tmp_path) == ""


@pytest.mark.parametrize("check", [mypy, pyright])
def test_unknown_name_is_an_error_for_type_checkers(tmp_path, check):
    file = tmp_path / "unknown.py"
    file.write_text("import fastware\n\nfastware.Routr()\n", encoding="utf-8")
    assert "Routr" in check(file, tmp_path)

"""Every failure of the package, made to happen with marked secrets in all places where a secret may be."""

import asyncio
import contextlib
import functools
import json
import os
import sys
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import bcrypt
import engines
import raw_tokens
from asgi_client import call, scope
from marks import Marks, new_mark


class World:
    """A package on one engine, and the secrets that are given to it."""

    def __init__(self, engine_name, folder):
        self.fastware = engines.load(engine_name)
        self.auth = self.fastware.auth
        self.engine = engines.engine(engine_name)
        self.engine_name = engine_name
        self.module = functools.partial(module, engine_name)
        self.folder = Path(folder)
        self.marks = Marks()
        self.password = "pa55 " + self.marks.add("password", new_mark())
        self.secret = "sign-" + self.marks.add("secret", new_mark(40))
        self.csrf = self.marks.add("CSRF token", new_mark(32))
        self.cookie = self.marks.add("cookie", new_mark())
        self.hash = bcrypt.hashpw(self.password.encode(), bcrypt.gensalt(4)).decode("ascii")
        self.marks.add("password hash", self.hash[7:])
        self.token = self.signed()
        self.marks.add("signature", self.token.rpartition(".")[2])

    def signed(self, **claims):
        """A token with a marked claim, valid for an hour."""
        jti = self.marks.add("token", new_mark(30))
        return raw_tokens.sign_claims(
            {"sub": "ada", "role": "user", "exp": int(time.time()) + 3600, "jti": jti, **claims}, secret=self.secret
        )

    def user(self, **fields):
        return {"username": "ada", "password_hash": self.hash, "role": "user", "created_at": "2024-01-01", **fields}

    def store(self, content=None):
        path = self.folder / "users.json"
        if content is not None:
            path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return self.auth.JSONFileUserStore(path)

    def app(self, handler=None, *, deps=None, path="/", secret=None, **options):
        """An application whose configuration, and whatever a client sends it, is marked."""
        router = self.fastware.Router()

        async def nothing(request):
            return None

        for method in ("GET", "POST"):
            router.route(path, [method], deps=deps)(handler or nothing)
        app = self.fastware.create_app(router, **options)
        app.state["config"] = {"jwt_secret": self.secret if secret is None else secret}
        return app

    @property
    def headers(self):
        """Every secret that a browser or a client sends in a header."""
        return [
            ("authorization", f"Bearer {self.token}x"),
            ("cookie", f"session={self.token}; csrf_token={self.csrf}; other={self.cookie}"),
            ("x-csrf-token", self.csrf + "x"),
            ("content-type", "application/json"),
        ]

    def ask(self, app, method="GET", path="/", **options):
        options = {"headers": self.headers, "query": f"token={self.token}&csrf={self.csrf}", **options}
        return call(app, method, path, **options)

    def request(self, body=b"", **options):
        """A request with secrets in all places; *options* as for ``asgi_client.scope``."""
        options = {"headers": self.headers, "query": f"token={self.token}x", **options}
        state = options.pop("state", {"config": {"jwt_secret": self.secret}})
        return self.fastware.Request(scope("POST", "/", state=state, **options), body)


@functools.cache
def module(engine_name, name):
    """The module *name* of the package as it runs on one engine."""
    package = engines.load(engine_name)
    for part in name.split("."):
        package = getattr(package, part)
    return package


@dataclass(frozen=True)
class Failure:
    """*make* is called with a `World`; *outcome* is the type's name of what it raises, or what it returns."""

    name: str
    outcome: Any
    make: Any = field(repr=False)


FAILURES = []


def failure(outcome, *, name=None):
    """Add the decorated function to the table."""

    def add(make):
        FAILURES.append(Failure(name or make.__name__, outcome, make))
        return make

    return add


def failures(outcome, **makes):
    """Add several that come to the same."""
    for name, make in makes.items():
        failure(outcome, name=name)(make)


def pem(w):
    return f"-----BEGIN PRIVATE KEY-----\n{w.secret}\n-----END PRIVATE KEY-----"


# Tokens


class RaisingSequence:
    """Reading it raises an error that holds what it was made of."""

    def __init__(self, secret):
        self._secret = secret

    def __len__(self):
        return 1

    def __getitem__(self, index):
        raise RuntimeError(self._secret)

    def __iter__(self):
        raise RuntimeError(self._secret)


Sequence.register(RaisingSequence)


UNFIT = {
    "a_number": lambda w: int.from_bytes(w.secret.encode(), "big"),
    "a_bytearray": lambda w: bytearray(w.secret.encode()),
    "a_memoryview": lambda w: memoryview(w.secret.encode()),
    "a_dict": lambda w: {w.secret: w.secret},
    "a_set": lambda w: {w.secret},
    "a_list_of_lists": lambda w: [[w.secret]],
    "a_list_of_bytearrays": lambda w: [bytearray(w.secret.encode())],
    "a_path": lambda w: Path(w.secret),
}
UNFIT_VALUES = {
    "pem": pem,
    "pem_bytes": lambda w: pem(w).encode(),
    "ssh": lambda w: f"ssh-ed25519 {w.secret}",
    "jwk": lambda w: '{"kty":"oct","k":"' + w.secret + '"}',
    "jwk_utf_16": lambda w: ('{"kty":"oct","k":"' + w.secret + '"}').encode("utf-16"),
    "der": lambda w: bytes((0x30, 2 + len(w.secret), 0x02, len(w.secret))) + w.secret.encode(),
    "surrogate": lambda w: w.secret + "\ud800",
    "a_list_of_pem": lambda w: [pem(w), w.secret],
    "a_list_of_surrogates": lambda w: [w.secret + "\ud800"],
}
for kind, given in UNFIT.items():
    failure("TypeError", name=f"create_token_with_{kind}_as_secret")(
        lambda w, given=given: w.auth.create_token("ada", "user", given(w))
    )
for kind, given in UNFIT_VALUES.items():
    failure("ValueError", name=f"create_token_with_{kind}_as_secret")(
        lambda w, given=given: w.auth.create_token("ada", "user", given(w))
    )
for kind, given in {**UNFIT, **UNFIT_VALUES}.items():
    failure(None, name=f"verify_token_with_{kind}_as_secret")(
        lambda w, given=given: w.auth.verify_token(w.token + "x", given(w))
    )
failures(
    "TypeError",
    create_token_with_bytes_as_username=lambda w: w.auth.create_token(w.token.encode(), "user", w.secret),
    create_token_with_no_str_as_role=lambda w: w.auth.create_token("ada", [w.token], w.secret),
    create_token_with_the_secret_as_hours=lambda w: w.auth.create_token("ada", "user", w.secret, w.secret),
    create_token_with_an_unknown_argument=lambda w: w.auth.create_token("ada", "user", w.secret, hours=w.secret),
    create_token_with_an_argument_too_many=lambda w: w.auth.create_token("ada", "user", w.secret, 1, w.secret),
    verify_token_with_an_argument_too_many=lambda w: w.auth.verify_token(w.token, w.secret, w.secret),
    verify_token_with_the_secret_as_leeway=lambda w: w.auth.verify_token(w.token, w.secret, leeway=w.secret),
)
failures(
    "ValueError",
    create_token_with_a_surrogate_in_the_username=lambda w: w.auth.create_token(w.token + "\ud800", "user", w.secret),
    create_token_with_a_surrogate_in_the_role=lambda w: w.auth.create_token("ada", w.token + "\udfff", w.secret),
    create_token_with_an_empty_secret=lambda w: w.auth.create_token(w.token, "user", ""),
    create_token_with_no_secrets=lambda w: w.auth.create_token(w.token, "user", []),
    create_token_with_an_empty_first_secret=lambda w: w.auth.create_token(w.token, "user", ("", w.secret)),
    create_token_that_would_be_too_long=lambda w: w.auth.create_token(w.token * 500, "user", w.secret),
    create_token_beyond_64_bits=lambda w: w.auth.create_token(w.token, "user", w.secret, 2**60),
    verify_token_with_a_leeway_below_zero=lambda w: w.auth.verify_token(w.token, w.secret, leeway=-1),
)


@contextlib.contextmanager
def not_warned_yet(w):
    """The warning comes once a process; the Rust engine imports its own copy of the module that gives it."""
    with contextlib.ExitStack() as patches:
        for refusals in (w.module("_engine.refusals"), sys.modules.get("fastware._engine.refusals")):
            if refusals:
                patches.enter_context(mock.patch.object(refusals, "_has_warned", False))
        yield


@failure("InsecureKeyLengthWarning")
def create_token_with_a_short_secret_where_warnings_are_errors(w):
    with not_warned_yet(w), warnings.catch_warnings():
        warnings.simplefilter("error")
        w.auth.create_token("ada", "user", w.secret[:31])


@failure("str")
def create_token_with_a_short_secret(w):
    with not_warned_yet(w):
        return type(w.auth.create_token("ada", "user", w.secret[:31])).__name__


REFUSED_PAYLOADS = {
    "cut": lambda mark: b'{"jti":"' + mark,
    "not_an_object": lambda mark: b'["' + mark + b'"]',
    "too_deep": lambda mark: b'{"jti":"' + mark + b'","a":' + b"[" * 70 + b"]" * 70 + b"}",
    "very_deep": lambda mark: b'{"jti":"' + mark + b'","a":' + b"[" * 9_000 + b"]" * 9_000 + b"}",
    "surrogate": lambda mark: b'{"jti":"' + mark + b'\\ud800"}',
    "not_utf8": lambda mark: b'{"jti":"' + mark + b'\xff"}',
    "long_integer": lambda mark: b'{"jti":"' + mark + b'","a":' + b"7" * 5_000 + b"}",
    "overflow": lambda mark: b'{"jti":"' + mark + b'","a":1e999}',
    "nan": lambda mark: b'{"jti":"' + mark + b'","a":NaN}',
    "expired": lambda mark: b'{"jti":"' + mark + b'","exp":1}',
    "audience": lambda mark: b'{"jti":"' + mark + b'","aud":"' + mark + b'"}',
}
for kind, payload in REFUSED_PAYLOADS.items():

    @failure(None, name=f"verify_token_of_a_signed_payload_{kind}")
    def _(w, payload=payload):
        mark = w.marks.add("claim", new_mark()).encode()
        return w.auth.verify_token(raw_tokens.sign_bytes(payload(mark), secret=w.secret), w.secret)

    @failure(None, name=f"verify_token_of_a_signed_header_{kind}")
    def _(w, payload=payload):
        mark = w.marks.add("claim", new_mark()).encode()
        header = payload(mark).replace(b'{"jti"', b'{"alg":"HS256","jti"')
        header = header.replace(b'"exp":1', b'"crit":["' + mark + b'"]').replace(b'"aud"', b'"kid":1,"aud"')
        return w.auth.verify_token(raw_tokens.sign_bytes(b"{}", header=header, secret=w.secret), w.secret)


failures(
    None,
    verify_token_of_a_forged_one=lambda w: w.auth.verify_token(w.token[:-3] + "AAA", w.secret),
    verify_token_of_one_segment=lambda w: w.auth.verify_token(w.token.replace(".", ""), w.secret),
    verify_token_of_bytes=lambda w: w.auth.verify_token(w.token.encode(), w.secret),
    verify_token_with_a_surrogate=lambda w: w.auth.verify_token(w.token + "\ud800", w.secret),
    verify_token_with_padding=lambda w: w.auth.verify_token(w.token + "=", w.secret),
    verify_token_with_a_signature_of_one_character=lambda w: w.auth.verify_token(
        w.token.rpartition(".")[0] + ".A", w.secret
    ),
    verify_token_that_is_not_canonical=lambda w: w.auth.verify_token(w.token[:-1] + "_", w.secret),
    verify_token_with_an_empty_header=lambda w: w.auth.verify_token(
        raw_tokens.sign_segments("", w.token.split(".")[1], w.secret), w.secret
    ),
    verify_token_with_a_sequence_that_raises=lambda w: w.auth.verify_token(w.token, RaisingSequence(w.secret)),
)


# Passwords

failures(
    "ValueError",
    hash_password_over_72_bytes=lambda w: w.auth.hash_password(w.password * 3),
    hash_password_with_nul=lambda w: w.auth.hash_password(w.password + "\0"),
    hash_password_with_a_surrogate=lambda w: w.auth.hash_password(w.password + "\ud800"),
    hash_password_with_an_odd_cost=lambda w: w.auth.hash_password(w.password, cost=99),
    ahash_password_over_72_bytes=lambda w: asyncio.run(w.auth.ahash_password(w.password * 3)),
)
failures(
    "TypeError",
    hash_password_of_bytes=lambda w: w.auth.hash_password(w.password.encode()),
    hash_password_of_a_list=lambda w: w.auth.hash_password([w.password]),
    hash_password_with_the_password_as_cost=lambda w: w.auth.hash_password(w.password, cost=w.password),
    hash_password_with_an_argument_too_many=lambda w: w.auth.hash_password(w.password, w.password),
    averify_password_with_an_argument_too_many=lambda w: asyncio.run(w.auth.averify_password(w.password, w.hash, 1)),
)
failures(
    False,
    verify_password_that_is_wrong=lambda w: w.auth.verify_password(w.password + "x", w.hash),
    verify_password_over_72_bytes=lambda w: w.auth.verify_password(w.password * 3, w.hash),
    verify_password_with_a_surrogate=lambda w: w.auth.verify_password(w.password + "\ud800", w.hash),
    verify_password_of_bytes=lambda w: w.auth.verify_password(w.password.encode(), w.hash),
    verify_password_with_half_a_hash=lambda w: w.auth.verify_password(w.password, w.hash[:-1]),
    verify_password_with_a_hash_that_bcrypt_refuses=lambda w: w.auth.verify_password(
        w.password, w.hash[:7] + "." * 21 + "/" + w.hash[29:]
    ),
    averify_password_with_a_hash_of_bytes=lambda w: asyncio.run(w.auth.averify_password(w.password, w.hash.encode())),
)


@failure(False)
def verify_password_where_bcrypt_raises_what_it_was_given(w):
    def checkpw(password, hashed):
        raise ValueError(password, hashed)

    with mock.patch.object(bcrypt, "checkpw", checkpw):
        return w.auth.verify_password(w.password, w.hash)


# Extras and engines


@failure("ImportError")
def hash_password_without_bcrypt(w):
    with absent(w, "bcrypt"):
        w.auth.hash_password(w.password)


@failure("ImportError")
def verify_password_without_bcrypt(w):
    with absent(w, "bcrypt"):
        w.auth.verify_password(w.password, w.hash)


@contextlib.contextmanager
def absent(w, name):
    """A package that is not installed."""
    require = w.module("_extras").require
    found = sys.modules.pop(name)
    sys.meta_path.insert(0, Hidden(name))
    require.cache_clear()
    try:
        yield
    finally:
        sys.meta_path.pop(0)
        sys.modules[name] = found
        require.cache_clear()


class Hidden:
    """Finds nothing under one name."""

    def __init__(self, name):
        self._name = name

    def find_spec(self, name, path=None, target=None):
        if name == self._name:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


@failure("ImportError")
def import_with_an_unknown_engine(w):
    with mock.patch.dict(os.environ, {"FASTWARE_ENGINE": "c", "JWT_SECRET": w.secret}):
        w.module("_engine")._pick()


@failure("ImportError")
def import_without_the_rust_engine(w):
    name = "fastware._engine._rust"
    hidden = {"FASTWARE_ENGINE": "rust", "JWT_SECRET": w.secret}
    with mock.patch.dict(os.environ, hidden), mock.patch.dict(sys.modules, {name: None}):
        w.module("_engine")._pick()


@failure("AttributeError")
def a_name_that_the_package_lacks(w):
    return w.fastware.nothing


# Users


class Stored:
    """Makes a store in memory of the package's own kind."""

    def __new__(cls, w, users, *, fails=None):
        class Store(w.auth.UserStore):
            def load_users(self):
                return users

            def save_users(self, changed):
                if fails:
                    raise fails
                users[:] = changed

        return Store()


failures(
    "NotImplementedError",
    load_users_of_the_interface=lambda w: w.auth.UserStore().create_user("ada", w.password, "user"),
    save_users_of_the_interface=lambda w: w.auth.UserStore().save_users([w.user()]),
)
failures(
    "ValueError",
    create_user_that_exists=lambda w: Stored(w, [w.user()]).create_user("ada", w.password, "user"),
    create_user_without_a_name=lambda w: Stored(w, [w.user()]).create_user("", w.password, "user"),
    create_user_with_a_control_character=lambda w: Stored(w, [w.user()]).create_user(
        w.password + "\n", w.password, "user"
    ),
    create_user_with_a_surrogate_in_the_role=lambda w: Stored(w, []).create_user("bob", w.password, w.token + "\ud800"),
    create_user_with_an_overlong_password=lambda w: Stored(w, [w.user()]).create_user("bob", w.password * 3, "user"),
    create_user_in_a_file_where_it_exists=lambda w: (
        w.store("[]").save_users([w.user()]),
        w.store().create_user("ada", w.password, "user"),
    ),
)
failures(
    "TypeError",
    create_user_with_a_name_of_bytes=lambda w: Stored(w, []).create_user(w.password.encode(), w.password, "user"),
    create_user_with_a_list_as_role=lambda w: Stored(w, []).create_user("bob", w.password, [w.token]),
    create_user_with_bytes_as_password=lambda w: Stored(w, []).create_user("bob", w.password.encode(), "user"),
)
failures(
    "LookupError",
    delete_user_that_is_not_there=lambda w: Stored(w, [w.user()]).delete_user("bob"),
    delete_user_that_is_not_in_the_file=lambda w: (w.store("[]").save_users([w.user()]), w.store().delete_user("bob")),
)


@failure("OSError")
def create_user_where_the_save_fails(w):
    Stored(w, [w.user()], fails=OSError(28, "No space left on device")).create_user("bob", w.password, "user")


@failure("OSError")
def create_user_where_the_disk_is_full(w):
    store = w.store("[]")
    store.save_users([w.user()])
    with mock.patch.object(os, "fsync", side_effect=OSError(28, "No space left on device")):
        store.create_user("bob", w.password, "user")


@failure("PermissionError")
def create_user_in_a_file_that_is_read_only(w):
    store = w.store("[]")
    store.save_users([w.user()])
    store.path.chmod(0o400)
    try:
        store.create_user("bob", w.password, "user")
    finally:
        store.path.chmod(0o600)


def _json(*users):
    return json.dumps(users, ensure_ascii=False)


DAMAGED = {
    "cut": lambda w: _json(w.user())[:-20],
    "cut_in_a_string": lambda w: _json(w.user()).partition(w.hash[20:])[0],
    "a_control_character": lambda w: _json(w.user()).replace(w.hash, w.hash + "\n"),
    "a_bad_escape": lambda w: _json(w.user()).replace(w.hash, w.hash + "\\q"),
    "no_comma": lambda w: _json(w.user()).replace(", ", " "),
    "two_values": lambda w: _json(w.user()) + _json(w.user()),
    "a_bare_hash": lambda w: w.hash,
    "not_utf8": lambda w: _json(w.user()).encode() + b"\xff",
    "utf_16": lambda w: _json(w.user()).encode("utf-16"),
    "too_deep": lambda w: _json(w.user())[:-1] + "," + "[" * 200_000,
    "an_object": lambda w: _json(w.user())[1:-1],
    "a_string": lambda w: f'"{w.hash}"',
    "no_user": lambda w: _json(w.user(), w.hash),
    "a_user_twice": lambda w: _json(w.user(), w.user()),
    "a_field_twice": lambda w: _json(w.user())[:-2] + f', "password_hash": "{w.hash}"}}]',
    "a_hash_in_a_list": lambda w: _json(w.user(password_hash=[w.hash])),
    "a_hash_as_a_key": lambda w: _json(w.user(password_hash={w.hash: w.hash})),
    "a_surrogate": lambda w: _json(w.user()).replace(w.hash, w.hash + "\\ud800"),
    "a_field_missing": lambda w: _json({"username": "ada", "hash": w.hash}),
    "a_huge_number": lambda w: _json(w.user())[:-1] + "," + "7" * 9_000 + "]",
}
for kind, content in DAMAGED.items():

    @failure("UserFileError", name=f"load_users_of_a_file_with_{kind}")
    def _(w, content=content):
        w.store(content(w)).load_users()

    @failure("UserFileError", name=f"create_user_in_a_file_with_{kind}")
    def _(w, content=content):
        w.store(content(w)).create_user("bob", w.password, "user")


failures(
    "UserFileError",
    save_users_of_no_list=lambda w: w.store("[]").save_users({"ada": w.user()}),
    save_users_with_bytes=lambda w: w.store("[]").save_users([w.user(password_hash=w.hash.encode())]),
    save_users_with_a_surrogate=lambda w: w.store("[]").save_users([w.user(password_hash=w.hash + "\ud800")]),
    save_users_with_one_twice=lambda w: w.store("[]").save_users([w.user(), w.user()]),
)


@failure("IsADirectoryError")
def load_users_of_a_folder(w):
    w.auth.JSONFileUserStore(w.folder).create_user("bob", w.password, "user")


# Cookies and responses

BROKEN = {"semicolon": ";", "line_feed": "\n", "space": " ", "quote": '"', "surrogate": "\ud800", "letter": "é"}
for kind, character in BROKEN.items():
    failures(
        "ValueError",
        **{
            f"session_cookie_with_a_{kind}": lambda w, c=character: w.auth.set_session_cookies(w.token + c, w.csrf),
            f"csrf_cookie_with_a_{kind}": lambda w, c=character: w.auth.set_session_cookies(w.token, c + w.csrf),
            f"cookie_with_a_{kind}": lambda w, c=character: w.fastware.set_cookie("a", w.cookie + c),
            f"cookie_named_with_a_{kind}": lambda w, c=character: w.fastware.set_cookie(w.cookie + c, w.cookie),
            f"cookie_with_a_domain_with_a_{kind}": lambda w, c=character: w.fastware.set_cookie(
                "a", w.cookie, domain=w.token + "\n"
            ),
        },
    )
failures(
    "TypeError",
    session_cookie_of_bytes=lambda w: w.auth.set_session_cookies(w.token.encode(), w.csrf),
    csrf_cookie_of_none=lambda w: w.auth.set_session_cookies(w.token, None),
    session_cookies_with_an_argument_too_many=lambda w: w.auth.set_session_cookies(w.token, w.csrf, w.cookie),
    cookie_with_a_max_age_of_text=lambda w: w.auth.set_session_cookies(w.token, w.csrf, max_age=w.token),
    cookies_as_one_str=lambda w: w.fastware.JSONResponse({"token": w.token}, cookies=f"session={w.token}"),
    response_of_an_object=lambda w: w.fastware.JSONResponse({"token": w.token, "at": object()}),
    response_with_a_header_of_bytes=lambda w: w.fastware.JSONResponse({}, headers={"x-token": w.token.encode()}),
)
failures(
    "ValueError",
    cookie_with_an_odd_samesite=lambda w: w.fastware.set_cookie("a", w.cookie, samesite="odd"),
    cookie_for_all_sites_over_http=lambda w: w.fastware.set_cookie("a", w.cookie, samesite="none"),
    response_with_a_line_feed_in_a_header=lambda w: w.fastware.JSONResponse({}, headers={"x-token": w.token + "\n"}),
    response_with_a_surrogate_in_a_cookie=lambda w: w.fastware.JSONResponse({}, cookies=[f"session={w.token}\ud800"]),
    response_with_a_header_name_of_two_words=lambda w: w.fastware.JSONResponse({}, headers={"x token": w.token}),
    json_response_with_a_surrogate=lambda w: w.fastware.JSONResponse({"token": w.token, "name": w.cookie + "\ud800"}),
    text_response_with_a_surrogate=lambda w: w.fastware.TextResponse(w.token + "\ud800"),
    html_response_with_a_surrogate=lambda w: w.fastware.HTMLResponse(w.token + "\ud800"),
    error_with_a_surrogate=lambda w: asyncio.run(w.fastware.send_error(None, 400, w.token + "\ud800")),
)


# Headers, as the engine reads them

BAD_HEADERS = {
    "text": lambda w: [("authorization", f"Bearer {w.token}")],
    "a_string": lambda w: f"authorization: Bearer {w.token}",
    "a_dict": lambda w: {b"authorization": f"Bearer {w.token}".encode()},
    "triples": lambda w: [(b"authorization", w.token.encode(), w.csrf.encode())],
    "singles": lambda w: [(w.token.encode(),)],
    "long_lists": lambda w: [[b"cookie", w.token.encode(), w.csrf.encode()]],
    "a_number": lambda w: 5,
    "numbers": lambda w: [5],
    "bytearrays": lambda w: [(b"cookie", bytearray(w.token.encode()))],
    "none_after_a_good_one": lambda w: [(b"x-csrf-token", w.csrf.encode()), None],
}
for kind, given in BAD_HEADERS.items():
    failures(
        "TypeError",
        **{
            f"header_of_{kind}": lambda w, h=given: w.auth._get_asgi_header(h(w), b"nothing"),
            f"cookie_of_{kind}": lambda w, h=given: w.auth._get_asgi_cookie(h(w), "nothing"),
            f"cookies_of_{kind}": lambda w, h=given: w.engine.cookies(h(w)),
            f"credential_of_{kind}": lambda w, h=given: w.engine.credential(h(w), b"", "session", True),
            f"identify_by_{kind}": lambda w, h=given: w.engine.identify(h(w), "session", w.secret),
            f"csrf_verdict_of_{kind}": lambda w, h=given: w.engine.csrf_verdict(h(w)),
        },
    )
failures(
    "TypeError",
    header_by_text=lambda w: w.auth._get_asgi_header([(b"a", w.token.encode())], w.token),
    cookie_by_bytes=lambda w: w.auth._get_asgi_cookie([(b"cookie", w.cookie.encode())], w.cookie.encode()),
    credential_with_a_query_of_text=lambda w: w.engine.credential([], f"token={w.token}", "session", True),
    credential_with_a_cookie_name_of_bytes=lambda w: w.engine.credential([], b"token=" + w.token.encode(), b"x", True),
    identify_with_an_argument_too_many=lambda w: w.engine.identify([], "session", w.secret, w.secret),
)


@failure("AttributeError")
def take_without_a_clock(w):
    # The pure-Python engine asks for the attribute of the module, the Rust engine has a message of its own.
    buckets = w.engine.TokenBuckets(1, 10**9)
    clock = time.monotonic_ns
    del time.monotonic_ns
    try:
        buckets.take(w.token)
    finally:
        time.monotonic_ns = clock


# Who makes a request

failures(
    "HTTPError",
    current_user_without_a_token=lambda w: w.auth.get_current_user(
        w.request(headers=[("cookie", f"csrf_token={w.csrf}")], query=f"csrf={w.csrf}")
    ),
    current_user_with_a_forged_token=lambda w: w.auth.get_current_user(w.request()),
    current_user_with_a_forged_cookie=lambda w: w.auth.get_current_user(
        w.request(headers=[("cookie", f"session={w.token}x")])
    ),
    current_user_with_a_forged_query_token=lambda w: w.auth.get_current_user(w.request(headers=[])),
    current_user_without_a_state=lambda w: w.auth.get_current_user(w.request(state={})),
    current_user_without_a_config=lambda w: w.auth.get_current_user(w.request(state={"jwt_secret": w.secret})),
    current_user_with_a_config_of_text=lambda w: w.auth.get_current_user(w.request(state={"config": w.secret})),
    current_user_without_a_secret=lambda w: w.auth.get_current_user(
        w.request(state={"config": {"secret": w.secret, "jwt_secret": ""}})
    ),
    current_user_with_a_pem_secret=lambda w: w.auth.get_current_user(w.request(state=configured(pem(w)))),
    current_user_with_a_dict_secret=lambda w: w.auth.get_current_user(w.request(state=configured({"a": w.secret}))),
    current_user_of_another_kind_of_request=lambda w: w.auth.get_current_user(ForeignRequest(w)),
    another_role=lambda w: w.auth.require_role("admin")(w.request(headers=[("authorization", f"Bearer {w.token}")])),
    another_role_of_two=lambda w: w.auth.require_role("admin", "editor")(
        w.request(headers=[("authorization", f"Bearer {w.signed(role=[w.csrf])}")])
    ),
)
failure("TypeError", name="a_role_of_bytes")(lambda w: w.auth.require_role(w.secret.encode()))


def configured(secret):
    return {"config": {"jwt_secret": secret}}


class ForeignRequest:
    """A request of another framework: a scope, and a state that shows all that it has."""

    def __init__(self, w):
        request = w.request()
        self.scope = dict(request.scope)
        self.state = configured(w.secret)

    def __repr__(self):
        return "<ForeignRequest>"


# Rate limits


def itself(router):
    router.include_router(router)


def bare(secret):
    return secret


def keyed(*, key):
    return key


def called_twice(w, key_func=None):
    @w.auth.rate_limit("1/hour", key_func)
    async def handler(request):
        return w.token

    for _ in range(2):
        asyncio.run(awaited(handler, w.request()))


async def awaited(function, *args):
    return await function(*args)


class Handler:
    """A callable that shows what it holds, as a dataclass would."""

    def __init__(self, secret):
        self._secret = secret

    def __call__(self, request):
        return self._secret

    def __repr__(self):
        return f"Handler({self._secret!r})"


def above_the_route(w):
    handler = Handler(w.secret)
    w.fastware.Router().get("/")(handler)
    w.auth.rate_limit("1/hour")(handler)


def wrapped(w):
    return w.auth.rate_limit("1/hour")(Handler(w.secret))


failures(
    "ValueError",
    a_rate_of_another_form=lambda w: w.auth.rate_limit("often", key_func=lambda request: w.token),
    a_router_that_includes_itself=lambda w: itself(w.fastware.Router()),
    buckets_without_capacity=lambda w: w.engine.TokenBuckets(0, 10**9),
)
failures(
    "TypeError",
    a_bucket_of_bytes=lambda w: w.engine.TokenBuckets(1, 10**9).take(w.token.encode()),
    a_moment_of_text=lambda w: w.engine.TokenBuckets(1, 10**9).take(w.token, w.token),
    a_key_of_bytes=lambda w: called_twice(w, key_func=lambda request: w.token.encode()),
    a_limited_handler_without_a_request=lambda w: w.auth.rate_limit("1/hour")(functools.partial(bare, w.secret)),
    a_limited_handler_with_defaults_only=lambda w: w.auth.rate_limit("1/hour")(functools.partial(keyed, key=w.secret)),
    a_limit_above_the_route=above_the_route,
    a_limited_handler_called_without_its_request=lambda w: wrapped(w)(),
)
failure("OverflowError", name="a_moment_before_the_clock")(lambda w: w.engine.TokenBuckets(1, 10**9).take(w.token, -1))
failures(
    "RateLimitError",
    a_call_too_many=lambda w: called_twice(w, key_func=lambda request: w.token),
    a_call_too_many_by_client=called_twice,
)


@failure("RateLimitError")
def a_call_too_many_of_a_sync_handler(w):
    @w.auth.rate_limit("1/hour")
    def handler(request):
        return w.token

    for _ in range(2):
        handler(w.request())


# Requests and bodies

MALFORMED = {
    "json_cut": b'{"password": "%s',
    "json_with_a_bad_escape": b'{"password": "%s\\q"}',
    "json_with_a_surrogate": b'{"password": "%s\\ud800"}',
    "json_with_a_control_character": b'{"password": "%s\n"}',
    "json_without_quotes": b"{password: %s}",
    "json_of_a_bare_word": b"%s",
    "json_and_more": b'{"password": "%s"} %s',
    "json_that_is_not_utf8": b'{"password": "%s\xff"}',
    "json_too_deep": b'{"password": "%s", "a": ' + b"[" * 100_000,
    "json_with_a_huge_number": b'{"password": "%s", "a": 1e99999}',
}
for kind, body in MALFORMED.items():
    content = functools.partial(lambda body, w: body.replace(b"%s", w.password.encode()), body)
    failure("HTTPError", name=kind)(lambda w, content=content: w.request(content(w)).json)

    @failure(400, name=f"answer_to_{kind}")
    def _(w, content=content):
        async def login(request):
            return request.json["password"]

        return w.ask(w.app(login), "POST", body=content(w))


failures(
    "CompoundValueError",
    an_object_looked_up=lambda w: {}.get(w.request(b'{"password": "%s"}' % w.password.encode()).json),
    an_array_looked_up=lambda w: {}.get(w.request(b'["%s"]' % w.password.encode()).json),
)
failures(
    "MissingFieldError",
    a_field_that_is_missing=lambda w: w.request(b'{"password": "%s"}' % w.password.encode()).json["username"],
    a_field_of_an_array=lambda w: w.request(b'["%s"]' % w.password.encode()).json["username"],
    a_query_parameter_that_is_missing=lambda w: w.request().query_params["page"],
    a_form_field_that_is_missing=lambda w: form(w, b"password=" + w.password.encode())["username"],
)
failures(
    "HTTPError",
    a_body_that_is_empty=lambda w: w.request().json,
    text_that_is_not_utf8=lambda w: w.request(w.password.encode() + b"\xff").text,
    a_form_of_json=lambda w: w.request(w.password.encode()).form,
    a_form_with_too_many_fields=lambda w: form(w, b"&".join([b"password=" + w.password.encode()] * 1_001)),
    a_query_with_too_many_parameters=lambda w: w.request(query="&".join([f"token={w.token}"] * 1_001)).query_params,
)
failure("MissingItemError", name="an_item_that_is_missing")(
    lambda w: w.request(b'["%s"]' % w.password.encode()).json[1]
)
failure("KeyError", name="a_state_without_the_name")(lambda w: w.request().state["nothing"])
failures(
    "AttributeError",
    a_state_without_the_attribute=lambda w: w.request().state.nothing,
    a_state_without_what_is_deleted=lambda w: delattr(w.request().state, "nothing"),
)


def form(w, body):
    headers = [*w.headers[:-1], ("content-type", "application/x-www-form-urlencoded")]
    return w.request(body, headers=headers).form


# What clients are told


async def raising(request):
    raise RuntimeError("the handler failed")


def reads(name):
    async def handler(request):
        return getattr(request, name)["username"]

    return handler


failures(
    404,
    answer_without_a_route=lambda w: w.ask(w.app(), path="/nothing"),
)
failures(405, answer_without_the_method=lambda w: w.ask(w.app(), "DELETE"))
failures(
    413,
    answer_to_a_large_body=lambda w: w.ask(w.app(max_body_size=5), "POST", body=w.password.encode()),
    answer_to_a_body_announced_as_large=lambda w: w.ask(
        w.app(max_body_size=5), "POST", headers=[*w.headers, ("content-length", "500")], body=w.password.encode()
    ),
)
failures(
    400,
    answer_to_half_a_body=lambda w: w.ask(w.app(), "POST", chunks=[w.password.encode(), None]),
    answer_without_a_field=lambda w: w.ask(w.app(reads("json")), "POST", body={"password": w.password}),
    answer_to_a_lone_string=lambda w: w.ask(w.app(reads("json")), "POST", body=b'"%s"' % w.password.encode()),
)
failures(
    500,
    answer_to_an_exception=lambda w: w.ask(w.app(raising)),
    answer_to_an_exception_in_a_middleware=lambda w: w.ask(w.app(middleware=[failing])),
    answer_to_an_unfit_secret=lambda w: w.ask(w.app(deps={"u": w.auth.get_current_user}, secret=pem(w))),
    answer_without_a_secret=lambda w: w.ask(w.app(deps={"u": w.auth.get_current_user}, secret="")),
    answer_of_an_odd_kind=lambda w: w.ask(w.app(functools.partial(odd, secret=w.secret), deps={})),
    answer_where_a_handler_stops=lambda w: w.ask(w.app(functools.partial(stopping, secret=w.secret))),
    answer_where_a_dependency_swallows=lambda w: w.ask(
        w.app(functools.partial(failing_handler, secret=w.secret), deps={"kept": swallowing})
    ),
    answer_that_has_no_json=lambda w: w.ask(w.app(unencodable(w))),
)
failures(
    401,
    answer_to_a_forged_token=lambda w: w.ask(w.app(deps={"u": w.auth.get_current_user})),
    answer_to_a_forged_query_token=lambda w: w.ask(
        w.app(deps={"u": w.auth.get_current_user}), headers=[], query=f"token={w.token}x"
    ),
)
failures(
    403,
    answer_to_another_role=lambda w: w.ask(
        w.app(deps={"u": w.auth.require_role("admin")}), headers=[("authorization", f"Bearer {w.token}")]
    ),
    answer_to_a_csrf_mismatch=lambda w: w.ask(w.app(middleware=[w.auth.CSRFMiddleware]), "POST", headers=w.headers[1:]),
    answer_to_a_missing_csrf_cookie=lambda w: w.ask(
        w.app(middleware=[w.auth.CSRFMiddleware]), "POST", headers=w.headers[2:]
    ),
    answer_to_a_missing_csrf_header=lambda w: w.ask(
        w.app(middleware=[w.auth.CSRFMiddleware]), "POST", headers=w.headers[1:2]
    ),
)


@failure(429)
def answer_to_a_call_too_many(w):
    @w.auth.rate_limit("1/hour", key_func=lambda request: w.token)
    async def limited(request):
        return None

    app = w.app(limited)
    w.ask(app)
    return w.ask(app)


@failure("RuntimeError")
def an_exception_after_the_answer_has_begun(w):
    def broken(app):
        async def half(scope, receive, send):
            await send({"type": "http.response.start", "status": 200, "headers": []})
            raise RuntimeError("the middleware failed")

        return half

    w.ask(w.app(middleware=[broken]))


def failing(app):
    async def middleware(scope, receive, send):
        raise RuntimeError("the middleware failed")

    return middleware


def odd(request, secret):
    return 5


def stopping(request, secret):
    raise StopIteration


def failing_handler(request, kept, secret):
    raise RuntimeError("the handler failed")


def swallowing():
    with contextlib.suppress(RuntimeError):
        yield 1


def unencodable(w):
    async def handler(request):
        return {"token": w.token, "name": w.cookie + "\ud800"}

    return handler


@failure(None)
def a_websocket_that_nobody_serves(w):
    sent = []

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        sent.append(message)

    websocket = {**scope("GET", "/", headers=w.headers, query=f"token={w.token}"), "type": "websocket"}
    asyncio.run(awaited(w.app(), websocket, receive, send))
    assert not w.marks.found_in(repr(sent))


# What is set up


def two_handlers(w):
    router = w.fastware.Router()
    for _ in range(2):
        router.get("/")(functools.partial(odd, secret=w.secret))
    w.fastware.create_app(router)


failures(
    "TypeError",
    an_application_of_a_router_class=lambda w: w.fastware.create_app(Handler(w.secret)),
    an_application_with_a_lifespan_that_is_none=lambda w: w.fastware.create_app(
        w.fastware.Router(), lifespan={"config": {"jwt_secret": w.secret}}
    ),
    an_application_with_one_middleware=lambda w: w.fastware.create_app(
        w.fastware.Router(), middleware=Handler(w.secret)
    ),
    an_application_with_a_size_of_text=lambda w: w.fastware.create_app(w.fastware.Router(), max_body_size=w.secret),
    dependencies_in_a_list=lambda w: w.fastware.Router(deps=[w.secret]),
    a_dependency_that_is_a_secret=lambda w: w.fastware.Router(deps={"secret": w.secret}),
    a_dependency_that_takes_two=lambda w: w.app(deps={"u": functools.partial(takes_two, secret=w.secret)}),
    a_dependency_that_takes_keywords=lambda w: w.app(deps={"u": functools.partial(takes_keyword, secret=w.secret)}),
    a_handler_that_takes_positions=lambda w: w.app(functools.partial(takes_position, secret=w.secret)),
    a_handler_that_takes_more=lambda w: w.app(functools.partial(takes_two, secret=w.secret)),
    exempt_paths_as_one_str=lambda w: w.auth.CSRFMiddleware(w.app(), exempt_paths="/login"),
    an_exempt_path_of_bytes=lambda w: w.auth.CSRFMiddleware(w.app(), exempt_paths=[w.token.encode()]),
)
failures(
    "ValueError",
    an_exempt_path_without_a_slash=lambda w: w.auth.CSRFMiddleware(w.app(), exempt_paths=["login"]),
    a_prefix_without_a_slash=lambda w: w.fastware.Router("api"),
    a_path_without_a_slash=lambda w: w.app(path="login"),
    a_path_with_a_rest_in_the_middle=lambda w: w.app(path="/{rest:path}/x"),
    a_path_with_an_odd_parameter=lambda w: w.app(path="/x{id}"),
    two_handlers_for_one_path=two_handlers,
)


def takes_two(one, two, secret=None):
    """Neither a dependency nor a handler takes two things that nobody offers."""


def takes_keyword(*, needed, secret=None):
    """What a dependency takes is passed by position."""


def takes_position(request, /, secret=None):
    """What a handler takes is passed by name."""


def lifespan_messages(w, lifespan):
    """What an application tells its server."""
    sent = []
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

    async def receive():
        return messages.pop(0)

    async def send(message):
        sent.append(message)

    app = w.fastware.create_app(w.fastware.Router(), lifespan=lifespan)
    asyncio.run(awaited(app, {"type": "lifespan", "state": {}}, receive, send))
    assert not w.marks.found_in(repr(sent))
    return sent[-1]["type"]


@failure("lifespan.startup.failed")
def a_lifespan_that_yields_a_list(w):
    @contextlib.asynccontextmanager
    async def lifespan(app):
        yield [w.secret]

    return lifespan_messages(w, lifespan)


@failure("lifespan.startup.failed")
def a_lifespan_that_raises(w):
    @contextlib.asynccontextmanager
    async def lifespan(app):
        config = {"jwt_secret": w.secret}
        raise KeyError("JWT_SECRET" if config else "")
        yield config

    return lifespan_messages(w, lifespan)


@failure("lifespan.shutdown.failed")
def a_lifespan_that_raises_at_the_end(w):
    @contextlib.asynccontextmanager
    async def lifespan(app):
        yield {"config": {"jwt_secret": w.secret}}
        raise RuntimeError("closing failed")

    return lifespan_messages(w, lifespan)

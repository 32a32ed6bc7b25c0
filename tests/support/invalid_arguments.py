"""Calls of the functions of the package in which each argument is replaced by invalid values with a marked secret."""

import asyncio
import functools
from collections.abc import Sequence
from pathlib import Path

import csrf_checks
from asgi_client import websocket_scope
from marks import new_mark


class ShowsItsSecret:
    """A callable whose ``repr`` shows its content, like that of a dataclass or a ``functools.partial``."""

    def __init__(self, secret):
        self._secret = secret

    def __call__(self, request):
        return self._secret

    def __repr__(self):
        return f"ShowsItsSecret({self._secret!r})"


class RaisingSequence(Sequence):
    """Reading it raises an error without the secret."""

    def __init__(self, secret):
        self._secret = secret

    def __len__(self):
        return 1

    def __getitem__(self, index):
        raise RuntimeError("cannot be read")

    def __repr__(self):
        return f"RaisingSequence({self._secret!r})"


def pem(secret):
    return f"-----BEGIN PRIVATE KEY-----\n{secret}\n-----END PRIVATE KEY-----"


def values(secret):
    """Return the values that are passed in place of an argument."""
    octets = secret.encode()
    jwk = f'{{"kty":"oct","k":"{secret}"}}'
    texts = ["", *(secret + end for end in ("\ud800", "\0", "\n", ";", " ", '"', "é", "=")), secret * 400, octets * 400]
    keys = [
        pem(secret),
        f"ssh-ed25519 {secret}",
        jwk,
        jwk.encode("utf-16"),
        bytes((48, len(octets) + 2, 2, 24)) + octets,
    ]
    types = [
        octets,
        bytearray(octets),
        memoryview(octets),
        int.from_bytes(octets, "big"),
        -1,
        1e300,
        None,
        Path(secret),
    ]
    containers = [[secret], [[secret]], [octets], [bytearray(octets)], (secret,), {"name": secret}, {"name": octets}]
    headers = [
        [(octets,)],
        [(octets,) * 3],
        [("cookie", secret)],
        [(b"cookie", bytearray(octets))],
        [(b"a", octets), 5],
    ]
    sequences = [[], ["", secret], [pem(secret)], [secret + "\ud800"], {secret}, RaisingSequence(secret)]
    return [*texts, *keys, *types, *containers, *headers, *sequences, ShowsItsSecret(secret)]


def awaited(function):
    """Return a function that calls the coroutine function *function* in an event loop."""

    @functools.wraps(function)
    def call(*arguments, **options):
        async def main():
            return await function(*arguments, **options)

        return asyncio.run(main())

    return call


async def send(message):
    """Sends nothing."""


def websocket_call(s, name, *, accepts=True):
    """Return the method *name* of a WebSocket, as a function that makes and accepts one."""

    async def receive():
        return {"type": "websocket.connect"}

    async def call_on_new(*arguments, **options):
        websocket = s.fastware.WebSocket(websocket_scope(headers=s.session, subprotocols=["v1"]), receive, send)
        if accepts:
            await websocket.accept()
        await getattr(websocket, name)(*arguments, **options)

    return awaited(call_on_new)


def new_csrf_check(s):
    """Return a function that takes the settings of a check as positional arguments."""

    def new(*settings, **more):
        names = ("session_cookie", "csrf_cookie", "check_origin", "trusted_origins", "keys", "form")
        return s.engine.CSRFCheck(**dict(zip(names, settings, strict=True)), **more)

    return new


def csrf_check_with_keys(s):
    return csrf_checks.new(s.engine, keys=[s.secret.encode()])


# A function, and valid arguments. Left out are arguments that errors show on purpose: a path, a rate, a cookie name.
CALLS = {
    "create_token": lambda s: (s.auth.create_token, s.token, s.csrf, s.secret, 1),
    "verify_token": lambda s: (s.auth.verify_token, s.forged, s.secret),
    "verify_token_valid": lambda s: (s.auth.verify_token, s.token, s.secret),
    "leeway": lambda s: (lambda leeway: s.auth.verify_token(s.token, s.secret, leeway=leeway), 0),
    "audience": lambda s: (lambda audience: s.auth.verify_token(s.token, s.secret, audience=audience), "api"),
    "issuer": lambda s: (lambda issuer: s.auth.verify_token(s.token, s.secret, issuer=issuer), "issuer"),
    "expires_in": lambda s: (lambda time: s.auth.create_token("ada", "user", s.secret, expires_in=time), 5),
    "claims": lambda s: (lambda claims: s.auth.create_token("ada", "user", s.secret, claims=claims), {}),
    "inspect_token": lambda s: (lambda *a, **o: [s.auth.inspect_token(*a, **o)], s.forged, s.secret),
    "inspect_token_options": lambda s: (
        lambda leeway, audience: s.auth.inspect_token(s.token, s.secret, leeway=leeway, audience=audience),
        0,
        None,
    ),
    "has_usable_secret": lambda s: (s.engine.has_usable_secret, s.secret),
    "hash_password": lambda s: (functools.partial(s.auth.hash_password, cost=4), s.password),
    "ahash_password": lambda s: (functools.partial(awaited(s.auth.ahash_password), cost=4), s.password),
    "cost": lambda s: (lambda cost: s.auth.hash_password(s.password, cost=cost), 4),
    "verify_password": lambda s: (s.auth.verify_password, s.password, s.hash),
    "averify_password": lambda s: (awaited(s.auth.averify_password), s.password, s.hash),
    "create_user": lambda s: (lambda *a: s.memory_store().create_user("bob", *a), s.password, s.csrf),
    "create_user.fields": lambda s: (
        lambda fields: s.memory_store().create_user("bob", s.password, "user", fields=fields),
        {},
    ),
    "update_user": lambda s: (
        lambda role, password, fields: s.memory_store().update_user("ada", role=role, password=password, fields=fields),
        s.csrf,
        s.password,
        {},
    ),
    "revocations": lambda s: (lambda new: s.auth.JSONFileUserStore("users.json", revocations=new), None),
    "find_user": lambda s: (s.file_store().find_user, s.token),
    "set_session_cookies": lambda s: (s.auth.set_session_cookies, s.token, s.csrf),
    "session_max_age": lambda s: (lambda max_age: s.auth.set_session_cookies(s.token, s.csrf, max_age=max_age), "exp"),
    "session_token": lambda s: (lambda token: s.auth.set_session_cookies(token, s.csrf, max_age="exp"), s.token),
    "session_attributes": lambda s: (
        lambda domain, path: s.auth.clear_session_cookies(domain=domain, path=path),
        "example.org",
        "/",
    ),
    "max_age": lambda s: (lambda max_age: s.fastware.set_cookie("a", s.csrf, max_age=max_age), 1),
    "set_cookie": lambda s: (lambda value: s.fastware.set_cookie("a", value), s.csrf),
    "domain": lambda s: (lambda domain: s.fastware.set_cookie("a", s.csrf, domain=domain), "example.org"),
    "path": lambda s: (lambda path: s.fastware.delete_cookie("a", path=path), "/"),
    "Response": lambda s: (s.fastware.Response, s.token.encode(), 200, {"x-token": s.token}, [s.csrf]),
    "TextResponse": lambda s: (s.fastware.TextResponse, s.token, 200, {"x-token": s.token}, [s.csrf]),
    "HTMLResponse": lambda s: (s.fastware.HTMLResponse, s.token, 200, {"x-token": s.token}, [s.csrf]),
    "JSONResponse": lambda s: (s.fastware.JSONResponse, {"token": s.token}, 200, {"x-token": s.token}, [s.csrf]),
    "header_value": lambda s: (lambda value: s.fastware.JSONResponse({}, headers={"x-token": value}), s.token),
    "send_error": lambda s: (awaited(s.fastware.send_error), send, 400, s.csrf, {"x-token": s.token}),
    "get_current_user": lambda s: (s.auth.get_current_user, s.request()),
    "jwt_secret": lambda s: (
        lambda key: s.auth.get_current_user(s.request(state={"config": {"jwt_secret": key}})),
        "s",
    ),
    "config": lambda s: (lambda config: s.auth.get_current_user(s.request(state={"config": config})), {}),
    "state": lambda s: (lambda state: s.auth.get_current_user({**s.request().scope, "state": state}), {}),
    "require_role": lambda s: (s.auth.require_role, s.token, s.csrf),
    "Auth": lambda s: (s.auth.Auth, s.secret),
    "Auth.audience": lambda s: (lambda audience: s.auth.Auth(s.secret, audience=audience), s.csrf),
    "Auth.issuer": lambda s: (lambda issuer: s.auth.Auth(s.secret, issuer=issuer), s.csrf),
    "Auth.leeway": lambda s: (lambda leeway: s.auth.Auth(s.secret, leeway=leeway), 5),
    "Auth.allow_query_token": lambda s: (lambda flag: s.auth.Auth(s.secret, allow_query_token=flag), True),
    "Auth.create_token": lambda s: (s.auth.Auth(s.secret).create_token, s.token, s.csrf),
    "Auth.claims": lambda s: (lambda claims: s.settings.create_token("a", "b", claims=claims), {"jti": s.csrf}),
    "Auth.expires_in": lambda s: (lambda lifetime: s.settings.create_token("a", "b", expires_in=lifetime), 60),
    "Auth.verify_token": lambda s: (s.settings.verify_token, s.token),
    "Auth.inspect_token": lambda s: (s.settings.inspect_token, s.token),
    "Auth.identify": lambda s: (s.settings.identify, s.request()),
    "Auth.current_user": lambda s: (awaited(s.settings.current_user), s.request()),
    "Auth.require_role": lambda s: (s.settings.require_role, s.token, s.csrf),
    "CSRFMiddleware.secret": lambda s: (lambda secret: s.auth.CSRFMiddleware(send, secret=secret), s.secret),
    "CSRFMiddleware.options": lambda s: (
        lambda field, origins, flag: s.auth.CSRFMiddleware(
            send, secret=s.secret, form_field=field, trusted_origins=origins, websockets=flag
        ),
        "csrf_token",
        (),
        True,
    ),
    "create_csrf_token": lambda s: (s.auth.create_csrf_token, s.token, s.secret),
    "reject_cross_site": lambda s: (
        lambda origins: s.auth.reject_cross_site({"headers": []}, trusted_origins=origins),
        (),
    ),
    "config.auth": lambda s: (lambda auth: s.auth.get_current_user(s.request(state={"config": {"auth": auth}})), None),
    "limit.take": lambda s: (lambda key: s.auth.rate_limit("1/hour", lambda _: key)(lambda request: 1)(None), s.token),
    "limit.cost": lambda s: (lambda cost: s.auth.rate_limit("1/hour", cost=cost), 1),
    "limit.name": lambda s: (lambda name: s.auth.rate_limit("1/hour", name=name), s.csrf),
    "limit.reset": lambda s: (s.auth.rate_limit("1/hour")(lambda request: 1).limit.reset, s.token),
    "websocket.accept": lambda s: (websocket_call(s, "accept", accepts=False), "v1", {"x-token": s.token}),
    "websocket.send_text": lambda s: (websocket_call(s, "send_text"), s.token),
    "websocket.send_bytes": lambda s: (websocket_call(s, "send_bytes"), s.token.encode()),
    "websocket.send_json": lambda s: (websocket_call(s, "send_json"), {"token": s.token}),
    "websocket.close": lambda s: (websocket_call(s, "close"), 1000, s.csrf),
    "add_route": lambda s: (
        lambda method, handler, deps: s.fastware.Router().add_route(method, "/", handler, deps),
        "GET",
        send,
        {},
    ),
    "ws": lambda s: (s.fastware.Router().ws("/"), send),
    "mount": lambda s: (lambda app: s.fastware.Router().mount("/", app), send),
    "dependency_overrides": lambda s: (lambda new: setattr(s.app(), "dependency_overrides", new), {}),
    "create_app": lambda s: (s.fastware.create_app, s.fastware.Router(), [], None),
    "max_body_size": lambda s: (lambda size: s.fastware.create_app(s.fastware.Router(), max_body_size=size), 5),
    "deps": lambda s: (lambda deps: s.fastware.Router(deps=deps), {}),
    "in_thread": lambda s: (s.fastware.in_thread, send),
    "engine.header": lambda s: (s.engine.header, [(b"a", s.token.encode())], b"b"),
    "engine.cookie": lambda s: (s.engine.cookie, [(b"cookie", s.token.encode())], "b"),
    "engine.cookies": lambda s: (s.engine.cookies, []),
    "engine.credential": lambda s: (s.engine.credential, [], b"token=" + s.token.encode(), "session"),
    "engine.identify": lambda s: (s.engine.identify, [], b"token=" + s.forged.encode(), "session", s.secret),
    "engine.CSRFCheck": lambda s: (
        new_csrf_check(s),
        *("session", "csrf_token", True, [s.token.encode()], [s.secret.encode()], False),
    ),
    "engine.verdict": lambda s: (csrf_check_with_keys(s).verdict, [(b"cookie", s.token.encode())], True),
    "engine.verdict_of_form": lambda s: (csrf_check_with_keys(s).verdict_of_form, [], s.csrf.encode()),
    "engine.TokenBuckets": lambda s: (s.engine.TokenBuckets, 1, 10**9),
    "engine.take": lambda s: (s.engine.TokenBuckets(1, 10**9).take, s.token, 10**9, 1),
    "engine.take_counted": lambda s: (s.engine.TokenBuckets(1, 10**9).take_counted, s.token, 10**9, 1),
    "engine.give_back": lambda s: (s.engine.TokenBuckets(1, 10**9).give_back, s.token, 10**9, 1),
    "engine.take_by_client": lambda s: (s.engine.TokenBuckets(1, 10**9).take_by_client, s.request(), 1),
    "engine.reset": lambda s: (s.engine.TokenBuckets(1, 10**9).reset, s.token),
}


def calls(sandbox, name):
    """Yield ``(description, call)``: each argument replaced, one too many, and an unknown one."""
    secret = sandbox.marks.add("argument", new_mark())
    function, *arguments = CALLS[name](sandbox)
    for position in range(len(arguments) + 1):
        for number, value in enumerate(values(secret)):
            replaced = [*arguments[:position], value, *arguments[position + 1 :]]
            yield f"argument {position}, value {number}", functools.partial(function, *replaced)
    yield "unknown argument", functools.partial(function, *arguments, unknown=secret)

"""``Set-Cookie`` values, routes and mounts, and user files. Only reading back a cookie depends on the engine."""

import atexit
import functools
import json
import re
import tempfile
import warnings
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

from outcomes import identical
from tests.reference import routing, set_cookie, user_file

from fuzz.both_engines import PURE, returned
from fuzz.target import Input, as_text, expect, target

RESERVED = re.compile(
    r"expires|path|comment|domain|max-age|secure|httponly|version|samesite|partitioned|\$.*", re.IGNORECASE
)


@target(
    "set_cookie",
    "the reference; read back by both engines and http.cookies",
    seeds=[
        b"session\x1ea.b.c\x1eexample.org\x1e/app\x00\x01\x01\x03\x01\x00\x00",
        b"session\x1ea\r\nSet-Cookie: b=c\x1e\x1e/\x00\x01\x01\x03\x01\x00\x00",
        b"a\x1eb; Path=/\x1ex\x1e/\x00\x01\x01\x03\x01\x00\x00",
        b"a\x1eb\x1ex\x1e/;\n\x00\x01\x01\x03\x01\x00\x00",
        b"a b\x1ec\x1e\x1e\x00\x00\x00\x00\x00\x00\x00",
        b"a\x1e\x1e\x1e\x00\x00\x00\x00\x00\x01\x02",
        b"a\x1e" + b"v" * 4_094 + b"\x1e\x1e\x00\x00\x00\x00\x00\x00\x00",
        b"a\x1e" + b"v" * 4_095 + b"\x1e\x1e\x00\x00\x00\x00\x00\x00\x00",
        b"a\x1eb\x1e\x1e\x01\x00\x00\x00\x00\x01\x02",
        b"a\x1eb\x1e\x1e\x01\x00\x00\x00\x00\x00\x00",
    ],
)
def check_set_cookie(data: bytes) -> None:
    inputs = Input(data)
    options: dict[str, Any] = {
        "samesite": inputs.choice(("lax", "strict", "none", None, "Lax", "x")),
        "secure": inputs.flag(),
        "httponly": inputs.flag(),
        "max_age": inputs.choice((None, 0, -1, 3_600, 10**30, True, 1.5, -0.5, float("nan"), float("inf"))),
    }
    has_domain, has_path = inputs.flag(), inputs.flag()
    options["partitioned"] = inputs.flag()
    name, value, domain, path = map(as_text, inputs.fields(4))
    options |= {"domain": domain if has_domain else None, "path": path if has_path else None}
    header, problem, warned = set_cookie_of(name, value, options)
    expected = set_cookie.set_cookie(name, value, **options)
    expect(header == expected, "wrong Set-Cookie", name, value, options, header, problem, expected)
    if expected is None:
        expect(set_cookie_of(name, value * 2, options)[1] == problem, "an error that shows the value", problem)
        return
    expect(warned is set_cookie.is_too_large(name, value), "wrong warning of the size", name, len(value), warned)
    expect(expected.isascii() and expected.isprintable(), "more than one header", expected)
    pair = expected.split("; ")[0]
    headers = [(b"cookie", pair.encode("ascii"))]
    expect(returned("cookies", headers) == {name: value}, "not read back", name, value)
    expect(returned("cookie", headers, name) == value, "not read back", name, value)
    if not RESERVED.fullmatch(name):
        theirs = SimpleCookie(pair)
        expect([morsel.value for morsel in theirs.values()] == [value], "not read back by http.cookies", pair, theirs)


def set_cookie_of(name: str, value: str, options: dict[str, Any]) -> tuple[str | None, str | None, bool]:
    """Return the header or the message of the ValueError, and whether there was a warning."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            return PURE.set_cookie(name, value, **options), None, bool(caught)
        except ValueError as error:
            return None, str(error), bool(caught)


@target(
    "routing",
    "every route tried, the most specific taken",
    seeds=(
        each + bytes(6) + method
        for each in (
            b"/a/b\x1e/a/b\x1e/a/{x}\x1e/{y:path}",
            b"/a/b/c\x1e/a/b/d\x1e/{x}/b/c\x1e/a/{y}/e",
            b"/u/42\x1e/u/{id:int}\x1e/u/{name}\x1e/u/me",
            b"/" + b"7" * 40 + b"\x1e/{id:int}\x1e/{name}",
            b"/" + b"7" * 41 + b"\x1e/{id:int}\x1e/{name}",
            b"/f/a//b/\x1e/f/{rest:path}",
            b"/\x1e/{\x1e/{a:x}\x1e/{a:path}/b\x1ea\x1e/",
            b"/a/b\x1e/{x}/{x}",
            b"/a\x1e/{x}\x1e/{y}",
        )
        for method in (b"\x00", b"\x01")
    ),
)
def check_routing(data: bytes) -> None:
    inputs = Input(data)
    method = inputs.choice(("GET", "HEAD", "POST"))
    methods = [inputs.choice(("GET", "HEAD", "POST")) for _ in range(6)]
    path, *patterns = map(as_text, inputs.all_fields())
    table, routes = PURE.core.routing.RouteTable(), []
    for route in zip(methods, patterns, strict=False):
        router = PURE.core.routing.Router()
        try:
            router.route(route[1], [route[0]])(handler)
        except ValueError as error:
            expect(not routing.is_valid(route[1]), "a valid path is rejected", route, error)
            continue
        expect(routing.is_valid(route[1]), "an invalid path is accepted", route)
        is_duplicate = any(routing.are_duplicates(route, other) for other in routes)
        try:
            table.add(next(router.routes()), len(routes))
        except ValueError as error:
            expect(is_duplicate, "a route is rejected", route, routes, error)
            continue
        expect(not is_duplicate, "a duplicate route is accepted", route, routes)
        routes.append(route)
    found, expected = table.find(method, path), routing.find(routes, method, path)
    expect(found == expected, "wrong route", routes, method, path, found, expected)
    expect(table.allowed(path) == routing.allowed(routes, path), "wrong methods", routes, path, table.allowed(path))
    prefixes = list({pattern.rstrip("/") for pattern in patterns})
    mounts = PURE.core.mounts.Mounts([PURE.core.mounts.Mount(prefix, handler) for prefix in prefixes])
    mount, number = mounts.find(path), routing.find_mount(prefixes, path)
    prefix = None if number is None else prefixes[number]
    expect((mount and mount.prefix) == prefix, "wrong mount", prefixes, path, mount, prefix)


def handler() -> None:
    """The handler of every route; it is never called."""


USER = b'{"username":"ada","password_hash":"$2b$12$x","role":"admin","created_at":"2024-01-01T00:00:00Z"}'


@target(
    "user_file",
    "json, and the reference of users",
    seeds=[
        *(b"", b"[]", b"[\xff]", b"[" * 300, USER, b"[" + USER + b"]", b"[" + USER + b",\n" + USER + b"]"),
        b"[" + USER + b"," + USER.replace(b"ada", b"bob") + b"]",
        b"[" + USER.replace(b'"admin"', b"7") + b"]",
        b"[" + USER.replace(b"admin", b"\\ud800") + b"]",
        b"[" + USER.replace(b"{", b'{"\\udc00":"a","e":"\\u00e9",') + b"]",
        b"[" + USER.replace(b"{", b'{"role":"user",') + b"]",
    ],
)
def check_user_file(data: bytes) -> None:
    expected = user_file.users(data)
    try:
        users = load(data)
    except PURE.auth.UserFileError as error:
        expect(expected is None, "a valid file is rejected", data, error)
        expect(str(error).startswith(str(file())), "an error without the path", error)
        expect(error.__context__ is None, "an error with a context", error)
        return
    expect(identical(users, expected), "wrong users", users, expected)
    written = json.dumps(users, ensure_ascii=False, indent=2).encode("utf-8")
    expect(identical(load(written), users), "other users after they are written", users, written)


def load(data: bytes) -> Any:
    file().write_bytes(data)
    return PURE.auth.JSONFileUserStore(file()).load_users()


@functools.cache
def file() -> Path:
    """Return a path that is removed when the process ends."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    return Path(folder.name, "users.json")

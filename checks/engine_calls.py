"""Every path through each engine call, results and errors: about five hundred cases.

The memory check, memcheck and the tests of references make the same calls.
"""

import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import csrf_checks
from hostile_objects import HostileBytes, HostileClass, HostileList, HostileText, HostileTuple, SaysItIsText
from raw_tokens import SECRET, sign_bytes, sign_claims, sign_segments

from checks.samples import signed_csrf_token

CALLS = (
    "create_token",
    "verify_token",
    "has_usable_secret",
    "header",
    "cookie",
    "cookies",
    "credential",
    "identify",
    "verdict",
    "verdict_of_form",
    "CSRFCheck",
    "take",
    "take_counted",
    "give_back",
    "take_by_client",
    "reset",
    "TokenBuckets",
)


class HostileError(RuntimeError):
    """Raised by an argument, not by the engine."""


def _raise(*_: object) -> None:
    raise HostileError


class _Raises:
    """Raises from each of these methods, and from the property ``scope``."""

    __iter__ = __bool__ = get = _raise
    scope = property(_raise)


class _Iterates:
    """Returns *iterator* from ``__iter__``, or raises it if it is an exception class."""

    def __init__(self, iterator: Any) -> None:
        self._iterator = iterator

    def __iter__(self) -> Any:
        if isinstance(self._iterator, type):
            raise self._iterator
        return self._iterator


def _fails_after(items: list[Any]) -> Any:
    """Yield *items*, then raise."""
    yield from items
    raise HostileError


@Sequence.register
class _Items:
    """A sequence that is neither a list nor a tuple; it raises if its *length* is greater than that of *items*."""

    def __init__(self, items: list[Any], length: int) -> None:
        self._items = items
        self._length = length

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> Any:
        if index < len(self._items):
            return self._items[index]
        raise HostileError if self._length > len(self._items) else IndexError


class _Bytes(bytes):
    """A subclass whose instances have attributes."""


class _Text(str):
    """A subclass whose instances have attributes."""


class _ClearsTheList(bytes):
    """Bytes that empty the list of headers when they are deleted."""

    headers: list[Any]

    def __del__(self) -> None:
        self.headers.clear()


class _NoOrder(float):
    __le__ = __ge__ = _raise


class Request:
    """A request with the part that a rate limit reads."""

    def __init__(self, scope: Any) -> None:
        self.scope = scope


class Made:
    """An argument that *factory* makes for each call."""

    def __init__(self, factory: Callable[[], Any]) -> None:
        self.factory = factory


@dataclass(frozen=True)
class Case:
    """A call, and whether it *raises*."""

    call: str
    name: str
    arguments: tuple[Any, ...]
    keywords: dict[str, Any]
    raises: bool

    @property
    def title(self) -> str:
        return f"{self.call}: {self.name}"

    def fresh_arguments(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return new objects, to which nothing else refers: a reference that the engine keeps leaks memory."""
        return fresh(self.arguments), fresh(self.keywords)


def fresh(value: Any) -> Any:
    """Return an equal object to which nothing else refers."""
    kind = type(value)
    if kind is Made:
        return value.factory()
    if kind is str:
        return (value + "x")[:-1]
    if kind is bytes:
        return (value + b"x")[:-1]
    if kind is int:
        return value + 2**70 - 2**70
    if kind is list:
        return [fresh(item) for item in value]
    if kind is tuple:
        return tuple([fresh(item) for item in value])
    if kind is dict:
        return {fresh(name): fresh(item) for name, item in value.items()}
    return value


def calls_of(engine: Any) -> dict[str, Callable[..., Any]]:
    """Return the functions of *engine* by the names in ``CALLS``; all calls share their buckets and CSRF checks."""
    calls = {name: getattr(engine, name) for name in CALLS if hasattr(engine, name)}
    with_now, without_now, by_client = (engine.TokenBuckets(5, 10**9) for _ in range(3))
    for name in csrf_checks.METHODS:
        calls[name] = getattr(csrf_checks.new(engine, keys=[_KEY], trusted_origins=[_ORIGIN]), name)
    calls["take"] = lambda key, *now: (with_now if now else without_now).take(key, *now)
    calls["take_counted"] = with_now.take_counted
    calls["give_back"] = lambda key, *now: (with_now if now else without_now).give_back(key, *now)
    calls["take_by_client"] = by_client.take_by_client
    calls["reset"] = with_now.reset
    return calls


def cases() -> list[Case]:
    return [*_tokens(), *_secrets(), *_headers(), *_identities(), *_csrf_checks(), *_buckets()]


def _returns(call: str, name: str, *arguments: Any, **keywords: Any) -> Case:
    return Case(call, name, arguments, keywords, raises=False)


def _raises(call: str, name: str, *arguments: Any, **keywords: Any) -> Case:
    return Case(call, name, arguments, keywords, raises=True)


# Tokens and secrets

_NOW = int(time.time())
_LONG_AGO, _LATER = 1_000_000_000, _NOW + 10**8
_CLAIMS = {"sub": "alice", "role": "admin", "iat": _NOW, "exp": _LATER}
_TOKEN = sign_claims(_CLAIMS)
_OTHER_SECRET = "another secret, of 32 bytes or more"
_MEMBERS = b",".join(
    b'"member %d":[%d,"text %d",{"deep":[1.5,null,true,12345678901234567890]}]' % (n, n, n) for n in range(12)
)

_VALID_TOKENS = {
    "valid": _TOKEN,
    "large": sign_bytes(b'{"exp":%d,%s}' % (_LATER, _MEMBERS)),
    "escapes": sign_bytes(b'{"sub":"\\u00e9\\ud83d\\ude00\\n","\\u0061":"\xc3\xa9","\xe6\x84\x9b":{}}'),
    "another header": sign_claims(_CLAIMS, header={"typ": "JWT", "alg": "HS256", "kid": "7", "x": [1, {"y": 2.5}]}),
    "duplicate members": sign_bytes(b"{%s,%s,%s}" % (_MEMBERS, _MEMBERS, _MEMBERS)),
    "subclass of str": Made(lambda: _Text(_TOKEN)),
}
_PAYLOAD_ENDINGS = {
    "nothing": b"",
    "an array": b"1,2,[3,4,",
    "an object": b'{"x":{"y":[1,2,{"z":"unfinished',
    "a lone surrogate": b'"\\ud800"]}}',
    "an unknown escape": b'"text\\x"]}}',
    "invalid UTF-8": b'"\xff"]}}',
    "NaN": b"NaN]}}",
    "an infinite number": b"1e999]}}",
    "an integer that is too long": b"9" * 4_301 + b"]}}",
    "an object that is too deep": b'{"d":' * 70 + b"1" + b"}" * 70 + b"]}}",
    "an array that is too deep": b"[" * 70 + b"]" * 70 + b"]}}",
    "trailing text": b"]}} x",
    "a member without a name": b'{5:"x"}]}}',
    "half a word": b"tru]}}",
}
_INVALID_TOKENS = {
    "an object": Made(object),
    "bytes": _TOKEN.encode("ascii"),
    "hostile class": Made(HostileClass),
    "not ASCII": _TOKEN + "é",
    "surrogate": _TOKEN + "\ud800",
    "too long": "a" * 65_537,
    "two segments": _TOKEN.rpartition(".")[0],
    "four segments": f"{_TOKEN}.{_TOKEN[-43:]}",
    "bad signature": _TOKEN[:-43] + "A" * 43,
    "signature not canonical": _TOKEN[:-1] + "_",
    "another secret": sign_claims(_CLAIMS, secret=_OTHER_SECRET),
    "expired": sign_claims({**_CLAIMS, "exp": _LONG_AGO, "more": [{"x": "y" * 300}] * 3}),
    "not yet valid": sign_claims({**_CLAIMS, "nbf": _LATER}),
    "issued in the future": sign_claims({**_CLAIMS, "iat": _LATER}),
    "wrong exp": sign_claims({**_CLAIMS, "exp": "never"}),
    "wrong sub": sign_claims({**_CLAIMS, "sub": ["alice"]}),
    "audience": sign_claims({**_CLAIMS, "aud": ["me", {"you": "too"}]}),
    "algorithm none": sign_claims(_CLAIMS, header={"alg": "none"}),
    "duplicate algorithm": sign_bytes(b"{}", header=b'{"alg":"HS256","alg":{"HS256":["HS256"]}}'),
    "crit": sign_claims(_CLAIMS, header={"alg": "HS256", "crit": ["exp", {"a": []}], "exp": 1}),
    "malformed header": sign_bytes(b"{}", header=b'{"alg":"HS256","a":[{"b":"c"},'),
    "header not an object": sign_bytes(b"{}", header=b'["alg"]'),
    "no payload": sign_segments("eyJhbGciOiJIUzI1NiJ9", ""),
    "payload not base64url": sign_segments("eyJhbGciOiJIUzI1NiJ9", "e30="),
} | {
    f"payload ends in {name}": sign_bytes(b'{"a":{%s,"b":[%s' % (_MEMBERS, end))
    for name, end in _PAYLOAD_ENDINGS.items()
}
_UNUSABLE_SECRETS = {
    "empty": "",
    "empty bytes": b"",
    "None": None,
    "an object": Made(object),
    "bytearray": Made(lambda: bytearray(SECRET.encode())),
    "no secrets": [],
    "surrogate": "\ud800" + "s" * 40,
    "PEM": "-----BEGIN PUBLIC KEY-----\n" + "A" * 60,
    "SSH": b"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ",
    "JWK": '{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}',
    "JWK in UTF-16": '{"kty":"oct","k":"AAAA"}'.encode("utf-16"),
    "DER": bytes([0x30, 0x06, 0x30, 0x04, 1, 2, 3, 4]),
    "list of wrong types": [None, Made(object), 5],
    "tuple of wrong types": (Made(dict), ""),
    "sequence that raises": Made(lambda: _Items(["other" * 8], 2)),
    "hostile list": Made(lambda: HostileList([5])),
    "hostile tuple": Made(lambda: HostileTuple((5,))),
    "hostile text": Made(lambda: HostileText("")),
    "hostile bytes": Made(lambda: HostileBytes(b"")),
    "hostile class": Made(HostileClass),
}
_INVALID_LEEWAYS = {
    "negative": Made(lambda: -float(3)),
    "too large": Made(lambda: 2.0**60),
    "NaN": Made(lambda: float("nan")),
    "text": "leeway",
    "an object": Made(object),
    "no order": Made(lambda: _NoOrder(5)),
    "too large for a float": 10**400,
}


def _tokens():
    yield _returns("create_token", "good", "alice", "admin", SECRET)
    yield _returns("create_token", "not ASCII", "älice", "愛", "é" * 40, 3)
    yield _returns("create_token", "long", "a" * 1_000, "b" * 3_000, SECRET.encode())
    yield _returns("create_token", "subclass of str", Made(lambda: _Text("alice")), "admin", [SECRET])
    for name, arguments in {
        "too long": ("a" * 60_000, "admin", SECRET),
        "wrong username": (Made(object), "admin", SECRET),
        "wrong role": ("alice", Made(dict), SECRET),
        "wrong hours": ("alice", "admin", SECRET, Made(lambda: float(3))),
        "hours out of range": ("alice", "admin", SECRET, 2**62),
        "hours beyond 64 bits": ("alice", "admin", SECRET, 2**90),
        "surrogate": ("\ud800lice", "admin", SECRET),
        "surrogate in the role": ("alice", "\ud800" * 40, SECRET),
        "hostile username": (Made(lambda: HostileText("alice")), "admin", SECRET, "1"),
        "hostile class": (Made(HostileClass), "admin", SECRET),
        "false class": (Made(SaysItIsText), "admin", SECRET),
    }.items():
        yield _raises("create_token", name, *arguments)
    for name, token in {**_VALID_TOKENS, **_INVALID_TOKENS}.items():
        yield _returns("verify_token", name, token, SECRET)
    yield _returns("verify_token", "leeway", _TOKEN, SECRET, leeway=Made(lambda: float(30)))
    yield _returns("verify_token", "second secret", _TOKEN, [_OTHER_SECRET, SECRET])
    yield _returns("verify_token", "sequence", _TOKEN, Made(lambda: _Items([_OTHER_SECRET, SECRET], 2)))
    for name, secret in _UNUSABLE_SECRETS.items():
        yield _raises("create_token", f"secret, {name}", "alice", "admin", secret)
        yield _returns("verify_token", f"secret, {name}", _TOKEN, secret)
    for name, leeway in _INVALID_LEEWAYS.items():
        yield _raises("verify_token", f"leeway, {name}", _TOKEN, SECRET, leeway=leeway)


def _secrets():
    usable = {
        "usable": SECRET,
        "in a list": ["", None, SECRET],
        "with NULs": b"secret\0secret\0" * 6,
        "long": b"secret" * 400,
        "not ASCII": "é" * 300,
    }
    for name, secret in {**usable, **_UNUSABLE_SECRETS}.items():
        yield _returns("has_usable_secret", name, secret)


# Headers

_BEARER = (b"authorization", b"Bearer " + _TOKEN.encode("ascii"))
_PLAIN = [(b"host", b"example.org"), (b"accept", b"*/*"), (b"x-request-id", b"0123456789abcdef")]
_COOKIES = (b"cookie", b'a=1; session="quo\\"ted\\101"; b=\xe4; csrf_token=0123456789; c')


def _headers_cleared_while_read():
    """A list whose first cookie, and with it the rest of the list, is deleted when the second is read."""
    headers: list[Any] = []
    first = _ClearsTheList(b"session=1")
    first.headers = headers
    headers += [iter([b"cookie", first]), [b"cookie", b"session=2"], list(_COOKIES)]
    return headers


_READABLE_HEADERS = {
    "tuples": [*_PLAIN, _COOKIES, *_PLAIN],
    "lists": [list(header) for header in (*_PLAIN, _COOKIES)],
    "tuple of tuples": (*_PLAIN, _COOKIES),
    "tuples, then lists": [*_PLAIN, _COOKIES, list(_COOKIES), _COOKIES],
    "no headers": [],
    "no cookie": _PLAIN,
    "many cookies": [_COOKIES] * 5,
    "a long cookie": [(b"cookie", b"; ".join(b"name%d=value%d" % (n, n) for n in range(100)) + b"; session=last")],
    "subclass of bytes": [(Made(lambda: _Bytes(b"cookie")), Made(lambda: _Bytes(_COOKIES[1])))] * 3,
    "hostile bytes": [(Made(lambda: HostileBytes(b"host")), Made(lambda: HostileBytes(b"x"))), _COOKIES],
    "iterator": Made(lambda: iter([_COOKIES])),
    "generator": Made(lambda: (header for header in [iter((name, value)) for name, value in (*_PLAIN, _COOKIES)])),
    "list cleared while it is read": Made(_headers_cleared_while_read),
}
_UNREADABLE_HEADERS = {
    "None": None,
    "an object": Made(object),
    "hostile class": Made(HostileClass),
    "no iterator": Made(_Raises),
    "not an iterator": Made(lambda: _Iterates(5)),
    "stops early": Made(lambda: _Iterates(StopIteration)),
    "fails after some": Made(lambda: _Iterates(_fails_after([*_PLAIN, (b"x", b"y")]))),
    "fails after some by index": Made(lambda: _Items([*_PLAIN, [b"x", b"y"]], 9)),
    "hostile list": Made(lambda: HostileList(_PLAIN)),
    "hostile tuple": Made(lambda: HostileTuple(_PLAIN)),
    "tuple of one": [*_PLAIN, (b"name",)],
    "tuple of three": [*_PLAIN, (b"name", b"value", b"more")],
    "list of one": [*_PLAIN, [b"name"]],
    "list of three": [*_PLAIN, [b"name", b"value", b"more"]],
    "item None": [*_PLAIN, None],
    "item an object": [*_PLAIN, Made(object)],
    "item without iterator": [*_PLAIN, Made(_Raises)],
    "item fails after one": [*_PLAIN, Made(lambda: _Iterates(_fails_after([b"name"])))],
    "item fails after one by index": [*_PLAIN, Made(lambda: _Items([b"name"], 2))],
    "name of text": [*_PLAIN, ("name", b"value")],
    "value of text": [*_PLAIN, (b"name", "value")],
    "value a bytearray": [*_PLAIN, (b"cookie", Made(lambda: bytearray(b"session=1")))],
    "list of text": [*_PLAIN, ["name", "value"]],
}
_ARGUMENTS_AFTER_HEADERS = {
    "header": (b"cookie",),
    "cookie": ("session",),
    "cookies": (),
    "credential": (None, "session"),
    "identify": (None, "session", SECRET),
    **csrf_checks.METHODS,
}


def _headers():
    for call, others in _ARGUMENTS_AFTER_HEADERS.items():
        for name, headers in _READABLE_HEADERS.items():
            yield _returns(call, name, headers, *others)
        for name, headers in _UNREADABLE_HEADERS.items():
            yield _raises(call, name, headers, *others)


def _identities():
    yield _returns("header", "name in capitals", [(b"CoOkIe", b"a=1")], b"cookie")
    yield _raises("header", "wrong name", _PLAIN, "cookie")
    yield _returns("header", "hostile name", _PLAIN, Made(lambda: HostileBytes(b"x")))
    for name in ("sess\xe4ion", "愛", "\ud800", "", "a=b", Made(lambda: HostileText("session"))):
        yield _returns("cookie", f"name {name!r:.12}", [_COOKIES], name)
        yield _returns("credential", f"name {name!r:.12}", [_COOKIES], b"", name)
    for call, others in {"cookie": (), "credential": (b"",), "identify": (b"",)}.items():
        last = (SECRET,) if call == "identify" else ()
        yield _raises(call, "name of bytes", [_COOKIES], *others, b"session", *last)
        yield _raises(call, "name an object", [_COOKIES], *others, Made(object), *last)
    for call, last in {"credential": (), "identify": (SECRET,)}.items():
        yield _returns(call, "bearer before cookie", [*_PLAIN, _BEARER, _COOKIES], b"token=x", "session", *last)
        query = b"a=b&t%6fken=x+%zz%41%e4&token=y"
        yield _returns(call, "query", _PLAIN, query, "session", *last)
        yield _returns(call, "query token", _PLAIN, b"token=" + _TOKEN.encode(), "session", *last)
        yield _raises(call, "query of text", _PLAIN, "token=x", "session", *last)
        yield _raises(call, "query an object", _PLAIN, Made(object), "session", *last)
    for name, token in {**_VALID_TOKENS, **_INVALID_TOKENS}.items():
        if isinstance(token, str) and token.isascii():
            header, cookie = f"bearer {token}".encode(), f"session={token}".encode()
            yield _returns("identify", f"bearer, {name}", [(b"authorization", header)], None, "session", SECRET)
            yield _returns("identify", f"cookie, {name}", [(b"cookie", cookie)], None, "session", SECRET)
    for name, secret in _UNUSABLE_SECRETS.items():
        yield _returns("identify", f"secret, {name}", [_BEARER], None, "session", secret)


# CSRF checks

_KEY, _ORIGIN = b"the key of signed CSRF tokens...", b"https://app.example.org"
_CSRF_TOKEN = (b"X-CSRF-Token", b" \t0123456789 ")
_SID = sign_claims({**_CLAIMS, "sid": "session 1", "more": ["text", {"sid": "session 2"}]})


def _csrf_checks():
    without_session = (b"cookie", b'csrf_token="01234\\0656789"')
    signed = (b"x-csrf-token", signed_csrf_token(b"session 1", _KEY).encode("ascii"))
    for name, headers in {
        "bearer": [_BEARER, _COOKIES],
        "double submit": [without_session, _CSRF_TOKEN],
        "mismatch": [without_session, (b"x-csrf-token", b"\xe4" * 10)],
        "no token": [_COOKIES],
        "not signed": [_COOKIES, _CSRF_TOKEN],
        "signed": [(b"cookie", b"session=" + _SID.encode()), signed],
        "signed for another session": [_COOKIES, signed],
        "the same origin": [_COOKIES, (b"sec-fetch-site", b"same-origin")],
        "another site": [_COOKIES, (b"sec-fetch-site", b"cross-site"), (b"origin", b"https://other.example.org")],
        "a trusted origin": [_COOKIES, (b"sec-fetch-site", b"same-site"), (b"origin", _ORIGIN)],
        "the host": [(b"host", b"example.org:8000"), (b"origin", b"http://EXAMPLE.org:8000"), _COOKIES],
        "another host": [(b"host", b"example.org"), (b"origin", b"http://[::1]:8000"), _COOKIES],
        "null origin": [(b"origin", b"null"), _COOKIES],
    }.items():
        yield _returns("verdict", name, headers, True)
        yield _returns("verdict", f"{name}, no token needed", headers, False)
        yield _returns("verdict_of_form", name, headers, b"0123456789")
    for name, token in {**_VALID_TOKENS, **_INVALID_TOKENS}.items():
        if isinstance(token, str) and token.isascii():
            headers = [(b"cookie", f"session={token}".encode())]
            yield _returns("verdict_of_form", f"session, {name}", headers, signed[1])
    yield _raises("verdict", "truth value that raises", [_COOKIES], Made(_Raises))
    yield _raises("verdict_of_form", "token of text", [_COOKIES], "0123456789")
    yield _returns("verdict_of_form", "hostile token", [_COOKIES], Made(lambda: HostileBytes(b"0123456789")))
    settings = {"session_cookie": "session", "csrf_cookie": "csrf_token", "check_origin": True}
    for name, changes in {
        "usual": {},
        "lists": {"trusted_origins": [_ORIGIN, b"http://[::1]"], "keys": [_KEY, b"", b"k" * 100], "form": True},
        "hostile keys": {"keys": Made(lambda: HostileTuple([HostileBytes(_KEY)]))},
        "hostile name": {"csrf_cookie": Made(lambda: HostileText("csrf_token"))},
        "names that no cookie has": {"session_cookie": "愛", "csrf_cookie": "\ud800"},
    }.items():
        yield _returns("CSRFCheck", name, **{**settings, **changes})
    for name, changes in {
        "name of bytes": {"session_cookie": b"session"},
        "name an object": {"csrf_cookie": Made(object)},
        "truth value that raises": {"check_origin": Made(_Raises)},
        "truth value of the form": {"form": Made(_Raises), "keys": [_KEY]},
        "origins an object": {"trusted_origins": Made(object)},
        "origins of text": {"trusted_origins": [_ORIGIN, "http://localhost"]},
        "one key": {"keys": _KEY},
        "keys of wrong types": {"keys": (_KEY, Made(object))},
    }.items():
        yield _raises("CSRFCheck", name, **{**settings, **changes})


# Buckets

# A period of 10**9 ns has about 300 calls, more than the 256 that the engine needs to drop every full bucket.
_clock = itertools.count(10**12, 3 * 10**6).__next__
_numbers = itertools.cycle(range(100)).__next__
_new_numbers = itertools.count().__next__


def _buckets():
    yield _returns("take", "one key", "client")
    yield _returns("take", "keys in turn", Made(lambda: f"client {_numbers()}"))
    yield _returns("take", "new keys", Made(lambda: f"client {_new_numbers()}"), Made(_clock))
    yield _returns("take", "long keys", Made(lambda: f"{_new_numbers()}愛" * 50), Made(_clock))
    yield _returns("take", "surrogates", Made(lambda: f"\ud800 {_numbers()}"), Made(_clock))
    yield _returns("take", "hostile key", Made(lambda: HostileText(f"client {_numbers()}")), Made(_clock))
    for name, arguments in {
        "wrong key": (Made(object),),
        "bytes": (b"client",),
        "hostile class": (Made(HostileClass),),
        "wrong now": ("client", Made(lambda: float(5))),
        "negative now": ("client", -(2**70)),
        "now beyond 63 bits": ("client", 2**80),
        "hostile now": ("client", Made(HostileClass)),
        "wrong cost": ("client", 5, Made(object)),
        "cost above the capacity": ("client", 5, 6),
        "cost beyond 64 bits": ("client", 5, 2**80),
    }.items():
        yield _raises("take", name, *arguments)
        yield _raises("take_counted", name, *arguments)
        yield _raises("give_back", name, *arguments)
    yield _returns("take_counted", "one key", "client")
    yield _returns("take_counted", "cost", "client", Made(_clock), 3)
    yield _returns("give_back", "one key", "client")
    yield _returns("give_back", "keys in turn", Made(lambda: f"client {_numbers()}"), Made(_clock))
    yield _returns("give_back", "unknown keys", Made(lambda: f"{_new_numbers()}愛" * 50), Made(_clock))
    yield _returns("give_back", "surrogates", Made(lambda: f"\ud800 {_numbers()}"), Made(_clock))
    for name, scope in {
        "address": Made(lambda: {"client": (f"10.0.0.{_numbers()}", 5)}),
        "surrogates": Made(lambda: {"client": (f"\ud800{_numbers()}", 5)}),
        "no client": Made(dict),
        "empty client": Made(lambda: {"client": ()}),
        "list": Made(lambda: {"client": ["10.0.0.1", 5]}),
        "client of another class": Made(lambda: {"client": _Items(["10.0.0.1"], 1)}),
        "host an object": Made(lambda: {"client": (object(), 5)}),
    }.items():
        yield _returns("take_by_client", name, Made(lambda scope=scope: Request(fresh(scope))))
    for name, request in {
        "no request": object,
        "no scope": _Raises,
        "scope not a dict": lambda: Request([]),
        "scope raises": lambda: Request(_Raises()),
        "client not a sequence": lambda: Request({"client": 5}),
        "client raises": lambda: Request({"client": _Items([], 1)}),
        "client without truth": lambda: Request({"client": _Raises()}),
        "set": lambda: Request({"client": {"host"}}),
    }.items():
        yield _raises("take_by_client", name, Made(request))
    yield _returns("reset", "every bucket")
    yield _returns("reset", "one key", "client")
    yield _returns("reset", "unknown key", Made(lambda: f"nobody {_new_numbers()}"))
    yield _raises("reset", "wrong key", Made(object))
    yield _raises("reset", "hostile class", Made(HostileClass))
    yield _returns("TokenBuckets", "good", 60, 60 * 10**9)
    yield _raises("TokenBuckets", "wrong types", "60", Made(object))
    yield _raises("TokenBuckets", "too large", 2**80, 10**9)
    yield _raises("TokenBuckets", "no capacity", 0, 10**9)

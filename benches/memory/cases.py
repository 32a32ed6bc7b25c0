"""Every way through each engine call: answers, and each error."""

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hostile_objects import HostileBytes, HostileClass, HostileList, HostileText, HostileTuple, SaysItIsText
from raw_tokens import SECRET, sign_bytes, sign_claims, sign_segments

from . import hostile
from .fresh import Made

_NOW = int(time.time())
_LONG_AGO, _LATER = 1_000_000_000, _NOW + 10**8
_CLAIMS = {"sub": "alice", "role": "admin", "iat": _NOW, "exp": _LATER}
_TOKEN = sign_claims(_CLAIMS)
_BEARER = (b"authorization", b"Bearer " + _TOKEN.encode("ascii"))
_PLAIN = [(b"host", b"example.org"), (b"accept", b"*/*"), (b"x-request-id", b"0123456789abcdef")]
_COOKIES = (b"cookie", b'a=1; session="quo\\"ted\\101"; b=\xe4; csrf_token=0123456789; c')
_MEMBERS = b",".join(
    b'"member %d":[%d,"text %d",{"deep":[1.5,null,true,12345678901234567890]}]' % (n, n, n) for n in range(12)
)


@dataclass(frozen=True)
class Case:
    """A call with *arguments*, that have a ``Made`` where an object is to be made for each call.

    *raises*: whether the answer is an exception.
    """

    call: str
    name: str
    arguments: tuple[Any, ...]
    keywords: dict[str, Any] | None = None
    raises: bool = False

    @property
    def title(self) -> str:
        return f"{self.call}: {self.name}"


def cases() -> list[Case]:
    """All of them."""
    return [*_tokens(), *_secrets(), *_headers(), *_identities(), *_buckets()]


def _tokens():
    yield Case("create_token", "good", ("alice", "admin", SECRET))
    yield Case("create_token", "not ASCII", ("älice", "愛", "é" * 40, 3))
    yield Case("create_token", "long", ("a" * 1_000, "b" * 3_000, SECRET.encode()))
    yield Case("create_token", "subclasses", (Made(lambda: hostile.SubclassOfStr("alice")), "admin", [SECRET]))
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
        "says it is text": (Made(SaysItIsText), "admin", SECRET),
    }.items():
        yield Case("create_token", name, arguments, raises=True)
    for name, secret in _UNFIT.items():
        yield Case("create_token", f"secret, {name}", ("alice", "admin", secret), raises=True)

    for name, token in _VALID.items():
        yield Case("verify_token", name, (token, SECRET))
    yield Case("verify_token", "leeway", (_TOKEN, SECRET), {"leeway": Made(lambda: float(30))})
    yield Case("verify_token", "second secret", (_TOKEN, ["another secret, of 32 bytes or more", SECRET]))
    yield Case("verify_token", "sequence", (_TOKEN, Made(lambda: hostile.SequenceOf(["other" * 8, SECRET]))))
    for name, token in _INVALID.items():
        yield Case("verify_token", name, (token, SECRET))
    for name, secret in _UNFIT.items():
        yield Case("verify_token", f"secret, {name}", (_TOKEN, secret))
    for name, leeway in _NO_LEEWAY.items():
        yield Case("verify_token", f"leeway, {name}", (_TOKEN, SECRET), {"leeway": leeway}, raises=True)


_UNFIT = {
    "empty": "",
    "empty bytes": b"",
    "none": None,
    "an object": Made(object),
    "bytearray": Made(lambda: bytearray(SECRET.encode())),
    "no secrets": [],
    "surrogate": "\ud800" + "s" * 40,
    "PEM": "-----BEGIN PUBLIC KEY-----\n" + "A" * 60,
    "SSH": b"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ",
    "JWK": '{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}',
    "JWK in UTF-16": '{"kty":"oct","k":"AAAA"}'.encode("utf-16"),
    "DER": bytes([0x30, 0x06, 0x30, 0x04, 1, 2, 3, 4]),
    "wrong items": [None, Made(object), 5],
    "wrong items of a tuple": (Made(dict), ""),
    "raising": Made(lambda: hostile.Secrets(["other" * 8])),
    "hostile list": Made(lambda: HostileList([5])),
    "hostile tuple": Made(lambda: HostileTuple((5,))),
    "hostile text": Made(lambda: HostileText("")),
    "hostile bytes": Made(lambda: HostileBytes(b"")),
    "hostile class": Made(HostileClass),
}

_VALID = {
    "valid": _TOKEN,
    "large": sign_bytes(b'{"exp":%d,%s}' % (_LATER, _MEMBERS)),
    "escapes": sign_bytes(b'{"sub":"\\u00e9\\ud83d\\ude00\\n","\\u0061":"\xc3\xa9","\xe6\x84\x9b":{}}'),
    "other header": sign_claims(_CLAIMS, header={"typ": "JWT", "alg": "HS256", "kid": "7", "x": [1, {"y": 2.5}]}),
    "a member again and again": sign_bytes(b"{%s,%s,%s}" % (_MEMBERS, _MEMBERS, _MEMBERS)),
    "subclass": Made(lambda: hostile.SubclassOfStr(_TOKEN)),
}

_INVALID = {
    "no str": Made(object),
    "bytes": _TOKEN.encode("ascii"),
    "hostile class": Made(HostileClass),
    "not ASCII": _TOKEN + "é",
    "surrogate": _TOKEN + "\ud800",
    "too long": "a" * 65_537,
    "two segments": _TOKEN.rpartition(".")[0],
    "four segments": f"{_TOKEN}.{_TOKEN[-43:]}",
    "bad signature": _TOKEN[:-43] + "A" * 43,
    "signature not canonical": _TOKEN[:-1] + "_",
    "other secret": sign_claims(_CLAIMS, secret="another secret, of 32 bytes or more"),
    "expired": sign_claims({**_CLAIMS, "exp": _LONG_AGO, "more": [{"x": "y" * 300}] * 3}),
    "not yet": sign_claims({**_CLAIMS, "nbf": _LATER}),
    "issued later": sign_claims({**_CLAIMS, "iat": _LATER}),
    "wrong exp": sign_claims({**_CLAIMS, "exp": "never"}),
    "wrong sub": sign_claims({**_CLAIMS, "sub": ["alice"]}),
    "audience": sign_claims({**_CLAIMS, "aud": ["me", {"you": "too"}]}),
    "algorithm none": sign_claims(_CLAIMS, header={"alg": "none"}),
    "algorithm twice": sign_bytes(b"{}", header=b'{"alg":"HS256","alg":{"HS256":["HS256"]}}'),
    "crit": sign_claims(_CLAIMS, header={"alg": "HS256", "crit": ["exp", {"a": []}], "exp": 1}),
    "header no JSON": sign_bytes(b"{}", header=b'{"alg":"HS256","a":[{"b":"c"},'),
    "header no object": sign_bytes(b"{}", header=b'["alg"]'),
    "no payload": sign_segments("eyJhbGciOiJIUzI1NiJ9", ""),
    "payload no base64url": sign_segments("eyJhbGciOiJIUzI1NiJ9", "e30="),
    **{
        f"payload ends in {name}": sign_bytes(b'{"a":{%s,"b":[%s' % (_MEMBERS, end))
        for name, end in {
            "nothing": b"",
            "an array": b"1,2,[3,4,",
            "an object": b'{"x":{"y":[1,2,{"z":"unfinished',
            "a lone surrogate": b'"\\ud800"]}}',
            "an unknown escape": b'"text\\x"]}}',
            "no UTF-8": b'"\xff"]}}',
            "NaN": b"NaN]}}",
            "an infinite number": b"1e999]}}",
            "an integer too long": b"9" * 4_301 + b"]}}",
            "an object too deep": b'{"d":' * 70 + b"1" + b"}" * 70 + b"]}}",
            "an array too deep": b"[" * 70 + b"]" * 70 + b"]}}",
            "what does not belong": b"]}} x",
            "a member without a name": b'{5:"x"}]}}',
            "half a word": b"tru]}}",
        }.items()
    },
}

_NO_LEEWAY = {
    "below zero": Made(lambda: -float(3)),
    "too large": Made(lambda: 2.0**60),
    "NaN": Made(lambda: float("nan")),
    "text": "leeway",
    "an object": Made(object),
    "no order": Made(lambda: hostile.NoNumber(5)),
    "beyond floats": 10**400,
}


def _secrets():
    yield Case("has_fit_secret", "fit", (SECRET,))
    yield Case("has_fit_secret", "of a list", (["", None, SECRET],))
    yield Case("has_fit_secret", "with NULs", (b"secret\0secret\0" * 6,))
    yield Case("has_fit_secret", "long", (b"secret" * 400,))
    yield Case("has_fit_secret", "not ASCII", ("é" * 300,))
    for name, secret in _UNFIT.items():
        yield Case("has_fit_secret", name, (secret,))


def _headers():
    arguments = {
        "header": (b"cookie",),
        "cookie": ("session",),
        "cookies": (),
        "credential": (b"", "session", False),
        "identify": ("session", SECRET),
        "csrf_verdict": (),
    }
    for call, others in arguments.items():
        for name, headers in _FIT_HEADERS.items():
            yield Case(call, name, (headers, *others))
        for name, headers in _UNFIT_HEADERS.items():
            yield Case(call, name, (headers, *others), raises=True)


def _ending():
    """A list of lists whose first cookie is dropped, and with it the rest, when the second is read."""
    headers = []
    headers += [iter([b"cookie", hostile.Ending(b"session=1", headers)]), [b"cookie", b"session=2"], list(_COOKIES)]
    return headers


_FIT_HEADERS = {
    "tuples": [*_PLAIN, _COOKIES, *_PLAIN],
    "lists": [list(header) for header in (*_PLAIN, _COOKIES)],
    "tuple of tuples": (*_PLAIN, _COOKIES),
    "tuples, then lists": [*_PLAIN, _COOKIES, list(_COOKIES), _COOKIES],
    "no headers": [],
    "no cookie": _PLAIN,
    "many cookies": [_COOKIES] * 5,
    "a long cookie": [(b"cookie", b"; ".join(b"name%d=value%d" % (n, n) for n in range(100)) + b"; session=last")],
    "subclasses": [
        (Made(lambda: hostile.SubclassOfBytes(b"cookie")), Made(lambda: hostile.SubclassOfBytes(_COOKIES[1])))
    ]
    * 3,
    "hostile bytes": [(Made(lambda: HostileBytes(b"host")), Made(lambda: HostileBytes(b"x"))), _COOKIES],
    "iterator": Made(lambda: iter([_COOKIES])),
    "generator": Made(lambda: (header for header in [iter((name, value)) for name, value in (*_PLAIN, _COOKIES)])),
    "bytes that end the list": Made(_ending),
}


_UNFIT_HEADERS = {
    "none": None,
    "an object": Made(object),
    "hostile class": Made(HostileClass),
    "no iterator": Made(hostile.NoIterator),
    "not an iterator": Made(hostile.NotAnIterator),
    "stops early": Made(hostile.StopsEarly),
    "fails after some": Made(lambda: hostile.FailsAfter([*_PLAIN, (b"x", b"y")])),
    "fails after some by index": Made(lambda: hostile.Items([*_PLAIN, [b"x", b"y"]])),
    "hostile list": Made(lambda: HostileList(_PLAIN)),
    "hostile tuple": Made(lambda: HostileTuple(_PLAIN)),
    "item of one": [*_PLAIN, (b"name",)],
    "item of three": [*_PLAIN, (b"name", b"value", b"more")],
    "list of one": [*_PLAIN, [b"name"]],
    "list of three": [*_PLAIN, [b"name", b"value", b"more"]],
    "item is none": [*_PLAIN, None],
    "item is an object": [*_PLAIN, Made(object)],
    "item has no iterator": [*_PLAIN, Made(hostile.NoIterator)],
    "item fails after one": [*_PLAIN, Made(lambda: hostile.FailsAfter([b"name"]))],
    "item fails after one by index": [*_PLAIN, Made(lambda: hostile.Items([b"name"]))],
    "name is text": [*_PLAIN, ("name", b"value")],
    "value is text": [*_PLAIN, (b"name", "value")],
    "value is a bytearray": [*_PLAIN, (b"cookie", Made(lambda: bytearray(b"session=1")))],
    "items of a list are text": [*_PLAIN, ["name", "value"]],
}


def _identities():
    yield Case("header", "name in capitals", ([(b"CoOkIe", b"a=1")], b"cookie"))
    yield Case("header", "wrong name", (_PLAIN, "cookie"), raises=True)
    yield Case("header", "hostile name", (_PLAIN, Made(lambda: HostileBytes(b"x"))))
    for name in ("sess\xe4ion", "愛", "\ud800", "", "a=b", Made(lambda: HostileText("session"))):
        yield Case("cookie", f"name {name!r:.12}", ([_COOKIES], name))
        yield Case("credential", f"name {name!r:.12}", ([_COOKIES], b"", name, True))
    yield Case("cookie", "wrong name", ([_COOKIES], b"session"), raises=True)
    yield Case("credential", "bearer", ([*_PLAIN, _BEARER, _COOKIES], b"token=x", "session", True))
    yield Case("credential", "query", (_PLAIN, b"a=b&t%6fken=x+%zz%41%e4&token=y", "session", True))
    yield Case("credential", "query not allowed", (_PLAIN, b"token=x", "session", Made(list)))
    yield Case("credential", "wrong query", (_PLAIN, "token=x", "session", True), raises=True)
    yield Case("credential", "wrong name", (_PLAIN, b"", None, True), raises=True)
    yield Case("credential", "no truth", (_PLAIN, b"token=x", "session", Made(hostile.NoTruth)), raises=True)
    for name, token in {**_VALID, **_INVALID}.items():
        if isinstance(token, str) and token.isascii():
            yield Case(
                "identify", f"bearer, {name}", ([(b"authorization", f"bearer {token}".encode())], "session", SECRET)
            )
            yield Case("identify", f"cookie, {name}", ([(b"cookie", f"session={token}".encode())], "session", SECRET))
    for name, secret in _UNFIT.items():
        yield Case("identify", f"secret, {name}", ([_BEARER], "session", secret))
    yield Case("identify", "wrong name", ([_BEARER], Made(object), SECRET), raises=True)
    yield Case("csrf_verdict", "bearer", ([_BEARER, _COOKIES],))
    yield Case("csrf_verdict", "mismatch", ([_COOKIES, (b"x-csrf-token", b"\xe4" * 10)],))
    yield Case("csrf_verdict", "passed", ([_COOKIES, (b"X-CSRF-Token", b"0123456789")],))


_STEP = 3 * 10**6  # nanoseconds: some hundred calls come in a period, as many as its buckets need to be swept
_clock = itertools.count(10**12, _STEP).__next__
_numbers = itertools.cycle(range(100)).__next__
_new_numbers = itertools.count().__next__


def _buckets():
    yield Case("take", "one key", ("client",))
    yield Case("take", "keys in turn", (Made(lambda: f"client {_numbers()}"),))
    yield Case("take", "new keys", (Made(lambda: f"client {_new_numbers()}"), Made(_clock)))
    yield Case("take", "long keys", (Made(lambda: f"{_new_numbers()}愛" * 50), Made(_clock)))
    yield Case("take", "surrogates", (Made(lambda: f"\ud800 {_numbers()}"), Made(_clock)))
    yield Case("take", "hostile key", (Made(lambda: HostileText(f"client {_numbers()}")), Made(_clock)))
    for name, arguments in {
        "wrong key": (Made(object),),
        "bytes": (b"client",),
        "hostile class": (Made(HostileClass),),
        "wrong now": ("client", Made(lambda: float(5))),
        "now below zero": ("client", -(2**70)),
        "now beyond 63 bits": ("client", 2**80),
        "hostile now": ("client", Made(HostileClass)),
    }.items():
        yield Case("take", name, arguments, raises=True)
    for name, request in {
        "address": Made(lambda: hostile.Request({"client": (f"10.0.0.{_numbers()}", 5)})),
        "surrogates": Made(lambda: hostile.Request({"client": (f"\ud800{_numbers()}", 5)})),
        "no client": Made(lambda: hostile.Request({})),
        "empty client": Made(lambda: hostile.Request({"client": ()})),
        "list": Made(lambda: hostile.Request({"client": ["10.0.0.1", 5]})),
        "client of its own kind": Made(lambda: hostile.Request({"client": hostile.Client(["10.0.0.1"])})),
        "host no text": Made(lambda: hostile.Request({"client": (object(), 5)})),
    }.items():
        yield Case("take_by_client", name, (request,))
    for name, request in {
        "no request": Made(object),
        "no scope": Made(hostile.NoScope),
        "scope no dict": Made(lambda: hostile.Request([])),
        "scope raises": Made(lambda: hostile.Request(hostile.NoClient())),
        "client no sequence": Made(lambda: hostile.Request({"client": 5})),
        "client raises": Made(lambda: hostile.Request({"client": hostile.Client()})),
        "client of its own kind without truth": Made(lambda: hostile.Request({"client": hostile.NoTruth()})),
        "set": Made(lambda: hostile.Request({"client": {"host"}})),
    }.items():
        yield Case("take_by_client", name, (request,), raises=True)
    yield Case("TokenBuckets", "good", (60, 60 * 10**9))
    for name, arguments in {"no numbers": ("60", Made(object)), "too many": (2**80, 10**9), "none": (0, 10**9)}.items():
        yield Case("TokenBuckets", name, arguments, raises=True)


def calls_of(engine: Any) -> dict[str, Callable[..., Any]]:
    """The calls by the names that cases have for them; buckets are made for all of the calls together."""
    names = ["create_token", "verify_token", "has_fit_secret", "TokenBuckets"]
    names += ["header", "cookie", "cookies", "credential", "identify", "csrf_verdict"]
    calls = {name: getattr(engine, name) for name in names}
    # As many calls come in a period as their buckets need to be swept, whichever of the two clocks is read.
    told, told_not = engine.TokenBuckets(5, 10**9), engine.TokenBuckets(5, 10**9)
    calls["take"] = lambda key, *now: (told if now else told_not).take(key, *now)
    calls["take_by_client"] = engine.TokenBuckets(5, 10**9).take_by_client
    return calls

"""Paths of routes, and the look-up of a request's path."""

from dataclasses import dataclass
from typing import Any

import engines

from fuzz.fuzzed_input import FuzzedInput, as_text
from fuzz.target import Target, expect

_ROUTING = engines.load("python").routing  # no engine takes part
_NAME_START = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_NAME = _NAME_START | set("0123456789")
_KINDS = ("literal", "int", "str", "path")


def _check(data: bytes) -> None:
    given = FuzzedInput(data)
    method = given.choice(("GET", "HEAD", "POST"))
    methods = [given.choice(("GET", "HEAD", "POST")) for _ in range(6)]
    path, *patterns = map(as_text, given.all_fields())
    table, router, routes = _ROUTING.RouteTable(), _ROUTING.Router(), []
    for pattern, of_route in zip(patterns, methods, strict=False):
        segments = _segments(pattern)
        try:
            router.route(pattern, [of_route])(_handler)
        except ValueError as error:
            expect(segments is None, "a path that is refused", pattern, error)
            continue
        expect(segments is not None, "a path that is not refused", pattern)
        routes.append(_Route(of_route, segments or [], len(routes)))
    added: list[_Route] = []
    for made, route in zip(router.routes(), routes, strict=True):
        is_new = all((route.method, route.shape) != (other.method, other.shape) for other in added)
        try:
            table.add(made, route.number)
        except ValueError as error:
            expect(not is_new, "a route that is refused", patterns, error)
            continue
        expect(is_new, "two handlers", patterns)
        added.append(route)
    found, expected = table.find(method, path), _find(added, method, path)
    expect(found == expected, "another route", patterns, methods, method, path, found, expected)


def _handler() -> None:
    """Answer nothing: only its place is looked up."""


@dataclass(frozen=True)
class _Route:
    method: str
    segments: list[tuple[str, str]]
    """The kind of each, and its text or the name of its parameter."""
    number: int

    @property
    def shape(self) -> list[tuple[str, str]]:
        return [(kind, text if kind == "literal" else "") for kind, text in self.segments]

    @property
    def rank(self) -> list[int]:
        return [_KINDS.index(kind) for kind, _ in self.segments]

    def match(self, segments: list[str]) -> dict[str, Any] | None:
        """The parameters' values; of equal names the last."""
        values: dict[str, Any] = {}
        for at, (kind, text) in enumerate(self.segments):
            if at >= len(segments):
                return None
            segment = segments[at]
            if kind == "path":
                return {**values, text: "/".join(segments[at:])}
            if kind == "literal":
                if segment != text:
                    return None
            elif kind == "int":
                if not segment or len(segment) > 40 or any(digit not in "0123456789" for digit in segment):
                    return None
                values[text] = int(segment)
            elif segment:
                values[text] = segment
            else:
                return None
        return values if len(segments) == len(self.segments) else None


def _segments(pattern: str) -> list[tuple[str, str]] | None:
    if not pattern.startswith("/"):
        return None
    texts = pattern.split("/")[1:]
    segments = [_segment(text) for text in texts]
    if None in segments or any(segment and segment[0] == "path" for segment in segments[:-1]):
        return None
    return [segment for segment in segments if segment]


def _segment(text: str) -> tuple[str, str] | None:
    if "{" not in text and "}" not in text:
        return "literal", text
    if text[0] != "{" or text[-1] != "}":
        return None
    name, colon, kind = text[1:-1].partition(":")
    is_name = name != "" and name[0] in _NAME_START and set(name) <= _NAME
    return ((kind if colon else "str"), name) if is_name and (kind in _KINDS[1:] or not colon) else None


def _find(routes: list[_Route], method: str, path: str) -> tuple[int, dict[str, Any]] | None:
    """The most specific route that matches; a GET route answers HEAD where its path has no other."""
    if not path.startswith("/"):
        return None
    segments = path.split("/")[1:]
    matches = [route for route in routes if route.match(segments) is not None]
    for route in sorted(matches, key=lambda route: route.rank):
        of_shape = {other.method: other for other in matches if other.shape == route.shape}
        found = of_shape.get(method) or (of_shape.get("GET") if method == "HEAD" else None)
        if found:
            return found.number, found.match(segments) or {}
    return None


TARGET = Target(
    "routing",
    "every route tried, the most specific taken",
    _check,
    (b"\x1e", b"/", b"{a}", b"{a:int}", b"{b:str}", b"{a:path}", b"/a", b"/1", b"1" * 40, b"\xd9\xa1"),
    longest=256,
)

"""Routing: every route is tried, and the most specific match is taken.

A route is a pair of method and path: ``("GET", "/users/{id:int}")``.
"""

import string
from collections.abc import Sequence
from typing import Any

Route = tuple[str, str]
Segment = tuple[str, str]
"""A kind, and the text of a literal or the name of a parameter."""

KINDS = ("literal", "int", "str", "path")
"""The most specific first."""

MAX_INT_LENGTH = 40
NAME_START = set(string.ascii_letters + "_")
NAME = NAME_START | set(string.digits)


def is_valid(path: str) -> bool:
    """Return whether *path* may be the path of a route."""
    return parse(path) is not None


def are_duplicates(one: Route, other: Route) -> bool:
    """Return whether two routes have the same method, and paths that match the same requests."""
    return one[0] == other[0] and shape(one[1]) == shape(other[1])


def find(routes: Sequence[Route], method: str, path: str) -> tuple[int, dict[str, Any]] | None:
    """Return the number of the matching route, and its parameters. A GET route also matches HEAD."""
    matches = [number for number, route in enumerate(routes) if match(route[1], path) is not None]
    for number in sorted(matches, key=lambda number: rank(routes[number][1])):
        same_shape = [other for other in matches if shape(routes[other][1]) == shape(routes[number][1])]
        for wanted in (method, "GET") if method == "HEAD" else (method,):
            for other in same_shape:
                if routes[other][0] == wanted:
                    return other, match(routes[other][1], path) or {}
    return None


def find_mount(prefixes: Sequence[str], path: str) -> int | None:
    """Return the number of the longest prefix that is a whole number of the path's segments."""
    segments = path.split("/")
    matches = [prefix for prefix in prefixes if segments[: len(prefix.split("/"))] == prefix.split("/")]
    return prefixes.index(max(matches, key=len)) if matches else None


def allowed(routes: Sequence[Route], path: str) -> list[str]:
    """Return the methods that *path* allows, sorted."""
    methods = {method for method, pattern in routes if match(pattern, path) is not None}
    return sorted(methods | {"HEAD"} if "GET" in methods else methods)


def match(pattern: str, path: str) -> dict[str, Any] | None:
    """Return the values of the parameters, the last of duplicate names; ``None`` if *path* does not match."""
    wanted = parse(pattern)
    if wanted is None or not path.startswith("/"):
        return None
    segments = path.split("/")[1:]
    values: dict[str, Any] = {}
    for at, (kind, text) in enumerate(wanted):
        if at >= len(segments):
            return None
        segment = segments[at]
        if kind == "path":
            return {**values, text: "/".join(segments[at:])}
        if kind == "literal" and segment != text:
            return None
        if kind == "str" and segment == "":
            return None
        if kind == "int" and not (0 < len(segment) <= MAX_INT_LENGTH and set(segment) <= set(string.digits)):
            return None
        if kind != "literal":
            values[text] = int(segment) if kind == "int" else segment
    return values if len(segments) == len(wanted) else None


def shape(pattern: str) -> list[Segment]:
    """Return the segments of a valid path without the names of the parameters."""
    return [(kind, text if kind == "literal" else "") for kind, text in parse(pattern) or []]


def rank(pattern: str) -> list[int]:
    """Return a sort key for valid paths that match the same request, the most specific first."""
    return [KINDS.index(kind) for kind, _ in parse(pattern) or []]


def parse(pattern: str) -> list[Segment] | None:
    """Return the segments of a route's path, or ``None`` for an invalid path."""
    if not pattern.startswith("/"):
        return None
    segments = [parse_segment(text) for text in pattern.split("/")[1:]]
    if any(segment is not None and segment[0] == "path" for segment in segments[:-1]):
        return None
    return None if None in segments else [segment for segment in segments if segment is not None]


def parse_segment(text: str) -> Segment | None:
    if "{" not in text and "}" not in text:
        return "literal", text
    if text[0] != "{" or text[-1] != "}":
        return None
    name, colon, kind = text[1:-1].partition(":")
    is_name = name != "" and name[0] in NAME_START and set(name) <= NAME
    kind = kind if colon else "str"
    return (kind, name) if is_name and kind in KINDS[1:] else None

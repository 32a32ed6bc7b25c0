"""Reads the source of an application: which cookies it sets without Secure, and where it accepts query tokens."""

from __future__ import annotations

import ast
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from fastware.cli.doctor.findings import Finding

if TYPE_CHECKING:
    from fastware.auth import Auth


def check_cookies(sources: Iterable[Path]) -> Iterator[Finding]:
    """Yield the calls of ``set_session_cookies`` that certainly set cookies without ``Secure``."""
    for path, node in _nodes(sources):
        if isinstance(node, ast.Call) and _name_of(node.func) == "set_session_cookies" and _is_insecure(node):
            message = (
                f"{path}:{node.lineno} sets session cookies without Secure: browsers send them over plain HTTP too."
            )
            fix = "Pass secure=True, or host_prefix=True, where the application is served over HTTPS."
            yield Finding("cookies", "warning", message, fix)


def check_query_tokens(auths: Iterable[Auth], sources: Iterable[Path]) -> Iterator[Finding]:
    """Yield the settings that accept ``?token=``, which ends up in access logs and browser histories."""
    for auth in auths:
        if auth.allow_query_token:
            message = "An Auth of the application has allow_query_token=True: tokens in URLs end up in access logs."
            yield Finding("query-tokens", "warning", message, "Leave it out; use Tickets for URLs.")
    for path, node in _nodes(sources):
        if isinstance(node, ast.Dict) and _allows_query_tokens(node):
            message = (
                f"{path}:{node.lineno} configures a jwt_secret and accepts tokens in URLs: they end up in access logs."
            )
            yield Finding("query-tokens", "warning", message, 'Add "allow_query_token": False beside "jwt_secret".')


def _nodes(sources: Iterable[Path]) -> Iterator[tuple[Path, ast.AST]]:
    for path in sources:
        try:
            with tokenize.open(path) as file:
                tree = ast.parse(file.read())
        except (OSError, SyntaxError, ValueError):
            continue  # changed or removed since it was imported
        for node in ast.walk(tree):
            yield path, node


def _name_of(function: ast.expr) -> str | None:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else None


def _is_insecure(call: ast.Call) -> bool:
    """Return whether neither ``secure`` nor ``host_prefix`` may be true. ``**options`` may have one of them."""
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    return None not in given and not any(_may_be_true(given.get(name)) for name in ("secure", "host_prefix"))


def _allows_query_tokens(node: ast.Dict) -> bool:
    items = {
        key.value if isinstance(key, ast.Constant) else None: value
        for key, value in zip(node.keys, node.values, strict=True)
    }
    if "jwt_secret" not in items or None in items:  # **others or a computed key may have allow_query_token
        return False
    allowed = items.get("allow_query_token")
    return allowed is None or (isinstance(allowed, ast.Constant) and bool(allowed.value))


def _may_be_true(value: ast.expr | None) -> bool:
    return value is not None and not (isinstance(value, ast.Constant) and not value.value)

"""Reads the source of an application: where it accepts query tokens."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fastware.cli.doctor.findings import Finding

if TYPE_CHECKING:
    from fastware.auth import Auth
    from fastware.cli.doctor.source_file import SourceFile


def check_query_tokens(auths: Iterable[Auth], sources: Iterable[SourceFile]) -> Iterator[Finding]:
    """Yield the settings that accept ``?token=``, which ends up in access logs and browser histories."""
    for auth in auths:
        if auth.allow_query_token:
            message = "An Auth of the application has allow_query_token=True: tokens in URLs end up in access logs."
            yield Finding("query-tokens", "warning", message, "Leave it out; use Tickets for URLs.")
    for source, node in ((each, node) for each in sources for node in each.nodes()):
        if isinstance(node, ast.Dict) and _allows_query_tokens(node):
            fix = 'Add "allow_query_token": False beside "jwt_secret".'
            message = f"{source.path}:{node.lineno} configures a jwt_secret and accepts tokens in URLs: they end up in "
            yield Finding("query-tokens", "warning", f"{message}access logs.", fix)


def _allows_query_tokens(node: ast.Dict) -> bool:
    items = {
        key.value if isinstance(key, ast.Constant) else None: value
        for key, value in zip(node.keys, node.values, strict=True)
    }
    if "jwt_secret" not in items or None in items:  # **others or a computed key may have allow_query_token
        return False
    allowed = items.get("allow_query_token")
    return allowed is None or (isinstance(allowed, ast.Constant) and bool(allowed.value))

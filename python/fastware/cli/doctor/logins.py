"""Reads the source of an application: logins whose attempts nothing limits."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fastware.cli.doctor.findings import Finding

if TYPE_CHECKING:
    from fastware.cli.doctor.source_file import SourceFile


def check_guards(sources: Iterable[SourceFile]) -> Iterator[Finding]:
    """Yield the calls of ``login_route`` and ``authenticate`` without a guard, in functions without a rate limit."""
    for source in sources:
        limited = [node for node in source.nodes() if _is_limited(node)]
        for call in source.calls("login_route", "authenticate"):
            is_limited = any(call.is_within(function) for function in limited)
            if call.value("guard", None) is None and call.is_certain and not is_limited:
                message = f"{call.place} calls {call.name} without a guard: clients may try any number of passwords."
                yield Finding("login-guard", "warning", message, "Pass guard=LoginGuard() (docs/logins.md).")


def _is_limited(node: ast.AST) -> bool:
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return False
    return any("rate_limit" in ast.unparse(decorator) for decorator in node.decorator_list)

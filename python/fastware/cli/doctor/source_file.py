"""A source file of an application: its calls, and the values of their arguments as far as they are known."""

from __future__ import annotations

import ast
import tokenize
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

UNKNOWN: Final = object()
"""The value of an argument that is computed, or passed in ``**options``."""

_TAKE_A_CLASS: Final = ("add_middleware", "Middleware", "DefineMiddleware", "partial")
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


class SourceFile:
    """The syntax tree of the file *path*, of a module with the global *names*."""

    def __init__(self, path: Path, names: Mapping[str, Any]) -> None:
        self.path = path
        self._names = names
        self._tree = _tree_of(path)
        functions = [node for node in ast.walk(self._tree) if isinstance(node, _FUNCTIONS)]
        self._of_functions = {name for function in functions for name in _names_bound_in(function)}

    def nodes(self) -> Iterator[ast.AST]:
        """Yield each node of the tree."""
        return ast.walk(self._tree)

    def calls(self, *names: str) -> Iterator[Call]:
        """Yield the calls of the functions and classes of fastware with these *names*."""
        for node in self.nodes():
            if not isinstance(node, ast.Call):
                continue
            called = node.func
            if _last_name(called) in _TAKE_A_CLASS and node.args:
                called = node.args[0]  # app.add_middleware(CSRFMiddleware, ...)
            name, value = _last_name(called), self.value_of(called)
            if name in names and _is_of_fastware(value):
                yield Call(self, node, name, is_certain=value is not UNKNOWN)

    def value_of(self, node: ast.expr) -> Any:
        """Return the value of *node* in this process: of a constant, a global name, an attribute of one, or a ``not``.

        It is ``UNKNOWN`` for anything else, and for a name that a function binds.
        """
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name):
            return UNKNOWN if node.id in self._of_functions else self._names.get(node.id, UNKNOWN)
        if isinstance(node, ast.Attribute):
            value = self.value_of(node.value)
            try:
                return UNKNOWN if value is UNKNOWN else getattr(value, node.attr)
            except Exception:  # noqa: BLE001 - a property of the application may raise anything
                return UNKNOWN
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            value = self.value_of(node.operand)
            return (not value) if isinstance(value, (bool, int, str)) or value is None else UNKNOWN
        return UNKNOWN


class Call:
    """A call in a source file.

    Attributes:
        name: the name of the function or class that is called.
        place: the file and the line.
        is_certain: whether it is the one of fastware; otherwise it only has its name.

    """

    def __init__(self, file: SourceFile, node: ast.Call, name: str, *, is_certain: bool) -> None:
        self.name = name
        self.is_certain = is_certain
        self.place = f"{file.path}:{node.lineno}"
        self._file = file
        self._node = node
        self._keywords = {keyword.arg: keyword.value for keyword in node.keywords}

    def is_within(self, function: ast.AST) -> bool:
        """Return whether the call is in the body of *function*."""
        return any(node is self._node for node in ast.walk(function))

    def value(self, option: str, default: Any, position: int | None = None) -> Any:
        """Return the value of the argument *option*, which may also be at *position*; ``UNKNOWN`` if it is computed."""
        argument = self._argument(option, position)
        if argument is not None:
            return self._file.value_of(argument)
        has_others = None in self._keywords or any(isinstance(each, ast.Starred) for each in self._node.args)
        return UNKNOWN if has_others else default

    def flag(self, option: str, default: bool | None = False, position: int | None = None) -> bool | None:
        """Return whether the argument *option* is true, or ``None`` if that is not known."""
        value = self.value(option, default, position)
        return bool(value) if isinstance(value, (bool, int, str)) else None

    def text(self, option: str) -> str:
        """Return the computed argument *option* with its value, for a message; nothing for a constant."""
        argument = self._argument(option, None)
        if argument is None or isinstance(argument, ast.Constant):
            return ""
        return f" ({option}={ast.unparse(argument)} is {self._file.value_of(argument)!r} here)"

    def _argument(self, option: str, position: int | None) -> ast.expr | None:
        arguments = self._node.args
        if position is not None and position < len(arguments):
            return arguments[position]
        return self._keywords.get(option)


def _tree_of(path: Path) -> ast.Module:
    try:
        with tokenize.open(path) as file:
            return ast.parse(file.read())
    except (OSError, SyntaxError, ValueError):
        return ast.Module([], [])  # changed or removed since it was imported


def _names_bound_in(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)


def _last_name(node: ast.expr) -> str | None:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None


def _is_of_fastware(called: Any) -> bool:
    """Return whether *called* is of fastware; an unknown one is, by its name."""
    return called is UNKNOWN or str(getattr(called, "__module__", "")).partition(".")[0] == "fastware"

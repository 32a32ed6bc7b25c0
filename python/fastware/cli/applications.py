"""Imports an object of an application from the current folder."""

from __future__ import annotations

import importlib
import os
import re
import sys
from contextlib import redirect_stdout
from typing import Any, Final

from fastware.cli.output import describe, fail

_REFERENCE: Final = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*:[^\W\d]\w*(?:\.[^\W\d]\w*)*")


def is_reference(text: str) -> bool:
    """Return whether *text* is ``module:attribute``. ``./module:attribute`` is a path."""
    return _REFERENCE.fullmatch(text) is not None


def load_object(reference: str) -> Any:
    """Return the object that ``module:attribute`` names; the current folder is searched first, as by ``python -m``."""
    if not is_reference(reference):
        fail(f"{reference} is not module:attribute, such as shop.main:app")
    module_name, _, path = reference.partition(":")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    found = _import(module_name)
    for name in path.split("."):
        try:
            found = getattr(found, name)
        except AttributeError:
            fail(f"{module_name} has no attribute {path}")
    return found


def _import(module_name: str) -> Any:
    problem = None
    try:
        with redirect_stdout(sys.stderr):  # what the application prints is not a result
            return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is not None and (module_name + ".").startswith(error.name + "."):
            problem = f"there is no module {error.name} in {os.getcwd()} or in this Python"
        else:
            problem = _failure(module_name, error)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - an application may raise anything
        problem = _failure(module_name, error)
    return fail(problem)


def _failure(module_name: str, error: BaseException) -> str:
    return f'{module_name} cannot be imported: {describe(error)} (python -c "import {module_name}" shows where)'

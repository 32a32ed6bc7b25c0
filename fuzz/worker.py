"""Fuzz one target of the Python side with atheris: ``python -m fuzz.worker TARGET EXTENSION [OPTION]...``.

EXTENSION is the Rust engine with coverage counters, or empty for the installed one; OPTIONs are options of libFuzzer.
"""

import contextlib
import importlib.machinery
import importlib.util
import io
import json.decoder
import json.scanner
import sys

import atheris

EXTENSION = "fastware._engine._rust"
INSTRUMENTED = ["fastware", "tests.reference", "fuzz.targets"]
JSON_IN_PYTHON = (json.decoder.JSONArray, json.decoder.JSONObject, json.scanner.py_make_scanner)


def main() -> None:
    program, name, extension, *options = sys.argv
    if extension:
        load_extension(extension)
    # The references are instrumented too: their branches distinguish inputs when an engine calls a library in C.
    for function in JSON_IN_PYTHON:
        atheris.instrument_func(function)
    with contextlib.redirect_stderr(io.StringIO()), atheris.instrument_imports(include=INSTRUMENTED):
        from fuzz.targets import TARGETS
    atheris.Setup([program, *options], TARGETS[name].check)
    atheris.Fuzz()


def load_extension(path: str) -> None:
    """Make fastware import the extension module at *path*."""
    loader = importlib.machinery.ExtensionFileLoader(EXTENSION, path)
    spec = importlib.util.spec_from_file_location(EXTENSION, path, loader=loader)
    if spec is None:
        raise ImportError(f"{path} is not an extension module")
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    sys.modules[EXTENSION] = module


if __name__ == "__main__":
    main()

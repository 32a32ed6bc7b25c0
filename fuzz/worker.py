"""One target of the Python side under atheris: ``python -m fuzz.worker TARGET EXTENSION [OPTION]...``.

EXTENSION is the Rust engine with coverage counters, or empty for the installed one; OPTIONs are those of libFuzzer.
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
    # The references too: their branches tell inputs apart where an engine calls a library in C.
    for function in JSON_IN_PYTHON:
        atheris.instrument_func(function)
    with contextlib.redirect_stderr(io.StringIO()), atheris.instrument_imports(include=INSTRUMENTED):
        from fuzz.targets import TARGETS
    atheris.Setup([program, *options], TARGETS[name].check)
    atheris.Fuzz()


def load_extension(path: str) -> None:
    """Make the module at *path* the one that fastware imports."""
    loader = importlib.machinery.ExtensionFileLoader(EXTENSION, path)
    spec = importlib.util.spec_from_file_location(EXTENSION, path, loader=loader)
    if spec is None:
        raise ImportError(f"{path} is not an extension module")
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    sys.modules[EXTENSION] = module


if __name__ == "__main__":
    main()

"""One target of the Python side under atheris: ``python -m fuzz.atheris_process TARGET EXTENSION [OPTION]...``.

OPTIONs are those of libFuzzer; EXTENSION is the Rust engine with coverage counters, or empty for the one that is
installed, if any.
"""

import contextlib
import io
import json.decoder
import json.scanner
import sys
from pathlib import Path

import atheris

from fuzz import builds

_INSTRUMENTED = ["fastware", "fuzz.reference", "fuzz.targets"]
_JSON_IN_PYTHON = (json.decoder.JSONArray, json.decoder.JSONObject, json.scanner.py_make_scanner)


def main() -> None:
    program, name, extension, *options = sys.argv
    if extension:
        builds.load_extension(Path(extension))
    # The references too, which tell inputs apart where an engine asks a library in C. It names all that it instruments.
    for function in _JSON_IN_PYTHON:
        atheris.instrument_func(function)
    with contextlib.redirect_stderr(io.StringIO()), atheris.instrument_imports(include=_INSTRUMENTED):
        from fuzz.targets import TARGETS
    atheris.Setup([program, *options], TARGETS[name].check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()

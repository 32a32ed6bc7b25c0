"""The two Rust builds with coverage counters: the extension module, and the targets of the core.

LLVM's sanitizer coverage is a pass that every Rust compiler has, a stable one too.
"""

import importlib.machinery
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from fuzz import ROOT, places

_COVERAGE = (
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
    "-Cdebug-assertions",
    "-Coverflow-checks",
)
_EXTENSION = "fastware._engine._rust"


def has_toolchain() -> bool:
    return shutil.which("cargo") is not None


def has_atheris() -> bool:
    return importlib.util.find_spec("atheris") is not None


def build_extension() -> Path:
    """The Rust engine for this Python, which tells atheris what it runs through."""
    # The extension finds the functions of the coverage in the libFuzzer that atheris brings along.
    flags = (*_COVERAGE, f"-Clink-arg={_libfuzzer()}")
    folder = _build("extension", flags, "--package", "fastware-binding", "--features", "pyo3/extension-module")
    return folder / "lib_rust.so"


def load_extension(path: Path) -> None:
    """Make the module at *path* the one that ``fastware`` imports."""
    loader = importlib.machinery.ExtensionFileLoader(_EXTENSION, str(path))
    spec = importlib.util.spec_from_file_location(_EXTENSION, path, loader=loader)
    if spec is None:
        raise ImportError(f"{path} is no extension module")
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    sys.modules[_EXTENSION] = module


def build_core() -> Path:
    """The program that fuzzes the core."""
    manifest = str(places.CORE / "Cargo.toml")
    return _build("core", _COVERAGE, "--manifest-path", manifest, "--features", "libfuzzer") / "core-fuzz"


def _build(name: str, flags: tuple[str, ...], *options: str) -> Path:
    # With a target, the flags are not those of build scripts and procedural macros.
    target, folder = _host(), places.BUILT / name
    command = ["cargo", "build", "--release", "--locked", "--quiet", "--target", target, "--target-dir", str(folder)]
    environment = {
        **os.environ,
        "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(flags),
        "CARGO_PROFILE_RELEASE_LTO": "off",
        "PYO3_PYTHON": sys.executable,
    }
    subprocess.run([*command, *options], cwd=ROOT, env=environment, check=True)
    return folder / target / "release"


def _host() -> str:
    said = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout
    return next(line.removeprefix("host: ") for line in said.splitlines() if line.startswith("host: "))


def _libfuzzer() -> Path:
    spec = importlib.util.find_spec("atheris.core_with_libfuzzer")
    if spec is None or spec.origin is None:
        raise ImportError("atheris is not installed")
    return Path(spec.origin)

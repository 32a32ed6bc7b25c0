"""Builds Rust with coverage counters: the extension module, and the targets of the core.

LLVM's sanitizer coverage is a pass of every Rust compiler, including the stable one.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from fuzz import ROOT

CORE = ROOT / "fuzz" / "rust"
BUILT = ROOT / ".fuzz" / "built"

COVERAGE = (
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
    "-Cdebug-assertions",
    "-Coverflow-checks",
)


def has_toolchain() -> bool:
    return shutil.which("cargo") is not None


def has_atheris() -> bool:
    return importlib.util.find_spec("atheris") is not None


def extension() -> Path:
    """Build the Rust engine for this Python, and return its path."""
    atheris = importlib.util.find_spec("atheris.core_with_libfuzzer")
    if atheris is None:
        raise ImportError("atheris is not installed")
    # The functions that count coverage are in atheris's libFuzzer.
    flags = (*COVERAGE, f"-Clink-arg={atheris.origin}")
    return build(flags, "extension", "--package=fastware-binding", "--features=pyo3/extension-module") / "lib_rust.so"


def core() -> Path:
    """Build the fuzzer of the core, and return its path."""
    manifest = f"--manifest-path={CORE / 'Cargo.toml'}"
    return build(COVERAGE, "core", manifest, "--features=libfuzzer", "--bin=core-fuzz") / "core-fuzz"


def core_targets(seeds: Path) -> dict[str, str]:
    """Return what each target of the core is compared with, by name. Writes the seeds into the folder *seeds*."""
    command = ["cargo", "run", "--quiet", "--locked", "--bin=core-targets", "--", str(seeds)]
    listed = subprocess.run(command, cwd=CORE, capture_output=True, text=True, check=True).stdout
    return dict(line.split("\t") for line in listed.splitlines())


def build(flags: tuple[str, ...], name: str, *options: str) -> Path:
    version = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout
    host = version.partition("host: ")[2].split()[0]
    # With --target, the flags do not apply to build scripts and procedural macros.
    command = ["cargo", "build", "--release", "--locked", "--quiet", f"--target={host}"]
    environment = {
        **os.environ,
        "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(flags),
        "CARGO_PROFILE_RELEASE_LTO": "off",
        "PYO3_PYTHON": sys.executable,
    }
    subprocess.run([*command, f"--target-dir={BUILT / name}", *options], cwd=ROOT, env=environment, check=True)
    return BUILT / name / host / "release"

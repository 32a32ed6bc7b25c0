"""What counts depend on beside the sources: with other tools the same sources have other counts."""

import importlib.util
import platform
import re
import sys
from importlib.metadata import version
from pathlib import Path

from benches.instructions import callgrind
from benches.instructions.layers import RUST_EXTENSION

_PACKAGES = {"rust engine": (), "python engine": ("PyJWT",), "public API, rust": ("msgspec",)}
"""The packages of others that run between the marks."""

_RUSTC = re.compile(rb"rustc version ([^\0]+)")


def machine():
    """The name of the baseline that counts here are compared with."""
    return f"{platform.python_implementation()} {sys.version_info.major}.{sys.version_info.minor}, {platform.machine()}"


def tools(layer):
    """The tools that decide the counts of *layer*, by kind."""
    return {
        "Python": " ".join(sys.version.split()),
        "valgrind": callgrind.version(),
        "SIMD": _simd(),
        **({"rustc": _rustc()} if "rust" in layer else {}),
        **{package: version(package) for package in _PACKAGES[layer]},
    }


def _rustc():
    """The compiler as it wrote itself into the extension, not the one that is installed."""
    extension = importlib.util.find_spec(RUST_EXTENSION).origin
    written = _RUSTC.search(Path(extension).read_bytes())
    return written[1].decode() if written else "unknown"


def _simd():
    """The widest SIMD that valgrind offers on this CPU: searches take it where it is there."""
    cpu = Path("/proc/cpuinfo")
    return "AVX2" if cpu.exists() and "avx2" in cpu.read_text().split() else "other"

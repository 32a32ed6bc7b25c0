"""PEP 517 build backend: the Rust engine if it can be built, otherwise the pure-Python engine.

maturin builds the native wheel, hatchling the pure wheel and the sdist. ``FASTWARE_BUILD`` chooses:

- ``auto`` (default): native, or pure if cargo is missing or the native build fails;
- ``rust``: native; if the native build fails, the installation fails;
- ``pure``: pure, without looking for Rust.
"""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import hatchling.build

CHOICES = ("auto", "rust", "pure")
MATURIN = "maturin>=1.9.4,<2"
ENGINE_FOLDER = Path(__file__).parents[1] / "python" / "fastware" / "_engine"

ConfigSettings = dict[str, Any] | None


def _choice() -> str:
    choice = os.environ.get("FASTWARE_BUILD", "auto")
    if choice not in CHOICES:
        sys.exit(f"FASTWARE_BUILD is {choice!r}; it must be one of: {', '.join(CHOICES)}")
    return choice


def _say(*lines: str) -> None:
    rule = "*" * 78
    sys.stderr.write("\n".join(("", rule, *lines, rule, "")))
    sys.stderr.flush()


def _wants_native() -> bool:
    choice = _choice()
    if choice == "auto" and shutil.which("cargo") is None:
        _say(
            "fastware: no Rust toolchain (cargo) was found.",
            "Installing the pure-Python engine, which behaves the same and is slower.",
            "For the Rust engine, install Rust (https://rustup.rs) and install fastware again.",
        )
        return False
    if choice == "rust" and shutil.which("cargo") is None:
        sys.exit("FASTWARE_BUILD is 'rust', but cargo is missing: install Rust (https://rustup.rs)")
    return choice != "pure"


def get_requires_for_build_wheel(config_settings: ConfigSettings = None) -> list[str]:
    """Require maturin only if the native engine will be built."""
    native = [MATURIN] if _wants_native() else []
    return [*hatchling.build.get_requires_for_build_wheel(config_settings), *native]


def get_requires_for_build_editable(config_settings: ConfigSettings = None) -> list[str]:
    """Require maturin only if the native engine will be built."""
    native = [MATURIN] if _wants_native() else []
    return [*hatchling.build.get_requires_for_build_editable(config_settings), *native]


def get_requires_for_build_sdist(config_settings: ConfigSettings = None) -> list[str]:
    """Return the requirements of hatchling: the sdist contains only sources."""
    return list(hatchling.build.get_requires_for_build_sdist(config_settings))


def _build(hook: str, directory: str, config_settings: ConfigSettings) -> str:
    if _wants_native():
        try:
            # maturin must use the toolchain of the machine, and not install its own.
            os.environ["MATURIN_NO_INSTALL_RUST"] = "1"
            _say(f"fastware: building the Rust engine with {shutil.which('cargo')}.")
            return str(getattr(importlib.import_module("maturin"), hook)(directory, config_settings))
        except (Exception, SystemExit) as failure:
            if _choice() == "rust":
                raise
            _say(
                f"fastware: the Rust engine could not be built ({type(failure).__name__}: {failure}; see above).",
                "Installing the pure-Python engine, which behaves the same and is slower.",
                "FASTWARE_BUILD=rust makes this failure stop the installation instead.",
            )
    if hook == "build_editable":
        _remove_extensions()
    return str(getattr(hatchling.build, hook)(directory, config_settings))


def _remove_extensions() -> None:
    """Remove the extension of an earlier editable build, which would still be imported."""
    for extension in ENGINE_FOLDER.glob("_rust*"):
        if extension.suffix in (".so", ".pyd"):
            extension.unlink()


def build_wheel(
    wheel_directory: str, config_settings: ConfigSettings = None, metadata_directory: str | None = None
) -> str:
    """Build the native wheel, or the ``py3-none-any`` wheel without the extension."""
    del metadata_directory
    return _build("build_wheel", wheel_directory, config_settings)


def build_editable(
    wheel_directory: str, config_settings: ConfigSettings = None, metadata_directory: str | None = None
) -> str:
    """Build an editable wheel. The extension is put next to the Python sources."""
    del metadata_directory
    return _build("build_editable", wheel_directory, config_settings)


def build_sdist(sdist_directory: str, config_settings: ConfigSettings = None) -> str:
    """Build the sdist, which needs no Rust."""
    return str(hatchling.build.build_sdist(sdist_directory, config_settings))

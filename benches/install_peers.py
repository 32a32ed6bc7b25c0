"""Install the peers that have wheels for this Python. A peer that cannot be installed is said, and done without."""

import subprocess
import sys
import tomllib
from pathlib import Path

_PYPROJECT = Path(__file__).parent.parent / "pyproject.toml"


def main() -> None:
    peers = tomllib.loads(_PYPROJECT.read_text("utf-8"))["project"]["optional-dependencies"]["peers"]
    if _install(*peers).returncode == 0:
        return
    for peer in peers:
        outcome = _install(peer)
        if outcome.returncode:
            print(f"The benchmarks do without {peer}: {_last_line(outcome.stderr)}")


def _install(*requirements: str) -> "subprocess.CompletedProcess[str]":
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]
    return subprocess.run([*pip, *requirements], capture_output=True, text=True, check=False)


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["pip failed"])[-1]


if __name__ == "__main__":
    main()

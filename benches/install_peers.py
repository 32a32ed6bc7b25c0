"""Install the peers that have wheels for this Python; name those that do not."""

import subprocess
import sys
import tomllib

from checks import ROOT


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]
    peers = project["optional-dependencies"]["peers"]
    if subprocess.run([*pip, *peers], capture_output=True, check=False).returncode == 0:
        return
    for peer in peers:
        outcome = subprocess.run([*pip, peer], capture_output=True, text=True, check=False)
        if outcome.returncode:
            reason = (outcome.stderr.strip().splitlines() or ["pip failed"])[-1]
            print(f"The benchmarks run without {peer}: {reason}")


if __name__ == "__main__":
    main()

"""wrk, the program that makes the load: https://github.com/wg/wrk."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .request_kinds import RequestKind
from .server import Server

_SCRIPT = Path(__file__).with_name("load.lua")
MISSING = (
    "The load is made by wrk, which is not installed. Debian and Ubuntu: apt-get install wrk; "
    "Fedora: dnf install wrk; macOS: brew install wrk; source: https://github.com/wg/wrk"
)


@dataclass(frozen=True)
class Slice:
    """What a server did in one stretch of load; latencies in seconds, *failures* by status or kind of error."""

    requests_a_second: float
    p50: float
    p99: float
    worst: float
    failures: dict[str, int]


def is_installed() -> bool:
    return shutil.which("wrk") is not None


def load(server: Server, kind: RequestKind, seconds: int, connections: int) -> Slice:
    """Make requests of one *kind* for some *seconds*, over connections that are kept open."""
    headers = [part for pair in kind.headers.items() for part in pair]
    options = ["--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s"]
    command = [
        "wrk",
        *options,
        "--script",
        str(_SCRIPT),
        server.url + kind.path,
        "--",
        kind.method,
        kind.body,
        *headers,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"wrk ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return _slice(json.loads(done.stdout.splitlines()[-1]))


def _slice(report) -> Slice:
    failures = {status: count for status, count in report["statuses"].items() if not 200 <= int(status) < 300}
    failures |= {error: report[error] for error in ("connect", "read", "write", "timeout") if report[error]}
    seconds = report["microseconds"] / 1e6
    return Slice(
        requests_a_second=report["requests"] / seconds,
        p50=report["p50"] / 1e6,
        p99=report["p99"] / 1e6,
        worst=report["worst"] / 1e6,
        failures=failures,
    )

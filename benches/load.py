"""Load fastware on both engines, and FastAPI with PyJWT, each under Granian with one worker; needs wrk.

All servers run at once and are loaded in turn, a few seconds each, so that noise affects all of them. The exit status
is 1 if a request failed.
"""

import argparse
import contextlib
import http.client
import json
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import engines
from checks import ROOT
from checks.processes import HOST, Server, exit_on_sigterm, resident_bytes
from checks.samples import CLAIMS, CSRF_TOKEN, signed
from checks.tables import duration, machine, table

from benches.jobs import PYTHON, RUST

_FASTAPI = "FastAPI + PyJWT"
_TARGETS = {
    RUST: ("benches.load_apps:fastware", {"FASTWARE_ENGINE": "rust"}),
    PYTHON: ("benches.load_apps:fastware", {"FASTWARE_ENGINE": "python"}),
    _FASTAPI: ("benches.load_apps:fastapi", {}),
}
_OPTIONS = {"granian": ["--factory", "--no-ws"], "uvicorn": ["--factory", "--no-access-log"]}


class Kind(NamedTuple):
    """A kind of request, and the JSON of its response."""

    title: str
    method: str
    path: str
    expected: dict[str, Any]
    headers: dict[str, str]
    body: str = ""


_TOKEN = signed(CLAIMS)
_ORDER = {"item": "a book", "quantity": 2}
_USERNAME = {"username": CLAIMS["sub"]}
_BEARER = {"Authorization": f"Bearer {_TOKEN}"}
_SESSION = {
    "Cookie": f"theme=dark; session={_TOKEN}; csrf_token={CSRF_TOKEN}",
    "X-CSRF-Token": CSRF_TOKEN,
    "Content-Type": "application/json",
}
_KINDS = (
    Kind("open route", "GET", "/status", {"status": "ok"}, {}),
    Kind("profile, Bearer token", "GET", "/profile", {**_USERNAME, "role": CLAIMS["role"]}, _BEARER),
    Kind("POST with everything", "POST", "/orders", {**_USERNAME, **_ORDER}, _SESSION, json.dumps(_ORDER)),
)


def _check(server: Server) -> None:
    """Raise ``ValueError`` unless the server responds to every kind of request, and rejects invalid ones."""
    _, profile, order = _KINDS
    exchanges = [(kind, 200) for kind in _KINDS]
    exchanges.append((profile._replace(headers={}), 401))
    exchanges.append((profile._replace(headers={"Authorization": f"{_BEARER['Authorization'][:-4]}AAAA"}), 401))
    exchanges.append((order._replace(headers={**order.headers, "X-CSRF-Token": "another"}), 403))
    for kind, status in exchanges:
        connection = http.client.HTTPConnection(HOST, server.port, timeout=10)
        connection.request(kind.method, kind.path, body=kind.body or None, headers=kind.headers)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        if response.status != status or (status == 200 and json.loads(body) != kind.expected):
            raise ValueError(f"{kind.method} {kind.path}: {response.status} {body[:200]!r}, expected {status}")


def _load(server: Server, kind: Kind, seconds: int) -> dict[str, float]:
    """Send requests of one kind over 16 connections for some *seconds*."""
    headers = [part for pair in kind.headers.items() for part in pair]
    options = ["--threads", "1", "--connections", "16", "--duration", f"{seconds}s"]
    script = ["--script", str(Path(__file__).with_name("load.lua")), server.url + kind.path]
    command = ["wrk", *options, *script, "--", kind.method, kind.body, *headers]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return json.loads(output.splitlines()[-1])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benches.load", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each server and request (default: 60)")
    parser.add_argument("--slice", type=int, default=5, help="seconds until the next server is loaded (default: 5)")
    parser.add_argument("--server", choices=_OPTIONS, default="granian", help="default: granian")
    arguments = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed: apt-get install wrk, dnf install wrk, or https://github.com/wg/wrk")
    exit_on_sigterm()
    names = [name for name in _TARGETS if name != RUST or "rust" in engines.BUILT]
    slices: dict[tuple[str, str], list[dict[str, float]]] = {}
    memory = {}
    with contextlib.ExitStack() as stack:
        servers = {}
        for name in names:
            target, environment = _TARGETS[name]
            server = Server(arguments.server, target, ROOT, environment=environment, options=_OPTIONS[arguments.server])
            servers[name] = stack.enter_context(server)
            _check(servers[name])
        for number in range(max(1, arguments.seconds // arguments.slice)):
            for kind in _KINDS:
                for name, server in servers.items():
                    _load(server, kind, 1)  # a warm-up
                    slices.setdefault((kind.title, name), []).append(_load(server, kind, arguments.slice))
                print(f"[{number + 1}] {kind.title}", flush=True)
        for name, server in servers.items():
            _check(server)
            memory[name] = max(map(resident_bytes, server.processes()))
    rows, failures = [], 0
    for (kind, name), each in slices.items():
        # Compared slice by slice: neighboring slices have the same noise.
        pairs = zip(each, slices[kind, _FASTAPI], strict=True)
        ratio = statistics.median(own["a_second"] / peer["a_second"] for own, peer in pairs)
        median = {figure: statistics.median(one[figure] for one in each) for figure in each[0]}
        failures += (failed := sum(int(one["failures"]) for one in each))
        latencies = duration(median["p50"]), duration(median["p99"])
        rows.append((kind, name, f"{median['a_second']:,.0f}", f"{ratio:.1f}", *latencies, f"{failed}"))
    titles = ("request", "server", "requests a second", f"times {_FASTAPI}", "p50", "p99", "failures")
    print(f"\n{table(titles, rows, 2)}\n")
    print(table(("server", "MB"), [(name, f"{size / 1e6:.1f}") for name, size in memory.items()]))
    print(machine())
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())

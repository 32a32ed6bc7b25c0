"""An ASGI server on loopback, one worker, ended by its process id whatever happens."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benches.process_tree import descendants, resident_bytes

_ROOT = Path(__file__).parents[2]
_HOST = "127.0.0.1"
_SECONDS_TO_LISTEN = 30
_SECONDS_TO_END = 10


@dataclass(frozen=True)
class Server:
    """A running server; the first process may leave the work to a child."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def url(self) -> str:
        return f"http://{_HOST}:{self.port}"

    def resident_bytes(self) -> int:
        """Return what the process that serves has in RAM: the largest child, where there are any."""
        children = descendants(self.process.pid)
        return max(map(resident_bytes, children)) if children else resident_bytes(self.process.pid)


@contextlib.contextmanager
def serve(program: str, target: str, environment: dict[str, str]) -> Iterator[Server]:
    """Serve ``module:app`` with *program*, ``granian`` or ``uvicorn``, while the block runs."""
    port = _free_port()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-m", program, *_options(program, port), target],
            cwd=_ROOT,
            env={**os.environ, **environment},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for this program, which ends the server then
        )
        try:
            _wait_until_it_listens(process, port, log)
            yield Server(process, port)
        finally:
            _end(process)


def _options(program: str, port: int) -> list[str]:
    options = ["--host", _HOST, "--port", str(port), "--workers", "1"]
    if program == "granian":
        return [*options, "--interface", "asgi", "--no-ws", "--log-level", "warning"]
    return [*options, "--lifespan", "auto", "--log-level", "warning", "--no-access-log"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return probe.getsockname()[1]


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int, log) -> None:
    deadline = time.monotonic() + _SECONDS_TO_LISTEN
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection((_HOST, port), timeout=1):
            return
        time.sleep(0.05)
    log.seek(0)
    said = log.read().decode("utf-8", "replace")
    raise RuntimeError(f"the server did not listen within {_SECONDS_TO_LISTEN} s:\n{said}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and, where it does not do that itself, its children."""
    children = descendants(process.pid)
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)

"""Start and stop ASGI servers, and inspect their processes."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

HOST = "127.0.0.1"
_SECONDS_TO_LISTEN = 30
_SECONDS_TO_STOP = 15
_INTERFACE = {"granian": ["--interface", "asgi"], "uvicorn": ["--lifespan", "on"], "hypercorn": []}


class Server:
    """Granian, uvicorn or Hypercorn with ``module:app`` on a free port of the loopback interface, started by ``with``.

    The server starts in *folder*. Its output is appended to the file *log*. *options* belong to its command line.
    Granian and uvicorn listen on the Unix *socket* instead, if it is given.
    """

    def __init__(
        self,
        name: str,
        target: str,
        folder: Path,
        *,
        workers: int = 1,
        environment: dict[str, str] | None = None,
        log: Path | None = None,
        options: Sequence[str] = (),
        socket: Path | None = None,
    ) -> None:
        self.name = name
        self.workers = workers
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        self.log = log
        self._socket = socket
        self._folder = folder
        self._environment = environment or {}
        port = str(self.port)
        address = ["--bind", f"{HOST}:{port}"] if name == "hypercorn" else ["--host", HOST, "--port", port]
        if socket is not None:
            address = ["--uds", str(socket)]
        arguments = [*_INTERFACE[name], *address, "--workers", str(workers), *options]
        self._command = [sys.executable, "-m", name, *arguments, target]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server, and wait until it listens."""
        with contextlib.ExitStack() as stack:
            output = stack.enter_context(self.log.open("ab")) if self.log else subprocess.DEVNULL
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **self._environment},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches only the caller, which then stops the server
            )
        try:
            wait_until_it_listens(self._process, self.port, socket_file=self._socket)
        except BaseException as error:
            self.stop()
            if self.log and isinstance(error, RuntimeError):
                error.add_note(self.log.read_text("utf-8", "replace"))
            raise

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def processes(self) -> set[int]:
        """Return the ids of the first process and of its descendants."""
        return {self._process.pid, *descendants(self._process.pid)} if self._process else set()

    def stop(self) -> None:
        """Stop the server, and kill those of its processes that survive it. It may be killed already."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=_SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        # Also workers whose parent is gone: they are in the session, which has the id of the first process.
        for survivor in processes_of_session(process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(survivor, signal.SIGKILL)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def wait_until_it_listens(
    process: subprocess.Popen, port: int, seconds: float = _SECONDS_TO_LISTEN, socket_file: Path | None = None
) -> None:
    """Return once *port*, or the Unix socket *socket_file*, accepts connections.

    Raises ``RuntimeError`` if *process* ends first or takes too long.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server exited with {process.returncode} before it listened")
        with contextlib.suppress(OSError):
            if socket_file is None:
                socket.create_connection((HOST, port), timeout=1).close()
            else:
                with socket.socket(socket.AF_UNIX) as probe:
                    probe.connect(str(socket_file))
            return
        time.sleep(0.05)
    raise RuntimeError(f"the server did not listen within {seconds} s")


def descendants(process_id: int) -> list[int]:
    """Return the ids of the descendants of *process_id*; an empty list without ``/proc``."""
    found = []
    for task in Path(f"/proc/{process_id}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(child) for child in task.read_text("ascii").split()]
    return [each for child in found for each in (child, *descendants(child))]


def processes_of_session(session_id: int) -> list[int]:
    """Return the ids of the processes in the session; an empty list without ``/proc``."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(ProcessLookupError):
            if os.getsid(int(entry.name)) == session_id:
                found.append(int(entry.name))
    return found


def resident_bytes(process_id: int) -> int:
    """Return the number of bytes that the process has in RAM."""
    pages = int(Path(f"/proc/{process_id}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def exit_on_sigterm() -> None:
    """Turn SIGTERM into ``SystemExit``, so that servers and measuring processes are stopped too."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

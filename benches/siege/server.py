"""An ASGI server with several workers, whose processes can be told apart and killed."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from benches.process_tree import descendants

from . import settings
from .wire import HOST

NAMES = ("granian", "uvicorn")

_ROOT = Path(__file__).parents[2]
_TARGET = "benches.siege.application:app"
_SECONDS_TO_LISTEN = 30
_SECONDS_TO_END = 15
_OPTIONS = {
    "granian": ["--interface", "asgi", "--respawn-failed-workers", "--respawn-interval", "1", "--no-access-log"],
    "uvicorn": ["--lifespan", "on", "--no-access-log"],
}


class Server:
    """Serves the application out of *folder*, where users and logs are kept, while it is entered."""

    def __init__(self, name: str, workers: int, folder: Path) -> None:
        self.name = name
        self.workers = workers
        self.port = _free_port()
        self.starts = 0
        self.users_file = folder / "users.json"
        self.log = folder / "log"
        self._workers_folder = folder / "workers"
        self._workers_folder.mkdir()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def start(self) -> None:
        """Start it, and wait until all workers have."""
        options = ["--host", HOST, "--port", str(self.port), "--workers", str(self.workers), "--log-level", "warning"]
        environment = {
            "PYTHONUNBUFFERED": "1",
            settings.USERS_FILE: str(self.users_file),
            settings.WORKERS_FOLDER: str(self._workers_folder),
        }
        self.starts += 1
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self.name, *options, *_OPTIONS[self.name], _TARGET],
                cwd=_ROOT,
                env={**os.environ, **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for this program, which ends the server then
            )
        try:
            self._wait_until_all_work()
        except BaseException:
            self.end()
            raise

    def _wait_until_all_work(self) -> None:
        deadline = time.monotonic() + _SECONDS_TO_LISTEN
        while self.is_running() and time.monotonic() < deadline:
            if len(self.living_workers()) == self.workers:
                with contextlib.suppress(OSError), socket.create_connection((HOST, self.port), timeout=1):
                    return
            time.sleep(0.05)
        said = self.log.read_text("utf-8", "replace")
        raise RuntimeError(f"{self.name} did not serve within {_SECONDS_TO_LISTEN} s:\n{said}")

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def all_workers(self) -> set[int]:
        """Return the process ids of all workers that ever served."""
        return {int(file.name) for file in self._workers_folder.iterdir()}

    def living_workers(self) -> set[int]:
        """Return those of them that are there now: below the server's first process, or that one itself."""
        if self._process is None:
            return set()
        return self.all_workers() & {self._process.pid, *descendants(self._process.pid)}

    def kill(self, worker: int) -> None:
        """End a worker at once, wherever it is."""
        if worker in self.living_workers():
            os.kill(worker, signal.SIGKILL)

    def end(self) -> None:
        """Stop the server, and those of its processes that outlive it."""
        process, self._process = self._process, None
        if process is None:
            return
        children = descendants(process.pid)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for child in children:
            # The server's session has its id: another process that got the child's id is none of ours.
            with contextlib.suppress(ProcessLookupError):
                if os.getsid(child) == process.pid:
                    os.kill(child, signal.SIGKILL)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]

"""Real ASGI servers on the loopback interface, started and stopped by the test that uses them."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time

NAMES = ("granian", "uvicorn")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _command(server, target, port, workers):
    if server == "granian":
        options = ["--interface", "asgi", "--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)]
        return [sys.executable, "-m", "granian", *options, target]
    if server == "hypercorn":
        return [sys.executable, "-m", "hypercorn", "--bind", f"127.0.0.1:{port}", "--workers", str(workers), target]
    options = ["--host", "127.0.0.1", "--port", str(port), "--workers", str(workers), "--lifespan", "on"]
    return [sys.executable, "-m", "uvicorn", *options, target]


@contextlib.contextmanager
def serve(server, target, *, folder, env=None, workers=1, log=None, options=()):
    """Serve ``module:app`` in *folder* with *server* and yield the base URL. *log* is the file for the server's output.

    *options* are added to the command line of the server.
    """
    port = free_port()
    with contextlib.ExitStack() as stack:
        output = stack.enter_context(open(log, "wb")) if log else subprocess.DEVNULL
        process = subprocess.Popen(
            [*_command(server, target, port, workers), *options],
            cwd=folder,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_until_it_listens(process, port)
            yield f"http://127.0.0.1:{port}"
        finally:
            _stop(process)


def wait_until_it_listens(process, port, seconds=30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode} before it listened")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"the server did not listen within {seconds} s")


def _stop(process):
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

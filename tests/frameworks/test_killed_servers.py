"""A server that is killed in the middle of a request: its client gets an error, and no process is left."""

import contextlib
import os
import signal
import socket
import time
from pathlib import Path

import pytest
import servers
from checks.processes import HOST, Server

ROOT = Path(__file__).parents[2]
HALF_A_LOGIN = b'POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"username":'


def is_running(process_id):
    """Return whether the process exists and is no zombie."""
    try:
        return Path(f"/proc/{process_id}/stat").read_text("ascii").rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


def wait_until_none_runs(process_ids):
    deadline = time.monotonic() + 2
    while running := list(filter(is_running, process_ids)):
        assert time.monotonic() < deadline, running
        time.sleep(0.05)


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="needs /proc")
@pytest.mark.parametrize("server", servers.NAMES)
def test_server_that_is_killed_during_a_request_leaves_no_process(server):
    with (
        Server(server, "tests.frameworks.apps.core_app:app", ROOT, workers=2) as running,
        socket.create_connection((HOST, running.port), timeout=10) as client,
    ):
        client.sendall(HALF_A_LOGIN)
        started = running.processes()
        assert len(started) >= 3
        first = os.getsid(min(started))
        os.kill(first, signal.SIGKILL)
        wait_until_none_runs([first])  # its workers go on
        running.stop()
        with contextlib.suppress(ConnectionResetError):
            assert client.recv(1000) == b""
    wait_until_none_runs(started)

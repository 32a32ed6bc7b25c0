"""Under real servers, no response and no line of a log shows a secret, except for the documented exceptions."""

import contextlib
import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

import engines
import failing_app
import httpx
import pytest
import servers
from marks import new_mark
from sandbox import Sandbox

SUPPORT = Path(servers.__file__).parent
APP = """
import os, pathlib
import failing_app, fastware.auth
app = failing_app.create(fastware, pathlib.Path.cwd(), {"jwt_secret": os.environ["JWT_SECRET"]})
"""
MALFORMED_REQUESTS = [  # %s is the password
    b"GET /profile HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\0\r\n\r\n",
    b"GET /profile HTTP/1.1\r\nHost: x\r\nAuthorization %s\r\n\r\n",
    b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n%s",
    b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: %s\r\n\r\n",
]


class Site(Sandbox):
    """A sandbox whose failing application is served, and its log."""

    url = None

    @property
    def log(self):
        return self.folder / "log"

    def lines_with_secrets(self):
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return [line for line in lines if self.marks.found_in(line)]

    def get(self, path, *, expected):
        response = httpx.get(f"{self.url}{path}")
        assert response.status_code == expected
        assert self.marks.found_in(response.text) == []

    def send_all(self):
        """Send every request of the failing application, and return ``{name: response}``."""
        responses = {}
        for name, (status, method, path, headers, body) in failing_app.REQUESTS.items():
            response = httpx.request(method, f"{self.url}{path}", headers=headers(self), content=self.fill(body))
            assert response.status_code == status, name
            responses[name] = f"{response.headers!r}\n{response.text}"
        return responses | {str(request): self.send_bytes(self.fill(request)) for request in MALFORMED_REQUESTS}

    def send_bytes(self, request):
        address = urlsplit(self.url)
        received = b""
        with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            with contextlib.suppress(OSError):
                while piece := connection.recv(65_536):
                    received += piece
        return received.decode("latin-1")


@contextlib.contextmanager
def served(server, engine, folder):
    site = Site(engine, folder)
    site.write_files()
    (folder / "served.py").write_text(APP, encoding="utf-8")
    path = os.pathsep.join([str(SUPPORT), os.environ.get("PYTHONPATH", "")])
    env = {"JWT_SECRET": site.secret, "FASTWARE_ENGINE": engine, "PYTHONPATH": path}
    options = {"folder": folder, "env": env, "log": site.log, "options": ["--access-log"]}
    with servers.serve(server, "served:app", **options) as site.url:
        yield site


@pytest.mark.parametrize("engine", engines.BUILT)
@pytest.mark.parametrize("server", servers.NAMES)
def test_responses_and_log_show_no_secret(server, engine, tmp_path):
    with served(server, engine, tmp_path) as site:
        responses = site.send_all()
    assert {name: found for name, text in responses.items() if (found := site.marks.found_in(text))} == {}
    assert site.lines_with_secrets() == []
    log = site.log.read_text(encoding="utf-8", errors="replace")
    assert log.count("RuntimeError: the handler failed") >= 3
    assert "UserFileError" in log and "lone surrogate" in log and '"GET /fail' in log


# The documented exceptions: access logs show the request line, and the log of the package shows the path


@pytest.mark.parametrize("server", servers.NAMES)
def test_query_token_is_shown_by_the_access_log_only(server, tmp_path):
    with served(server, engines.BUILT[0], tmp_path) as site:
        site.get(f"/profile?token={site.token}", expected=200)
        site.get(f"/profile?token={site.forged}", expected=401)
        site.get(f"/fail?token={site.token}", expected=500)
        site.get(f"/nothing?token={site.token}", expected=404)
    lines = site.lines_with_secrets()
    # The default access log of Granian leaves out the query string.
    assert len(lines) == {"uvicorn": 4, "granian": 0}[server]
    assert [line for line in lines if not ("?token=" in line and ' HTTP/1.1"' in line)] == []


@pytest.mark.parametrize("server", servers.NAMES)
def test_path_is_logged_where_the_handler_fails(server, tmp_path):
    with served(server, engines.BUILT[0], tmp_path) as site:
        code = site.marks.add("code", new_mark())
        response = httpx.get(f"{site.url}/reset/{code}")
    assert response.status_code == 500
    lines = site.lines_with_secrets()
    assert any(f"GET '/reset/{code}'" in line for line in lines)
    assert all(f"/reset/{code}" in line for line in lines)

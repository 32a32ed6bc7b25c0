"""The second origin of the demo: a page on another port, which tries to use the session of the visitor."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).parent
_FILES: Final = {
    "/": ("attacker.html", "text/html; charset=utf-8"),
    "/attacker.css": ("attacker.css", "text/css; charset=utf-8"),
    "/attacker.js": ("attacker.js", "text/javascript; charset=utf-8"),
}


@contextmanager
def attacker(host: str, port: int, victim_port: int) -> Iterator[None]:
    """Serve the page of the attacker on *port* in a thread. It attacks the same host on *victim_port*."""
    contents = {
        path: ((_FOLDER / name).read_bytes().replace(b"{{port}}", b"%d" % victim_port), content_type)
        for path, (name, content_type) in _FILES.items()
    }

    class Page(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            found = contents.get(self.path)
            if found is None:
                self.send_error(404)
                return
            body, content_type = found
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer((host, port), Page) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()

"""One request, whose answer is compared with what is right; and some that must be refused."""

import http.client
import json
from dataclasses import replace

from .request_kinds import KINDS, RequestKind

_SECONDS = 10


def check(port: int) -> None:
    """Raise ``ValueError`` unless the server answers every kind of request rightly, and refuses what it must."""
    for kind in KINDS:
        _expect(kind, port, 200, kind.expected)
    profile, order = KINDS[1], KINDS[2]
    _expect(replace(profile, headers={}), port, 401)
    _expect(replace(profile, headers={"Authorization": profile.headers["Authorization"][:-4] + "AAAA"}), port, 401)
    _expect(replace(order, headers={**order.headers, "X-CSRF-Token": "another"}), port, 403)


def _expect(kind: RequestKind, port: int, status: int, answer: object = None) -> None:
    found_status, content_type, body = _ask(kind, port)
    is_right = found_status == status and content_type == "application/json"
    if not is_right or (answer is not None and json.loads(body) != answer):
        raise ValueError(
            f"{kind.method} {kind.path} was answered {found_status} {content_type} {body[:200]!r}, "
            f"right is {status} {'' if answer is None else json.dumps(answer)}"
        )


def _ask(kind: RequestKind, port: int) -> tuple[int, str | None, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    try:
        connection.request(kind.method, kind.path, body=kind.body or None, headers=kind.headers)
        response = connection.getresponse()
        return response.status, response.getheader("content-type"), response.read()
    finally:
        connection.close()

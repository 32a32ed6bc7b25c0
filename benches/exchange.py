"""One request through an ASGI application."""

import json

from benches.timing import Each, awaited, run


def exchange(app, make_scope, baseline=None):
    """Return the call that sends a new request through *app*; its messages are dropped.

    The time of the same request through *baseline* is subtracted.
    """
    arguments = (Each(make_scope), _receive, _drop)
    return awaited(app, *arguments, baseline=awaited(baseline, *arguments) if baseline else None)


def read_response(contender, *inputs):
    """Return the status, the content type and the decoded JSON of the response."""
    start, body = _response(contender(*inputs))
    headers = {bytes(name).lower(): bytes(value) for name, value in start["headers"]}
    return start["status"], headers.get(b"content-type", b"").partition(b";")[0], json.loads(body)


def read_status(contender, *inputs):
    """Return the status alone: libraries phrase their rejections differently."""
    return _response(contender(*inputs))[0]["status"]


async def _receive():
    return {"type": "http.request", "body": b"", "more_body": False}


async def _drop(message):
    pass


def _response(call):
    sent = []

    async def send(message):
        sent.append(message)

    scope = call.arguments[0].make()
    run(call.function(scope, _receive, send))
    start, *bodies = sent
    return start, b"".join(message.get("body", b"") for message in bodies)

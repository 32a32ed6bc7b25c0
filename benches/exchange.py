"""One request through an ASGI application."""

import json

from .call import Each, awaited, run


def exchange(app, make_scope, baseline=None):
    """The call that sends a new request through *app*; it reads an empty body and its messages go nowhere.

    The same request through *baseline*, where there is one, is subtracted.
    """
    arguments = (Each(make_scope), receive, _discard)
    return awaited(app, *arguments, baseline=awaited(baseline, *arguments) if baseline else None)


def ask_for_response(contender, *inputs):
    """A trial, see ``Job``: status, content type and decoded JSON of the response."""
    start, body = _messages(contender(*inputs))
    return start["status"], _content_type(start), json.loads(body["body"])


def ask_for_status(contender, *inputs):
    """A trial, see ``Job``: the status alone, where libraries word their refusals differently."""
    return _messages(contender(*inputs))[0]["status"]


async def receive():
    return {"type": "http.request", "body": b"", "more_body": False}


async def _discard(message):
    pass


def _messages(call):
    """The messages of one request; bodies that come in pieces are joined."""
    sent = []

    async def send(message):
        sent.append(message)

    make_scope = call.arguments[0].make
    run(call.function(make_scope(), receive, send))
    start, *bodies = sent
    return start, {"body": b"".join(message.get("body", b"") for message in bodies)}


def _content_type(start):
    headers = {bytes(name).lower(): bytes(value) for name, value in start["headers"]}
    return headers.get(b"content-type", b"").partition(b";")[0]

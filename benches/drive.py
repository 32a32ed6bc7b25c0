"""Run coroutines that never wait without an event loop: its own cost would hide what is measured."""

import json


def drive(coroutine):
    """Return what *coroutine* returns."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    coroutine.close()
    raise RuntimeError("the coroutine waits for something; it cannot be driven without an event loop")


def asgi_call(app, scope):
    """A call that sends one request through *app* and returns the messages that it sent."""

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    def call():
        sent = []

        async def send(message):
            sent.append(message)

        drive(app(dict(scope), receive, send))
        return sent

    return call


def response(messages):
    """Status, content type and decoded JSON of a response of two messages."""
    start, body = messages
    content_type = dict(start["headers"]).get(b"content-type")
    return start["status"], content_type, json.loads(body["body"])


def ask_for_response(contender, *inputs):
    """A trial, see ``Job``: the response in a form that does not depend on JSON's optional white space."""
    return response(contender(*inputs)())

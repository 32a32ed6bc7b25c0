"""Run coroutines that never wait without an event loop: its own cost would hide what is measured."""


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

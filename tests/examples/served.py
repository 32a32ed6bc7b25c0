"""The examples, as the tests serve them: passwords have hashes of the lowest cost, and responses name their worker."""

import importlib
import os

from tests.support import bcrypt_cost

cheap = bcrypt_cost.lowest()
cheap.__enter__()


def __getattr__(name):
    """Return the application of ``examples/<name>.py``: the target of a server is ``tests.examples.served:<name>``."""
    app = importlib.import_module(f"examples.{name}").app

    async def named(scope, receive, send):
        async def send_with_worker(message):
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (b"x-worker", b"%d" % os.getpid())]}
            await send(message)

        await app(scope, receive, send_with_worker if scope["type"] == "http" else send)

    return named

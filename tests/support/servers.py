"""Real ASGI servers on the loopback interface, started and stopped by the test that uses them."""

import contextlib

from checks.processes import Server, free_port, wait_until_it_listens

__all__ = ["NAMES", "free_port", "serve", "wait_until_it_listens"]

NAMES = ("granian", "uvicorn")


@contextlib.contextmanager
def serve(server, target, *, folder, env=None, workers=1, log=None, options=(), socket=None):
    """Serve ``module:app`` in *folder* with *server* and yield the base URL. *log* is the file for the server's output.

    *options* are added to the command line of the server. It listens on the Unix *socket* if that is given.
    """
    with Server(
        server, target, folder, workers=workers, environment=env, log=log, options=options, socket=socket
    ) as running:
        yield running.url

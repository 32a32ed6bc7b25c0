"""Create the users of the demo, choose a port, print the instructions, and run the server until Ctrl-C."""

import argparse
import os
import secrets
import signal
import socket
import sys
from pathlib import Path

from fastware.auth import ENGINE, JSONFileUserStore

from . import settings
from .curl_lines import curl_lines

HOST = "127.0.0.1"
PORTS_TRIED = 100
SECONDS_TO_FINISH = 2  # for requests that are running at Ctrl-C
ACCOUNTS = {"alice": "admin", "bob": "user"}


def main():
    arguments = _arguments()
    try:
        from granian import Granian
    except ImportError:
        sys.exit('The demo needs the Granian server: pip install ".[auth,server]"')
    port = _free_port(arguments.port)
    # One file per port, so that several demos can run from one folder.
    users_file = (arguments.folder / f"users-{port}.json").resolve()
    passwords = _create_users(users_file)
    base_url = f"http://{HOST}:{port}"
    os.environ |= {
        settings.USERS_FILE: str(users_file),
        settings.BASE_URL: base_url,
        settings.JWT_SECRET: secrets.token_urlsafe(32),
    }
    if port != arguments.port:
        print(f"Port {arguments.port} is in use; using {port}.")
    print(_welcome(base_url, passwords), flush=True)
    server = Granian(
        "examples.demo.app:app",
        HOST,
        port,
        interface="asgi",
        websockets=False,
        log_level="warning",
        workers_kill_timeout=SECONDS_TO_FINISH,
    )
    server.on_startup(_stop_on_hangup)
    try:
        server.serve()
    finally:
        for path in (users_file, users_file.with_name(f"{users_file.name}.lock")):
            path.unlink(missing_ok=True)
    print("\nThe demo has stopped; its users are deleted.")


def _arguments():
    parser = argparse.ArgumentParser(prog="python -m examples.demo", description=__doc__)
    parser.add_argument("--port", type=_port, default=8000, help="the first port to try (default: 8000)")
    parser.add_argument("--folder", type=Path, default=Path(".demo"), help="folder of the user file (default: .demo)")
    return parser.parse_args()


def _port(text):
    port = int(text)
    if not 0 < port < 65_536:
        raise argparse.ArgumentTypeError("the port must be a number from 1 to 65535")
    return port


def _stop_on_hangup():
    """Stop the server when its terminal is closed; Granian would reload on SIGHUP."""
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.getsignal(signal.SIGTERM))


def _create_users(users_file):
    """Create the accounts and return their passwords by username; passwords of an earlier run are lost."""
    users_file.unlink(missing_ok=True)
    store = JSONFileUserStore(users_file)
    passwords = {username: secrets.token_urlsafe(9) for username in ACCOUNTS}
    for username, role in ACCOUNTS.items():
        store.create_user(username, passwords[username], role)
    return passwords


def _free_port(first):
    for port in range(first, min(first + PORTS_TRIED, 65_536)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
                probe.listen()
            except OSError:
                continue
            return port
    sys.exit(f"No port from {first} to {first + PORTS_TRIED - 1} is free; choose another one with --port")


def _welcome(base_url, passwords):
    engines = {"rust": "Rust", "python": "pure Python (the Rust engine is not installed or not selected)"}
    users = "\n".join(
        f"  {username:<6} {password:<14} ({ACCOUNTS[username]})" for username, password in passwords.items()
    )
    return f"""
fastware demo, engine: {engines[ENGINE]}

Open {base_url} and log in as one of these users (the passwords are printed only once):
{users}

Or do the same with curl:

{curl_lines(base_url, "alice", passwords["alice"])}

Ctrl-C stops the demo.
"""


if __name__ == "__main__":
    main()

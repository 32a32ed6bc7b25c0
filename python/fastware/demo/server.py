"""Creates the users of the demo, prints the instructions, and runs the server until Ctrl-C."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fastware.auth import ENGINE, JSONFileUserStore
from fastware.demo import settings
from fastware.demo.curl_lines import curl_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

HOST: Final = "127.0.0.1"
PORTS_TRIED: Final = 100
_SECONDS_TO_FINISH: Final = 2  # for requests that are running at Ctrl-C
_ACCOUNTS: Final = {"alice": "admin", "bob": "user"}
_GUESSED: Final = "carol"  # whose password the attack guesses; nobody knows it
_ENGINES: Final = {"rust": "Rust", "python": "pure Python (the Rust engine is not installed or not selected)"}


def serve(port: int, folder: Path) -> None:
    """Serve the demo on *port* until Ctrl-C, with its user file in *folder*.

    Raises:
        ImportError: Granian is not installed.

    """
    from granian import Granian  # noqa: PLC0415 - optional
    from granian.constants import Interfaces  # noqa: PLC0415
    from granian.log import LogLevels  # noqa: PLC0415

    # One file per port, so that several demos can run from one folder.
    users_file = (folder / f"users-{port}.json").resolve()
    passwords = _create_users(users_file)
    base_url = f"http://{HOST}:{port}"
    attacker_port = free_port(port + 1) or free_port(1024) or port
    os.environ |= {
        settings.USERS_FILE: str(users_file),
        settings.BASE_URL: base_url,
        settings.ATTACKER_PORT: str(attacker_port),
        settings.JWT_SECRET: secrets.token_urlsafe(32),
        settings.PASSWORDS: json.dumps(passwords),
    }
    print(_welcome(base_url, f"http://{HOST}:{attacker_port}", passwords), flush=True)
    server = Granian(
        "fastware.demo.app:app",
        HOST,
        port,
        interface=Interfaces.ASGI,
        websockets=False,
        log_level=LogLevels.warning,
        workers_kill_timeout=_SECONDS_TO_FINISH,
    )
    server.on_startup(_stop_on_hangup)
    try:
        server.serve()
    finally:
        for path in (users_file, users_file.with_name(f"{users_file.name}.lock")):
            path.unlink(missing_ok=True)
    print("\nThe demo has stopped; its users are deleted.")


def free_port(first: int) -> int | None:
    """Return the first port from *first* on that is not in use, or ``None`` if the first hundred are."""
    for port in range(first, min(first + PORTS_TRIED, 65_536)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
                probe.listen()
            except OSError:
                continue
            return port
    return None


def _stop_on_hangup() -> None:
    """Stop the server when its terminal is closed; Granian would reload on SIGHUP."""
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.getsignal(signal.SIGTERM))


def _create_users(users_file: Path) -> dict[str, str]:
    """Create the accounts and return their passwords by username; passwords of an earlier run are lost."""
    users_file.unlink(missing_ok=True)
    store = JSONFileUserStore(users_file)
    passwords = {username: secrets.token_urlsafe(12) for username in _ACCOUNTS}
    for username, role in _ACCOUNTS.items():
        store.create_user(username, passwords[username], role)
    store.create_user(_GUESSED, secrets.token_urlsafe(32), "user")
    return passwords


def _welcome(base_url: str, attacker_url: str, passwords: Mapping[str, str]) -> str:
    users = "\n".join(
        f"  {username:<6} {password:<17} ({_ACCOUNTS[username]})" for username, password in passwords.items()
    )
    return f"""
fastware demo, engine: {_ENGINES[ENGINE]}

Open {base_url}. It tells the story, and fills in the passwords of this run:
{users}

Or do the same with curl:

{curl_lines(base_url, attacker_url, "alice", passwords["alice"])}

Ctrl-C stops the demo.
"""

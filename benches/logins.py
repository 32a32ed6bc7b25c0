"""Send 200 logins at once, and time an unrelated request beside them: uvicorn with one worker.

The same burst goes to a handler that awaits ``authenticate``, to one that awaits ``asyncio.to_thread``, to one that
calls bcrypt itself, and to one that only reads the body. The exit status is 1 if the unrelated request takes more than
a few milliseconds longer beside ``authenticate`` than beside the handler that only reads.
"""

import argparse
import asyncio
import json
import multiprocessing
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing.connection import Connection

from checks import ROOT
from checks.processes import HOST, Server, exit_on_sigterm
from checks.tables import duration, machine, table

_LOGINS = 200
_PAUSE = 0.002
_MOST_ADDED = 0.010
"""Seconds by which the 99th percentile may grow."""

_HANDLERS = {
    "/nothing": "read the body",
    "/authenticate": "await authenticate(...)",
    "/to_thread": "await asyncio.to_thread(verify_password, ...)",
    "/called": "verify_password(...)",
}
_PASSWORD = "correct horse battery staple"
_STATUS = b'{"status":"ok"}'
_BODY = json.dumps({"username": "ada", "password": "a wrong password"}).encode()


def app():
    """Return the application that is measured."""
    from msgspec import Struct

    from fastware import HTTPError, Router, create_app
    from fastware.auth import UserStore, authenticate, hash_password, verify_password

    class Login(Struct):
        username: str
        password: str

    class Store(UserStore):
        def load_users(self):
            return users

        def save_users(self, saved):
            users[:] = saved

    users = [{"username": "ada", "password_hash": hash_password(_PASSWORD), "role": "admin", "created_at": ""}]
    store, router = Store(), Router()

    def answer(is_valid):
        if not is_valid:
            raise HTTPError(401, "Invalid credentials")
        return {}

    @router.get("/status")
    async def status():
        return {"status": "ok"}

    @router.post("/nothing")
    async def nothing(request):
        request.decode(Login)
        return answer(False)

    @router.post("/authenticate")
    async def authenticated(request):
        login = request.decode(Login)
        return answer(await authenticate(store, login.username, login.password))

    @router.post("/to_thread")
    async def in_thread(request):
        login = request.decode(Login)
        return answer(await asyncio.to_thread(verify_password, login.password, users[0]["password_hash"]))

    @router.post("/called")
    async def called(request):
        login = request.decode(Login)
        return answer(verify_password(login.password, users[0]["password_hash"]))

    return create_app(router)


def _request(method: str, path: str, body: bytes = b"") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


def _probe(port: int, control: Connection) -> None:
    """Send the unrelated request over and over until told to stop; then send back the seconds of each."""
    request, taken = _request("GET", "/status"), []
    with socket.create_connection((HOST, port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        control.send("ready")
        while not control.poll(_PAUSE):
            start = time.perf_counter()
            connection.sendall(request)
            response = b""
            while not response.endswith(_STATUS):
                response += connection.recv(65_536)
            taken.append(time.perf_counter() - start)
    control.send(taken)


async def _burst(port: int, path: str, count: int) -> tuple[Counter[int], float]:
    """Send *count* logins at once. Returns the number of each status, and the seconds until the last response."""
    connections = await asyncio.gather(*[asyncio.open_connection(HOST, port) for _ in range(count)])
    start = time.perf_counter()
    for _, writer in connections:
        writer.write(_request("POST", path, _BODY))
    lines = await asyncio.gather(*[reader.readline() for reader, _ in connections])
    seconds = time.perf_counter() - start
    for _, writer in connections:
        writer.close()
    return Counter(int(line.split()[1]) for line in lines), seconds


def measure(server: Server, path: str | None, bursts: int) -> tuple[list[float], Counter[int], float]:
    """Return the sorted seconds of the unrelated request, the statuses of the logins, and the seconds of a burst."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_probe, args=(server.port, theirs))
    process.start()
    theirs.close()
    ours.recv()
    statuses, seconds = Counter[int](), 0.0
    for _ in range(bursts):
        if path is None:
            time.sleep(1)
        else:
            found, taken = asyncio.run(_burst(server.port, path, _LOGINS))
            statuses, seconds = statuses + found, seconds + taken / bursts
    ours.send("stop")
    taken = sorted(ours.recv())
    process.join()
    return taken, statuses, seconds


def _percentiles(taken: list[float]) -> Iterator[float]:
    return (taken[min(len(taken) - 1, int(share * len(taken)))] for share in (0.5, 0.9, 0.99, 1.0))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benches.logins", description=__doc__)
    parser.add_argument("--bursts", type=int, default=3, help="to each handler (default: 3)")
    parser.add_argument("--only", choices=[path[1:] for path in _HANDLERS], help="one handler")
    arguments = parser.parse_args()
    exit_on_sigterm()
    rows, slowest = [], {}
    with Server("uvicorn", "benches.logins:app", ROOT, options=["--factory", "--no-access-log"]) as server:
        for path, name in {None: "nothing else", **_HANDLERS}.items():
            if path not in (None, "/nothing") and arguments.only not in (None, path[1:]):
                continue
            # Without a limit, the logins take a minute of a core.
            bursts = 1 if path in ("/to_thread", "/called") else arguments.bursts
            taken, statuses, seconds = measure(server, path, bursts)
            median, *others = _percentiles(taken)
            slowest[path] = others[1]
            answers = ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items()))
            rows.append((name, answers or "-", duration(seconds), *map(duration, (median, *others))))
            print(f"{name}: measured", flush=True)
    titles = ("beside 200 logins that", "responses", "burst", "p50", "p90", "p99", "slowest")
    print(f"\n{table(titles, rows, 2)}\n{machine()}")
    return int("/nothing" in slowest and slowest["/authenticate"] > slowest["/nothing"] + _MOST_ADDED)


if __name__ == "__main__":
    sys.exit(main())

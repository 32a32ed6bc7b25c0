"""The run: all servers stand ready, and take turns in short slices, so that noise of the machine hits all of them."""

import contextlib
import http.client
from collections.abc import Callable
from dataclasses import dataclass, field

from . import probe, wrk
from .contenders import Contender
from .request_kinds import KINDS, RequestKind
from .server import Server, serve


@dataclass(frozen=True)
class Plan:
    """How long each server is loaded with each kind of request: *slices* times *seconds*."""

    slices: int
    seconds: int
    warm_up: int
    connections: int


@dataclass
class Soaked:
    """What is known of a server in the end: slices by kind of request, and its memory before and after."""

    bytes_before: int
    bytes_after: int = 0
    slices: dict[str, list[wrk.Slice]] = field(default_factory=lambda: {kind.title: [] for kind in KINDS})


def run(contenders: dict[str, Contender], plan: Plan, say: Callable[[str], None]) -> dict[str, Soaked]:
    """Serve all *contenders*, check their answers, load them, check again."""
    with contextlib.ExitStack() as stack:
        servers: dict[str, Server] = {}
        for name, contender in contenders.items():
            say(f"Starting {name} ...")
            serving = serve(contender.program, contender.target, contender.environment)
            servers[name] = stack.enter_context(serving)
        _check(servers)
        say("All servers give the right answers.")
        for server in servers.values():
            for kind in KINDS:
                wrk.load(server, kind, plan.warm_up, plan.connections)
        soaked = {name: Soaked(server.resident_bytes()) for name, server in servers.items()}
        for number in range(1, plan.slices + 1):
            for kind in KINDS:
                say(f"[{number}/{plan.slices}] {kind.title}: {_turn(servers, soaked, kind, plan)}")
        _check(servers)
        for name, server in servers.items():
            soaked[name].bytes_after = server.resident_bytes()
    return soaked


def _turn(servers: dict[str, Server], soaked: dict[str, Soaked], kind: RequestKind, plan: Plan) -> str:
    """Load each server once; return the requests a second, to be said."""
    rates = []
    for name, server in servers.items():
        soaked[name].slices[kind.title].append(wrk.load(server, kind, plan.seconds, plan.connections))
        rates.append(f"{name} {soaked[name].slices[kind.title][-1].requests_a_second:,.0f}/s")
    return ", ".join(rates)


def _check(servers: dict[str, Server]) -> None:
    for name, server in servers.items():
        try:
            probe.check(server.port)
        except (ValueError, OSError, http.client.HTTPException) as error:
            raise ValueError(f"{name}: {error}") from error

"""A kind of request: what is sent, and which outcomes are right."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias

from .besieger import Besieger
from .wire import Answer, Closed, NotHTTP, request

Outcome: TypeAlias = int | str
"""A status, or one of these."""

CLOSED: Final = "closed"
"""The server hung up."""
LEFT: Final = "left"
"""The besieger hung up, as it meant to."""
LOST: Final = "lost"
"""The server hung up, and a worker had just been killed."""
NOT_HTTP: Final = "not HTTP/1"

REFUSED: Final = frozenset({400, 431, CLOSED})
"""What servers answer to what is no HTTP, or more than they read."""


class Wrong(Exception):  # noqa: N818
    """An answer whose status is right, and whose content is not."""


Play: TypeAlias = Callable[[Besieger], Awaitable[Outcome]]


@dataclass(frozen=True)
class Kind:
    """*play* does it once, and returns its outcome: one of *outcomes*, or something failed."""

    name: str
    outcomes: frozenset[Outcome]
    play: Play
    weight: int = 2


class Ask(NamedTuple):
    """A request, and the JSON that answers it, by status; *body* is sent with its length."""

    method: str
    target: str
    headers: Sequence[tuple[str, str]] = ()
    body: bytes | None = None
    answers: Mapping[int, Any] = MappingProxyType({})

    def encode(self) -> bytes:
        return request(self.method, self.target, self.headers, self.body)


def asks(
    name: str, outcomes: set[Outcome] | frozenset[Outcome], make: Callable[[Besieger], Ask], **options: Any
) -> Kind:
    """Return the kind that makes one request and reads one answer; *alone*: on a connection of its own."""
    is_alone = options.pop("alone", False)

    async def play(besieger: Besieger) -> Outcome:
        ask = make(besieger)
        if not is_alone:
            answer = await besieger.ask(ask.method, ask.encode())
        else:
            async with besieger.connection() as connection:
                await connection.send(ask.encode())
                try:
                    answer = await connection.answer(ask.method)
                except Closed:
                    if CLOSED in outcomes:
                        return CLOSED
                    raise
                except NotHTTP:
                    return NOT_HTTP
        check(ask, answer)
        return answer.status

    return Kind(name, frozenset(outcomes), play, **options)


def check(ask: Ask, answer: Answer) -> None:
    """Raise ``Wrong`` where *answer* is not the one that *ask* expects of its status."""
    if answer.status in ask.answers:
        if answer.json() != ask.answers[answer.status]:
            raise Wrong(f"{ask.method} {ask.target[:80]}: {answer.status} {answer.body[:200]!r}")
    elif 200 <= answer.status < 300 and ask.answers:
        raise Wrong(f"{ask.method} {ask.target[:80]}: nobody expected {answer.status} {answer.body[:200]!r}")

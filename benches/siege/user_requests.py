"""Users come and go, while workers are killed."""

import asyncio
import json

from . import settings
from .besieger import Besieger
from .credentials import ADMIN
from .good_requests import JSON
from .kind import Ask, Kind, Outcome
from .wire import Answer

_MOST_OWN_USERS = 2


async def _create(besieger: Besieger, username: str) -> Answer:
    body = json.dumps({"username": username, "password": settings.password_of(username)}).encode()
    ask = Ask("POST", "/users", [ADMIN, JSON], body)
    async with besieger.connection() as connection:
        await connection.send(ask.encode())
        return await connection.answer()


async def _create_one(besieger: Besieger) -> Outcome:
    name = besieger.ledger.new_name()
    try:
        answer = await _create(besieger, name)
    except Exception:
        besieger.ledger.note_unknown(name)
        raise
    if answer.status == 201:
        besieger.ledger.note_created(name)
        besieger.own_users.append(name)
    return answer.status


async def _create_one_twice(besieger: Besieger) -> Outcome:
    """Two ask for the same name at once: one of them gets it."""
    name = besieger.ledger.new_name()
    answers = await asyncio.gather(*(_create(besieger, name) for _ in range(2)), return_exceptions=True)
    statuses = sorted(answer.status for answer in answers if isinstance(answer, Answer))
    if 201 in statuses:
        besieger.ledger.note_created(name)
        besieger.own_users.append(name)
    lost = next((answer for answer in answers if isinstance(answer, BaseException)), None)
    if lost:
        if 201 not in statuses:
            besieger.ledger.note_unknown(name)
        raise lost
    return 201 if statuses == [201, 409] else f"both: {statuses}"


async def _delete_one(besieger: Besieger) -> Outcome:
    """Delete the oldest of one's own users; as long as there are few, make another."""
    if len(besieger.own_users) < _MOST_OWN_USERS:
        return await _create_one(besieger)
    name = besieger.own_users.popleft()
    besieger.ledger.note_unknown(name)  # until the answer is here
    async with besieger.connection() as connection:
        await connection.send(Ask("DELETE", f"/users/{name}", [ADMIN]).encode())
        answer = await connection.answer()
    if answer.status == 204:
        besieger.ledger.note_deleted(name)
    return answer.status


KINDS = (
    Kind("user created", frozenset({201}), _create_one, weight=4),
    Kind("user created by two at once", frozenset({201}), _create_one_twice, weight=1),
    Kind("user deleted, or created", frozenset({201, 204}), _delete_one, weight=5),
)

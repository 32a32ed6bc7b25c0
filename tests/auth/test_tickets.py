"""Tickets: once, for a short time, for claims that are still valid."""

import asyncio
import base64
import contextlib
import datetime
import itertools
import sqlite3
from unittest import mock

import pytest
import refresh_processes
from clock import stopped_at

from fastware.auth import (
    MemoryRevocations,
    RefreshTokens,
    RevocationsUnavailableError,
    Tickets,
    create_token,
    verify_token,
)

NOW = 2_000_000_000
CLAIMS = {"sub": "ada", "role": "user", "iat": NOW - 5, "exp": NOW + 30}


def redeem_at(seconds, tickets, ticket):
    with stopped_at(NOW + seconds):
        return tickets.redeem(ticket)


@pytest.mark.parametrize("storage", ["memory", "SQLite", "PostgreSQL", "Redis"], indirect=True)
@pytest.mark.parametrize("claims", [{}, {"sub": "愛", "a": [1, -2.5, None, {"b": True}]}, {"a": "x" * 65_000}])
def test_claims_come_back_once(storage, claims):
    tickets = Tickets(storage)
    ticket, other = tickets.issue(claims), tickets.issue({"sub": "bob"})
    assert [tickets.redeem(ticket), tickets.redeem(ticket)] == [claims, None]
    assert tickets.redeem(other) == {"sub": "bob"}


def test_claims_of_a_token_come_back():
    secret = "a secret of at least 32 bytes for tests"
    deep = eval("[" * 63 + "]" * 63)
    claims = verify_token(create_token("ada", "user", secret, claims={"deep": deep}), secret)
    tickets = Tickets(None)
    assert tickets.redeem(tickets.issue(claims)) == claims


EXPIRIES = {  # options, exp, and the first second in which the ticket is rejected
    "lifetime": ({}, NOW + 3_600, 60),
    "exp": ({}, NOW + 30, 30),
    "exp of float": ({}, NOW + 30.5, 30.5),
    "no exp": ({"lifetime": datetime.timedelta(minutes=2)}, None, 120),
    "very large exp": ({"lifetime": 0.5}, 10**400, 0.5),
}


@pytest.mark.parametrize(("options", "exp", "end"), EXPIRIES.values(), ids=EXPIRIES)
def test_ticket_expires_at_its_lifetime_or_with_its_claims(storage, options, exp, end):
    claims = {"sub": "ada"} if exp is None else {"sub": "ada", "exp": exp}
    tickets = Tickets(storage, **options)
    with stopped_at(NOW):
        issued = [tickets.issue(claims) for _ in range(2)]
    assert redeem_at(end - 0.25, Tickets(storage), issued[0]) == claims
    assert redeem_at(end, Tickets(storage), issued[1]) is None


INVALID_CLAIMS = {
    "expired": ({"exp": NOW}, ValueError, "expired"),
    "expired long ago": ({"exp": -(10**300)}, ValueError, "expired"),
    "too long": ({"a": "x" * 65_600}, ValueError, "claims is too long"),
    "NaN": ({"exp": float("nan")}, ValueError, "claims has NaN"),
    "no mapping": ([("sub", "ada")], TypeError, "claims must be a mapping, not list"),
    "token": ("a.b.c", TypeError, "claims must be a mapping, not str"),
    "no JSON": ({"sub": b"ada"}, TypeError, "claims must be JSON"),
    "exp of str": ({"exp": "1"}, TypeError, "exp in claims must be a number"),
    "exp of bool": ({"exp": True}, TypeError, "exp in claims must be a number"),
}


@pytest.mark.parametrize(("claims", "error", "message"), INVALID_CLAIMS.values(), ids=INVALID_CLAIMS)
def test_invalid_claims_are_rejected(claims, error, message):
    with stopped_at(NOW), pytest.raises(error, match=message):
        Tickets(None).issue(claims)


@pytest.mark.parametrize(
    "value", [None, 5, b"x" * 43, "", "x" * 43, "\ud800" * 43, "x" * 10**7], ids=lambda v: f"{v!r:.20}"
)
def test_another_value_is_not_a_ticket(value):
    assert Tickets(None).redeem(value) is None


def test_revoked_claims_cannot_be_redeemed():
    revocations = MemoryRevocations()
    tickets = Tickets(None, revocations=revocations)
    ada, bob = tickets.issue({"sub": "ada"}), tickets.issue({"sub": "bob"})
    revocations.revoke_user("ada")
    assert [tickets.redeem(ada), tickets.redeem(bob)] == [None, {"sub": "bob"}]


def test_ticket_is_not_used_while_revocations_are_unavailable():
    revocations = MemoryRevocations()
    tickets = Tickets(None, revocations=revocations)
    ticket = tickets.issue({"sub": "ada"})
    unavailable = mock.patch.object(revocations, "is_revoked", side_effect=RevocationsUnavailableError)
    with unavailable, pytest.raises(RevocationsUnavailableError):
        tickets.redeem(ticket)
    assert tickets.redeem(ticket) == {"sub": "ada"}


@pytest.mark.rule("tickets.once")
def test_processes_that_redeem_at_once_get_one_yes(storage):
    tickets = Tickets(storage)
    with refresh_processes.started(storage, 4) as processes:
        for _ in range(60):
            replies = refresh_processes.ask_at_once(processes, f"redeem {tickets.issue(CLAIMS | {'exp': 1e10})}")
            assert sorted(replies) == ["no", "no", "no", "yes"]


def test_redeemed_ticket_stays_used_after_a_kill(storage):
    ticket = Tickets(storage).issue({"sub": "ada"})
    with refresh_processes.started(storage, 1) as (process,):
        assert process.request(f"redeem {ticket}") == "yes"
        process.kill()
    assert Tickets(storage).redeem(ticket) is None


def test_storage_has_hashes_of_the_tickets_only(path):
    ticket = Tickets(path).issue({"sub": "ada"})
    stored = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"ada" in stored
    assert ticket.encode() not in stored
    assert base64.urlsafe_b64decode(f"{ticket}=") not in stored


def test_expired_tickets_are_removed_a_few_at_a_time(path):
    tickets, counts = Tickets(path), []
    for seconds in [0] * 35 + [60] * 5:
        with stopped_at(NOW + seconds):
            tickets.issue({"sub": "ada"})
        with contextlib.closing(sqlite3.connect(path)) as connection:
            counts += connection.execute("SELECT count(*) FROM tickets").fetchone()
    assert counts[34] == 35
    assert counts[-1] == 5
    assert all(before + 1 - after <= 10 for before, after in itertools.pairwise(counts))


def test_tickets_and_refresh_tokens_share_a_storage(storage):
    tickets, refresh_tokens = Tickets(storage), RefreshTokens(storage)
    ticket, token = tickets.issue({"sub": "ada"}), refresh_tokens.issue("ada")
    assert tickets.redeem(token) is None
    assert refresh_tokens.rotate(token).username == "ada"
    assert tickets.redeem(ticket) == {"sub": "ada"}


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_asynchronous_twins_do_the_same(storage, backend):
    async def main():
        tickets = Tickets(storage)
        ticket = await tickets.aissue({"sub": "ada"})
        assert [await tickets.aredeem(ticket), await tickets.aredeem(ticket)] == [{"sub": "ada"}, None]
        assert await tickets.aredeem(None) is None

    if backend == "trio":
        pytest.importorskip("trio").run(main)
    else:
        asyncio.run(main())

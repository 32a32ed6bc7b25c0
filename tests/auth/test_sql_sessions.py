"""Refresh tokens and tickets in SQL databases: processes, killed clients and servers."""

import pytest
import refresh_processes
from clock import stopped_at

from fastware.auth import RefreshTokenError, RefreshTokens, SQLUserStore, StorageError, Tickets

NOW = 2_000_000_000


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/sessions.db"
    return request.getfixturevalue("postgres").new_url()


def count(storage, table):
    return storage._database.read(lambda transaction: transaction.rows(f"SELECT count(*) FROM {table}"))[0][0]


@pytest.mark.rule("refresh.reuse")
@pytest.mark.rule("tickets.once")
def test_processes_that_use_a_token_at_once_get_one_successor_and_one_yes(tmp_path):
    """test_refresh.py and test_tickets.py have the test for PostgreSQL."""
    url = f"sqlite:///{tmp_path}/sessions.db"
    refresh_tokens, tickets = RefreshTokens(url), Tickets(url)
    with refresh_processes.started(url, 4) as processes:
        for _ in range(20):
            token = refresh_tokens.issue("ada")
            (successor,) = set(refresh_processes.ask_at_once(processes, f"rotate {token}"))
            assert refresh_tokens.rotate(token).token == successor
            replies = refresh_processes.ask_at_once(processes, f"redeem {tickets.issue({'sub': 'ada'})}")
            assert sorted(replies) == ["no"] * 3 + ["yes"]
    assert count(refresh_tokens._families, "fastware_refresh_tokens") == 40


def test_names_that_a_text_cannot_have_are_stored(url):
    refresh_tokens = RefreshTokens(url)
    for name in ("ada\0", "\U0001f600" * 5_000):
        token = refresh_tokens.issue(name, {"note": "\0"})
        refreshed = refresh_tokens.rotate(token)
        assert (refreshed.username, refreshed.data) == (name, {"note": "\0"})
        refresh_tokens.revoke_user(name)
        with pytest.raises(RefreshTokenError):
            refresh_tokens.rotate(refreshed.token)


def test_ended_families_and_expired_tickets_are_removed_a_few_at_a_time(url):
    refresh_tokens, tickets = RefreshTokens(url, lifetime=60), Tickets(url)
    tables = {"fastware_refresh_families": refresh_tokens._families, "fastware_tickets": tickets._tickets}
    counts = {}
    for seconds, repetitions in ((0, 25), (60, 3)):
        with stopped_at(NOW + seconds):
            for _ in range(repetitions):
                refresh_tokens.issue("ada")
                tickets.issue({"sub": "ada"})
        counts[seconds] = [count(storage, table) for table, storage in tables.items()]
    assert counts == {0: [25, 25], 60: [25 - 6 + 3, 3]}


def test_users_sessions_and_tickets_share_a_database_and_its_connections(url):
    store, refresh_tokens, tickets = SQLUserStore(url), RefreshTokens(url), Tickets(url)
    store.save_users([])
    assert refresh_tokens.rotate(refresh_tokens.issue("ada")).username == "ada"
    assert tickets.redeem(tickets.issue({"sub": "ada"})) == {"sub": "ada"}
    parts = store._database.read(lambda transaction: transaction.rows("SELECT name, version FROM fastware_parts"))
    assert sorted(map(tuple, parts)) == [("refresh tokens", 1), ("tickets", 1), ("users", 1)]
    databases = [store._database, refresh_tokens._families._database, tickets._tickets._database]
    assert len({database._connections for database in databases}) == 1


def test_server_that_is_away_is_an_error_and_tokens_stay_valid(postgres):
    url = postgres.new_url()
    refresh_tokens, tickets = RefreshTokens(url), Tickets(url)
    token, ticket = refresh_tokens.issue("ada"), tickets.issue({"sub": "ada"})
    postgres.kill()
    try:
        for call in (lambda: refresh_tokens.rotate(token), lambda: tickets.redeem(ticket)):
            with pytest.raises(StorageError, match=r"^postgresql:///.*Is the server running"):
                call()
    finally:
        postgres.start()
    assert refresh_tokens.rotate(token).username == "ada"
    assert tickets.redeem(ticket) == {"sub": "ada"}

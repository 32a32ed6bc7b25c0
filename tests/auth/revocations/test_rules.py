"""Which tokens are revoked, for how long, and what is raised: the same in every list."""

import asyncio
import gc
import logging
import time
import types

import pytest
from clock import stopped_at
from redis_server import RedisServer

from fastware.auth import MemoryRevocations, RedisRevocations, SQLiteRevocations

NOW = 1_800_000_000
HOUR = 3600


class Claims(str):
    """A ``str`` that is not exactly ``str``, as another library may return."""


@pytest.fixture(scope="module")
def server():
    with RedisServer() as server:
        yield server


@pytest.fixture(params=[MemoryRevocations, SQLiteRevocations, RedisRevocations])
def make(request, tmp_path):
    if request.param is MemoryRevocations:
        return MemoryRevocations
    if request.param is SQLiteRevocations:
        return lambda: SQLiteRevocations(tmp_path / "revocations.db")
    url = request.getfixturevalue("server").url
    return lambda: RedisRevocations(url, prefix=f"{tmp_path}:")


@pytest.fixture
def revocations(make):
    return make()


def token(**claims):
    claims = {"sub": "ada", "role": "user", "iat": NOW, "exp": NOW + HOUR} | claims
    return {name: value for name, value in claims.items() if value is not None}


def session(**claims):
    return token(**{"sid": "s1", "rev": 0} | claims)


def log_outs(revocations, now):
    """Revoke short sessions, one after another: each call removes some of the entries that have ended."""
    with stopped_at(now):
        for number in range(5):
            revocations.revoke(session(sid=f"short {number}", iat=now, exp=now + 1))


def answers(make, revocations, claims):
    """Return what the list answers, and the same list after a restart."""
    lists = [revocations] if make is MemoryRevocations else [revocations, make()]
    return [each.is_revoked(claims) for each in lists]


SAME_TOKEN = {
    "a session": (session(), session(iat=NOW + 9, exp=NOW + 99, jti="another", rev=7)),
    "a jti": (token(jti="j1"), token(jti="j1", iat=NOW + 9)),
    "a documented token": (token(), token(aud="app")),
    "a subclass of str": (session(sid=Claims("s1")), session()),
    "a sid that is no str": (token(sid=5, jti="j1"), token(jti="j1")),
    "a sid and a jti that are no str": (token(sid=5, jti=[]), token()),
    "surrogates": (session(sid="\ud800"), session(sid="\ud800", iat=NOW + 9)),
    "nul": (session(sid="\0"), session(sid="\0")),
    "large numbers": (token(iat=-(10**400), exp=10**5000), token(iat=-(10**400), exp=10**5000)),
    "fractions": (token(iat=NOW + 0.5), token(iat=NOW + 0.5)),
}
OTHER_TOKEN = {
    "another session": (session(), session(sid="s2")),
    "a token without the sid": (session(), token()),
    "a jti like a sid": (token(jti="s1"), session()),
    "a sid like a jti": (session(), token(jti="s1")),
    "a sid like the key of a jti": (token(jti="x"), session(sid="jx")),
    "the case of a sid": (session(sid="S1"), session()),
    "another second": (token(), token(iat=NOW + 1)),
    "another end": (token(), token(exp=NOW + HOUR + 1)),
    "another role": (token(), token(role="admin")),
    "the border between sub and role": (token(sub="ab", role="c"), token(sub="a", role="bc")),
    "digits at the border": (token(sub="1", role="2"), token(sub="12", role="")),
    "normalized Unicode": (session(sid="\u00e9"), session(sid="e\u0301")),
}


@pytest.mark.parametrize(("revoked", "checked"), SAME_TOKEN.values(), ids=SAME_TOKEN)
@pytest.mark.rule("session.ids")
def test_token_is_revoked_with_every_token_of_its_id(make, revoked, checked):
    revocations = make()
    assert not revocations.is_revoked(checked)
    revocations.revoke(revoked)
    assert revocations.is_revoked(revoked)
    assert revocations.is_revoked(types.MappingProxyType(checked))
    assert all(answers(make, revocations, checked))


@pytest.mark.parametrize(("revoked", "checked"), OTHER_TOKEN.values(), ids=OTHER_TOKEN)
def test_token_of_another_id_is_not_revoked(revocations, revoked, checked):
    revocations.revoke(revoked)
    assert not revocations.is_revoked(checked)


# `rev` decides before `iat`; the user is revoked at NOW + 0.75
TOKENS_OF_A_REVOKED_USER = {
    "rev of before": (session(rev=0, iat=NOW + 999), True),
    "rev below": (session(rev=NOW * 10**6 + 749_999), True),
    "rev of after, in the same second": (session(rev=NOW * 10**6 + 750_000), False),
    "rev above": (session(rev=10**30), False),
    "rev of after without sid": (token(rev=NOW * 10**6 + 750_000), False),
    "rev of before without sid": (token(rev=5), True),
    "iat in the second before": (token(iat=NOW - 1), True),
    "iat in the same second": (token(iat=NOW), True),
    "iat with a fraction in the same second": (token(iat=NOW + 0.5), True),
    "iat in the next second": (token(iat=NOW + 1), False),
    "iat long before": (token(iat=-(10**400)), True),
    "iat long after": (token(iat=10**400), False),
    "neither": (token(iat=None), True),
    "iat that is no number": (token(iat="1"), True),
    "iat that is not finite": (token(iat=float("inf")), True),
    "iat that is a bool": (token(iat=True), True),
    "rev that is a bool": (session(rev=True, iat=NOW + 1), False),
    "rev that is no int": (session(rev=2.0**60), True),
    "rev that is a str": (session(rev="9" * 20), True),
    "another user": (session(sub="bob"), False),
    "a user like it": (session(sub="Ada"), False),
    "a subclass of str": (session(sub=Claims("ada")), True),
    "no user": (session(sub=None), False),
    "a user that is no str": (session(sub=["ada"]), False),
}


@pytest.mark.parametrize(("claims", "is_revoked"), TOKENS_OF_A_REVOKED_USER.values(), ids=TOKENS_OF_A_REVOKED_USER)
@pytest.mark.rule("session.users")
def test_tokens_of_before_the_revocation_of_a_user_are_revoked(make, claims, is_revoked):
    revocations = make()
    with stopped_at(NOW + 0.75):
        revocations.revoke_user("ada")
    assert revocations.is_revoked(claims) == is_revoked
    assert revocations.is_revoked(types.MappingProxyType(claims)) == is_revoked


@pytest.mark.parametrize(("leeway", "later", "is_revoked"), [(0, 1, False), (10, 10, True), (10, 11, False)])
def test_iat_is_compared_with_the_largest_leeway(revocations, leeway, later, is_revoked):
    revocations.accept_leeway(leeway)
    revocations.accept_leeway(0)
    with stopped_at(NOW):
        revocations.revoke_user("ada")
    assert revocations.is_revoked(token(iat=NOW + later)) == is_revoked
    assert not revocations.is_revoked(session(rev=NOW * 10**6))


@pytest.mark.parametrize("later", [0, -HOUR, HOUR])
def test_login_in_the_second_of_a_revocation_is_valid_whatever_the_clock_does(revocations, later):
    logins = []
    for moment in (NOW, NOW + later, NOW):
        logins.append(session(rev=revocations.revision("ada")))
        with stopped_at(moment):
            revocations.revoke_user("ada")
        assert all(map(revocations.is_revoked, logins))
        assert not revocations.is_revoked(session(rev=revocations.revision("ada")))
    assert revocations.revision("bob") == 0


# How long an entry is kept


def test_renewed_token_stays_revoked_when_a_token_of_before_is_revoked(make):
    revocations = make()
    old = session()
    with stopped_at(NOW + HOUR - 1):
        renewed = session(iat=NOW + HOUR - 1, exp=NOW + 2 * HOUR - 1)
        revocations.revoke(old)
    log_outs(revocations, NOW + 2 * HOUR - 2)
    assert all(answers(make, revocations, renewed))


@pytest.mark.parametrize("claims", [session(), {"sid": session()["sid"], "rev": 0}], ids=["token", "session"])
def test_session_stays_revoked_until_its_last_token_expires(make, claims):
    revocations = make()
    with stopped_at(NOW):
        asyncio.run(revocations.arevoke(claims, expires_in=10 * HOUR))
    log_outs(revocations, NOW + 10 * HOUR - 1)
    assert all(answers(make, revocations, session(exp=NOW + 10 * HOUR)))


def test_longer_session_stays_revoked_when_its_shorter_renewed_token_is_revoked(make):
    revocations = make()
    with stopped_at(NOW):
        revocations.note_longer_session(session(), 60)
        revocations.revoke(session(exp=NOW + 60))
    log_outs(revocations, NOW + HOUR - 1)
    assert all(answers(make, revocations, session()))


@pytest.mark.parametrize("is_noted_twice", [False, True])
def test_longer_session_stays_revoked_when_a_shorter_token_is_revoked(make, is_noted_twice):
    revocations = make()
    with stopped_at(NOW):
        revocations.note_longer_session(session(), 10 * HOUR)
    longest = session(exp=NOW + 10 * HOUR)
    other = revocations if make is MemoryRevocations else make()
    if is_noted_twice:  # the longer token is renewed before it expires
        with stopped_at(NOW + 9 * HOUR):
            asyncio.run(other.anote_longer_session(longest, 10 * HOUR))
        longest = session(iat=NOW + 9 * HOUR, exp=NOW + 19 * HOUR)
    moment = longest["iat"] + HOUR // 2
    log_outs(revocations, moment)
    assert not revocations.is_revoked(longest)
    with stopped_at(moment):
        revocations.revoke(session(iat=moment - 1, exp=moment + HOUR))
    log_outs(revocations, longest["exp"] - 1)
    assert all(answers(make, revocations, longest))


def test_revoked_session_stays_revoked_when_a_longer_one_is_noted(make):
    revocations = make()
    with stopped_at(NOW):
        revocations.revoke(session())
        revocations.note_longer_session(session(), 10 * HOUR)
    log_outs(revocations, NOW + 10 * HOUR - 1)
    assert all(answers(make, revocations, session()))


def test_entry_is_kept_for_the_largest_leeway(make):
    revocations = make()
    others = [revocations] if make is MemoryRevocations else [make(), make()]
    revocations.accept_leeway(HOUR)
    revocations.accept_leeway(1)
    with stopped_at(NOW):
        revocations.revoke(session())
    for other in others:
        log_outs(other, NOW + 2 * HOUR - 1)
    assert all(answers(make, revocations, session()))


def test_token_that_is_revoked_again_is_not_kept_for_less_time(make):
    revocations = make()
    with stopped_at(NOW):
        revocations.revoke(session(exp=NOW + 10 * HOUR))
        revocations.revoke(session())
    log_outs(revocations, NOW + 10 * HOUR - 1)
    assert all(answers(make, revocations, session()))


def test_token_that_is_revoked_later_is_kept_for_more_time(make):
    revocations = make()
    with stopped_at(NOW):
        revocations.revoke(session())
    with stopped_at(NOW + HOUR - 1):
        revocations.revoke(session())
    log_outs(revocations, NOW + 2 * HOUR - 2)
    assert all(answers(make, revocations, session()))


def test_token_without_end_and_user_are_kept_for_good(make):
    revocations = make()
    with stopped_at(NOW):
        revocations.revoke(session(exp=None))
        revocations.revoke(session(exp=NOW + 5))
        revocations.revoke_user("bob")
    log_outs(revocations, NOW + 10**9)
    assert all(answers(make, revocations, session()))
    assert all(answers(make, revocations, session(sid="s2", sub="bob", rev=5)))


def test_steady_logouts_take_bounded_memory(tmp_path):
    """Of an hour of logouts, the list has the last minutes."""
    path = tmp_path / "revocations.db"
    in_memory, in_file = MemoryRevocations(), SQLiteRevocations(path)
    counts = []
    for second in range(0, 3600, 10):
        with stopped_at(NOW + second):
            claims = session(sid=f"{second}", iat=NOW + second, exp=NOW + second + 60)
            for each in (in_memory, in_file):
                each.note_longer_session(session(sid=f"noted {second}"), HOUR + second)
                each.revoke(claims)
                each.revoke(token(jti=f"{second}", iat=NOW + second, exp=NOW + second + 60))
        counts.append([len(each._sessions.keys) + len(each._tokens.keys) for each in (in_memory, in_file)])
    assert max(map(max, counts)) < 60
    with in_file._file.reading() as connection:
        (rows,) = connection.execute("SELECT count(*) FROM revoked_tokens WHERE is_revoked = 1").fetchone()
    assert rows < 60


def test_token_that_is_revoked_many_times_takes_one_entry(revocations):
    with stopped_at(NOW):
        for _ in range(3):
            revocations.revoke(session())
            gc.collect()
            size = sum(len(keys) for _, keys in revocations._sessions._buckets.values())
            assert size == 1


# Arguments and events

WITHOUT_AN_ID = [{}, token(sub=None), token(role=None), token(iat=None), token(exp=None), {"sid": 5}, {"sub": "ada"}]
INVALID_CALLS = {
    "claims": lambda each: each.revoke("token"),
    "claims to check": lambda each: each.is_revoked(None),
    "exp": lambda each: each.revoke(session(exp="1")),
    "bool exp": lambda each: each.revoke(session(exp=True)),
    "infinite exp": lambda each: each.revoke(session(exp=float("inf"))),
    "iat": lambda each: each.revoke(session(iat=[])),
    "username": lambda each: each.revoke_user(b"ada"),
    "username of a revision": lambda each: each.revision(None),
    "claims of a longer session": lambda each: each.note_longer_session(None, 5),
    "seconds of a longer session": lambda each: each.note_longer_session(session(), "5"),
    "leeway": lambda each: each.accept_leeway("5"),
}


@pytest.mark.parametrize("claims", WITHOUT_AN_ID)
def test_claims_without_an_id_raise_value_error(revocations, claims):
    with pytest.raises(
        ValueError, match=r"^claims have no sid, no jti, and not all of sub, role, iat and exp: no token"
    ):
        revocations.revoke(claims)
    assert not revocations.is_revoked(claims)


@pytest.mark.parametrize("call", INVALID_CALLS.values(), ids=INVALID_CALLS)
def test_argument_of_another_type_raises_type_error(revocations, call):
    with pytest.raises(TypeError, match=" must be "):
        call(revocations)


def test_longer_session_without_sid_changes_nothing(revocations):
    revocations.note_longer_session(token(jti="j1"), 10**6)
    assert not revocations.is_revoked(token(jti="j1"))


def test_each_revocation_is_an_audit_event(revocations, caplog):
    caplog.set_level(logging.INFO, "fastware.auth")
    revocations.revoke(session())
    revocations.revoke(token(sub=None, jti="j1"))
    revocations.revoke_user("bob")
    found = [(each.event, each.username, each.reason) for each in caplog.records]
    everything = "all tokens of the user"
    assert found == [
        ("token_revoked", "ada", "token"),
        ("token_revoked", None, "token"),
        ("token_revoked", "bob", everything),
    ]
    assert "s1" not in caplog.text
    assert "j1" not in caplog.text


@pytest.mark.parametrize("library", ["asyncio", "trio"])
def test_async_twins_do_the_same(revocations, library):
    async def use():
        await revocations.arevoke(session())
        await revocations.arevoke_user("bob")
        await revocations.anote_longer_session(session(sid="s2"), 10**6)
        return await revocations.ais_revoked(session()), await revocations.arevision("bob")

    result = pytest.importorskip("trio").run(use) if library == "trio" else asyncio.run(use())
    assert result == (True, revocations.revision("bob"))
    assert result[1] > time.time() * 10**6 - 60 * 10**6


def test_revocation_is_done_even_if_the_task_is_cancelled(revocations):
    async def cancel():
        task = asyncio.ensure_future(revocations.arevoke(session()))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    deadline = time.monotonic() + 5
    while not revocations.is_revoked(session()):
        assert time.monotonic() < deadline

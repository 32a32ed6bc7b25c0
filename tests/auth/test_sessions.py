"""``Auth`` with revocations and tickets: sessions that end, tokens that are renewed, and tickets in the URL."""

import asyncio
import logging
import sys

import asgi_client
import pytest
from challenges import INVALID
from clock import stopped_at
from raw_tokens import SECRET

from fastware.auth import ticket_parameter

NOW = 1_800_000_000


@pytest.fixture
def revocations(auth):
    return auth.MemoryRevocations()


@pytest.fixture
def settings(auth, revocations):
    return auth.Auth(SECRET, revocations=revocations, tickets=auth.Tickets(None, revocations=revocations))


def request(token=None, query="", headers=(), **parts):
    bearer = [("authorization", f"Bearer {token}")] if token else []
    return asgi_client.scope(headers=[*bearer, *headers], query=query, **parts)


def log_in(settings, **options):
    token = settings.create_token("ada", "admin", **options)
    return token, settings.verify_token(token)


def rejection_of(call, *args):
    try:
        result = call(*args)
        asyncio.run(result) if hasattr(result, "send") else None
    except Exception as error:
        return error.status_code, error.detail, error.headers
    raise AssertionError("not rejected")


# The claims of a session


@pytest.mark.rule("session.claims")
def test_token_has_a_random_sid_and_the_revocation_number_of_its_user(settings, revocations):
    (_, first), (_, second) = log_in(settings), log_in(settings)
    assert list(first) == ["sub", "role", "iat", "exp", "sid", "rev"]
    assert first["rev"] == 0
    assert first["sid"] != second["sid"]
    assert len(first["sid"]) == 22  # 128 bits in base64url
    revocations.revoke_user("ada")
    third = settings.verify_token(asyncio.run(settings.acreate_token("ada", "admin")))
    assert third["rev"] == log_in(settings)[1]["rev"] == revocations.revision("ada") > 0


def test_audience_issuer_and_further_claims_are_beside_the_claims_of_the_session(auth, revocations):
    settings = auth.Auth(SECRET, audience="app", issuer="me", revocations=revocations)
    token = settings.create_token("ada", "admin", claims={"plan": "pro"})
    assert list(settings.verify_token(token)) == ["sub", "role", "iat", "exp", "iss", "aud", "sid", "rev", "plan"]


@pytest.mark.parametrize("claim", ["sid", "rev"])
def test_claims_of_the_session_cannot_be_passed(auth, settings, claim):
    with pytest.raises(ValueError, match=f"{claim} is set by the settings of Auth"):
        settings.create_token("ada", "admin", claims={claim: 1})
    plain = auth.Auth(SECRET)
    assert plain.verify_token(plain.create_token("ada", "admin", claims={claim: 1}))[claim] == 1


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("revocations", [], r"revocations must be an object such as MemoryRevocations\(\), not list"),
        ("tickets", "tickets.db", "tickets must be a fastware.auth.Tickets, not str"),
    ],
)
def test_settings_reject_another_storage(auth, option, value, message):
    with pytest.raises(TypeError, match=message):
        auth.Auth(SECRET, **{option: value})


# Revoked tokens


def end_session(settings, claims):
    settings.revocations.revoke(claims)


def end_all_sessions(settings, claims):
    settings.revocations.revoke_user(claims["sub"])


@pytest.mark.parametrize("end", [end_session, end_all_sessions])
@pytest.mark.rule("session.revoked")
def test_revoked_token_is_rejected_by_every_check(auth, settings, end):
    token, claims = log_in(settings)
    asgi_scope = request(token, state={"config": {"auth": settings}})
    assert settings.identify(asgi_scope) == auth.get_current_user(asgi_scope) == claims
    end(settings, claims)
    assert settings.verify_token(token) is None
    report = settings.inspect_token(token)
    assert (bool(report), report.reason, report.claims) == (False, "revoked", None)
    assert report.signed_claims == claims
    for check in (settings.identify, settings.current_user, settings.require_role("admin")):
        assert rejection_of(check, asgi_scope) == INVALID
    for check in (auth.get_current_user, auth.require_role("admin")):
        assert rejection_of(check, asgi_scope) == INVALID


def test_logging_out_keeps_other_sessions_and_other_users(settings):
    (_, mine), (_, other) = log_in(settings), log_in(settings)
    bob = settings.create_token("bob", "user")
    settings.revocations.revoke(mine)
    assert settings.revocations.is_revoked(mine)
    assert not settings.revocations.is_revoked(other)
    settings.revocations.revoke_user("ada")
    assert settings.revocations.is_revoked(other)
    assert settings.verify_token(bob)


def test_login_in_the_second_of_a_revocation_is_valid_and_earlier_tokens_are_not(auth, settings):
    with stopped_at(NOW):
        old, _ = log_in(settings)
        documented = auth.create_token("ada", "admin", SECRET)
        settings.revocations.revoke_user("ada")
        new, _ = log_in(settings)
        settings.revocations.revoke_user("bob")
        assert [settings.verify_token(each) is not None for each in (old, documented, new)] == [False, False, True]
    with stopped_at(NOW + 1):
        assert settings.verify_token(auth.create_token("ada", "admin", SECRET))


@pytest.mark.parametrize("ahead", [0.5, 3_600])
def test_token_of_a_machine_whose_clock_is_ahead_is_revoked(settings, ahead):
    with stopped_at(NOW + ahead):
        token = settings.create_token("ada", "admin", expires_in=86_400)
    with stopped_at(NOW):
        settings.revocations.revoke_user("ada")
        later, _ = log_in(settings)
    with stopped_at(NOW + ahead):
        assert settings.verify_token(token) is None
        assert settings.verify_token(later)


def test_documented_token_is_revoked_up_to_the_leeway_after_the_revocation(auth):
    settings = auth.Auth(SECRET, leeway=10, revocations=auth.MemoryRevocations())
    with stopped_at(NOW):
        settings.revocations.revoke_user("ada")
    for seconds, is_valid in ((10, False), (11, True)):
        with stopped_at(NOW + seconds):
            assert (settings.verify_token(auth.create_token("ada", "admin", SECRET)) is not None) == is_valid


class Unavailable:
    """Revocations that cannot be read."""

    def __new__(cls, auth):
        def is_revoked(self, claims):
            raise auth.RevocationsUnavailableError(7)

        return type("Unavailable", (auth.MemoryRevocations,), {"is_revoked": is_revoked})()


@pytest.mark.rule("session.outage")
def test_request_is_a_503_while_the_revocations_cannot_be_read(auth):
    settings = auth.Auth(SECRET, revocations=Unavailable(auth))
    token = settings.create_token("ada", "admin")
    asgi_scope = request(token, state={"config": {"auth": settings}})
    for check in (settings.identify, settings.current_user, auth.get_current_user, auth.require_role("admin")):
        status, _, headers = rejection_of(check, asgi_scope)
        assert (status, headers) == (503, {"Retry-After": "7"})
    assert settings.verify_token(token) is None
    assert settings.inspect_token(token).reason == "revocations unavailable"
    assert rejection_of(settings.identify, request("x" + token)) == INVALID


# Renewed tokens


def test_renewed_token_is_of_the_same_session(settings):
    with stopped_at(NOW):
        _, claims = log_in(settings, expires_in=600, claims={"jti": "1", "plan": "pro"})
    with stopped_at(NOW + 300):
        renewed = settings.verify_token(settings.renew_token(claims))
    times = {"iat": NOW + 300, "exp": NOW + 900}
    assert renewed == {name: value for name, value in claims.items() if name != "jti"} | times


def test_renewed_token_takes_another_lifetime_and_the_settings(auth, revocations):
    settings = auth.Auth(SECRET, audience="app", issuer="me", revocations=revocations)
    with stopped_at(NOW):
        claims = settings.verify_token(settings.create_token("ada", "admin", expires_in=600))
        renewed = settings.verify_token(asyncio.run(settings.arenew_token(claims, expires_in=6_000)))
    assert renewed == claims | {"exp": NOW + 6_000}


def test_token_is_renewed_without_revocations(auth):
    settings = auth.Auth(SECRET)
    claims = settings.verify_token(settings.create_token("ada", "admin", expires_in=60, claims={"plan": "pro"}))
    renewed = settings.verify_token(settings.renew_token(claims, expires_in=3_600))
    assert renewed == claims | {"iat": renewed["iat"], "exp": renewed["iat"] + 3_600}


def test_documented_token_gets_a_session_when_it_is_renewed(auth, settings):
    with stopped_at(NOW):
        settings.revocations.revoke_user("ada")
    with stopped_at(NOW + 1):
        claims = settings.verify_token(auth.create_token("ada", "admin", SECRET))
        renewed = settings.verify_token(settings.renew_token(claims))
        assert renewed["rev"] == settings.revocations.revision("ada")
        settings.revocations.revoke(renewed)
        assert settings.revocations.is_revoked(renewed)


@pytest.mark.parametrize("lifetime", [60, 60_000], ids=["shorter", "longer"])
@pytest.mark.rule("session.kept")
def test_logout_with_an_old_token_ends_the_renewed_one_for_good(settings, lifetime):
    with stopped_at(NOW):
        _, old = log_in(settings, expires_in=600)
        renewed = settings.renew_token(old, expires_in=lifetime)
        settings.revocations.revoke(old)
    for later in (0, lifetime - 1):
        with stopped_at(NOW + later):
            settings.revocations.revoke(log_in(settings)[1])  # removes entries that have ended
            assert settings.verify_token(renewed) is None


@pytest.mark.parametrize("end", [end_session, end_all_sessions, None])
def test_ended_session_is_not_renewed(settings, end):
    with stopped_at(NOW):
        _, claims = log_in(settings, expires_in=600)
        if end:
            end(settings, claims)
    with stopped_at(NOW if end else NOW + 600):
        assert rejection_of(settings.renew_token, claims) == INVALID
        assert rejection_of(settings.arenew_token, claims) == INVALID


@pytest.mark.parametrize(
    ("claims", "kind", "message"),
    [
        ("a token", TypeError, "claims must be the claims of a valid token, not str"),
        ({"sub": "ada"}, ValueError, "claims must have sub and role"),
        ({"sub": 1, "role": "admin"}, TypeError, "username must be"),
    ],
)
def test_claims_that_cannot_be_renewed_raise(settings, claims, kind, message):
    with pytest.raises(kind, match=message):
        settings.renew_token(claims)


# Tickets


def app_of(fastware, settings):
    """Return an application whose handler has two dependencies that ask for the user."""

    async def greet(user, admin):
        return {"user": user["sub"], "is_same": user == admin}

    deps = {"user": settings.current_user, "admin": settings.require_role("admin")}
    return asgi_client.app_of(fastware, greet, deps=deps)


def test_ticket_is_accepted_once_by_current_user(fastware, auth, settings):
    _, claims = log_in(settings)
    app, query = app_of(fastware, settings), f"x=1&ticket={settings.tickets.issue(claims)}"
    assert asgi_client.call(app, query=query).json == {"user": "ada", "is_same": True}
    assert asgi_client.call(app, query=query).status == 401
    query = f"ticket={settings.tickets.issue(claims)}"
    assert rejection_of(settings.identify, request(query=query))[1] == "Not authenticated"
    state = {"config": {"auth": settings}}
    assert rejection_of(auth.get_current_user, request(query=query, state=state))[1] == "Not authenticated"


@pytest.mark.rule("tickets.request")
def test_ticket_is_not_read_if_the_request_presents_a_token(fastware, settings):
    token, claims = log_in(settings)
    app, query = app_of(fastware, settings), f"ticket={settings.tickets.issue(claims)}"
    assert asgi_client.call(app, query=query, headers=[("authorization", "Bearer junk")]).status == 401
    assert asgi_client.call(app, query=query, headers=[("cookie", f"session={token}")]).status == 200
    assert asgi_client.call(app, query=query).status == 200


def test_ticket_of_a_revoked_session_is_rejected(auth, revocations):
    settings = auth.Auth(SECRET, revocations=revocations, tickets=auth.Tickets(None))
    _, claims = log_in(settings)
    ticket = settings.tickets.issue(claims)
    revocations.revoke(claims)
    assert rejection_of(settings.current_user, request(query=f"ticket={ticket}")) == INVALID


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("ticket=", "Not authenticated"),
        ("xticket=1", "Not authenticated"),
        ("ticket=junk", "Invalid or expired token"),
        ("ticket=%FF%00&ticket=1", "Invalid or expired token"),
    ],
)
def test_invalid_ticket_is_rejected(settings, query, detail):
    assert rejection_of(settings.current_user, request(query=query))[:2] == (401, detail)


def test_query_with_many_parameters_takes_no_more_calls():
    counts = []
    for query in ("ticket=1", "a=%41&" * 10_000 + "ticket=1"):
        calls = []
        sys.setprofile(lambda frame, event, argument, calls=calls: calls.append(event))
        try:
            ticket_parameter._ticket_in(query.encode())
        finally:
            sys.setprofile(None)
        counts.append(len(calls))
    assert counts[0] == counts[1]


# Audit events of the checks


def events(caplog):
    found = [record for record in caplog.records if record.name == "fastware.auth"]
    return [
        (record.event, record.levelname, record.username, record.address, record.reason)
        for record in found
        if record.event != "token_revoked"
    ]


@pytest.mark.rule("audit.rejections")
def test_rejected_tokens_and_roles_are_audit_events(auth, settings, caplog):
    caplog.set_level(logging.INFO, "fastware.auth")
    token, claims = log_in(settings)
    forged = auth.create_token("eve", "admin", "another secret, of 32 bytes or more")
    state = {"config": {"auth": settings}}
    with stopped_at(NOW):
        expired = settings.create_token("bob", "admin", expires_in=1)
    for check in (settings.identify, settings.current_user, auth.get_current_user):
        rejection_of(check, request(forged, state=state))
        rejection_of(check, request(headers=[("cookie", f"session={expired}")], state=state))
        rejection_of(check, request(state=state))
    expected = [
        ("token_rejected", "INFO", None, "127.0.0.1", "bad signature"),
        ("token_rejected", "INFO", "bob", "127.0.0.1", "issued in the future"),
    ]
    assert events(caplog) == expected * 3
    caplog.clear()

    plain = {"config": {"jwt_secret": SECRET}}
    rejection_of(auth.get_current_user, request(query=f"token={forged}", state=plain, client=None))
    rejection_of(settings.current_user, request(query="ticket=junk"))
    rejection_of(auth.require_role("editor", "owner"), request(token, state=state))
    rejection_of(settings.require_role("editor"), request(token))
    settings.revocations.revoke(claims)
    rejection_of(settings.identify, request(token, client=("203.0.113.7", 1)))
    assert events(caplog) == [
        ("token_rejected", "INFO", None, None, "bad signature"),
        ("token_rejected", "INFO", None, "127.0.0.1", "invalid ticket"),
        ("access_denied", "WARNING", "ada", "127.0.0.1", "Requires role: editor or owner"),
        ("access_denied", "WARNING", "ada", "127.0.0.1", "Requires role: editor"),
        ("token_rejected", "INFO", "ada", "203.0.113.7", "revoked"),
    ]


@pytest.mark.parametrize("token", ["junk", None])
def test_rejected_token_is_one_event_however_often_a_request_is_checked(auth, settings, caplog, token):
    caplog.set_level(logging.INFO, "fastware.auth")
    one = request(token, query="" if token else "ticket=junk", state={"config": {"auth": settings}})
    for check in (settings.current_user, auth.get_current_user, settings.require_role("admin")):
        rejection_of(check, one)
    reason = "malformed" if token else "invalid ticket"
    assert events(caplog) == [("token_rejected", "INFO", None, "127.0.0.1", reason)]

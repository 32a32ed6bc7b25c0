"""Valid requests, whose responses are compared exactly; users that are created and deleted; rate limits."""

import asyncio
import json
from collections import Counter
from urllib.parse import quote, urlencode

from checks.stress.client import Client, Header, Kind, Outcome, Request, Response, Wrong, get, kind, post, post_json
from checks.stress.settings import CSRF_TOKEN, MARK, PER_HOUR, PER_SECOND, ROLES, SECRET, password_of
from checks.stress.verdicts import Admissions, Limit, Users
from fastware.auth import create_token, verify_token

TOKENS = {name: create_token(name, role, SECRET) for name, role in ROLES.items()}
JSON = ("Content-Type", "application/json")
FORM = ("Content-Type", "application/x-www-form-urlencoded")
CSRF_COOKIE = f"csrf_token={CSRF_TOKEN}"
CSRF_HEADER = ("X-CSRF-Token", CSRF_TOKEN)


def bearer(token: str) -> Header:
    return ("Authorization", f"Bearer {token}")


def session(token: str) -> Header:
    return ("Cookie", f"theme=dark; session={token}")


def profile_of(name: str) -> dict[str, str]:
    return {"username": name, "role": ROLES[name]}


ADMIN, GRACE = bearer(TOKENS["ada"]), bearer(TOKENS["grace"])
SESSION = (("Cookie", f"session={TOKENS['grace']}; {CSRF_COOKIE}"), CSRF_HEADER)
"""A session by cookie, with its CSRF token."""

_ORDERS = (
    ({"item": "tea", "count": 3}, 3),
    ({"item": "Käse", "count": 0}, 1),
    ({"item": "\x00", "count": -(2**63)}, 1),
)
_FEEDBACK = {"text": "a&b=Zoë", "stars": "5"}
_SEARCHES = ("tea", "a b&c", "愛", "%00", "\x00")
_WRONG_PASSWORD = f"{MARK} wrong"


def _change_of_order(client: Client) -> Request:
    number, items = client.random.randrange(10**6), ["tea", "bread"]
    expected = {200: {"username": "grace", "number": number, "items": items}}
    request = post_json(f"/orders/{number}", [{"item": item} for item in items], *SESSION, expected=expected)
    return request._replace(method="PUT")


async def _log_in(client: Client) -> Outcome:
    """Log in, and verify the token of the response."""
    name = client.random.choice(list(ROLES))
    response = await client.exchange(post_json("/login", {"username": name, "password": password_of(name)}))
    if response.status == 200:
        claims = verify_token(json.loads(response.body)["token"], SECRET) or {}
        cookies = [value.partition(b"=")[0] for key, value in response.headers if key == b"set-cookie"]
        if (claims.get("sub"), claims.get("role")) != (name, ROLES[name]) or cookies != [b"session", b"csrf_token"]:
            raise Wrong(f"{name} got the claims {claims} and the cookies {cookies}")
    return response.status


_PROFILES = [get("/profile", bearer(token), ok=profile_of(name)) for name, token in TOKENS.items()]
KINDS = [
    kind("profile, Bearer token", {200}, 12, _PROFILES),
    kind("profile, cookie", {200}, 8, [get("/profile", session(TOKENS[name]), ok=profile_of(name)) for name in TOKENS]),
    kind("profile, query token", {200}, 5, [get(f"/profile?token={TOKENS[n]}", ok=profile_of(n)) for n in TOKENS]),
    kind("profile, HEAD", {200}, 2, [request._replace(method="HEAD", expected={}) for request in _PROFILES]),
    kind("admin page, admin", {200}, 4, [get("/admin", ADMIN, ok={"message": "Welcome, admin ada"})]),
    kind("admin page, another role", {403}, 4, [get("/admin", GRACE)]),
    Kind("login", {200}, 6, _log_in),
    kind(
        "login, wrong password",
        {401},
        3,
        [
            post_json("/login", body, expected={401: {"detail": "Invalid credentials"}})
            for body in ({"username": name, "password": _WRONG_PASSWORD} for name in ROLES)
        ],
    ),
    kind("logout", {200}, 2, [post("/logout", *SESSION, expected={200: {"message": "Logged out"}})]),
    kind(
        "POST of JSON, session and CSRF token",
        {200},
        8,
        [
            post_json("/orders", order, *SESSION, expected={200: {"username": "grace", **order, "price": price}})
            for order, price in _ORDERS
        ],
    ),
    kind("PUT of JSON, number in the path", {200}, 3, _change_of_order),
    kind(
        "POST of a form",
        {200},
        3,
        [
            post("/feedback", *SESSION, FORM, body=body, expected={200: {"username": "grace", **_FEEDBACK}})
            for body in [urlencode(_FEEDBACK).encode()]
        ],
    ),
    kind(
        "query parameters",
        {200},
        3,
        [get(f"/search?{urlencode({'text': t})}&page=2", ok={"text": t, "page": "2"}) for t in _SEARCHES],
    ),
    kind(
        "text in the path",
        {200},
        3,
        [get(f"/users/{quote(name)}", GRACE, ok={"username": name, "exists": True}) for name in ROLES],
    ),
]


def user_kinds(users: Users) -> list[Kind]:
    """Return the kinds that create and delete users, and record what the responses say in *users*."""

    async def create(client: Client, copies: int) -> list[int]:
        """Create one user with *copies* requests at once; return the statuses."""
        name = users.new_name()
        request = post_json("/users", {"username": name, "password": password_of(name)}, ADMIN)
        attempts = (client.exchange_alone(request) for _ in range(copies))
        results = await asyncio.gather(*attempts, return_exceptions=True)
        responses = [result for result in results if isinstance(result, Response)]
        if any(response.status == 201 for response in responses):
            users.created.add(name)
            client.own_users.append(name)
        elif len(responses) < copies:
            users.unknown.add(name)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return sorted(response.status for response in responses)

    async def create_one(client: Client) -> Outcome:
        [status] = await create(client, 1)
        return status

    async def create_one_twice(client: Client) -> Outcome:
        """Create the same user twice at once: exactly one request succeeds."""
        statuses = await create(client, 2)
        return 201 if statuses == [201, 409] else f"both: {statuses}"

    async def delete_one(client: Client) -> Outcome:
        """Delete the oldest user that the client created; create another if it has fewer than two."""
        if len(client.own_users) < 2:
            return await create_one(client)
        name = client.own_users.popleft()
        users.created.discard(name)
        users.unknown.add(name)  # until the response has arrived
        response = await client.exchange_alone(Request("DELETE", f"/users/{name}", [ADMIN]))
        if response.status == 204:
            users.deleted.add(name)
        return response.status

    return [
        Kind("user created", {201}, 4, create_one),
        Kind("user created by two at once", {201}, 1, create_one_twice),
        Kind("user deleted, or created", {201, 204}, 5, delete_one),
    ]


_SECOND, _HOUR, _UNLIMITED = Limit(PER_SECOND, 1), Limit(PER_HOUR, 3_600), Limit(10**9, 1)


def limit_kinds(admissions: Admissions) -> list[Kind]:
    """Return the kinds that call rate-limited handlers, and record what the responses say in *admissions*."""

    async def call(client: Client, path: str, key: str, limit: Limit, body: object) -> Outcome:
        request = Request("GET", path, expected={200: body, 429: {"detail": "Rate limit exceeded"}})
        status = request.check(await client.exchange(request))
        admissions.note(key, limit, status)
        return status

    async def by_client(client: Client) -> Outcome:
        return await call(client, "/limited", f"client {client.address}", _SECOND, {"client": client.address})

    async def by_key(client: Client) -> Outcome:
        key = client.random.choice(["hot", "\N{FIRE}"])
        return await call(client, f"/limited/{quote(key)}", f"/limited/{key}", _SECOND, {"key": key})

    async def by_key_an_hour(client: Client) -> Outcome:
        return await call(client, "/hourly/hot", "/hourly/hot", _HOUR, {"key": "hot"})

    async def by_new_key(client: Client) -> Outcome:
        key = f"{client.random.randrange(10**12)}"
        return await call(client, f"/hourly/{key}", "each new key", _UNLIMITED, {"key": key})

    return [
        Kind("rate limit by client", {200, 429}, 10, by_client),
        Kind("rate limit by key", {200, 429}, 10, by_key),
        Kind("rate limit by key, an hour", {200, 429}, 10, by_key_an_hour),
        Kind("rate limit, a new key each", {200}, 3, by_new_key),
    ]


async def exact_admissions(port: int) -> tuple[int, int]:
    """Call one worker from 20 connections at once, three times too often; return the number of admitted calls."""

    async def calls(number: int) -> list[int]:
        client = Client(number, port)
        try:
            return [(await client.exchange(get("/hourly/exact"))).status for _ in range(3 * PER_HOUR // 20)]
        finally:
            client.close()

    statuses = Counter(status for each in await asyncio.gather(*map(calls, range(20))) for status in each)
    return statuses[200], statuses[429]

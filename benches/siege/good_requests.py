"""Requests of those who belong here: each answer is checked to the letter."""

import json
from urllib.parse import quote, urlencode

from fastware.auth import verify_token

from . import settings
from .besieger import Besieger
from .credentials import ADMIN, TOKENS, bearer, false_token, in_query, session, session_with_csrf
from .kind import Ask, Kind, Wrong, asks
from .ledger import SEEDS

JSON = ("Content-Type", "application/json")
FORM = ("Content-Type", "application/x-www-form-urlencoded")


def _someone(besieger: Besieger) -> str:
    return besieger.chance.choice(list(SEEDS))


def profile_of(name: str) -> dict[int, object]:
    return {200: {"username": name, "role": SEEDS[name]}}


def _profile_by_bearer(besieger: Besieger) -> Ask:
    name = _someone(besieger)
    return Ask("GET", "/profile", [bearer(TOKENS[name])], answers=profile_of(name))


def _profile_by_cookie(besieger: Besieger) -> Ask:
    name = _someone(besieger)
    return Ask("GET", "/profile", [session(TOKENS[name])], answers=profile_of(name))


def _profile_by_query(besieger: Besieger) -> Ask:
    name = _someone(besieger)
    return Ask("GET", f"/profile{in_query(TOKENS[name])}", answers=profile_of(name))


def _profile_with_a_false_cookie_too(besieger: Besieger) -> Ask:
    """The Bearer token goes before the cookie."""
    name = _someone(besieger)
    cookie = ("Cookie", f"a;=;session={false_token(besieger.chance)[:2_000]}")
    return Ask("GET", "/profile", [cookie, bearer(TOKENS[name])], answers=profile_of(name))


def _admin(besieger: Besieger) -> Ask:
    return Ask("GET", "/admin", [ADMIN], answers={200: {"message": "Welcome, admin ada"}})


def _admin_by_a_user(besieger: Besieger) -> Ask:
    return Ask("GET", "/admin", [bearer(TOKENS["grace"])])


def _wrong_password(besieger: Besieger) -> Ask:
    body = json.dumps({"username": _someone(besieger), "password": f"{settings.MARK} wrong"}).encode()
    return Ask("POST", "/login", [JSON], body, {401: {"detail": "Invalid credentials"}})


def _logout(besieger: Besieger) -> Ask:
    headers = session_with_csrf(TOKENS["grace"])
    return Ask("POST", "/logout", headers, b"", {200: {"message": "Logged out"}})


def _order(besieger: Besieger) -> Ask:
    name, order = _someone(besieger), {"item": besieger.chance.choice(["tea", "Käse", "\x00"]), "count": 3}
    headers = [*session_with_csrf(TOKENS[name]), JSON]
    price = 3 if order["item"] == "tea" else 1
    return Ask(
        "POST", "/orders", headers, json.dumps(order).encode(), {200: {"username": name, **order, "price": price}}
    )


def _change_of_order(besieger: Besieger) -> Ask:
    number, items = besieger.chance.randrange(10**6), ["tea", "bread"]
    body = json.dumps([{"item": item} for item in items]).encode()
    answers = {200: {"username": "grace", "number": number, "items": items}}
    return Ask("PUT", f"/orders/{number}", [*session_with_csrf(TOKENS["grace"]), JSON], body, answers)


def _form(besieger: Besieger) -> Ask:
    body = urlencode({"text": "a&b=Zoë", "stars": "5"}).encode()
    answers = {200: {"username": "grace", "text": "a&b=Zoë", "stars": "5"}}
    return Ask("POST", "/feedback", [*session_with_csrf(TOKENS["grace"]), FORM], body, answers)


def _search(besieger: Besieger) -> Ask:
    text = besieger.chance.choice(["tea", "a b&c", "愛", "%00", "\x00"])
    return Ask("GET", f"/search?{urlencode({'text': text})}&page=2", answers={200: {"text": text, "page": "2"}})


def _look_up(besieger: Besieger) -> Ask:
    name = _someone(besieger)
    answers = {200: {"username": name, "exists": True}}
    return Ask("GET", f"/users/{quote(name)}", [bearer(TOKENS["grace"])], answers=answers)


async def _log_in(besieger: Besieger) -> int:
    """Log in, and use the token that comes back."""
    name = _someone(besieger)
    body = json.dumps({"username": name, "password": settings.password_of(name)}).encode()
    answer = await besieger.ask("POST", Ask("POST", "/login", [JSON], body).encode())
    if answer.status != 200:
        return answer.status
    claims = verify_token(answer.json()["token"], settings.SECRET)
    cookies = [value.partition(b"=")[0] for key, value in answer.headers if key == b"set-cookie"]
    if (
        claims is None
        or (claims["sub"], claims["role"]) != (name, SEEDS[name])
        or cookies != [b"session", b"csrf_token"]
    ):
        raise Wrong(f"{name} got the claims {claims} and the cookies {cookies}")
    return answer.status


KINDS = (
    asks("profile, Bearer token", {200}, _profile_by_bearer, weight=12),
    asks("profile, cookie", {200}, _profile_by_cookie, weight=8),
    asks("profile, query token", {200}, _profile_by_query, weight=5),
    asks("profile, Bearer token and a false cookie", {200}, _profile_with_a_false_cookie_too),
    asks("profile, HEAD", {200}, lambda besieger: _profile_by_bearer(besieger)._replace(method="HEAD", answers={})),
    asks("admin page, admin", {200}, _admin, weight=4),
    asks("admin page, another role", {403}, _admin_by_a_user, weight=4),
    Kind("login", frozenset({200}), _log_in, weight=6),
    asks("login, wrong password", {401}, _wrong_password, weight=3),
    asks("logout", {200}, _logout),
    asks("POST of JSON, session and CSRF token", {200}, _order, weight=8),
    asks("PUT of JSON, number in the path", {200}, _change_of_order, weight=3),
    asks("POST of a form", {200}, _form, weight=3),
    asks("query parameters", {200}, _search, weight=3),
    asks("text in the path", {200}, _look_up, weight=3),
)

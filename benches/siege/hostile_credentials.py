"""Tokens that nobody here signed, or not lately, wherever a token may stand."""

from .besieger import Besieger
from .credentials import TOKENS, bearer, false_token, in_query, session
from .good_requests import profile_of
from .kind import REFUSED, Ask, asks


def _false(besieger: Besieger) -> str:
    return false_token(besieger.chance)


def _admin_by_bearer(besieger: Besieger) -> Ask:
    return Ask("GET", "/admin", [bearer(_false(besieger))])


def _admin_by_cookie(besieger: Besieger) -> Ask:
    return Ask("GET", "/admin", [session(_false(besieger))])


def _admin_by_query(besieger: Besieger) -> Ask:
    return Ask("GET", f"/admin{in_query(_false(besieger))}")


def _first_false_then_true(besieger: Besieger) -> Ask:
    return Ask("GET", "/profile", [bearer("a.b.c"), bearer(TOKENS["ada"])])


def _first_true_then_false(besieger: Besieger) -> Ask:
    return Ask("GET", "/profile", [bearer(TOKENS["ada"]), bearer("a.b.c")], answers=profile_of("ada"))


def _last_cookie_false(besieger: Besieger) -> Ask:
    return Ask("GET", "/profile", [session(TOKENS["ada"]), ("Cookie", "session=a.b.c")])


def _other_scheme(besieger: Besieger) -> Ask:
    scheme = besieger.chance.choice(["Basic", "Bearer\t", "JWT", "Bearer:", "earer", ""])
    return Ask("GET", "/profile", [("Authorization", f"{scheme} {TOKENS['ada']}")])


def _no_token(besieger: Besieger) -> Ask:
    return Ask("GET", besieger.chance.choice(["/profile", "/admin", "/users/ada", "/profile?token="]))


# Servers do not read lines without end: the longest tokens may be too much for them.
KINDS = (
    asks("false token, Bearer", {401} | REFUSED, _admin_by_bearer, weight=6, alone=True),
    asks("false token, cookie", {401} | REFUSED, _admin_by_cookie, weight=4, alone=True),
    asks("false token, query", {401, 414} | REFUSED, _admin_by_query, weight=4, alone=True),
    asks("two Authorization headers, false first", {401, 400}, _first_false_then_true, alone=True),
    asks("two Authorization headers, true first", {200, 400}, _first_true_then_false, alone=True),
    asks("two session cookies, false last", {401}, _last_cookie_false),
    asks("another Authorization scheme", {401, 400}, _other_scheme, alone=True),
    asks("no token", {401}, _no_token, weight=3),
)

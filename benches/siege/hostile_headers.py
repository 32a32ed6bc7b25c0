"""Headers: too many, too long, twice, or none."""

from .besieger import Besieger
from .credentials import TOKENS, bearer
from .good_requests import profile_of
from .kind import CLOSED, REFUSED, Ask, asks

_READ_OR_REFUSED = REFUSED | {200}


def _large_cookie(besieger: Besieger) -> Ask:
    pairs = besieger.chance.choice(["a=1;", "=;", ";", 'a="\\"', "session;", '"\\054'])
    cookie = (pairs * (64 * 1024))[: 64 * 1024]
    return Ask(
        "GET", "/profile", [("Cookie", cookie), ("Cookie", f"session={TOKENS['grace']}")], answers=profile_of("grace")
    )


def _many_headers(count: int):
    def make(besieger: Besieger) -> Ask:
        headers = [(f"X-{number}", "x" * 10) for number in range(count)]
        return Ask("GET", "/profile", [*headers, bearer(TOKENS["grace"])], answers=profile_of("grace"))

    return make


def _many_cookie_headers(besieger: Besieger) -> Ask:
    cookies = [("Cookie", f"c{number}=x") for number in range(80)]
    return Ask("GET", "/profile", [*cookies, ("cOOkie", f"session={TOKENS['grace']}")], answers=profile_of("grace"))


def _endless_header(besieger: Besieger) -> Ask:
    return Ask("GET", "/profile", [("X-Long", "x" * 1_000_000)])


def _odd_header(besieger: Besieger) -> Ask:
    odd = [
        ("X\x00", "1"),
        ("X", "a\x00b"),
        ("X Y", "1"),
        ("X", "1\r\n folded"),
        ("", "1"),
        ("X", "\x7f\x01"),
        ("X", "1\nY: 2"),
    ]
    return Ask("GET", "/profile", [besieger.chance.choice(odd)])


def _no_host(besieger: Besieger) -> Ask:
    host = besieger.chance.choice(["", "a, b", "\xff", "[::1", "a" * 5_000])
    return Ask("GET", "/status", [("Host", host)], answers={200: {"status": "ok"}})


KINDS = (
    asks("64 KB of cookies", _READ_OR_REFUSED, _large_cookie, alone=True),
    asks("90 headers", _READ_OR_REFUSED, _many_headers(90), alone=True),
    asks("700 headers", _READ_OR_REFUSED, _many_headers(700), alone=True),
    asks("80 Cookie headers", _READ_OR_REFUSED, _many_cookie_headers, alone=True),
    asks("a header of 1 MB", REFUSED | {401}, _endless_header, weight=1, alone=True),
    asks("headers that HTTP does not allow", {400, 401, CLOSED}, _odd_header, alone=True),
    asks("two Host headers", {200, 400, CLOSED}, _no_host, alone=True),
)

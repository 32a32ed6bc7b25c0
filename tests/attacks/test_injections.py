"""Text that would end a Set-Cookie value or a response header, and begin another."""

import pytest
from answers import Raises, is_answered
from attacks import Attack, parameters

NAME = Raises(ValueError, "a cookie name must be letters, digits and !#$%&'*+-.^_`|~ (RFC 9110 section 5.6.2)")
VALUE = Raises(
    ValueError,
    "the value of the cookie 'id' must be visible ASCII without space, quote, comma, semicolon and backslash "
    "(RFC 6265 section 4.1.1)",
)
ENDS = {
    "line-break": ("v\r\nSet-Cookie: session=mallory", "CWE-113"),
    "line-feed": ("v\nLocation: https://mallory.example", "CWE-113"),
    "carriage-return": ("v\rX: y", "CWE-113"),
    "line-feed-at-the-end": ("v\n", "CWE-93"),
    "nul": ("v\0", "CWE-158"),
    "vertical-tab": ("v\x0b", "CWE-93, str.splitlines ends a line there"),
    "next-line": ("v\x85X: y", "CWE-93, str.splitlines ends a line there"),
    "line-separator": ("v\u2028X: y", "CWE-93, str.splitlines ends a line there"),
    "letters-that-lose-a-byte": ("v\u560d\u560aX: y", "CWE-113, the low bytes are a line break"),
    "attribute": ("v; Domain=mallory.example", "RFC 6265 section 4.1.1"),
    "list": ("v, session=mallory", "RFC 6265 section 3"),
    "quotes": ('"v"', "RFC 6265 section 4.1.1"),
    "backslash": ("v\\073", "CPython http.cookies, _unquote"),
    "space": ("v w", "RFC 6265 section 4.1.1"),
    "delete": ("v\x7f", "RFC 6265 section 4.1.1"),
    "fullwidth-semicolon": ("v；x", "Unicode UAX 15, NFKC"),
    "lone-surrogate": ("v\udc80", "Unicode chapter 3.8, surrogates"),
}
VALUES = [Attack(name, "set-cookie.value", source, text, VALUE) for name, (text, source) in ENDS.items()]
VALUES.append(
    Attack("encoded-line-break-stays", "set-cookie.value", "CWE-177", "v%0d%0a", "id=v%0d%0a; Path=/; SameSite=lax")
)


@pytest.mark.parametrize("attack", parameters(VALUES))
def test_nothing_ends_a_cookie_value(fastware, attack):
    assert is_answered(attack, fastware.set_cookie, "id", attack.given)


NAMES = [Attack(name, "set-cookie.name", source, text, NAME) for name, (text, source) in ENDS.items()]
NAMES.append(Attack("equals", "set-cookie.name", "RFC 6265 section 5.2", "id=", NAME))
NAMES.append(Attack("empty", "set-cookie.name", "RFC 6265bis section 5.8.3, a nameless cookie", "", NAME))


@pytest.mark.parametrize("attack", parameters(NAMES))
def test_nothing_ends_a_cookie_name(fastware, attack):
    assert is_answered(attack, fastware.set_cookie, attack.given, "v")


def attribute(name, source, option, value, answer):
    return Attack(name, "set-cookie.attributes", source, {option: value}, answer)


def unfit(option):
    return Raises(ValueError, f"the {option} of the cookie 'id' must be ASCII without ; and controls")


ATTRIBUTES = [
    *[
        attribute(f"{option}-{name}", source, option, text, unfit(option))
        for option in ("path", "domain")
        for name, (text, source) in ENDS.items()
        if name not in ("list", "quotes", "backslash", "space")
    ],
    attribute("path-empty", "RFC 6265 section 5.2.4", "path", "", unfit("path")),
    attribute("domain-empty", "RFC 6265 section 5.2.3", "domain", "", unfit("domain")),
    *[
        attribute(
            f"max-age-{value!r}",
            "CWE-1287",
            "max_age",
            value,
            Raises(TypeError, f"max_age must be a whole number of seconds, not {kind}"),
        )
        for value, kind in ((1.5, "float"), ("60", "str"), ("1; Domain=x", "str"), (b"60", "bytes"), ([60], "list"))
    ],
    attribute("max-age-negative", "RFC 6265 section 5.2.2", "max_age", -1, "id=v; Max-Age=-1; Path=/; SameSite=lax"),
    attribute("max-age-true", "CWE-1287", "max_age", True, "id=v; Max-Age=1; Path=/; SameSite=lax"),
    *[
        attribute(
            f"samesite-{value!r}",
            "RFC 6265bis section 4.1.2.7",
            "samesite",
            value,
            Raises(ValueError, f"samesite must be 'lax', 'strict', 'none' or None, not {value!r}"),
        )
        for value in ("Lax", "lax; Domain=x", "lax\n", "", True)
    ],
    attribute(
        "samesite-none-alone",
        "RFC 6265bis section 5.7",
        "samesite",
        "none",
        Raises(ValueError, "samesite='none' needs secure=True: browsers drop the cookie otherwise"),
    ),
]


@pytest.mark.parametrize("attack", parameters(ATTRIBUTES))
def test_nothing_ends_an_attribute(fastware, attack):
    assert is_answered(attack, lambda: fastware.set_cookie("id", "v", **attack.given))


REFUSED_VALUE = Raises(
    ValueError, "the value of the header 'x' has a control or non-Latin-1 character (RFC 9110 section 5.5)"
)
HEADER_ENDS = ("line-break", "line-feed", "carriage-return", "line-feed-at-the-end", "nul", "vertical-tab", "delete")
HEADER_ENDS += ("line-separator", "letters-that-lose-a-byte", "fullwidth-semicolon", "lone-surrogate")
HEADERS = [Attack(name, "response.headers", ENDS[name][1], {"x": ENDS[name][0]}, REFUSED_VALUE) for name in HEADER_ENDS]
HEADERS += [
    Attack(
        f"name-{name!r}",
        "response.headers",
        "RFC 9110 section 5.1",
        {name: "v"},
        Raises(ValueError, f"{name!r} is not a header name (RFC 9110 section 5.1)"),
    )
    for name in ("", "x y", "x:", "x\r\ny", "x\0", "x\n", " x", "x-é", "ｘ")
]


@pytest.mark.parametrize("attack", parameters(HEADERS))
def test_nothing_ends_a_response_header(fastware, attack):
    assert is_answered(attack, lambda: fastware.Response(b"", headers=attack.given))

"""The check against cross-site request forgery."""

from outcomes import identical
from raw_tokens import sign_bytes
from tests.reference import csrf as reference

from fuzz.both_engines import ENGINES, same
from fuzz.target import Finding, Input, as_headers, expect, target

KEYS = (b"a key of signed CSRF tokens", b"")
SESSION = sign_bytes(b'{"sub":"ada","sid":"s1"}').encode("ascii")
MARKS = {
    b"<jwt>": SESSION,
    b"<sid>": reference.signed(b"s1", bytes(16), KEYS[0]).encode("ascii"),
    b"<whole>": reference.signed(SESSION, bytes(16), KEYS[0]).encode("ascii"),
    b"<other>": reference.signed(b"s1", bytes(16), b"another key").encode("ascii"),
    b"<empty>": reference.signed(b"opaque", bytes(16), KEYS[1]).encode("ascii"),
}
"""What a fuzzer does not find: each mark stands for a token."""

TRUSTED = (b"https://app.example.org", b"http://[::1]:8000")
HEADERS = (
    b"",
    b"Authorization:bEARER  a-._~+/== \x1esec-fetch-site:cross-site",
    b"authorization: Bearer a\x1esec-fetch-site:cross-site",
    b"authorization:Bearer =\x1eauthorization:Bearer a",
    b"x-csrf-token: t \t\x1ecookie:csrf_token=t; session=s",
    b"x-csrf-token:t\x1ecookie:csrf_token=u",
    b'x-csrf-token:t\x1eX-CSRF-Token:u\x1ecookie:csrf_token="\\164"',
    b"sec-fetch-site: none\x1eorigin:null\x1ecookie:session=s",
    b"sec-fetch-site:same-site\x1eorigin:HTTPS://App.Example.org:443\x1ecookie:session=s; csrf_token=t",
    b"host:Example.org:80\x1eorigin:http://example.ORG\x1ex-csrf-token:t\x1ecookie:csrf_token=t",
    b"host:a_b:8443\x1eorigin:https://a_b:443\x1ecookie:session=s",
    b"origin:http://[::1]:8000\x1ehost:[::1]\x1ecookie:session=s",
    b"origin:x-1+.://a.b-c:12345\x1ehost:\ta.b-c:12345 \x1ecookie:session=s",
    b"x-csrf-token:<sid>\x1ecookie:session=<jwt>",
    b"x-csrf-token:<whole>\x1ecookie:session=<jwt>",
    b"x-csrf-token:<other>\x1ecookie:session=<jwt>; csrf_token=<other>",
    b"x-csrf-token:<empty>\x1ecookie:session=opaque",
)


@target(
    "csrf_check",
    "the reference",
    # The choices are taken from the end.
    seeds=(each + choices for each in HEADERS for choices in (b"\0\0\0\1\1", b"\0\0\1\0\1", b"\1\1\1\1\0")),
)
def check_csrf(data: bytes) -> None:
    inputs = Input(data)
    needs_token, check_origin, with_keys, form = (inputs.flag() for _ in range(4))
    names = inputs.choice((("session", "csrf_token"), ("csrf_token", "session"), ("a", "\ud800"), ("", "a")))
    fields = inputs.all_fields()
    for mark, token in MARKS.items():
        fields = [field.replace(mark, token) for field in fields]
    headers = as_headers(fields)
    model = reference.Check(*names, check_origin, TRUSTED, KEYS if with_keys else (), form)

    def verdict(engine):
        return engine.CSRFCheck(**model._asdict()).verdict(headers, needs_token)

    expected = reference.verdict(model, headers, needs_token)
    _compare("verdict", verdict, expected, model, headers, needs_token)
    submitted = next((value for name, value in headers if name == b"x-csrf-token"), b"")

    def verdict_of_form(engine):
        return engine.CSRFCheck(**model._asdict()).verdict_of_form(headers, submitted)

    expected = reference.verdict_of_form(model, headers, submitted)
    _compare("verdict_of_form", verdict_of_form, expected, model, headers, submitted)


@target(
    "csrf_session",
    "the reference",
    seeds=(
        *(b'{"sub":"ada","sid":"s1"}', b'{"sid":"a","sid":null}', b'{"a":{"sid":"b"},"sid":"\\u00e9\\ud83d\\ude00"}'),
        *(b'{"sid":""}', b'{"sid":["a"]}', b'{"sid":"\\ud800"}', b'{"sid":"b","n":1e999}', b'{"sid":"b"}x', b"\xff"),
    ),
)
def check_session(data: bytes) -> None:
    cookie = sign_bytes(data)
    headers = [(b"cookie", f"session={cookie}".encode("ascii"))]
    session = reference.session_of(cookie)
    for claimed, expected in ((session, reference.PASSED), (session + b"x", reference.WRONG_SESSION)):
        submitted = reference.signed(claimed, bytes(16), KEYS[0]).encode("ascii")

        def verdict(engine, submitted=submitted):
            check = engine.CSRFCheck(session_cookie="session", csrf_cookie="", check_origin=False, keys=KEYS)
            return check.verdict_of_form(headers, submitted)

        _compare("the session", verdict, expected, data, claimed)


def _compare(name, call, expected, *shown):
    kind, *rest = same(name, call, ENGINES)
    if kind != "returned":
        raise Finding(f"{name} raised {rest!r}\n  {shown!r}")
    expect(identical(rest[0], expected), "wrong verdict", rest[0], expected, *shown)

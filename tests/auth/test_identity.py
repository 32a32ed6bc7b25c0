"""get_current_user and require_role: where a token is found, and what it is good for."""

import asyncio
import inspect
import json
from types import SimpleNamespace

import asgi_client
import pytest
from error_text import shown_by
from outcomes import identical
from raw_tokens import SECRET, base64url, payload_of, sign_bytes, sign_claims

OTHER_SECRET = "another secret, also of 32 bytes or more"
OLD_SECRET = "an old secret of the tests, 32 bytes or more"
CONFIG = {"jwt_secret": SECRET}
FAR = 4102444800  # 2100-01-01


def request_of(bearer=None, session=None, query=None, *, config=CONFIG, headers=(), query_string=None, state=None):
    """A request is what has a scope and a state; the three places take a token each."""
    found = [*headers]
    if bearer is not None:
        found.append((b"authorization", b"Bearer " + bearer.encode()))
    if session is not None:
        found.append((b"cookie", b"session=" + session.encode()))
    if query is not None:
        query_string = b"token=" + query.encode()
    scope = {"type": "http", "headers": found, "query_string": query_string or b""}
    return SimpleNamespace(scope=scope, state={"config": config} if state is None else state)


def token_of(auth, username, role="user", secret=SECRET):
    return auth.create_token(username, role, secret)


def error_of(fastware, call, request, **options):
    """The HTTPError of a call that must not succeed."""
    with pytest.raises(fastware.HTTPError) as raised:
        call(request, **options)
    return raised.value


def challenge_of(error):
    return {name.lower(): value for name, value in error.headers.items()}.get("www-authenticate")


def is_unauthorized(error):
    return error.status_code == 401 and challenge_of(error) == "Bearer"


# Where the token is found

PLACES = ["bearer", "session", "query"]


@pytest.mark.parametrize("place", PLACES)
def test_the_claims_of_a_valid_token_are_returned_from_each_place(auth, place):
    token = token_of(auth, "ada", "admin")
    claims = auth.get_current_user(request_of(**{place: token}))
    assert identical(claims, json.loads(payload_of(token)))
    assert (claims["sub"], claims["role"]) == ("ada", "admin")


@pytest.mark.parametrize(
    ("places", "first"),
    [
        (["bearer", "session", "query"], "bearer"),
        (["bearer", "session"], "bearer"),
        (["bearer", "query"], "bearer"),
        (["session", "query"], "session"),
    ],
    ids=["all", "bearer-and-session", "bearer-and-query", "session-and-query"],
)
def test_the_header_comes_before_the_cookie_and_the_cookie_before_the_query(auth, places, first):
    tokens = {place: token_of(auth, place) for place in places}
    assert auth.get_current_user(request_of(**tokens))["sub"] == first


@pytest.mark.parametrize(
    ("invalid", "valid"),
    [("bearer", "session"), ("bearer", "query"), ("session", "query")],
    ids=["header-before-cookie", "header-before-query", "cookie-before-query"],
)
@pytest.mark.parametrize("kind", ["garbage", "expired", "other-secret"])
def test_an_invalid_token_does_not_fall_through_to_a_valid_one(fastware, auth, kind, invalid, valid):
    token = {
        "garbage": "x",
        "expired": auth.create_token("eve", "admin", SECRET, expires_hours=-1),
        "other-secret": token_of(auth, "eve", secret=OTHER_SECRET),
    }[kind]
    request = request_of(**{invalid: token, valid: token_of(auth, "ada")})
    assert is_unauthorized(error_of(fastware, auth.get_current_user, request))


@pytest.mark.parametrize(
    ("valid", "invalid"),
    [("bearer", "session"), ("bearer", "query"), ("session", "query")],
    ids=["header-before-cookie", "header-before-query", "cookie-before-query"],
)
def test_an_invalid_token_further_on_does_no_harm(auth, valid, invalid):
    request = request_of(**{valid: token_of(auth, "ada"), invalid: "x"})
    assert auth.get_current_user(request)["sub"] == "ada"


@pytest.mark.parametrize("authorization", [b"", b" ", b"Bearer", b"bearer", b"Bearer ", b"Bearer    ", b"Bearer \t "])
@pytest.mark.parametrize("next_place", ["session", "query"])
def test_an_empty_header_falls_through(auth, authorization, next_place):
    request = request_of(headers=[(b"authorization", authorization)], **{next_place: token_of(auth, "ada")})
    assert auth.get_current_user(request)["sub"] == "ada"


@pytest.mark.parametrize("cookie", [b"", b"session", b"session=", b'session=""', b"session= ; a=1", b"a=1; b=2"])
def test_an_empty_cookie_falls_through(auth, cookie):
    request = request_of(headers=[(b"cookie", cookie)], query=token_of(auth, "ada"))
    assert auth.get_current_user(request)["sub"] == "ada"


@pytest.mark.parametrize("authorization", [b"Basic YWRhOnBhc3N3b3Jk", b"Digest username=ada", b"Negotiate x"])
@pytest.mark.parametrize("next_place", ["session", "query"])
def test_another_scheme_is_no_token_and_falls_through(auth, authorization, next_place):
    request = request_of(headers=[(b"authorization", authorization)], **{next_place: token_of(auth, "ada")})
    assert auth.get_current_user(request)["sub"] == "ada"


NOTHING = {
    "nothing": {},
    "empty-header": {"bearer": ""},
    "empty-cookie": {"session": ""},
    "empty-query": {"query": ""},
    "all-empty": {"bearer": "", "session": "", "query": ""},
    "query-without-a-value": {"query_string": b"token"},
    "another-query": {"query_string": b"tokens=x&xtoken=y&Token=z"},
    "another-scheme": {"headers": [(b"authorization", b"Basic x")]},
    "another-cookie": {"headers": [(b"cookie", b"Session=x; sessions=y; session_=z")]},
}


@pytest.mark.parametrize("options", NOTHING.values(), ids=NOTHING.keys())
def test_no_token_is_401_with_a_challenge(fastware, auth, options):
    assert is_unauthorized(error_of(fastware, auth.get_current_user, request_of(**options)))


# The Authorization header: RFC 7235 section 2.1, RFC 6750 section 2.1


@pytest.mark.parametrize("scheme", [b"Bearer", b"bearer", b"BEARER", b"bEaReR"])
def test_the_scheme_is_compared_without_case(auth, scheme):
    header = scheme + b" " + token_of(auth, "ada").encode()
    assert auth.get_current_user(request_of(headers=[(b"authorization", header)]))["sub"] == "ada"


@pytest.mark.parametrize("name", [b"authorization", b"Authorization", b"AUTHORIZATION"])
def test_the_name_of_the_header_is_compared_without_case(auth, name):
    header = b"Bearer " + token_of(auth, "ada").encode()
    assert auth.get_current_user(request_of(headers=[(name, header)]))["sub"] == "ada"


def test_several_spaces_may_follow_the_scheme(auth):
    header = b"Bearer   " + token_of(auth, "ada").encode()
    assert auth.get_current_user(request_of(headers=[(b"authorization", header)]))["sub"] == "ada"


@pytest.mark.parametrize("header", [b"Bearer{}", b"Bearers {}", b"xBearer {}", b"{}", b"Token {}", b"JWT {}"])
def test_a_token_of_another_scheme_is_not_taken(fastware, auth, header):
    value = header.replace(b"{}", token_of(auth, "ada").encode())
    request = request_of(headers=[(b"authorization", value)])
    assert is_unauthorized(error_of(fastware, auth.get_current_user, request))


@pytest.mark.parametrize("trailer", [b" x", b",x", b"=", b"\xff", b"\0"])
def test_a_token_with_something_behind_it_is_invalid(fastware, auth, trailer):
    value = b"Bearer " + token_of(auth, "ada").encode() + trailer
    request = request_of(headers=[(b"authorization", value)], session=token_of(auth, "bob"))
    assert is_unauthorized(error_of(fastware, auth.get_current_user, request))


# The cookie

COOKIES = {
    "among-others": [b"a=1; session={}; csrf_token=2"],
    "without-spaces": [b"a=1;session={};b=2"],
    "quoted": [b'session="{}"'],
    "the-last-of-two": [b"session=x; session={}"],
    "split-first": [b"session={}", b"a=1"],
    "split-last": [b"a=1", b"b=2", b"session={}"],
    "split-after-an-open-quote": [b'a="1', b"session={}"],
    "split-the-last-of-two": [b"session=x", b"session={}"],
    "after-a-malformed-pair": [b"a; =; b@[]=\xff; session={}"],
}


@pytest.mark.parametrize("cookies", COOKIES.values(), ids=COOKIES.keys())
def test_the_session_is_found_in_the_cookie_headers(auth, cookies):
    token = token_of(auth, "ada").encode()
    headers = [(b"cookie", cookie.replace(b"{}", token)) for cookie in cookies]
    assert auth.get_current_user(request_of(headers=headers))["sub"] == "ada"


def test_cookie_headers_may_stand_between_others(auth):
    token = token_of(auth, "ada").encode()
    headers = [(b"cookie", b"a=1"), (b"accept", b"*/*"), (b"Cookie", b"session=" + token), (b"host", b"h")]
    assert auth.get_current_user(request_of(headers=headers))["sub"] == "ada"


def test_the_cookie_of_set_session_cookies_is_found(auth):
    session, csrf = (value.partition(";")[0] for value in auth.set_session_cookies(token_of(auth, "ada"), "c"))
    assert auth.get_current_user(request_of(headers=[(b"cookie", f"{session}; {csrf}".encode())]))["sub"] == "ada"


def test_the_session_that_clear_session_cookies_leaves_is_none(fastware, auth):
    headers = [(b"cookie", value.partition(";")[0].encode()) for value in auth.clear_session_cookies()]
    assert is_unauthorized(error_of(fastware, auth.get_current_user, request_of(headers=headers)))


HEADER_KINDS = {
    "list-of-tuples": lambda headers: headers,
    "list-of-lists": lambda headers: [list(pair) for pair in headers],
    "tuple": tuple,
    "iterator": iter,
    "generator": lambda headers: (pair for pair in headers),
}


@pytest.mark.parametrize("make", HEADER_KINDS.values(), ids=HEADER_KINDS.keys())
@pytest.mark.parametrize("place", ["bearer", "session"])
def test_headers_may_be_any_iterable_of_pairs(auth, make, place):
    request = request_of(headers=[(b"host", b"h"), (b"accept", b"*/*")], **{place: token_of(auth, "ada")})
    request.scope["headers"] = make(request.scope["headers"])
    assert auth.get_current_user(request)["sub"] == "ada"


# The query string


@pytest.mark.parametrize("query", ["a=1&token={}&b=2", "token={}&", "&&token={}", "a&token={}", "x=token&token={}"])
def test_the_token_is_found_among_other_parameters(auth, query):
    query_string = query.replace("{}", token_of(auth, "ada")).encode()
    assert auth.get_current_user(request_of(query_string=query_string))["sub"] == "ada"


@pytest.mark.parametrize(
    "encode",
    [lambda token: token.replace(".", "%2E"), lambda token: token.replace(".", "%2e")],
    ids=["upper", "lower"],
)
def test_a_percent_encoded_token_is_decoded(auth, encode):
    query_string = b"token=" + encode(token_of(auth, "ada")).encode()
    assert auth.get_current_user(request_of(query_string=query_string))["sub"] == "ada"


def test_a_wholly_percent_encoded_token_is_decoded(auth):
    encoded = "".join(f"%{byte:02X}" for byte in token_of(auth, "ada").encode())
    assert auth.get_current_user(request_of(query_string=f"token={encoded}".encode()))["sub"] == "ada"


@pytest.mark.parametrize("query", [b"token=%", b"token=%zz", b"token=%ff", b"token=%00", b"token=\xff", b"token=+++"])
def test_an_undecodable_query_token_is_invalid(fastware, auth, query):
    assert is_unauthorized(error_of(fastware, auth.get_current_user, request_of(query_string=query)))


def refuses_query_tokens(fastware, dependency, auth, config=CONFIG, **options):
    request = request_of(query=token_of(auth, "ada", "admin"), config=config)
    return is_unauthorized(error_of(fastware, dependency, request, **options))


def test_query_tokens_can_be_turned_off_by_argument(fastware, auth):
    assert refuses_query_tokens(fastware, auth.get_current_user, auth, allow_query_token=False)


def test_query_tokens_can_be_turned_off_by_config(fastware, auth):
    config = {**CONFIG, "allow_query_token": False}
    assert refuses_query_tokens(fastware, auth.get_current_user, auth, config)
    assert refuses_query_tokens(fastware, auth.require_role("admin"), auth, config)


def test_query_tokens_can_be_turned_off_for_a_role(fastware, auth):
    assert refuses_query_tokens(fastware, auth.require_role("admin", allow_query_token=False), auth)


def test_query_tokens_that_the_config_turns_off_stay_off(fastware, auth):
    config = {**CONFIG, "allow_query_token": False}
    assert refuses_query_tokens(fastware, auth.get_current_user, auth, config, allow_query_token=True)


def test_query_tokens_may_be_allowed_in_so_many_words(auth):
    config = {**CONFIG, "allow_query_token": True}
    request = request_of(query=token_of(auth, "ada"), config=config)
    assert auth.get_current_user(request, allow_query_token=True)["sub"] == "ada"


@pytest.mark.parametrize("place", ["bearer", "session"])
def test_without_query_tokens_the_other_places_count(auth, place):
    request = request_of(**{place: token_of(auth, "ada")}, query_string=b"token=x")
    assert auth.get_current_user(request, allow_query_token=False)["sub"] == "ada"


# Tokens that are not valid


def forged(auth):
    header, _, signature = token_of(auth, "ada").split(".")
    return f"{header}.{base64url(json.dumps({'sub': 'ada', 'role': 'admin', 'exp': FAR}).encode())}.{signature}"


INVALID = {
    "garbage": lambda auth: "garbage",
    "two-dots": lambda auth: "a.b.c",
    "expired": lambda auth: auth.create_token("ada", "admin", SECRET, expires_hours=-1),
    "other-secret": lambda auth: token_of(auth, "ada", secret=OTHER_SECRET),
    "forged-payload": forged,
    "no-signature": lambda auth: token_of(auth, "ada").rpartition(".")[0] + ".",
    "alg-none": lambda auth: sign_claims({"sub": "ada", "exp": FAR}, header={"alg": "none"}).rpartition(".")[0] + ".",
    "alg-none-signed": lambda auth: sign_claims({"sub": "ada", "exp": FAR}, header={"alg": "none"}),
    "not-yet-valid": lambda auth: sign_claims({"sub": "ada", "role": "admin", "nbf": FAR, "exp": FAR}),
    "no-object": lambda auth: sign_bytes(b"[]"),
    "long": lambda auth: "x" * 100_000,
}
each_invalid = pytest.mark.parametrize("make", INVALID.values(), ids=INVALID.keys())


@each_invalid
@pytest.mark.parametrize("place", PLACES)
def test_an_invalid_token_is_401_with_a_challenge(fastware, auth, make, place):
    request = request_of(**{place: make(auth)})
    assert is_unauthorized(error_of(fastware, auth.get_current_user, request))


@each_invalid
def test_an_invalid_token_is_401_for_a_role_too(fastware, auth, make):
    error = error_of(fastware, auth.require_role("admin"), request_of(make(auth)))
    assert is_unauthorized(error)


@each_invalid
@pytest.mark.parametrize("secret", [SECRET, [OTHER_SECRET + "!", SECRET]], ids=["one", "several"])
def test_no_error_shows_the_secret(fastware, auth, make, secret):
    error = error_of(fastware, auth.get_current_user, request_of(make(auth), config={"jwt_secret": secret}))
    assert SECRET not in shown_by(error) + error.detail + repr(error.headers)


# The secret

NO_SECRETS = {
    "no-config": {},
    "config-none": {"config": None},
    "config-empty": {"config": {}},
    "config-of-another-type": {"config": "secret"},
    "secret-none": {"config": {"jwt_secret": None}},
    "secret-empty": {"config": {"jwt_secret": ""}},
    "secret-empty-bytes": {"config": {"jwt_secret": b""}},
    "secrets-empty": {"config": {"jwt_secret": []}},
    "another-name": {"config": {"secret": SECRET}},
    "beside-the-config": {"jwt_secret": SECRET},
}
each_missing = pytest.mark.parametrize("state", NO_SECRETS.values(), ids=NO_SECRETS.keys())


@each_missing
@pytest.mark.parametrize("place", PLACES)
def test_without_a_secret_the_error_is_500_and_says_what_to_set(fastware, auth, state, place):
    request = request_of(**{place: token_of(auth, "ada")}, state=state)
    error = error_of(fastware, auth.get_current_user, request)
    assert error.status_code == 500
    assert "jwt_secret" in str(error) and "config" in str(error)
    assert SECRET not in shown_by(error)


@each_missing
def test_without_a_secret_a_role_is_500_too(fastware, auth, state):
    error = error_of(fastware, auth.require_role("admin"), request_of(token_of(auth, "ada", "admin"), state=state))
    assert error.status_code == 500
    assert "jwt_secret" in str(error)


def test_without_any_state_the_error_is_500(fastware, auth):
    request = request_of(token_of(auth, "ada"))
    del request.state
    assert error_of(fastware, auth.get_current_user, request).status_code == 500


UNUSABLE = {
    "int": 5,
    "bytearray": bytearray(SECRET.encode()),
    "pem": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
    "empty-in-a-list": [""],
    "surrogate": SECRET + "\ud800",
}


@pytest.mark.parametrize("secret", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_a_secret_that_cannot_verify_anything_is_500_and_not_a_401_for_everybody(fastware, auth, secret):
    request = request_of(token_of(auth, "ada"), config={"jwt_secret": secret})
    error = error_of(fastware, auth.get_current_user, request)
    assert error.status_code == 500
    assert "jwt_secret" in str(error)
    assert SECRET not in shown_by(error)


def test_the_secret_may_be_bytes(auth):
    request = request_of(token_of(auth, "ada"), config={"jwt_secret": SECRET.encode()})
    assert auth.get_current_user(request)["sub"] == "ada"


@pytest.mark.parametrize("make", [list, tuple], ids=["list", "tuple"])
@pytest.mark.parametrize("secret", [SECRET, OLD_SECRET], ids=["new", "old"])
def test_while_keys_rotate_tokens_of_both_are_valid(auth, make, secret):
    request = request_of(token_of(auth, "ada", secret=secret), config={"jwt_secret": make([SECRET, OLD_SECRET])})
    assert auth.get_current_user(request)["sub"] == "ada"


def test_while_keys_rotate_tokens_of_another_are_not(fastware, auth):
    token = token_of(auth, "ada", secret=OTHER_SECRET)
    request = request_of(token, config={"jwt_secret": [SECRET, OLD_SECRET]})
    assert is_unauthorized(error_of(fastware, auth.get_current_user, request))


def test_after_the_rotation_tokens_of_the_old_key_are_not_valid(fastware, auth):
    token = token_of(auth, "ada", secret=OLD_SECRET)
    assert is_unauthorized(
        error_of(fastware, auth.get_current_user, request_of(token, config={"jwt_secret": [SECRET]}))
    )


def test_the_secret_is_read_for_each_request(fastware, auth):
    config = {"jwt_secret": OLD_SECRET}
    request = request_of(token_of(auth, "ada"), config=config)
    assert is_unauthorized(error_of(fastware, auth.get_current_user, request))
    config["jwt_secret"] = SECRET
    assert auth.get_current_user(request)["sub"] == "ada"


# Roles


@pytest.mark.parametrize("place", PLACES)
def test_the_role_gives_the_claims(auth, place):
    token = token_of(auth, "ada", "admin")
    claims = auth.require_role("admin")(request_of(**{place: token}))
    assert identical(claims, json.loads(payload_of(token)))


@pytest.mark.parametrize("role", ["user", "", "Admin", "ADMIN", "admin ", " admin", "administrator", "adm"])
def test_another_role_is_403(fastware, auth, role):
    error = error_of(fastware, auth.require_role("admin"), request_of(token_of(auth, "ada", role)))
    assert error.status_code == 403


def test_a_403_shows_neither_secret_nor_token(fastware, auth):
    token = token_of(auth, "ada")
    error = error_of(fastware, auth.require_role("admin"), request_of(token))
    assert not [text for text in (SECRET, token) if text in shown_by(error) + repr(error.headers)]


@pytest.mark.parametrize("role", ["admin", "editor", "owner"])
def test_any_of_several_roles_passes(auth, role):
    dependency = auth.require_role("admin", "editor", "owner")
    assert dependency(request_of(token_of(auth, "ada", role)))["role"] == role


@pytest.mark.parametrize("role", ["user", "adminedit", "admin, editor", ""])
def test_none_of_several_roles_is_403(fastware, auth, role):
    dependency = auth.require_role("admin", "editor")
    assert error_of(fastware, dependency, request_of(token_of(auth, "ada", role))).status_code == 403


@pytest.mark.parametrize("role", [None, 5, True, ["admin"], ["admin", "user"], {"admin": True}], ids=repr)
def test_a_role_claim_of_another_type_is_403(fastware, auth, role):
    token = sign_claims({"sub": "ada", "role": role, "exp": FAR})
    assert error_of(fastware, auth.require_role("admin"), request_of(token)).status_code == 403


def test_a_token_without_a_role_is_403(fastware, auth):
    token = sign_claims({"sub": "ada", "exp": FAR})
    assert error_of(fastware, auth.require_role("admin"), request_of(token)).status_code == 403


def test_no_token_is_401_before_any_role(fastware, auth):
    assert is_unauthorized(error_of(fastware, auth.require_role("admin"), request_of()))


def test_a_role_is_required_in_a_call(auth):
    with pytest.raises(TypeError):
        auth.require_role()


def test_each_dependency_keeps_its_roles(fastware, auth):
    admin, editor = auth.require_role("admin"), auth.require_role("editor")
    request = request_of(token_of(auth, "ada", "editor"))
    assert editor(request)["role"] == "editor"
    assert error_of(fastware, admin, request).status_code == 403


# Any request object, and none to wait for


def test_the_claims_come_without_await(auth):
    assert not inspect.iscoroutinefunction(auth.get_current_user)
    assert type(auth.get_current_user(request_of(token_of(auth, "ada")))) is dict


def test_a_role_s_claims_come_without_await(auth):
    dependency = auth.require_role("admin")
    assert not inspect.iscoroutinefunction(dependency)
    assert type(dependency(request_of(token_of(auth, "ada", "admin")))) is dict


def test_the_call_works_within_a_running_loop(auth):
    async def handle():
        return auth.get_current_user(request_of(token_of(auth, "ada")))

    assert asyncio.run(handle())["sub"] == "ada"


def test_the_request_of_the_package_works(fastware, auth):
    scope = asgi_client.scope(headers=[("authorization", f"Bearer {token_of(auth, 'ada')}")], state={"config": CONFIG})
    assert auth.get_current_user(fastware.Request(scope))["sub"] == "ada"


def test_a_state_of_the_package_works_with_any_request(fastware, auth):
    request = request_of(token_of(auth, "ada"), state=fastware.State({"config": CONFIG}))
    assert auth.get_current_user(request)["sub"] == "ada"


def test_a_class_with_scope_and_state_is_a_request(auth):
    token = token_of(auth, "ada")

    class Connection:
        __slots__ = ()

        @property
        def scope(self):
            return {"type": "websocket", "headers": [(b"cookie", f"session={token}".encode())], "query_string": b""}

        @property
        def state(self):
            return {"config": CONFIG}

    assert auth.get_current_user(Connection())["sub"] == "ada"


def test_the_request_stays_as_it_is(auth):
    request = request_of(token_of(auth, "ada"), "x", "y", headers=[(b"host", b"h")])
    before = repr((request.scope, request.state))
    auth.get_current_user(request)
    assert repr((request.scope, request.state)) == before


def test_every_call_gives_claims_of_its_own(auth):
    request = request_of(token_of(auth, "ada"))
    auth.get_current_user(request)["sub"] = "eve"
    assert auth.get_current_user(request)["sub"] == "ada"


# In an application


@pytest.fixture
def app(fastware, auth):
    router = fastware.Router()

    @router.get("/profile", deps={"user": auth.get_current_user})
    async def profile(request, user):
        return {"username": user["sub"], "role": user["role"]}

    @router.get("/admin", deps={"user": auth.require_role("admin")})
    async def admin(request, user):
        return {"message": f"Welcome, admin {user['sub']}"}

    @router.get("/edit", deps={"user": auth.require_role("admin", "editor")})
    def edit(request, user):
        return {"editor": user["sub"]}

    return fastware.create_app(router)


def get(app, path, *, config=CONFIG, **options):
    return asgi_client.call(app, "GET", path, state={"config": config}, **options)


def authorized(token):
    return [("authorization", f"Bearer {token}")]


@pytest.mark.parametrize(
    "options",
    [
        lambda token: {"headers": authorized(token)},
        lambda token: {"headers": [("cookie", f"a=1; session={token}")]},
        lambda token: {"headers": [("cookie", "a=1"), ("cookie", f"session={token}")]},
        lambda token: {"query": f"token={token}"},
        lambda token: {"query": "token=" + token.replace(".", "%2E")},
    ],
    ids=["header", "cookie", "split-cookie", "query", "encoded-query"],
)
def test_a_handler_gets_the_user(auth, app, options):
    answer = get(app, "/profile", **options(token_of(auth, "ada")))
    assert (answer.status, answer.json) == (200, {"username": "ada", "role": "user"})


@pytest.mark.parametrize("path", ["/profile", "/admin", "/edit"])
def test_without_a_token_the_answer_is_401_with_a_challenge(app, path):
    answer = get(app, path)
    assert (answer.status, answer.header("www-authenticate")) == (401, "Bearer")


@pytest.mark.parametrize("path", ["/profile", "/admin", "/edit"])
def test_with_an_invalid_token_the_answer_is_401_and_shows_neither_token_nor_secret(auth, app, path):
    token = token_of(auth, "ada", secret=OTHER_SECRET)
    answer = get(app, path, headers=authorized(token))
    assert (answer.status, answer.header("www-authenticate")) == (401, "Bearer")
    assert not [text for text in (token, SECRET, OTHER_SECRET) if text.encode() in answer.body]


ROLES = [
    ("admin", "/admin", 200),
    ("editor", "/admin", 403),
    ("user", "/admin", 403),
    ("admin", "/edit", 200),
    ("editor", "/edit", 200),
    ("user", "/edit", 403),
]


@pytest.mark.parametrize(("role", "path", "status"), ROLES)
def test_a_handler_is_reached_with_its_role_only(auth, app, role, path, status):
    assert get(app, path, headers=authorized(token_of(auth, "ada", role))).status == status


@pytest.mark.parametrize("config", [None, {}, {"jwt_secret": ""}], ids=["none", "empty", "empty-secret"])
def test_without_a_secret_the_answer_is_500(auth, app, config):
    assert get(app, "/profile", config=config, headers=authorized(token_of(auth, "ada"))).status == 500


def test_without_a_lifespan_the_answer_is_500(auth, app):
    assert asgi_client.call(app, "GET", "/profile", headers=authorized(token_of(auth, "ada"))).status == 500


def test_the_config_turns_query_tokens_off_in_an_application(auth, app):
    config = {**CONFIG, "allow_query_token": False}
    assert get(app, "/profile", config=config, query=f"token={token_of(auth, 'ada')}").status == 401


def test_both_kinds_of_dependency_serve_one_handler(fastware, auth):
    router = fastware.Router()

    @router.get("/", deps={"user": auth.get_current_user, "admin": auth.require_role("admin")})
    async def both(request, user, admin):
        return {"equal": user == admin}

    app = fastware.create_app(router)
    assert get(app, "/", headers=authorized(token_of(auth, "ada", "admin"))).json == {"equal": True}

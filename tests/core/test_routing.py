"""Router: methods, parameters, which route is found, inclusion, 404 and 405, invalid paths."""

import pytest
from asgi_client import app_of, call
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.reference import routing as reference

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]


def routed(fastware, routes, **options):
    """Return an application whose handlers respond with their route and their path parameters."""
    router = fastware.Router(**options)
    for method, path in routes:
        router.route(path, [method])(says(fastware, f"{method} {path}"))
    return fastware.create_app(router)


def says(fastware, route):
    def handler(request):
        headers = {"x-route": route.encode().hex(), "x-parameters": repr(request.path_params).encode().hex()}
        return fastware.Response(b"", headers=headers)

    return handler


def found(app, method, path, **options):
    """Return ``"METHOD /path {parameters}"``, or the status and the ``Allow`` header."""
    response = call(app, method, path, **options)
    if response.status != 200:
        return response.status, response.header("allow")
    return " ".join(bytes.fromhex(response.header(name)).decode() for name in ("x-route", "x-parameters"))


# Methods


@pytest.mark.parametrize("method", METHODS)
def test_each_method_has_a_decorator_that_returns_the_handler(fastware, method):
    router = fastware.Router()
    for name in METHODS:
        handler = says(fastware, name)
        assert getattr(router, name.lower())("/here")(handler) is handler
    assert found(fastware.create_app(router), method, "/here") == f"{method} {{}}"


def test_one_handler_can_have_several_routes(fastware):
    router = fastware.Router()
    handler = says(fastware, "handler")
    router.get("/a")(handler)
    router.route("/b", ["Put", "delete"])(handler)
    app = fastware.create_app(router)
    for method, path in (("GET", "/a"), ("PUT", "/b"), ("DELETE", "/b")):
        assert found(app, method, path) == "handler {}"


def test_route_can_be_added_without_a_decorator(fastware):
    router = fastware.Router(prefix="/api")
    assert router.add_route("put", "/a", says(fastware, "handler")) is None
    router.add_route("GET", "/b", lambda value: value, {"value": lambda: "made"})
    app = fastware.create_app(router)
    assert found(app, "PUT", "/api/a") == "handler {}"
    assert call(app, path="/api/b").body == b"made"


# Parameters. tests/attacks has the rows for invalid numbers.

PARAMETERS = {
    "text": ("/{value}", "/alice", "alice"),
    "text-of-digits": ("/{value}", "/007", "007"),
    "text-not-ascii": ("/{value:str}", "/Zoë 愛", "Zoë 愛"),
    "text-in-the-middle": ("/a/{value}/b", "/a/x.y/b", "x.y"),
    "int": ("/{value:int}", "/42", 42),
    "path-of-one-segment": ("/files/{value:path}", "/files/a", "a"),
    "path-of-several-segments": ("/files/{value:path}", "/files/a//b.txt", "a//b.txt"),
    "empty-path": ("/files/{value:path}", "/files/", ""),
}


@pytest.mark.rule("path.segments")
@pytest.mark.parametrize(("template", "path", "value"), PARAMETERS.values(), ids=PARAMETERS.keys())
def test_parameter_has_the_value_of_its_segment(fastware, template, path, value):
    assert call(app_of(fastware, lambda request: request.path_params, path=template), path=path).json == {
        "value": value
    }


NOT_MATCHING = {
    "int-of-letters": ("/{value:int}", "/abc"),
    "int-too-long": ("/{value:int}", "/" + "7" * 100_000),
    "text-with-slash": ("/{value}", "/a/b"),
    "text-empty": ("/a/{value}", "/a/"),
    "longer": ("/a/{value}", "/a/b/c"),
    "shorter": ("/a/{value}", "/a"),
    "path-without-slash": ("/files/{value:path}", "/files"),
    "other-literal": ("/a/{value}", "/b/c"),
    "other-case": ("/a/{value}", "/A/c"),
    "not-decoded": ("/a b/{value}", "/a%20b/c"),
    "not-normalized": ("/a/{value}", "/./a/c"),
    "other-normalization-form": ("/é/{value}", "/e\u0301/c"),
    "no-leading-slash": ("/a/{value}", "x/a/c"),
    "empty": ("/", ""),
    "asterisk": ("/", "*"),
    "absolute": ("/a", "http:/a"),
}


@pytest.mark.rule("path.segments")
@pytest.mark.parametrize(("template", "path"), NOT_MATCHING.values(), ids=NOT_MATCHING.keys())
def test_path_that_does_not_match_is_404(fastware, template, path):
    assert found(routed(fastware, [("GET", template)]), "GET", path) == (404, None)


@pytest.mark.parametrize("path", ["/here", "/{name}"])
def test_path_params_of_a_request_are_not_shared_with_another(fastware, path):
    seen = []

    def handler(request):
        seen.append(dict(request.path_params))
        request.path_params["left"] = "behind"

    app = app_of(fastware, handler, path=path)
    call(app, path="/here")
    call(app, path="/here")
    assert seen[0] == seen[1]


# Which route is found: examples, and random routes compared with the reference, which tries every route.

EVERY_KIND = ["/{rest:path}", "/{name}", "/{id:int}", "/12"]
PRECEDENCE = {
    "literal-before-int": (EVERY_KIND, "/12", "GET /12 {}"),
    "int-before-text": (EVERY_KIND, "/13", "GET /{id:int} {'id': 13}"),
    "text-before-path": (EVERY_KIND, "/ada", "GET /{name} {'name': 'ada'}"),
    "path": (EVERY_KIND, "/a/b", "GET /{rest:path} {'rest': 'a/b'}"),
    "literal-dead-end": (["/a/x", "/{name}/y"], "/a/y", "GET /{name}/y {'name': 'a'}"),
    "int-dead-end": (["/{id:int}/x", "/{name}/y"], "/1/y", "GET /{name}/y {'name': '1'}"),
    "text-dead-end": (["/{name}/x", "/{rest:path}"], "/a/y", "GET /{rest:path} {'rest': 'a/y'}"),
    "deep-dead-end": (["/a/b/c/d", "/a/{rest:path}"], "/a/b/c/e", "GET /a/{rest:path} {'rest': 'b/c/e'}"),
}


@pytest.mark.parametrize("step", [1, -1], ids=["in-order", "reversed"])
@pytest.mark.parametrize(("paths", "path", "expected"), PRECEDENCE.values(), ids=PRECEDENCE.keys())
def test_most_specific_matching_route_is_found_in_any_order_of_addition(fastware, paths, path, expected, step):
    assert found(routed(fastware, [("GET", template) for template in paths[::step]]), "GET", path) == expected


SEGMENTS = st.sampled_from(["a", "b", "1", "", "a.b", "é", "{x}", "{x:int}", "{x:str}"])


@st.composite
def templates(draw):
    segments = draw(st.lists(SEGMENTS, min_size=1, max_size=3))
    if draw(st.integers(0, 4)) == 0:
        segments.append("{x:path}")
    return "".join("/" + segment.replace("{x", f"{{x{index}") for index, segment in enumerate(segments))


def shape(route):
    return route[0], *reference.shape(route[1])


ROUTES = st.lists(st.tuples(st.sampled_from(METHODS), templates()), min_size=1, max_size=8, unique_by=shape)
PATHS = st.lists(st.sampled_from(["a", "b", "1", "01", "", "a.b", "é", "c", "{x}", "{x0}", "-1"]), max_size=4)
REQUESTS = st.lists(st.tuples(st.sampled_from([*METHODS, "TRACE"]), PATHS.map("/".join)), min_size=1, max_size=6)


@settings(max_examples=300, deadline=None)
@given(routes=ROUTES, requests=REQUESTS, order=st.randoms(use_true_random=False), mount=st.sampled_from(["", "/api"]))
@example(
    routes=[("GET", "/a/b"), ("DELETE", "/a/{x}"), ("POST", "/{x}/b"), ("HEAD", "/{x:path}")],
    requests=[("GET", "a/b"), ("HEAD", "a/b"), ("POST", "a/b"), ("DELETE", "a/b"), ("TRACE", "a/b")],
    order=None,
    mount="",
)
def test_route_of_the_reference_is_found(fastware, routes, requests, order, mount):
    app = routed(fastware, routes)
    if order:
        order.shuffle(routes)
    for method, path in requests:
        expected = reference.find(routes, method, f"/{path}")
        if expected is None:
            allowed = reference.allowed(routes, f"/{path}")
            expected = (405, ", ".join(allowed)) if allowed else (404, None)
        else:
            number, parameters = expected
            expected = f"{' '.join(routes[number])} {parameters}"
        assert found(app, method, f"{mount}/{path}", root_path=mount) == expected


def test_lookup_does_not_try_every_combination_of_parameters(fastware):
    """With backtracking over 24 segments of two kinds it would take 2**24 steps."""
    paths = ["".join(f"/{{p{n}{':int' if n % 2 else ''}}}" for n in range(length)) for length in range(1, 25)]
    app = routed(fastware, [("GET", path) for path in paths])
    assert found(app, "GET", "/1" * 24 + "/none") == (404, None)


# 404 and 405


@pytest.mark.parametrize("method", ["GET", "POST", "BREW"])
def test_unknown_path_is_404(fastware, method):
    response = call(routed(fastware, [("GET", "/a")]), method, "/b")
    assert (response.status, response.json, response.header("allow")) == (404, {"detail": "Not found"}, None)


ALLOWED = {
    "get-implies-head": (["GET"], "GET, HEAD"),
    "post-and-put": (["PUT", "POST"], "POST, PUT"),
    "head": (["HEAD"], "HEAD"),
    "unknown": (["PROPFIND"], "PROPFIND"),
}


@pytest.mark.parametrize(("methods", "allowed"), ALLOWED.values(), ids=ALLOWED.keys())
def test_unknown_method_of_a_path_is_405_with_its_methods(fastware, methods, allowed):
    response = call(routed(fastware, [(method, "/a") for method in methods]), "BREW", "/a")
    assert (response.status, response.json, response.header("allow")) == (
        405,
        {"detail": "Method not allowed"},
        allowed,
    )


def test_websocket_route_is_not_a_method_of_its_path(fastware):
    async def handler(websocket):
        pass

    router = fastware.Router()
    router.ws("/ws")(handler)
    router.ws("/both")(handler)
    router.route("/both", ["PUT", "websocket"])(says(fastware, "http"))
    app = fastware.create_app(router)
    for method in ("GET", "websocket"):
        assert found(app, method, "/ws") == (404, None)
        assert found(app, method, "/both") == (405, "PUT, WEBSOCKET")
    assert found(app, "WEBSOCKET", "/both") == "http {}"


# Prefixes and inclusion


def including(fastware, *inclusions, routes=(("GET", "/x"),)):
    """Return a router with the same routes under each prefix."""
    included, router = fastware.Router(), fastware.Router()
    for prefix in inclusions:
        router.include_router(included, prefix)
    for method, path in routes:  # after the inclusion, which includes later routes
        included.route(path, [method])(says(fastware, path))
    return router


def prefixed(fastware):
    router = fastware.Router(prefix="/api")
    router.include_router(including(fastware, "/v1"), "/apps")
    router.get("/")(says(fastware, "/"))
    return router


INCLUDED = {
    "without-prefix": (lambda fastware: including(fastware, ""), "/x", "/x {}"),
    "with-prefix": (lambda fastware: including(fastware, "/users"), "/users/x", "/x {}"),
    "prefix-only-inside": (lambda fastware: including(fastware, "/users"), "/x", (404, None)),
    "second-prefix": (lambda fastware: including(fastware, "/v1", "/v2"), "/v2/x", "/x {}"),
    "parameter-in-prefix": (lambda fastware: including(fastware, "/{team}"), "/core/x", "/x {'team': 'core'}"),
    "braces-as-parameter": (lambda fastware: including(fastware, "/{team}"), "/{team}/x", "/x {'team': '{team}'}"),
    "nested": (prefixed, "/api/apps/v1/x", "/x {}"),
    "root-of-prefix": (prefixed, "/api", "/ {}"),
    "root-of-prefix-with-slash": (prefixed, "/api/", (404, None)),
}


@pytest.mark.parametrize(("make", "path", "expected"), INCLUDED.values(), ids=INCLUDED.keys())
def test_included_route_is_found_under_its_prefixes(fastware, make, path, expected):
    assert found(fastware.create_app(make(fastware)), "GET", path) == expected


def test_route_that_is_added_after_create_app_is_not_part_of_the_application(fastware):
    router = fastware.Router()
    before = fastware.create_app(router)
    router.get("/late")(says(fastware, "late"))
    assert found(before, "GET", "/late") == (404, None)
    assert found(fastware.create_app(router), "GET", "/late") == "late {}"


# Invalid routes


def test_router_cannot_include_itself(fastware):
    router, inner = fastware.Router(), fastware.Router()
    router.include_router(inner)
    for included in (router, inner):
        with pytest.raises(ValueError, match="itself"):
            included.include_router(router)


@pytest.mark.parametrize("path", ["/twice", "/{other}"])
@pytest.mark.parametrize("is_included", [False, True], ids=["one-router", "included"])
def test_second_handler_of_a_method_and_path_is_a_value_error(fastware, path, is_included):
    router = fastware.Router()
    router.get(path.replace("other", "name"))(says(fastware, "1"))
    second = fastware.Router() if is_included else router
    second.get(path)(says(fastware, "2"))
    if is_included:
        router.include_router(second)
    with pytest.raises(ValueError, match="has two handlers"):
        fastware.create_app(router)


INVALID_PATHS = ["users", "", "/{id:float}", "/user-{id}", "/{}", "/{id", "/id}", "/{1}", "/{rest:path}/end"]


@pytest.mark.parametrize("path", INVALID_PATHS)
def test_invalid_path_is_a_value_error(fastware, path):
    assert not reference.is_valid(path)
    with pytest.raises(ValueError):
        fastware.Router().get(path)


@pytest.mark.parametrize("prefix", ["api", "/", "/api/", "/{id"])
def test_invalid_prefix_is_a_value_error(fastware, prefix):
    with pytest.raises(ValueError):
        fastware.Router(prefix=prefix)
    with pytest.raises(ValueError):
        fastware.Router().include_router(fastware.Router(), prefix)


def test_prefix_with_a_path_parameter_is_a_value_error(fastware):
    def make():
        router = fastware.Router(prefix="/{rest:path}")
        router.get("/end")(says(fastware, "end"))
        fastware.create_app(router)

    with pytest.raises(ValueError):
        make()


def test_methods_that_are_not_in_a_list_are_a_type_error(fastware):
    with pytest.raises(TypeError):
        fastware.Router().route("/", "GET")
    with pytest.raises(TypeError, match="method must be str"):
        fastware.Router().add_route(["GET"], "/", says(fastware, "handler"))

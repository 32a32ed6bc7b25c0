"""Which route answers: any set of routes against the docstring's rules, tried one after the other."""

import itertools

import pytest
from asgi_client import call
from hypothesis import example, given, settings
from hypothesis import strategies as st

many = settings(max_examples=300, deadline=None)
METHODS = ["GET", "POST", "HEAD", "PUT", "OPTIONS"]


def app_of(fastware, routes, **options):
    """Handlers that answer with the method and the path that they were added for, and the parameters that they got."""
    router = fastware.Router(**options)
    for method, path in routes:
        router.route(path, [method])(answering(fastware, f"{method} {path}"))
    return fastware.create_app(router)


def answering(fastware, name):
    def handler(request):
        parameters = " ".join(f"{key}={value!r}" for key, value in request.path_params.items())
        return fastware.Response(
            b"", headers={"x-route": name.encode().hex(), "x-parameters": parameters.encode().hex()}
        )

    return handler


def answered(app, method, path, **options):
    """``(route, parameters)``, or the status and the allowed methods of a refusal."""
    answer = call(app, method, path, **options)
    if answer.status == 200:
        return tuple(bytes.fromhex(answer.header(name)).decode() for name in ("x-route", "x-parameters"))
    return answer.status, answer.header("allow")


# The rules, tried on one route after the other

RANKS = {"literal": 0, "int": 1, "str": 2, "path": 3}


def kind_of(segment):
    if not segment.startswith("{"):
        return "literal"
    return segment[1:-1].partition(":")[2] or "str"


def match(template, path):
    """``(rank, parameters)`` where *path* is one of *template*; the lower rank goes first."""
    if not path.startswith("/"):
        return None
    segments, wanted = path.split("/")[1:], template.split("/")[1:]
    rank, parameters = [], []
    for index, segment in enumerate(wanted):
        kind, name = kind_of(segment), segment[1:-1].partition(":")[0]
        rank.append(RANKS[kind])
        if index >= len(segments):
            return None
        if kind == "path":
            return rank, [*parameters, (name, "/".join(segments[index:]))]
        text = segments[index]
        if (kind == "literal" and text != segment) or (kind == "str" and not text):
            return None
        if kind == "int":
            if not (text.isascii() and text.isdigit()):
                return None
            text = int(text)
        if kind != "literal":
            parameters.append((name, text))
    return (rank, parameters) if len(wanted) == len(segments) else None


def expected(routes, method, path):
    matches = [(match(template, path), own_method, template) for own_method, template in routes]
    matches = sorted(
        ((found[0], found[1], own, template) for found, own, template in matches if found), key=lambda it: it[0]
    )
    for _, same_path in itertools.groupby(matches, key=lambda it: it[0]):
        by_method = {own: (parameters, template) for _, parameters, own, template in same_path}
        for own in (method, "GET") if method == "HEAD" else (method,):
            if own in by_method:
                parameters, template = by_method[own]
                return f"{own} {template}", " ".join(f"{name}={value!r}" for name, value in parameters)
    allowed = {own for _, _, own, _ in matches}
    if not allowed:
        return 404, None
    return 405, ", ".join(sorted(allowed | ({"HEAD"} if "GET" in allowed else set())))


SEGMENTS = st.sampled_from(["a", "a", "b", "1", "", "a.b", "é", "{x}", "{x}", "{x:int}", "{x:str}"])


@st.composite
def templates(draw):
    segments = draw(st.lists(SEGMENTS, min_size=1, max_size=3))
    if draw(st.integers(0, 4)) == 0:
        segments.append("{x:path}")
    named = [
        segment.replace("x", f"x{index}", 1) if segment.startswith("{") else segment
        for index, segment in enumerate(segments)
    ]
    return "/" + "/".join(named)


def without_twins(routes):
    """A method and a path, told apart as the routes are: ``{x}`` and ``{x:str}`` are one."""
    seen, kept = set(), []
    for method, path in routes:
        key = (
            method,
            tuple((kind_of(segment), segment if kind_of(segment) == "literal" else "") for segment in path.split("/")),
        )
        if key not in seen:
            seen.add(key)
            kept.append((method, path))
    return kept


ROUTES = st.lists(st.tuples(st.sampled_from(METHODS), templates()), min_size=1, max_size=8).map(without_twins)
PATHS = st.lists(st.sampled_from(["a", "b", "1", "01", "", "a.b", "é", "c", "{x}", "{x0}", "-1"]), max_size=4).map(
    lambda s: "/" + "/".join(s)
)


@settings(many, max_examples=600)
@given(
    routes=ROUTES, requests=st.lists(st.tuples(st.sampled_from([*METHODS, "DELETE"]), PATHS), min_size=1, max_size=6)
)
@example(routes=[("GET", "/a/b"), ("POST", "/a/{x}")], requests=[("GET", "/a/b"), ("POST", "/a/b"), ("PUT", "/a/b")])
@example(routes=[("GET", "/a"), ("HEAD", "/{x}")], requests=[("HEAD", "/a"), ("HEAD", "/b"), ("GET", "/b")])
@example(routes=[("GET", "/{x}")], requests=[("GET", "/{x}")])
def test_the_route_that_answers_is_the_one_of_the_rules(fastware, routes, requests):
    app = app_of(fastware, routes)
    for method, path in requests:
        assert answered(app, method, path) == expected(routes, method, path), (method, path)


@many
@given(routes=ROUTES, order=st.randoms(use_true_random=False), path=PATHS, method=st.sampled_from(METHODS))
def test_the_order_in_which_routes_are_added_does_not_count(fastware, routes, order, path, method):
    shuffled = list(routes)
    order.shuffle(shuffled)
    assert answered(app_of(fastware, routes), method, path) == answered(app_of(fastware, shuffled), method, path)


# Under a root path

MIXED = [
    ("GET", "/users/me"),
    ("POST", "/users/{name}"),
    ("HEAD", "/users/{name}"),
    ("GET", "/users/{id:int}"),
    ("PUT", "/"),
]


@pytest.mark.parametrize("method", [*METHODS, "DELETE"])
@pytest.mark.parametrize("path", ["/users/me", "/users/5", "/users/ada", "/", "/users", "/users/me/", "/users/me/x"])
def test_under_a_root_path_the_same_routes_answer(fastware, method, path):
    router = fastware.Router()
    for own_method, template in MIXED:
        router.route(template, [own_method])(answering(fastware, f"{own_method} {template}"))
    app = fastware.create_app(router)
    assert answered(app, method, path) == expected(MIXED, method, path)

    async def mounted(scope, receive, send):
        await app({**scope, "root_path": "/api", "path": "/api" + scope["path"]}, receive, send)

    assert answered(mounted, method, path) == expected(MIXED, method, path)


def test_a_prefix_with_a_parameter_makes_no_literal_path(fastware):
    router = fastware.Router(prefix="/{tenant}")
    router.get("/settings")(answering(fastware, "tenant"))
    included = fastware.Router()
    included.get("/")(answering(fastware, "index"))
    router.include_router(included, "/shop")
    app = fastware.create_app(router)
    assert answered(app, "GET", "/acme/settings") == ("tenant", "tenant='acme'")
    assert answered(app, "GET", "/{tenant}/settings") == ("tenant", "tenant='{tenant}'")
    assert answered(app, "GET", "/acme/shop") == ("index", "tenant='acme'")
    assert answered(app, "POST", "/acme/shop") == (405, "GET, HEAD")


# A path without parameters


def test_a_literal_path_has_no_parameters_of_its_own_each_time(fastware):
    router = fastware.Router()
    seen = []

    @router.get("/here")
    async def here(request):
        seen.append(request.path_params)
        request.path_params["left"] = "behind"
        return {}

    app = fastware.create_app(router)
    for _ in range(2):
        assert call(app, path="/here").status == 200
    assert seen[0] is not seen[1]
    assert seen[1] == {"left": "behind"}


def test_a_literal_path_is_compared_as_it_is(fastware):
    app = app_of(
        fastware, [("GET", "/a%20b"), ("GET", "/a b"), ("GET", "/A"), ("GET", "/é"), ("GET", "/a;b=1"), ("GET", "/..")]
    )
    for path in ("/a%20b", "/a b", "/A", "/é", "/a;b=1", "/.."):
        assert answered(app, "GET", path) == (f"GET {path}", "")
    for path in ("/a", "/E", "/e\u0301", "/a;b=1/", "//a b", "/./A", "a b", "", "/a%20B"):
        assert answered(app, "GET", path) == (404, None)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE", "PROPFIND"])
def test_a_literal_path_beside_a_parameter_with_other_methods(fastware, method):
    routes = [("GET", "/a/b"), ("DELETE", "/a/{x}"), ("POST", "/{x}/b"), ("HEAD", "/{x:path}")]
    app = app_of(fastware, routes)
    assert answered(app, method, "/a/b") == expected(routes, method, "/a/b")
    wanted = {
        "GET": ("GET /a/b", ""),
        "HEAD": ("GET /a/b", ""),
        "POST": ("POST /{x}/b", "x='a'"),
        "DELETE": ("DELETE /a/{x}", "x='b'"),
        "PROPFIND": (405, "DELETE, GET, HEAD, POST"),
    }
    assert answered(app, method, "/a/b") == wanted[method]


def test_a_head_route_of_a_literal_path_goes_before_its_get_route(fastware):
    routes = [("GET", "/a"), ("HEAD", "/a"), ("GET", "/b"), ("HEAD", "/{x}")]
    app = app_of(fastware, routes)
    assert answered(app, "HEAD", "/a") == ("HEAD /a", "")
    assert answered(app, "HEAD", "/b") == ("GET /b", "")
    assert answered(app, "HEAD", "/c") == ("HEAD /{x}", "x='c'")
    assert answered(app, "GET", "/c") == (405, "HEAD")


@pytest.mark.parametrize("methods", [["GET"], ["POST", "PUT"], ["HEAD"], ["GET", "HEAD", "OPTIONS"], ["PROPFIND"]])
def test_a_405_names_the_methods_in_order(fastware, methods):
    app = app_of(fastware, [(method, "/a") for method in methods])
    allowed = sorted({*methods, *(["HEAD"] if "GET" in methods else [])})
    assert answered(app, "TRACE", "/a") == (405, ", ".join(allowed))
    assert answered(app, "TRACE", "/b") == (404, None)


def test_methods_are_given_in_any_case(fastware):
    app = app_of(fastware, [("get", "/a"), ("Post", "/a")])
    assert answered(app, "GET", "/a") == ("get /a", "")
    assert answered(app, "POST", "/a") == ("Post /a", "")


def test_two_applications_of_one_router_look_up_alike(fastware):
    router = fastware.Router()
    router.get("/a")(answering(fastware, "a"))
    one = fastware.create_app(router)
    router.get("/b")(answering(fastware, "b"))
    other = fastware.create_app(router)
    assert [answered(app, "GET", "/a")[0] for app in (one, other)] == ["a", "a"]
    assert answered(one, "GET", "/b") == (404, None)
    assert answered(other, "GET", "/b") == ("b", "")

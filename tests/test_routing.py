"""Router: paths, parameters, precedence, inclusion, and what is answered where nothing matches."""

import pytest
from asgi_client import call

METHODS = ["get", "post", "put", "patch", "delete", "head", "options"]


def answering(text):
    def handler():
        return text

    return handler


def app_of(fastware, paths, method="get"):
    """An application whose handlers answer with the path template that they were added for."""
    router = fastware.Router()
    for path in paths:
        getattr(router, method)(path)(answering(path))
    return fastware.create_app(router)


def echo_app(fastware, path):
    """An application that answers with the type and the value of the path parameter ``value``."""
    router = fastware.Router()

    @router.get(path)
    def echo(request):
        value = request.path_params["value"]
        return {"type": type(value).__name__, "value": value}

    return fastware.create_app(router)


# Methods


@pytest.mark.parametrize("method", METHODS)
def test_each_method_has_a_decorator_of_its_name(fastware, method):
    router = fastware.Router()

    @getattr(router, method)("/here")
    def here(request):
        return fastware.Response(b"", headers={"x-method": request.method})

    answer = call(fastware.create_app(router), method.upper(), "/here")
    assert answer.status == 200
    assert answer.header("x-method") == method.upper()


def test_a_decorator_returns_the_handler_itself(fastware):
    def handler():
        return "here"

    assert fastware.Router().get("/here")(handler) is handler


def test_one_handler_can_answer_several_paths(fastware):
    router = fastware.Router()
    handler = answering("one")
    router.get("/a")(handler)
    router.get("/b")(handler)
    app = fastware.create_app(router)
    assert [call(app, path="/a").body, call(app, path="/b").body] == [b"one", b"one"]


def test_the_methods_of_one_path_have_handlers_of_their_own(fastware):
    router = fastware.Router()
    for method in METHODS:
        router_method = getattr(router, method)
        router_method("/here")(answering(method))
    app = fastware.create_app(router)
    answers = {method: call(app, method.upper(), "/here").body.decode() for method in METHODS if method != "head"}
    assert answers == {method: method for method in METHODS if method != "head"}


def test_a_head_handler_goes_before_the_get_handler(fastware):
    router = fastware.Router()
    router.get("/here")(lambda: fastware.Response(b"", headers={"x-from": "get"}))
    router.head("/here")(lambda: fastware.Response(b"", headers={"x-from": "head"}))
    app = fastware.create_app(router)
    assert call(app, "HEAD", "/here").header("x-from") == "head"
    assert call(app, "GET", "/here").header("x-from") == "get"


# Parameters


def test_a_handler_finds_every_path_parameter_by_name(fastware):
    router = fastware.Router()

    @router.get("/users/{user}/files/{number:int}/{rest:path}")
    def show(request):
        return request.path_params

    answer = call(fastware.create_app(router), path="/users/alice/files/12/a/b.txt")
    assert answer.json == {"user": "alice", "number": 12, "rest": "a/b.txt"}


PARAMETER_ROWS = {
    # template, path, type and value
    "text": ("/{value}", "/alice", "str", "alice"),
    "text-of-digits-stays-text": ("/{value}", "/007", "str", "007"),
    "text-beyond-ascii": ("/{value}", "/Zoë 愛", "str", "Zoë 愛"),
    "text-with-dots": ("/{value}", "/a.b", "str", "a.b"),
    "int": ("/{value:int}", "/42", "int", 42),
    "int-zero": ("/{value:int}", "/0", "int", 0),
    "path-of-one-segment": ("/files/{value:path}", "/files/a", "str", "a"),
    "path-of-several-segments": ("/files/{value:path}", "/files/a/b/c.txt", "str", "a/b/c.txt"),
    "in-the-middle": ("/a/{value}/b", "/a/x/b", "str", "x"),
}


@pytest.mark.parametrize(("template", "path", "kind", "value"), PARAMETER_ROWS.values(), ids=PARAMETER_ROWS.keys())
@pytest.mark.rule("path.segments")
def test_a_parameter_has_its_type(fastware, template, path, kind, value):
    assert call(echo_app(fastware, template), path=path).json == {"type": kind, "value": value}


NO_MATCH_ROWS = {
    "int-of-letters": ("/{value:int}", "/abc"),
    "int-and-a-letter": ("/{value:int}", "/12a"),
    "int-negative": ("/{value:int}", "/-1"),
    "int-with-sign": ("/{value:int}", "/+1"),
    "int-with-fraction": ("/{value:int}", "/1.5"),
    "int-with-underscore": ("/{value:int}", "/1_000"),
    "int-with-space": ("/{value:int}", "/ 1"),
    "int-of-other-digits": ("/{value:int}", "/\u0661\u0662"),
    "int-superscript": ("/{value:int}", "/\u00b2"),
    "text-with-a-slash": ("/{value}", "/a/b"),
    "text-empty": ("/a/{value}", "/a/"),
    "longer": ("/a/{value}", "/a/b/c"),
    "shorter": ("/a/{value}", "/a"),
    "other-literal": ("/a/{value}", "/b/c"),
    "other-case": ("/a/{value}", "/A/c"),
}


@pytest.mark.parametrize(("template", "path"), NO_MATCH_ROWS.values(), ids=NO_MATCH_ROWS.keys())
@pytest.mark.rule("path.segments")
def test_a_path_of_another_form_is_not_found(fastware, template, path):
    assert call(echo_app(fastware, template), path=path).status == 404


@pytest.mark.parametrize("digits", [19, 100, 4_301, 100_000])
def test_an_int_of_any_length_is_an_answer_and_no_crash(fastware, digits):
    answer = call(echo_app(fastware, "/{value:int}/end"), path="/" + "7" * digits + "/end")
    assert answer.status in (200, 404)


# Which route goes first

EVERY_KIND = ["/{rest:path}", "/{name}", "/{id:int}", "/12"]

PRECEDENCE_ROWS = {
    "literal-before-int": ("/12", "/12"),
    "int-before-text": ("/13", "/{id:int}"),
    "text-before-path": ("/alice", "/{name}"),
    "path-for-the-rest": ("/a/b", "/{rest:path}"),
}


@pytest.mark.parametrize("order", [1, -1], ids=["general-added-first", "special-added-first"])
@pytest.mark.parametrize(("path", "expected"), PRECEDENCE_ROWS.values(), ids=PRECEDENCE_ROWS.keys())
def test_the_more_specific_route_goes_first_in_any_order_of_adding(fastware, path, expected, order):
    assert call(app_of(fastware, EVERY_KIND[::order]), path=path).body.decode() == expected


BACKTRACK_ROWS = {
    "literal-dead-end": (["/a/x", "/{name}/y"], "/a/y", "/{name}/y"),
    "int-dead-end": (["/{id:int}/x", "/{name}/y"], "/1/y", "/{name}/y"),
    "text-dead-end": (["/{name}/x", "/{rest:path}"], "/a/y", "/{rest:path}"),
    "deep-dead-end": (["/a/b/c/d", "/a/{rest:path}"], "/a/b/c/e", "/a/{rest:path}"),
}


@pytest.mark.parametrize(("paths", "path", "expected"), BACKTRACK_ROWS.values(), ids=BACKTRACK_ROWS.keys())
def test_a_more_specific_beginning_hides_no_route_that_matches(fastware, paths, path, expected):
    assert call(app_of(fastware, paths), path=path).body.decode() == expected


def test_a_more_specific_route_of_another_method_hides_no_route_of_this_one(fastware):
    router = fastware.Router()
    router.get("/users/me")(answering("me"))
    router.post("/users/{name}")(answering("any"))
    answer = call(fastware.create_app(router), "POST", "/users/me")
    assert (answer.status, answer.body) == (200, b"any")


def test_many_parameters_before_a_dead_end_are_looked_up_in_no_time(fastware):
    paths = ["/" + "/".join(f"{{p{n}{':int' if n % 2 else ''}}}" for n in range(length)) for length in range(1, 25)]
    answer = call(app_of(fastware, paths), path="/1" * 24 + "/none")
    assert answer.status == 404


# Nothing matches


def test_an_unknown_path_is_404_json(fastware):
    answer = call(app_of(fastware, ["/a"]), path="/b")
    assert answer.status == 404
    assert answer.header("content-type").startswith("application/json")
    assert set(answer.json) == {"detail"}


def test_an_unknown_method_of_a_known_path_is_405_json(fastware):
    answer = call(app_of(fastware, ["/a"]), "POST", "/a")
    assert answer.status == 405
    assert set(answer.json) == {"detail"}


def test_a_405_names_every_allowed_method(fastware):
    router = fastware.Router()
    for method in ("get", "post", "delete"):
        getattr(router, method)("/a")(answering(method))
    allowed = call(fastware.create_app(router), "PUT", "/a").header("allow")
    assert {method.strip() for method in allowed.split(",")} == {"GET", "HEAD", "POST", "DELETE"}


def test_a_405_names_the_methods_of_every_route_that_matches(fastware):
    router = fastware.Router()
    router.get("/users/me")(answering("me"))
    router.post("/users/{name}")(answering("any"))
    allowed = call(fastware.create_app(router), "DELETE", "/users/me").header("allow")
    assert {method.strip() for method in allowed.split(",")} == {"GET", "HEAD", "POST"}


def test_a_method_that_nobody_knows_is_405(fastware):
    assert call(app_of(fastware, ["/a"]), "BREW", "/a").status == 405


def test_an_unknown_path_is_404_for_any_method(fastware):
    assert call(app_of(fastware, ["/a"]), "POST", "/b").status == 404


# Including routers


def test_an_included_router_answers_under_its_prefix_only(fastware):
    users = fastware.Router()
    users.get("/list")(answering("list"))
    router = fastware.Router()
    router.include_router(users, prefix="/users")
    app = fastware.create_app(router)
    assert call(app, path="/users/list").body == b"list"
    assert call(app, path="/list").status == 404


def test_a_router_can_be_included_without_a_prefix(fastware):
    users = fastware.Router()
    users.get("/list")(answering("list"))
    router = fastware.Router()
    router.include_router(users)
    assert call(fastware.create_app(router), path="/list").body == b"list"


def test_a_route_added_after_the_inclusion_is_included(fastware):
    users = fastware.Router()
    router = fastware.Router()
    router.include_router(users, prefix="/users")
    users.get("/late")(answering("late"))
    assert call(fastware.create_app(router), path="/users/late").body == b"late"


def test_inclusions_can_be_nested(fastware):
    inner, middle, outer = fastware.Router(), fastware.Router(), fastware.Router()
    inner.get("/{id:int}")(answering("inner"))
    middle.include_router(inner, prefix="/items")
    outer.include_router(middle, prefix="/v1")
    assert call(fastware.create_app(outer), path="/v1/items/3").body == b"inner"


def test_one_router_can_be_included_under_two_prefixes(fastware):
    items = fastware.Router()
    items.get("/x")(answering("x"))
    router = fastware.Router()
    router.include_router(items, prefix="/v1")
    router.include_router(items, prefix="/v2")
    app = fastware.create_app(router)
    assert [call(app, path="/v1/x").status, call(app, path="/v2/x").status] == [200, 200]


def test_the_prefix_of_a_router_goes_before_each_of_its_paths(fastware):
    router = fastware.Router(prefix="/api")
    router.get("/x")(answering("x"))
    assert call(fastware.create_app(router), path="/api/x").body == b"x"


def test_a_prefix_may_hold_a_parameter(fastware):
    posts = fastware.Router()

    @posts.get("/posts/{post:int}")
    def show(request):
        return request.path_params

    router = fastware.Router()
    router.include_router(posts, prefix="/users/{user}")
    answer = call(fastware.create_app(router), path="/users/alice/posts/3")
    assert answer.json == {"user": "alice", "post": 3}


def test_dependencies_of_an_inclusion_are_given_to_its_handlers(fastware):
    users = fastware.Router()

    @users.get("/who")
    def who(user):
        return user

    router = fastware.Router()
    router.include_router(users, prefix="/users", deps={"user": lambda: "alice"})
    assert call(fastware.create_app(router), path="/users/who").body == b"alice"


def test_dependencies_of_an_inclusion_are_not_run_for_other_routes(fastware):
    ran = []
    users = fastware.Router()
    users.get("/in")(answering("in"))
    router = fastware.Router()
    router.include_router(users, prefix="/users", deps={"mark": lambda: ran.append(1)})
    router.get("/out")(answering("out"))
    call(fastware.create_app(router), path="/out")
    assert ran == []


# Wrong routes


@pytest.mark.parametrize("included", [False, True], ids=["one-router", "included"])
def test_two_handlers_of_one_method_and_path_are_a_value_error(fastware, included):
    first, second = fastware.Router(), fastware.Router()
    first.get("/twice")(answering("1"))
    if included:
        second.get("/twice")(answering("2"))
        first.include_router(second)
    else:
        first.get("/twice")(answering("2"))
    with pytest.raises(ValueError, match="/twice"):
        fastware.create_app(first)


WRONG_TEMPLATES = {
    "no-slash": "users",
    "empty": "",
    "unknown-type": "/{id:float}",
    "part-of-a-segment": "/user-{id}",
    "empty-name": "/{}",
    "unclosed": "/{id",
    "path-not-last": "/{rest:path}/end",
}


@pytest.mark.parametrize("template", WRONG_TEMPLATES.values(), ids=WRONG_TEMPLATES.keys())
def test_a_path_template_that_cannot_be_meant_is_a_value_error(fastware, template):
    with pytest.raises(ValueError):
        app_of(fastware, [template])

"""The Python code and the links of README.md and of docs/."""

import re
import sys
import types
from pathlib import Path

import pytest
from asgi_client import call, run, scope, sent_by

from fastware.auth import create_token

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TOP_LEVEL_PAGES = [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", ROOT / "CHANGELOG.md"]
# A fragment, which cannot run on its own, starts with "```python fragment".
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
SECRET = "a secret of at least 32 bytes for the documentation"


def blocks(page):
    return BLOCK.findall(page.read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def _secret(monkeypatch):
    monkeypatch.setenv("JWT_SECRET", SECRET)
    monkeypatch.setenv("FASTWARE_JWT_SECRET", SECRET)


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(code, id=f"{page.relative_to(ROOT)}-{number}")
        for page in PAGES
        for number, code in enumerate(blocks(page), start=1)
    ],
)
def test_code_runs(code, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # some code creates files
    page = types.ModuleType("documentation")
    monkeypatch.setitem(sys.modules, page.__name__, page)  # Litestar looks up the module of a handler
    exec(compile(code, "<documentation>", "exec"), vars(page))


@pytest.mark.parametrize(
    "link",
    [
        pytest.param(page.parent / target, id=f"{page.relative_to(ROOT)}-{target}")
        for page in TOP_LEVEL_PAGES
        for target in sorted(set(LINK.findall(page.read_text(encoding="utf-8"))))
    ],
)
def test_link_leads_to_a_file(link):
    assert link.exists()


def test_list_of_the_documentation_has_every_page():
    listed = {ROOT / "docs" / target for target in LINK.findall((ROOT / "docs/README.md").read_text(encoding="utf-8"))}
    of_the_site = [ROOT / "docs/index.md", *(ROOT / "docs/reference").glob("*.md")]
    assert set(PAGES) - listed - set(of_the_site) == {ROOT / "README.md", ROOT / "docs/README.md"}


def readme_app(number):
    names = {"__name__": "documentation"}
    exec(blocks(ROOT / "README.md")[number], names)
    return names["app"]


def bearer(role):
    return [("authorization", f"Bearer {create_token('ada', role, SECRET)}")]


def test_fastapi_application_of_readme_requires_a_token_and_a_role():
    pytest.importorskip("fastapi")
    app = readme_app(1)
    assert call(app, path="/profile").status == 401
    assert call(app, path="/profile", headers=bearer("user")).json == {"username": "ada"}
    assert call(app, path="/search", query="q=x", headers=bearer("user")).status == 403
    assert call(app, path="/search", query="q=x", headers=bearer("editor")).json == {"found": "x"}


def test_router_application_of_readme_requires_the_admin_role():
    app = readme_app(2)
    assert call(app, path="/reports/7").status == 401
    assert call(app, path="/reports/7", headers=bearer("user")).status == 403
    assert call(app, path="/reports/7", headers=bearer("admin")).json == {"id": 7, "read_by": "ada"}


def asgi_app(number, name):
    names = {"__name__": "documentation"}
    exec(blocks(ROOT / "docs" / "asgi.md")[number], names)
    return names[name]


@pytest.mark.parametrize("root_path", ["", "/tools"])
def test_application_of_the_asgi_page_turns_errors_into_responses(root_path):
    app = asgi_app(0, "app")

    def get(path, headers=(), **options):
        return call(app, path=root_path + path, headers=headers, root_path=root_path, **options).status

    assert [get("/profile", bearer("user")), get("/profile")] == [200, 401]
    assert [get("/reports", bearer("user")), get("/reports", bearer("admin"))] == [403, 200]
    assert [get("/reports", bearer("admin")) for _ in range(4)] == [200, 200, 200, 429]
    assert [get("/unknown"), get("/profile", method="POST"), get("/login", method="POST")] == [404, 403, 404]


@pytest.mark.parametrize(
    ("extensions", "headers", "types"),
    [
        ({"websocket.http.response": {}}, bearer("user"), ["accept", "send", "close"]),
        ({"websocket.http.response": {}}, [], ["http.response.start", "http.response.body"]),
        ({}, [], ["close"]),
    ],
    ids=["accepted", "denied", "denied-by-a-server-without-the-extension"],
)
def test_application_of_the_asgi_page_denies_websockets_without_a_token(extensions, headers, types):
    handshake = {**scope(path="/ws", headers=headers), "type": "websocket", "extensions": extensions}

    async def receive():
        return {"type": "websocket.connect"}

    sent = run(sent_by, asgi_app(0, "app"), handshake, receive)
    assert [message["type"] for message in sent] == [f"websocket.{kind}" for kind in types]
    assert all(message["status"] == 401 for message in sent if "status" in message)


def test_application_of_the_asgi_page_is_mounted_below_a_prefix():
    assert call(asgi_app(1, "app"), path="/tools/profile") is None

"""The Python code and the links of README.md and of docs/."""

import re
import sys
import types
from pathlib import Path

import pytest
from asgi_client import call

from fastware.auth import create_token

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
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
        pytest.param(code, id=f"{page.name}-{number}")
        for page in PAGES
        for number, code in enumerate(blocks(page), start=1)
    ],
)
def test_code_runs(code, monkeypatch):
    page = types.ModuleType("documentation")
    monkeypatch.setitem(sys.modules, page.__name__, page)  # Litestar looks up the module of a handler
    exec(compile(code, "<documentation>", "exec"), vars(page))


@pytest.mark.parametrize(
    "link",
    [
        pytest.param(page.parent / target, id=f"{page.name}-{target}")
        for page in TOP_LEVEL_PAGES
        for target in sorted(set(LINK.findall(page.read_text(encoding="utf-8"))))
    ],
)
def test_link_leads_to_a_file(link):
    assert link.exists()


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

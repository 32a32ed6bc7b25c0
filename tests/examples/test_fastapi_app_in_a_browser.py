"""The ``/docs`` of ``examples/fastapi_app.py`` in Chromium: the Authorize button logs in, and the token is sent.

Skipped if Chromium, chromedriver, selenium or the package with Swagger UI is not installed.
"""

from pathlib import Path

import browsers
import pytest
import servers

from fastware.auth import JSONFileUserStore

ROOT = Path(__file__).parents[2]

browsers.skip_without("chromium", "fastapi", "fastapi_offline")


@pytest.fixture(scope="module")
def browser():
    with browsers.chromium(window=(1280, 1600)) as driver:
        yield driver


@pytest.fixture(scope="module")
def base_url(tmp_path_factory):
    folder = tmp_path_factory.mktemp("example")
    store = JSONFileUserStore(folder / "users.json")
    store.create_user("ada", "correct horse", "admin")
    environment = {
        "USERS_FILE": str(store.path),
        "ACCOUNTS_DB": str(folder / "accounts.db"),
        "LIMITS_FILE": str(folder / "limits.bin"),
        "FASTWARE_JWT_SECRET": "an example's secret of at least 32 bytes",
    }
    with servers.serve("uvicorn", "tests.examples.offline_docs:app", folder=ROOT, env=environment) as url:
        yield url


class Docs:
    """The page, and the actions of a user."""

    def __init__(self, browser, url):
        self.browser = browser
        browser.get(f"{url}/docs")

    def find(self, selector):
        """Return the element, once it is there."""

        def visible():
            return [each for each in self.browser.find_elements("css selector", selector) if each.is_displayed()]

        return browsers.wait_until(self.browser, visible)[0]

    def press(self, selector):
        self.find(selector).click()

    def authorize(self, username, password):
        self.press(".scheme-container button.authorize")
        self.find("#oauth_username").send_keys(username)
        self.find("#oauth_password").send_keys(password)
        self.press(".auth-btn-wrapper button.authorize")

    def execute(self, operation):
        self.press(f"[id$='{operation}'] button.opblock-summary-control")
        self.press(f"[id$='{operation}'] button.try-out__btn")
        self.press(f"[id$='{operation}'] button.execute")
        answer = self.find(f"[id$='{operation}'] .live-responses-table .response")
        return answer.find_element("css selector", ".response-col_status").text, answer.text


def test_authorize_logs_in_and_the_token_is_sent(browser, base_url):
    docs = Docs(browser, base_url)
    docs.authorize("ada", "correct horse")
    assert docs.find("button[aria-label='Remove authorization']").text == "Logout"
    docs.press(".auth-btn-wrapper button.btn-done")
    browser.delete_all_cookies()  # only the token is left
    status, answer = docs.execute("profile_profile_get")
    assert status == "200"
    assert '"username": "ada"' in answer


def test_authorize_shows_that_the_password_is_wrong(browser, base_url):
    docs = Docs(browser, base_url)
    docs.authorize("ada", "wrong")
    assert "Unauthorized" in docs.find(".auth-container .errors").text

"""The demo page in Chromium. Skipped if Chromium, chromedriver or selenium is not installed."""

import browsers
import demo
import pytest
import servers

browsers.skip_without("chromium")


@pytest.fixture(scope="module")
def browser():
    with browsers.chromium() as driver:
        yield driver


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with demo.running(tmp_path_factory.mktemp("demo"), servers.free_port()) as running:
        yield running


class Page:
    """The demo page and the actions of a user."""

    def __init__(self, browser, url):
        self.browser = browser
        browser.get(url)
        browser.delete_all_cookies()
        browser.get(url)

    def find(self, selector):
        return self.browser.find_element("css selector", selector)

    def log_in(self, username, password):
        for name, text in (("username", username), ("password", password)):
            field = self.find(f"input[name={name}]")
            field.clear()
            field.send_keys(text)
        return self.press("button.primary")

    def press(self, selector):
        """Press a button and return the line that the page logs for the response."""
        before = len(self.lines)
        self.find(selector).click()
        self.wait_until(lambda: len(self.lines) > before)
        return self.lines[0]

    def wait_until(self, condition):
        from selenium.webdriver.support.wait import WebDriverWait

        WebDriverWait(self.browser, 15).until(lambda _: condition())

    @property
    def lines(self):
        return [line.text for line in self.browser.find_elements("css selector", "#log li")]

    @property
    def status(self):
        return self.find("#status").text


@pytest.fixture
def page(browser, running):
    return Page(browser, running.url)


def test_user_logs_in_sees_profile_and_logs_out(page, running):
    assert page.log_in("alice", running.passwords["alice"]).startswith("200 POST /login")
    assert page.status == "Logged in as alice (admin)."
    assert page.press("[data-get='/profile']").startswith('200 GET /profile {"username":"alice"')
    assert page.press("[data-get='/admin']").startswith("200 GET /admin")
    assert page.press("#logout").startswith("200 POST /logout")
    assert page.status == "Not logged in."
    assert page.press("[data-get='/profile']").startswith("401 GET /profile")


def test_session_survives_reload(page, browser, running):
    page.log_in("bob", running.passwords["bob"])
    browser.refresh()
    page.wait_until(lambda: page.status == "Logged in as bob (user).")


def test_wrong_password_is_shown(page):
    assert page.log_in("alice", "wrong").startswith('401 POST /login {"detail":"Invalid credentials"}')
    assert page.status == "Not logged in."


def test_admin_page_is_forbidden_for_other_roles(page, running):
    page.log_in("bob", running.passwords["bob"])
    assert page.press("[data-get='/admin']").startswith("403 GET /admin")


def test_logout_without_csrf_token_is_rejected(page, running):
    page.log_in("bob", running.passwords["bob"])
    assert page.press("#forged") == '403 POST /logout {"detail":"Missing CSRF token"}'
    assert page.press("[data-get='/profile']").startswith("200")


def test_javascript_sees_csrf_cookie_but_not_session_cookie(page, browser, running):
    page.log_in("bob", running.passwords["bob"])
    visible = browser.execute_script("return document.cookie")
    assert visible.startswith("csrf_token=")
    assert "session=" not in visible
    cookies = {cookie["name"]: cookie for cookie in browser.get_cookies()}
    assert cookies["session"]["httpOnly"] is True
    assert cookies["session"]["sameSite"] == cookies["csrf_token"]["sameSite"] == "Lax"


# `cookie.last` of docs/behavior.md. A cookie with another Domain attribute is another cookie; browsers send cookies of
# one path in the order of their creation (RFC 6265 section 5.4).
@pytest.mark.parametrize("is_first", [True, False], ids=["theirs-first", "ours-first"])
def test_post_succeeds_beside_csrf_cookie_of_parent_domain(browser, running, is_first):
    page = Page(browser, f"http://app.demo.localhost:{running.port}")
    set_theirs = "document.cookie = 'csrf_token=theirs; Domain=demo.localhost; Path=/'"
    if is_first:
        browser.execute_script(set_theirs)
    page.log_in("bob", running.passwords["bob"])
    if not is_first:
        browser.execute_script(set_theirs)
    names_and_values = browser.execute_script("return document.cookie").split("; ")
    assert len(names_and_values) == 2
    assert (names_and_values[0] == "csrf_token=theirs") is is_first
    assert page.press("#logout").startswith("200 POST /logout")


def test_rate_limited_search_shows_retry_after(page):
    lines = [page.press("[data-get='/search']") for _ in range(6)]
    assert lines[0].startswith("200") and lines[4].startswith("200")
    assert lines[5].startswith("429 GET /search") and "Retry-After: " in lines[5]


def test_page_complies_with_its_content_security_policy(page, browser):
    assert [entry for entry in browser.get_log("browser") if "Content Security Policy" in entry["message"]] == []

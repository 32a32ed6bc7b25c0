"""The demo's page in a real browser: Chromium, where the machine has it with its driver."""

import importlib.util
import os
import shutil

import demo
import pytest
import servers

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")


if os.environ.get("FASTWARE_REQUIRE_BROWSER") != "1":
    if not (CHROMIUM and DRIVER):
        pytest.skip("Chromium and chromedriver are not on this machine", allow_module_level=True)
    if importlib.util.find_spec("selenium") is None:
        pytest.skip('selenium is missing: .venv/bin/pip install -e ".[browser]"', allow_module_level=True)


@pytest.fixture(scope="module")
def browser():
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1280,900"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with demo.running(tmp_path_factory.mktemp("demo"), servers.free_port()) as running:
        yield running


class Page:
    """The page, as a person uses it."""

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
        """Press a button and return the line that comes back."""
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
    def who(self):
        return self.find("#who").text


@pytest.fixture
def page(browser, running):
    return Page(browser, running.url)


def test_a_user_logs_in_sees_the_profile_and_logs_out(page, running):
    assert page.log_in("alice", running.passwords["alice"]).startswith("200 POST /login")
    assert page.who == "Logged in as alice (admin)."
    assert page.press("[data-get='/profile']").startswith('200 GET /profile {"username":"alice"')
    assert page.press("[data-get='/admin']").startswith("200 GET /admin")
    assert page.press("#logout").startswith("200 POST /logout")
    assert page.who == "Not logged in."
    assert page.press("[data-get='/profile']").startswith("401 GET /profile")


def test_a_session_outlives_a_reload_of_the_page(page, browser, running):
    page.log_in("bob", running.passwords["bob"])
    browser.refresh()
    page.wait_until(lambda: page.who == "Logged in as bob (user).")


def test_a_wrong_password_is_told(page):
    assert page.log_in("alice", "wrong").startswith('401 POST /login {"detail":"Invalid credentials"}')
    assert page.who == "Not logged in."


def test_the_admin_page_is_refused_to_a_user(page, running):
    page.log_in("bob", running.passwords["bob"])
    assert page.press("[data-get='/admin']").startswith("403 GET /admin")


def test_a_logout_without_the_csrf_token_is_refused(page, running):
    page.log_in("bob", running.passwords["bob"])
    assert page.press("#forged") == '403 POST /logout {"detail":"Missing CSRF token"}'
    assert page.press("[data-get='/profile']").startswith("200")


def test_the_session_cookie_is_hidden_from_javascript_and_the_csrf_cookie_is_not(page, browser, running):
    page.log_in("bob", running.passwords["bob"])
    visible = browser.execute_script("return document.cookie")
    assert visible.startswith("csrf_token=")
    assert "session=" not in visible
    cookies = {cookie["name"]: cookie for cookie in browser.get_cookies()}
    assert cookies["session"]["httpOnly"] is True
    assert cookies["session"]["sameSite"] == cookies["csrf_token"]["sameSite"] == "Lax"


def test_the_rate_limit_is_hit_and_says_when_to_come_back(page):
    lines = [page.press("[data-get='/search']") for _ in range(6)]
    assert lines[0].startswith("200") and lines[4].startswith("200")
    assert lines[5].startswith("429 GET /search") and "Retry-After: " in lines[5]


def test_the_page_breaks_none_of_its_own_content_security_policy(page, browser):
    assert [entry for entry in browser.get_log("browser") if "Content Security Policy" in entry["message"]] == []

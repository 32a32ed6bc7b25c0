"""The demo page in Chromium: the story, its attacks, the keyboard, small screens, screen readers."""

import json
from importlib.resources import files
from pathlib import Path

import browsers
import demo
import httpx
import pytest
import servers
from checks import processes

from fastware.auth import JSONFileUserStore
from fastware.demo import settings

browsers.skip_without("chromium")
WITHOUT_AXE = browsers.why_missing("chromium", "axe_playwright_python")

ROOT = Path(__file__).parents[2]
ATTACKS = ("forgery", "guesses", "expired", "stolen")


@pytest.fixture(scope="module")
def browser():
    with browsers.chromium() as driver:
        yield driver


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with demo.running(tmp_path_factory.mktemp("demo"), servers.free_port()) as running:
        yield running


class Page:
    """The demo page and the actions of a visitor."""

    def __init__(self, browser, url):
        self.browser = browser
        browser.get(url)
        browser.delete_all_cookies()
        browser.get_log("browser")
        self.open(url)

    def open(self, url):
        self.browser.get(url)
        self.wait_until(lambda: self.browser.execute_script("return document.body.dataset.ready"))

    def find(self, selector):
        return self.browser.find_element("css selector", selector)

    def press(self, selector):
        # The bar at the top may cover an element that a click has just scrolled to.
        self.browser.execute_script("arguments[0].click()", self.find(selector))

    def press_and_wait(self, selector):
        """Press a button that is disabled while it works."""
        self.press(selector)
        self.wait_until(lambda: not self.find(selector).get_attribute("aria-disabled"))

    def log_in(self, username):
        """Fill in the password with one click, and log in."""
        self.press(f"[data-fill={username}]")
        self.wait_until(lambda: "is filled in" in self.status)
        self.press_and_wait("#login .primary")

    def try_out(self, name):
        """Press a button of step 2, and return the outcome in words."""
        self.press_and_wait(f"[data-try={name}]")
        return self.find("#try-status").text

    def attack(self, name):
        """Run an attack, and return the verdict and the reason in words."""
        self.press_and_wait(f"[data-attack={name}]")
        outcome = self.find(f"#{name} .outcome")
        return outcome.get_attribute("data-verdict"), outcome.text

    def shown(self, selector):
        """Return the text in the element, with that of closed panels."""
        return self.find(selector).get_property("textContent")

    def wait_until(self, condition):
        browsers.wait_until(self.browser, condition)

    @property
    def status(self):
        return self.find("#status").text


@pytest.fixture
def page(browser, running):
    return Page(browser, running.url)


def test_visitor_logs_in_with_one_click_and_sees_what_is_protected(page, running):
    page.log_in("alice")
    assert page.status == "Logged in as alice (admin)."
    assert "HTTP/1.1 200 OK" in page.shown("#login-result")
    assert page.try_out("profile") == "200 It worked."
    assert '"username":"alice"' in page.shown("#try-result")
    assert page.try_out("admin") == "200 It worked: “Welcome, admin alice”."
    assert page.try_out("transfer") == "200 It worked: “Sent 10 coins”."
    page.press("#logout")
    page.wait_until(lambda: page.status == "Not logged in.")
    assert browsers.console_errors(page.browser) == []
    assert page.try_out("profile") == "401 Not without a session: “Not authenticated”."


def test_admin_page_is_forbidden_for_other_roles(page):
    page.log_in("bob")
    assert page.try_out("admin") == "403 Forbidden: “Requires role: admin”."


def test_wrong_password_is_shown(page):
    page.find("#username").send_keys("alice")
    page.find("#password").send_keys("wrong\n")
    page.wait_until(lambda: page.status == "Not logged in: Invalid credentials.")
    page.log_in("bob")
    page.find("#password").send_keys("wrong\n")
    page.wait_until(lambda: page.status == "Invalid credentials. You are still bob.")


def test_logout_in_another_tab_is_noticed(page, browser, running):
    page.log_in("bob")
    first = browser.current_window_handle
    browser.switch_to.new_window("tab")
    try:
        page.open(running.url)
        page.press_and_wait("#logout")
    finally:
        browser.close()
        browser.switch_to.window(first)
    page.wait_until(lambda: page.status == "Not logged in.")
    assert not page.find("#logout").is_displayed()


def test_page_says_that_the_demo_has_stopped_and_goes_on_when_it_is_started_again(browser, tmp_path):
    port = servers.free_port()
    with demo.running(tmp_path, port) as first:
        page = Page(browser, first.url)
        page.log_in("alice")
    for button, said in {
        "[data-fill=bob]": "#status",
        "[data-attack=expired]": "#expired .outcome",
        "#copy": "#copied",
    }.items():
        page.press_and_wait(button)
        assert page.find(said).text == "The demo does not answer. Is it still running?"
    with demo.running(tmp_path, port):
        page.wait_until(lambda: page.status == "Not logged in.")
        assert page.attack("expired") == ("none", "Not yet. Log in first, in step 1.")
        page.log_in("alice")
        assert page.attack("expired")[0] == "blocked"


def test_session_survives_reload(page, browser):
    page.log_in("bob")
    browser.refresh()
    page.wait_until(lambda: page.status == "Logged in as bob (user).")


def test_sixth_search_is_rejected_until_retry_after(page):
    outcomes = [page.try_out("search") for _ in range(6)]
    assert outcomes[0] == "200 It worked."
    assert outcomes[5].startswith("429 Too many, wait a little")
    assert "retry-after: " in page.shown("#try-result")


# The attacks


def coins(page):
    return page.browser.execute_async_script(
        "fetch('/profile').then((response) => response.json()).then((user) => arguments[0](user.coins))"
    )


def test_forged_requests_of_a_second_origin_are_rejected(page):
    page.log_in("alice")
    before = coins(page)
    verdict, reason = page.attack("forgery")
    assert verdict == "blocked"
    assert "Sec-Fetch-Site: same-site" in reason and f"You still have {before} coins" in reason
    assert coins(page) == before
    form, fetch = page.browser.find_elements("css selector", "#forgery details")
    for exchange, mode in ((form, "navigate"), (fetch, "no-cors")):
        text = exchange.get_property("textContent")
        assert f"sec-fetch-mode: {mode}" in text and "sec-fetch-site: same-site" in text
        assert "cookie: session=••••••••; csrf_token=••••••••" in text  # the browser sent the session with it
        assert "HTTP/1.1 403 Forbidden" in text and "csrf_rejected" in text


def test_forged_requests_are_real_and_work_without_the_origin_check(browser, tmp_path):
    store = JSONFileUserStore(tmp_path / "users.json")
    store.create_user("alice", "correct horse", "admin")
    environment = {
        settings.USERS_FILE: str(store.path),
        settings.ATTACKER_PORT: str(servers.free_port()),
        settings.JWT_SECRET: "a secret of at least 32 bytes for a demo",
        settings.PASSWORDS: json.dumps({"alice": "correct horse"}),
    }
    server = processes.Server("granian", "tests.examples.demo_without_origin_check:app", ROOT, environment=environment)
    environment[settings.BASE_URL] = server.url
    with server:
        page = Page(browser, server.url)
        page.log_in("alice")
        verdict, reason = page.attack("forgery")
    assert (verdict, reason) == ("passed", "The attack worked. You had 1000 coins, and have 0.")


def test_guesses_are_limited_and_another_user_can_still_log_in(page):
    verdict, reason = page.attack("guesses")
    assert verdict == "blocked"
    assert "401, 401, 401, 401, 401, 429" in reason and "alice can still log in" in reason
    text = page.shown("#guesses .results")
    assert "retry-after: " in text and "login_limited: username='carol'" in text
    page.log_in("alice")
    assert page.status == "Logged in as alice (admin)."


def test_expired_token_is_rejected(page):
    page.log_in("bob")
    verdict, reason = page.attack("expired")
    assert verdict == "blocked"
    assert "3 seconds ago, the same token got a 200" in reason
    first, second = (
        each.get_property("textContent") for each in page.browser.find_elements("css selector", "#expired details")
    )
    assert "authorization: Bearer ••••••••" in first and "HTTP/1.1 200 OK" in first
    assert "authorization: Bearer ••••••••" in second and "HTTP/1.1 401 Unauthorized" in second
    assert "token_rejected: username='bob', address='127.0.0.1', reason='expired'" in second


def test_stolen_cookie_is_worthless_after_the_logout(page):
    page.log_in("bob")
    verdict, reason = page.attack("stolen")
    assert verdict == "blocked"
    assert "Before the logout the copy got a 200" in reason
    before, logout, after = (
        each.get_property("textContent") for each in page.browser.find_elements("css selector", "#stolen details")
    )
    assert "HTTP/1.1 200 OK" in before and "cookie:" not in before
    assert "POST /logout" in logout and "HTTP/1.1 200 OK" in logout
    assert "HTTP/1.1 401 Unauthorized" in after and "reason='revoked'" in after
    assert page.status == "Not logged in."


def test_attack_without_a_session_asks_to_log_in_first(page):
    for name in ("forgery", "expired", "stolen"):
        assert page.attack(name) == ("none", "Not yet. Log in first, in step 1.")


# Secrets and cookies


def test_secrets_are_masked_until_they_are_shown(page, running):
    page.log_in("alice")
    page.press("#login-result summary")
    shown = page.find("#login-result .sides")
    button = page.find("#login-result button")
    assert running.passwords["alice"] not in shown.text and "session=••••••••" in shown.text
    assert button.get_attribute("aria-expanded") == "false"
    page.press("#login-result button")
    assert running.passwords["alice"] in shown.text and "session=eyJ" in shown.text
    assert button.get_attribute("aria-expanded") == "true"
    page.press("#login-result button")
    assert "session=••••••••" in shown.text


def test_javascript_sees_csrf_cookie_but_not_session_cookie(page, browser):
    page.log_in("bob")
    visible = browser.execute_script("return document.cookie")
    assert visible.startswith("csrf_token=")
    assert "session=" not in visible
    cookies = {cookie["name"]: cookie for cookie in browser.get_cookies()}
    assert cookies["session"]["httpOnly"] is True
    assert cookies["session"]["sameSite"] == cookies["csrf_token"]["sameSite"] == "Lax"


# A cookie with another Domain attribute is another cookie; browsers send cookies of one path in the order of their
# creation (RFC 6265 section 5.4), and the page sends the last one as its token.
@pytest.mark.parametrize(
    ("is_last", "outcome"), [(False, "200 It worked"), (True, "403 Forbidden: “CSRF token mismatch")]
)
def test_csrf_cookie_that_a_parent_domain_plants_does_not_pass(browser, running, is_last, outcome):
    page = Page(browser, f"http://app.demo.localhost:{running.port}")
    plant = "document.cookie = 'csrf_token=planted; Domain=demo.localhost; Path=/'"
    if not is_last:
        browser.execute_script(plant)
    page.log_in("bob")
    if is_last:
        browser.execute_script(plant)
    names_and_values = browser.execute_script("return document.cookie").split("; ")
    assert len(names_and_values) == 2
    assert (names_and_values[1] == "csrf_token=planted") is is_last
    assert page.try_out("transfer").startswith(outcome)


# The page


def test_live_line_shows_engine_and_time_of_the_last_check(page, running):
    assert page.find("#engine").text in ("rust", "python")
    page.log_in("bob")
    page.try_out("transfer")
    assert " µs POST /transfer (CSRF " in page.find("#last").text
    httpx.get(f"{running.url}/admin")
    page.wait_until(lambda: "GET /admin (identity " in page.find("#last").text)  # also for requests of curl


def test_commands_are_copied_with_the_password(page, browser, running):
    browser.execute_cdp_cmd("Browser.grantPermissions", {"permissions": ["clipboardReadWrite"]})
    assert running.passwords["alice"] not in page.shown("main")
    page.press("#copy")
    page.wait_until(lambda: page.find("#copied").text)
    copied = browser.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    assert copied == running.shell_lines.strip()


def test_story_works_with_the_keyboard_alone(page, browser):
    from selenium.webdriver import ActionChains, Keys

    def press(key):
        ActionChains(browser).send_keys(key).perform()

    def tab_to(selector):
        for _ in range(40):
            press(Keys.TAB)
            focused = browser.switch_to.active_element
            assert focused.value_of_css_property("outline-style") == "solid" or focused.tag_name == "iframe"
            if browser.execute_script("return arguments[0].matches(arguments[1])", focused, selector):
                return
        pytest.fail(f"the keyboard does not reach {selector}")

    tab_to(".skip")
    press(Keys.ENTER)
    tab_to("[data-fill=alice]")
    press(Keys.ENTER)
    page.wait_until(lambda: "is filled in" in page.status)
    tab_to("#login .primary")
    press(Keys.ENTER)
    page.wait_until(lambda: page.status == "Logged in as alice (admin).")
    tab_to("[data-try=profile]")
    press(Keys.SPACE)
    page.wait_until(lambda: page.find("#try-status").text == "200 It worked.")
    tab_to("#try-result button")
    press(Keys.ENTER)
    assert page.find("#try-result button").get_attribute("aria-expanded") == "true"
    tab_to("[data-attack=stolen]")
    press(Keys.ENTER)
    page.wait_until(lambda: page.find("#stolen .outcome").get_attribute("data-verdict") == "blocked")
    assert browser.switch_to.active_element.get_attribute("data-attack") == "stolen"  # the focus has not moved
    tab_to("#copy")


@pytest.fixture(params=["light", "dark"])
def scheme(request, browser):
    features = [{"name": "prefers-color-scheme", "value": request.param}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    yield request.param
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


@pytest.fixture
def small_screen(browser):
    size = {"width": 320, "height": 640, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    yield
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def show_everything(page):
    page.log_in("alice")
    page.try_out("profile")
    for name in ATTACKS:
        page.attack(name)
    page.browser.execute_script("document.querySelectorAll('details').forEach((each) => { each.open = true; })")


def violations(browser, axe):
    browser.execute_script(axe)
    # Colors that still change from one scheme to the other would be judged halfway.
    found = browser.execute_async_script(
        "Promise.allSettled(document.getAnimations().map((each) => each.finished))"
        ".then(() => axe.run()).then(arguments[0])"
    )
    assert found["passes"]
    return [(each["id"], node["html"]) for each in found["violations"] for node in each["nodes"]]


@pytest.mark.skipif(bool(WITHOUT_AXE), reason=str(WITHOUT_AXE))
def test_axe_finds_no_violations(page, browser, scheme, small_screen):
    axe = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
    assert violations(browser, axe) == []
    show_everything(page)
    assert violations(browser, axe) == []
    browser.switch_to.frame(page.find("iframe"))
    assert violations(browser, axe) == []
    browser.switch_to.default_content()
    ground = page.find("body").value_of_css_property("background-color")
    assert (sum(map(int, ground[5:].split(",")[:3])) > 382) is (scheme == "light")


def test_page_is_readable_at_320_pixels_without_errors(page, browser, small_screen):
    show_everything(page)
    overflowing = browser.execute_script(
        "return [...document.querySelectorAll('body *')].filter((each) => each.getBoundingClientRect().right > 320)"
        ".map((each) => each.outerHTML.slice(0, 80))"
    )
    assert overflowing == []
    assert browser.execute_script("return document.documentElement.scrollWidth") == 320
    # A browser logs each rejected request. Nothing else is an error, such as a script or the Content-Security-Policy.
    rejected = "Failed to load resource: the server responded with a status of 4"
    assert [error for error in browsers.console_errors(browser) if rejected not in error] == []


def test_nothing_is_hidden_in_tooltips_and_nothing_is_external(page, browser, running):
    assert browser.find_elements("css selector", "[title], [style], script:not([src])") == []
    urls = browser.execute_script("return performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert urls and all(url.startswith((running.url, "data:")) for url in urls)

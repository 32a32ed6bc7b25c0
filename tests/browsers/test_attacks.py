"""Published attacks in real browsers: what a browser sends, and what comes of it, in each protection.

The expected results are the tables of docs/threat-model.md: each row is a test.
"""

import json
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import browsers
import pytest

from .attacks import ATTACKS, HELPERS, OWN
from .victim import PROTECTIONS, Victim, session_of

PAGE = Path(__file__).parents[2] / "docs" / "threat-model.md"
COLUMNS = ("Sec-Fetch-Site", "Origin", "session cookie", *PROTECTIONS)
HEAD = '<!doctype html><title>page</title><link rel="icon" href="data:,"><body>'
REBOUND = "rebound.test"  # another name of the server
HOSTS = (*browsers.HOSTS, REBOUND)
ORIGINS = {
    "app": "application",
    "localhost": "application",
    "loopback": "application",
    "sibling": "sibling",
    "other": "other site",
    "rebound": "rebound",
}

# The words of the tables for the answers of the server.
VERDICTS = {
    "200 done as alice": "accepted",
    "101 done as alice": "accepted",
    "200 deleted as alice": "accepted",
    "200 logged in as mallory": "accepted",
    "200 only read": "only read",
    "403 Missing CSRF token": "no token",
    "403 CSRF token mismatch": "wrong token",
    "403 CSRF token mismatch: the token is not signed for this session": "other session",
    "401 Not authenticated": "no session",
    "400 Invalid host header": "wrong host",
}
REASONS = {
    "403 Cross-site request: ": "cross-site",
    "403 Cross-origin request: Origin differs": "other origin",
    "403 Cross-origin request: Origin is null": "null origin",
}


def documented():
    """Return the rows of the tables: the name of an attack, and its cells by column."""
    section = PAGE.read_text("utf-8").partition("\n## Attacks in browsers\n")[2].partition("\n## ")[0]
    rows = [row.split(" | ") for row in re.findall(r"^\| (.+) \|$", section, re.MULTILINE)]
    return {
        name: dict(zip(COLUMNS, cells, strict=True))
        for name, *cells in rows
        if len(cells) == len(COLUMNS) and cells[0] != COLUMNS[0]
    }


def cell_for(browser, cell):
    """Return what *cell* says about *browser*: `x (Chromium), y (Firefox)`, or one word for both."""
    cell = cell.replace("**", "")
    by_browser = {name: words for words, name in re.findall(r"([^,(]+) \((\w+)\)(?:, )?", cell)}
    return by_browser.get(browser.name.title(), cell)


@pytest.fixture(scope="module", params=browsers.NAMES)
def browser(request, tmp_path_factory):
    if why := browsers.why_missing(request.param, "trustme"):
        pytest.skip(why)
    certificate = browsers.Certificate(tmp_path_factory.mktemp("certificate"), HOSTS)
    victim = Victim()
    with browsers.serve(victim, certificate) as ports, browsers.opened(request.param, hosts=HOSTS) as driver:
        yield Browser(request.param, driver, victim, *ports)


class Browser:
    """A browser in which alice is logged in, and the application that she uses."""

    def __init__(self, name, driver, victim, tls_port, plain_port):
        self.name = name
        self.driver = driver
        self.victim = victim
        self.ports = {"https": tls_port, "http": plain_port}

    def origins(self, scheme):
        hosts = {"app": browsers.APP, "sibling": browsers.SIBLING, "other": browsers.OTHER_SITE, "rebound": REBOUND}
        origins = {name: f"{scheme}://{host}:{self.ports[scheme]}" for name, host in hosts.items()}
        plain = {"plain": browsers.APP, "localhost": "localhost", "loopback": "127.0.0.1"}
        return origins | {name: f"http://{host}:{self.ports['http']}" for name, host in plain.items()}

    def replay(self, attack, protection):
        """Return what the browser sends, and the verdict."""
        origins = self.origins(attack.scheme)
        self.victim.protect(replace(protection, **attack.setup), origins["sibling"])
        mallory = dict(zip(("session", "csrf"), session_of("mallory", protection), strict=True))
        self.constants = {**origins, "mallory": mallory}
        self.show(attack.script, [cookie.format_map(mallory) for cookie in attack.cookies])
        home = attack.page if attack.page in ("localhost", "loopback") else "app"
        page = urlencode({"next": origins[attack.page] + "/page"})
        browsers.delete_cookies(self.driver)
        self.driver.get(f"{origins[home]}/start?{page}")
        if attack.clicks and not self.click_in_frame():
            return ("-", "-", "-"), "not shown"
        seen = self.victim.answered(attack.path)
        if seen is None:
            sends, verdict = ("-", "-", "-"), "not sent"
        else:
            origin = {origins[name]: word for name, word in ORIGINS.items()}.get(seen.origin, seen.origin)
            sends = seen.site, origin, "yes" if seen.has_session else "no"
            verdict = verdict_of(seen.answer)
        if attack.then and verdict in ("accepted", "not sent"):
            self.wait_for_page(attack.path or "/page")
            self.victim.forget()
            self.show(OWN)
            self.driver.get(origins["app"] + "/page")
            verdict = self.victim.answered("/transfer").answer.replace("200 done ", "")
        return sends, verdict

    def show(self, script, cookies=()):
        """Make *script* the next page."""
        constants = {**self.constants, "round": self.victim.round}
        definitions = "".join(f"const {name} = {json.dumps(value)};" for name, value in constants.items())
        self.victim.page = f"{HEAD}<script>{definitions}{HELPERS}{script}</script>"
        self.victim.page_cookies = cookies

    def wait_for_page(self, path):
        browsers.wait_until(self.driver, lambda: self.driver.current_url.endswith(path))

    def click_in_frame(self):
        """Click the button in the frame. Return whether there is one."""
        self.driver.switch_to.frame(0)
        buttons = self.driver.find_elements("css selector", "button")
        for button in buttons:
            button.click()
        self.driver.switch_to.default_content()
        return bool(buttons)


def verdict_of(answer):
    for start, reason in REASONS.items():
        if answer.startswith(start):
            return reason
    return VERDICTS[answer]


@pytest.mark.parametrize("name", ATTACKS)
def test_browser_and_server_do_what_the_threat_model_says(browser, name):
    expected = {column: cell_for(browser, cell) for column, cell in documented()[name].items()}
    results = {protection: browser.replay(ATTACKS[name], PROTECTIONS[protection]) for protection in PROTECTIONS}
    sends = dict(zip(COLUMNS, results["default"][0], strict=False))
    assert {**sends, **{protection: verdict for protection, (_, verdict) in results.items()}} == expected


def test_browser_stores_only_one_name_that_looks_like_the_prefix(browser):
    browser.replay(ATTACKS["cookie tossing, like `__Host-`"], PROTECTIONS["host_prefix"])
    names = browser.victim.answered("/transfer").cookies
    assert names == ["__Host-session", "__Host-csrf_token", "\u2000__Host-session", "\u2000__Host-csrf_token"]


def test_threat_model_has_a_row_for_each_attack():
    assert sorted(documented()) == sorted(ATTACKS)


def test_successes_of_the_attacker_are_bold():
    cells = [(name, cell) for name, row in documented().items() for cell in row.values()]
    successes = [
        (name, cell)
        for name, cell in cells
        if cell.strip("*") in ("accepted", "as mallory") and not name.startswith("own page")
    ]
    assert successes == [(name, cell) for name, cell in cells if cell.startswith("**")]

"""Published attacks in real browsers: what the browser sends, and the verdict of the server, in each protection.

The expected results are the table of docs/threat-model.md: a row is a test.
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

REBOUND = "rebound.test"
HOSTS = (*browsers.HOSTS, REBOUND)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return browsers.Certificate(tmp_path_factory.mktemp("certificate"), HOSTS)


@pytest.fixture(scope="module", params=browsers.NAMES)
def browser(request, certificate):
    if why := browsers.why_missing(request.param, "trustme", "starlette"):
        pytest.skip(why)
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
        sends = "-", "-", "-"
        verdict = "not sent"
        if seen:
            names = {origin: name for name, origin in origins.items()}
            sends = seen.site, names.get(seen.origin, seen.origin), "yes" if seen.has_session else "no"
            verdict = seen.answer
        if attack.then and not verdict.startswith("4"):
            self.victim.forget()
            self.show(OWN)
            self.driver.get(origins["app"] + "/page")
            verdict = self.victim.answered("/transfer").answer
        return sends, verdict

    def show(self, script, cookies=()):
        """Make *script* the next page."""
        constants = {**self.constants, "round": self.victim.round}
        definitions = "".join(f"const {name} = {json.dumps(value)};" for name, value in constants.items())
        self.victim.page = f"<!doctype html><title>page</title><body><script>{definitions}{HELPERS}{script}</script>"
        self.victim.page_cookies = cookies

    def click_in_frame(self):
        """Click the button in the frame. Return whether there is one."""
        self.driver.switch_to.frame(0)
        buttons = self.driver.find_elements("css selector", "button")
        for button in buttons:
            button.click()
        self.driver.switch_to.default_content()
        return bool(buttons)


def test_x(browser):
    out = open(f"/tmp/matrix-{browser.name}.jsonl", "w")
    for name, attack in ATTACKS.items():
        row = {p: browser.replay(attack, protection) for p, protection in PROTECTIONS.items()}
        out.write(json.dumps([name, row]) + "\n")

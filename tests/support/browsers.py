"""Headless Chromium and Firefox, the hosts that they know, and an ASGI server with TLS under these hosts.

A module of tests calls ``skip_without("chromium")`` first, and opens the browser in a fixture of the module::

    @pytest.fixture(scope="module")
    def browser():
        with browsers.chromium() as driver:
            yield driver
"""

import asyncio
import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import threading

import pytest

NAMES = ("chromium", "firefox")
SECONDS = 60  # to wait for what a page does, on a machine that is busy

# `.test` is nobody's (RFC 6761). A site is `fastware.test` with its subdomains.
APP = "app.fastware.test"
SIBLING = "evil.fastware.test"
OTHER_SITE = "attacker.test"
HOSTS = (APP, SIBLING, OTHER_SITE)

_PROGRAMS = {
    "chromium": (("chromium", "chromium-browser", "google-chrome"), "chromedriver"),
    "firefox": (("firefox-esr", "firefox"), "geckodriver"),
}
# In CI nothing is skipped: a missing browser is an error.
_REQUIRED = {"chromium": "FASTWARE_REQUIRE_BROWSER", "firefox": "FASTWARE_REQUIRE_FIREFOX"}


def skip_without(name, *packages):
    """Skip the module, unless the browser *name*, its driver, selenium and the Python *packages* are installed."""
    if why := why_missing(name, *packages):
        pytest.skip(why, allow_module_level=True)


def why_missing(name, *packages):
    """Return why tests in the browser *name* cannot run, or ``None``. Where the browser is required, it is ``None``."""
    if os.environ.get(_REQUIRED[name]) == "1":
        return None
    programs, driver = _PROGRAMS[name]
    if not (_program(name) and shutil.which(driver)):
        return f"needs {programs[0]} and {driver}"
    for package in ("selenium", *packages):
        if importlib.util.find_spec(package) is None:
            return f'needs {package}: .venv/bin/pip install -e ".[test,browser]"'
    return None


def opened(name, *, window=(1280, 900), hosts=HOSTS):
    """Open the browser *name*: yield its selenium driver, and end it."""
    return {"chromium": chromium, "firefox": firefox}[name](window=window, hosts=hosts)


@contextlib.contextmanager
def chromium(*, window=(1280, 900), hosts=HOSTS):
    """Open Chromium, in which *hosts* are this machine.

    Certificates are not verified. Cookies of third parties are sent, so that `SameSite` alone decides.
    """
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = _program("chromium")
    rules = ",".join(f"MAP {host} 127.0.0.1" for host in hosts)
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        f"--window-size={window[0]},{window[1]}",
        f"--host-resolver-rules={rules}",
    ):
        options.add_argument(argument)
    options.accept_insecure_certs = True
    options.add_experimental_option("prefs", {"profile.cookie_controls_mode": 0})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(shutil.which("chromedriver"))
    with _started(lambda: webdriver.Chrome(options=options, service=service)) as driver:
        yield driver


@contextlib.contextmanager
def firefox(*, window=(1280, 900), hosts=HOSTS):
    """Open Firefox, in which *hosts* are this machine, in the same way."""
    from selenium import webdriver

    options = webdriver.FirefoxOptions()
    options.binary_location = _program("firefox")
    for argument in ("-headless", f"--width={window[0]}", f"--height={window[1]}"):
        options.add_argument(argument)
    options.set_preference("network.dns.localDomains", ",".join(hosts))
    options.set_preference("network.proxy.type", 0)  # no proxy of the machine
    options.set_preference("network.cookie.cookieBehavior", 0)
    options.accept_insecure_certs = True
    options.enable_bidi = True  # `delete_cookies` needs it
    service = webdriver.FirefoxService(shutil.which("geckodriver"))
    with _started(lambda: webdriver.Firefox(options=options, service=service)) as driver:
        yield driver


@contextlib.contextmanager
def _started(start):
    """Yield the driver that *start* returns, and end it, also if pytest gets Ctrl-C or the SIGTERM of ``timeout``."""
    handler = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        driver = start()
        try:
            yield driver
        finally:
            driver.quit()
    finally:
        signal.signal(signal.SIGTERM, handler)


def wait_until(driver, condition):
    """Return what *condition* returns, once that is true. The page may change while it is evaluated."""
    from selenium.common.exceptions import StaleElementReferenceException
    from selenium.webdriver.support.wait import WebDriverWait

    wait = WebDriverWait(driver, SECONDS, poll_frequency=0.05, ignored_exceptions=[StaleElementReferenceException])
    return wait.until(lambda _: condition())


def delete_cookies(driver):
    """Delete the cookies of all hosts."""
    if driver.name == "firefox":
        driver.storage.delete_cookies()
    else:
        driver.execute_cdp_cmd("Network.clearBrowserCookies", {})


def console_errors(driver):
    """Return the errors that the console of Chromium got since the last call: JavaScript, CSP, failed requests."""
    return [entry["message"] for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]


def _program(name):
    return next(filter(None, map(shutil.which, _PROGRAMS[name][0])), None)


class Certificate:
    """A certificate for *hosts* and its key, as files in *folder*. It is valid for nobody else."""

    def __init__(self, folder, hosts):
        import trustme

        self.file = folder / "certificate.pem"
        self.key_file = folder / "key.pem"
        certificate = trustme.CA().issue_cert(*hosts)
        certificate.cert_chain_pems[0].write_to_path(self.file)
        certificate.private_key_pem.write_to_path(self.key_file)


@contextlib.contextmanager
def serve(app, certificate):
    """Serve *app* with uvicorn in a thread of this process, with and without TLS: yield the two ports.

    The test can read what the application recorded.
    """
    import uvicorn

    both = []
    for tls in ({"ssl_certfile": certificate.file, "ssl_keyfile": certificate.key_file}, {}):
        config = uvicorn.Config(app, lifespan="off", log_level="critical", ws="websockets-sansio", **tls)
        listener = socket.create_server(("127.0.0.1", 0))
        both.append((uvicorn.Server(config), listener))

    async def run():
        await asyncio.gather(*(server.serve(sockets=[listener]) for server, listener in both))

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    try:
        yield tuple(listener.getsockname()[1] for _, listener in both)
    finally:
        for server, _ in both:
            server.should_exit = server.force_exit = True
        thread.join(20)

"""The site that `make docs` builds, and how Chromium shows it. Skipped without the extras `docs` and `browser`."""

import os
import subprocess
import sys
from pathlib import Path

import browsers
import pytest
from filelock import FileLock

browsers.skip_without("chromium", "sphinx", "furo", "myst_parser")

ROOT = Path(__file__).parents[1]
PHONES = (320, 390)  # the widths of small phones, in CSS pixels
# A wide table or block of code scrolls in its own box. The theme would let the whole article scroll.
FIND_WIDE_ELEMENTS = """
const scrolls = (box) => box.tagName !== "ARTICLE"
  && (/auto|scroll/.test(getComputedStyle(box).overflowX) || scrolls(box.parentElement));
const isWide = (box) => box.getBoundingClientRect().right > innerWidth + 1 && !scrolls(box.parentElement);
const page = document.scrollingElement;
return [...document.querySelectorAll("article *")].filter(isWide).map((box) => box.outerHTML.slice(0, 80))
  .concat(page.scrollWidth > innerWidth ? ["the page is " + page.scrollWidth + " px wide"] : []);
"""


def build(sources, output):
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-c", str(ROOT / "docs")]
    command += ["-d", str(output / "doctrees"), str(sources), str(output / "html")]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=output)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the built site, which the test processes share."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    with FileLock(folder / "site.lock"):
        output = folder / "site"
        if not output.exists():
            output.mkdir()
            built = build(ROOT, output)
            assert built.returncode == 0, built.stderr
    return output / "html"


@pytest.fixture(scope="module")
def browser():
    """Chromium on a phone without a network."""
    with browsers.chromium() as driver:
        driver.execute_cdp_cmd("Network.enable", {})
        offline = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
        driver.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
        set_width(driver, PHONES[0])
        yield driver


def set_width(browser, width):
    metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def test_pages_are_as_wide_as_a_phone_and_load_nothing_from_the_network(browser, site):
    pages = sorted(site.rglob("*.html"))
    assert site / "docs" / "api.html" in pages
    problems = []
    for page in pages:
        browser.get(page.as_uri())
        for width in PHONES:
            set_width(browser, width)
            problems += [f"{page.name}, {width} px: {box}" for box in browser.execute_script(FIND_WIDE_ELEMENTS)]
    assert problems + browsers.console_errors(browser) == []


def test_search_finds_a_page_without_a_network(browser, site):
    browser.get((site / "docs" / "errors.html").as_uri())
    browser.find_element("css selector", ".nav-overlay-icon").click()
    field = browser.find_element("css selector", ".sidebar-search")
    browsers.wait_until(browser, field.is_displayed)
    field.send_keys("RefreshTokenReusedError\n")
    results = browsers.wait_until(browser, lambda: browser.find_elements("css selector", "#search-results li a"))
    assert results[0].text == "fastware.auth.RefreshTokenReusedError"
    results[0].click()
    target = "/docs/reference/auth.html#fastware.auth.RefreshTokenReusedError"
    browsers.wait_until(browser, lambda: browser.current_url.endswith(target))
    assert browsers.console_errors(browser) == []


def test_shell_sessions_are_copied_without_prompts_and_output(browser, site):
    browser.execute_cdp_cmd(
        "Browser.grantPermissions", {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
    )
    browser.get((site / "docs" / "tutorials" / "core.html").as_uri())
    button = browser.find_element("css selector", ".highlight-console .copy")
    button.send_keys("\n")
    browsers.wait_until(browser, lambda: button.get_property("textContent") == "Copied")
    copied = browser.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    add = 'echo "correct-horse-battery" | fastware users add ada --role user --store users.json'
    assert copied == f"export FASTWARE_JWT_SECRET=$(fastware secret)\n{add}\nuvicorn app:app\n"


def test_targets_in_the_header_are_large_enough_for_a_finger(browser, site):
    browser.get((site / "docs" / "index.html").as_uri())
    targets = browser.find_elements("css selector", ".mobile-header label, .mobile-header button")
    sizes = [(target.size["width"], target.size["height"]) for target in targets]
    assert len(sizes) == 3
    assert all(min(size) >= 44 for size in sizes), sizes  # WCAG 2.2, success criterion 2.5.5


def test_link_without_a_target_fails_the_build(tmp_path):
    page = tmp_path / "docs" / "index.md"
    page.parent.mkdir()
    page.write_text("# Title\n\n[a](missing.md) [b](#missing) [c](#title)\n\n```{eval-rst}\n:func:`missing`\n```\n")
    built = build(tmp_path, tmp_path)
    assert built.returncode == 1
    warnings = [line for line in built.stderr.splitlines() if "not found" in line]
    assert len(warnings) == 3, built.stderr

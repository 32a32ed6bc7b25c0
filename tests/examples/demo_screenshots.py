"""Renews the screenshots of the demo in docs/images, with what the tests in Chromium need.

Usage: ``PYTHONPATH=.:tests/support .venv/bin/python tests/examples/demo_screenshots.py``
"""

import base64
import tempfile
from pathlib import Path

import browsers
import demo

FOLDER = Path(__file__).parents[2] / "docs" / "images"
LARGEST = 150_000


def shoot(browser, url, name, *, scheme, width, height, scale, scroll_to):
    def run(script):
        return browser.execute_script(script)

    def press(selector, condition):
        run(f"document.querySelector('{selector}').click()")
        browsers.wait_until(browser, lambda: run(f"return {condition}"))

    screen = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    features = [
        {"name": "prefers-color-scheme", "value": scheme},
        {"name": "prefers-reduced-motion", "value": "reduce"},
    ]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
    browser.get(url)
    browser.delete_all_cookies()
    browser.refresh()
    browsers.wait_until(browser, lambda: run("return document.body.dataset.ready"))
    press("[data-fill=alice]", "document.getElementById('password').value")
    press("#login .primary", "!document.getElementById('logout').hidden")
    press("[data-try=transfer]", "document.querySelector('#try-status').textContent")
    press("[data-attack=forgery]", "document.querySelector('#forgery [data-verdict=blocked]')")
    run(f"document.querySelector('{scroll_to}').scrollIntoView()")
    browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
    picture = base64.b64decode(browser.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})["data"])
    if len(picture) > LARGEST:
        raise SystemExit(f"{name} has {len(picture):,} bytes, more than {LARGEST:,}")
    (FOLDER / name).write_bytes(picture)
    print(f"{name}: {len(picture):,} bytes")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        demo.running(Path(folder), 8000) as running,
        browsers.chromium() as browser,
    ):
        desktop = {"scheme": "light", "width": 1040, "height": 880, "scale": 1}
        shoot(browser, running.url, "demo-login.png", **desktop, scroll_to="body")
        shoot(browser, running.url, "demo-attack.png", **desktop, scroll_to="[data-attack=forgery]")
        phone = {"scheme": "dark", "width": 390, "height": 844, "scale": 1.5}
        shoot(browser, running.url, "demo-phone.png", **phone, scroll_to="#attack-title")

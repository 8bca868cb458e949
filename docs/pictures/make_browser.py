"""Makes the pictures of docs/howto/browser.md: a system of its own, and headless Chromium at its pages.

    python docs/pictures/make_browser.py

Needs `cpvm[test]`, Chromium and ChromeDriver (Debian: chromium, chromium-driver).
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent / "tests" / "web"))

from web_browser import Browser, chromium  # noqa: E402

from cpvm import api  # noqa: E402
from cpvm.front.link import display_connector  # noqa: E402
from cpvm.front.operatorpage import SystemSource  # noqa: E402
from cpvm.terminal.web.server import WebServer  # noqa: E402

_SETTLED = 0.7  # seconds until what has changed is drawn


def size(browser: Browser, width: int, height: int, *, touch: bool = False) -> None:
    """Take another window."""
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": touch}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": touch})


def save(browser: Browser, name: str) -> None:
    """Write the picture that is to be seen."""
    time.sleep(_SETTLED)
    browser.driver.save_screenshot(str(HERE / f"browser-{name}.png"))


def pictures(browser: Browser, system: api.SystemHandle, address: str) -> None:
    """All pictures."""
    size(browser, 960, 640)
    browser.open(address)
    save(browser, "logo")
    browser.logon("cmsuser")
    browser.enter("edit hello assemble")
    browser.wait_for("EOF:")
    program = ["HELLO    CSECT", "         USING *,15", "         LA    15,7", "         BR    14", "         END"]
    for line in program:
        browser.enter(f"input {line}")
        browser.wait_for(line.strip())
    browser.choose("#look", "3279")
    save(browser, "edit")
    browser.enter("file")
    browser.wait_for("Ready;")
    browser.choose("#look", "light")
    browser.click("#transfer")
    save(browser, "files")
    browser.click("#files [name=shut]")
    operator = system.logon("OPERATOR")
    for userid in ("MAINT", "USER01", "USER02"):
        system.logon(userid).type("IPL CMS")
    browser.driver.switch_to.new_window("tab")
    size(browser, 1100, 760)
    browser.open(address, "/operator")
    browser.wait(lambda: browser.run("return document.activeElement.name") == "userid")
    browser.keys("operator\ue004operator\ue007")
    browser.wait(lambda: "USER02" in browser.run("return document.body.textContent"))
    browser.click("#line")
    browser.keys("indicate load\ue007")
    browser.wait(lambda: "CPU-" in browser.run("return document.getElementById('responses').textContent"))
    time.sleep(10)  # so that there is a curve
    browser.run("scrollTo(0, 0)")
    save(browser, "operator")
    operator.logoff()
    size(browser, 390, 700, touch=True)
    browser.open(address)
    save(browser, "telephone")


def main() -> None:
    """Start, take the pictures, end."""
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (program and driver):
        sys.exit("chromium and chromedriver are needed")
    with tempfile.TemporaryDirectory() as folder, api.start(Path(folder) / "system") as system:
        cp = system.system
        server = WebServer(display_connector(cp), SystemSource(cp), "127.0.0.1", 0, fence=cp.post)
        server.start()
        browser = chromium(program, driver, Path(folder) / "profile", Path(folder))
        try:
            pictures(browser, system, "http://{}:{}".format(*server.address))
        finally:
            browser.quit()
            server.stop()


if __name__ == "__main__":
    main()

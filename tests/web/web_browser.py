"""A browser at the page of terminals, as tests use it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

TIMEOUT = 60.0
_ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--window-size=1280,860",
)


def chromium(program: str, driver: str, profile: Path, downloads: Path) -> Browser:
    """Start Chromium without a screen."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = program
    for argument in (*_ARGUMENTS, f"--user-data-dir={profile}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    started = webdriver.Chrome(options=options, service=Service(driver))
    started.set_script_timeout(TIMEOUT)
    return Browser(started, downloads)


class Browser:
    """The page, its keyboard, and waiting for what is to appear."""

    def __init__(self, driver: Any, downloads: Path) -> None:
        self.driver = driver
        self.downloads = downloads

    def quit(self) -> None:
        """End the browser."""
        self.driver.quit()

    def open(self, address: str, path: str = "/") -> None:
        """Load a page; with the settings of a new user."""
        self.driver.get(f"{address}/icon.svg")
        self.run("try { localStorage.clear() } catch {}")
        self.driver.delete_all_cookies()
        self.driver.get(address + path)
        if path == "/":
            self.wait_for("CP READ")

    def leave(self) -> None:
        """Close the page's connections; nobody is asked whether that is meant."""
        self.run("window.addEventListener('beforeunload', (e) => e.stopImmediatePropagation(), true)")
        self.driver.get("about:blank")

    def run(self, script: str, *arguments: object) -> Any:
        """Execute JavaScript in the page."""
        return self.driver.execute_script(script, *arguments)

    def module(self, script: str, *arguments: object) -> Any:
        """Execute JavaScript that may `await`, and return something."""
        wrapped = (
            "const done = arguments[arguments.length - 1];"
            f"(async (args) => {{ {script} }})([...arguments].slice(0, -1))"
            ".then((value) => done({value}), (error) => done({error: String(error.stack)}));"
        )
        outcome = self.driver.execute_async_script(wrapped, *arguments)
        assert "error" not in outcome, outcome["error"]
        return outcome.get("value")

    def complaints(self) -> list[str]:
        """What the page has complained of since the last time."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    # the terminal

    @property
    def text(self) -> str:
        """The screen in front."""
        return str(self.run("return document.querySelector('.panel:not([hidden]) .mirror')?.textContent ?? ''"))

    @property
    def locked(self) -> bool:
        """Whether the keyboard is locked."""
        return self.run("return document.querySelector('.panel:not([hidden])').dataset.locked") == "true"

    def wait(self, condition: Callable[[], object], timeout: float = TIMEOUT) -> None:
        """Wait until the condition holds."""
        end = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < end, f"it did not happen; the screen:\n{self.text}\n{self.complaints()}"
            time.sleep(0.02)

    def wait_for(self, text: str, timeout: float = TIMEOUT) -> None:
        """Wait until the text is on the screen."""
        self.wait(lambda: text in self.text, timeout)

    def keys(self, *keys: str) -> None:
        """Press keys where the focus is."""
        from selenium.webdriver.common.action_chains import ActionChains

        ActionChains(self.driver).send_keys(*keys).perform()

    def chord(self, modifier: str, key: str) -> None:
        """Press a key with another one held."""
        from selenium.webdriver.common.action_chains import ActionChains

        ActionChains(self.driver).key_down(modifier).send_keys(key).key_up(modifier).perform()

    def enter(self, text: str) -> None:
        """Type a line and press ENTER."""
        self.keys(text + "\ue007")

    def clear(self) -> None:
        """CLEAR, and wait for the empty screen."""
        self.run("document.querySelector('[data-action=clear]').click()")

    def logon(self, userid: str, cms: bool = True) -> None:
        """Log on and IPL CMS."""
        self.enter(f"logon {userid}")
        self.wait_for("ENTER PASSWORD")
        self.enter(userid)
        self.wait_for("LOGON AT")
        if cms:
            self.enter("ipl cms")
            self.wait_for("CMS VERSION")
            self.enter("")
            self.wait_for("Ready;")

    def click(self, selector: str) -> None:
        """Click what a CSS selector finds."""
        self.driver.find_element("css selector", selector).click()

    def choose(self, selector: str, value: str) -> None:
        """Choose an option of a list."""
        self.run(
            "const e = document.querySelector(arguments[0]); e.value = arguments[1];"
            "e.dispatchEvent(new Event('change', {bubbles: true}))",
            selector,
            value,
        )

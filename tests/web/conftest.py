"""A running system with its web server, and a headless Chromium.

Tests with a browser are left out where there is none, but fail if CPVM_BROWSER=1 says that there has to be one.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from web_browser import Browser, chromium

from cpvm import api
from cpvm.cp import password
from cpvm.cp.logon import log_off
from cpvm.cp.system import System
from cpvm.front.link import display_connector
from cpvm.front.operatorpage import SystemSource

pytest.importorskip("aiohttp", reason="aiohttp (the extra `web`) is not installed")


@pytest.fixture(scope="session")
def web_system(built_system: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[api.SystemHandle]:
    """One system for all tests here; each logs on users of its own."""
    folder = shutil.copytree(built_system, tmp_path_factory.mktemp("web") / "system")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(password, "_COST", 1 << 4)
        with api.start(folder) as system:
            yield system


@pytest.fixture(scope="session")
def web_address(web_system: api.SystemHandle) -> Iterator[str]:
    """Where its pages are: http://127.0.0.1:PORT."""
    from cpvm.terminal.web.server import WebServer

    cp = web_system.system
    server = WebServer(display_connector(cp), SystemSource(cp), "127.0.0.1", 0, fence=cp.post)
    server.start()
    yield "http://{}:{}".format(*server.address)
    server.stop()


@pytest.fixture(scope="session")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if not (found and driver):
        why = "chromium and chromedriver are not installed (Debian: chromium, chromium-driver)"
        if os.environ.get("CPVM_BROWSER") == "1":
            pytest.fail(why)
        pytest.skip(why)
    if os.environ.get("CPVM_BROWSER") != "1":
        pytest.importorskip("selenium", reason="selenium is not installed")
    downloads = tmp_path_factory.mktemp("downloads")
    try:
        started = chromium(found, driver, tmp_path_factory.mktemp("profile"), downloads)
    except Exception as error:
        if os.environ.get("CPVM_BROWSER") == "1":
            raise
        pytest.skip(f"chromium does not start here: {error}")
    yield started
    started.quit()


@pytest.fixture
def page(chrome: Browser, web_address: str, web_system: api.SystemHandle) -> Iterator[Browser]:
    """The browser at the page of terminals, connected; what the page writes to its console is an error."""
    chrome.complaints()
    chrome.open(web_address)
    yield chrome
    complaints = chrome.complaints()
    chrome.leave()
    _log_off(web_system.system)
    assert complaints == []


def _log_off(system: System) -> None:
    """Leave nobody behind for the next test."""
    done = threading.Event()

    def all_of_them() -> None:
        for vm in list(system.users.values()):
            log_off(vm, forced=True)
        done.set()

    system.post(all_of_them)
    assert done.wait(30)


@pytest.fixture
def downloads(chrome: Browser) -> Path:
    """Where the browser puts what it receives."""
    return chrome.downloads

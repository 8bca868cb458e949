"""A running system for each test, with passwords that are cheap to check."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cpvm.cp import password
from cpvm.cp.system import System

from .helper import DIRECTORY, Site


@pytest.fixture(autouse=True)
def _cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(password, "_COST", 1 << 4)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    System.create(tmp_path, DIRECTORY)
    site = Site(tmp_path)
    yield site
    site.system.shutdown()

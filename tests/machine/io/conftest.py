"""Fixtures for channel and device tests."""

from __future__ import annotations

import pytest
from iobench import Bench


@pytest.fixture
def bench() -> Bench:
    """A fresh bench."""
    return Bench()

"""A process is killed while native code writes a disk: nothing acknowledged is lost, nothing is torn."""

from pathlib import Path

import killdisk
import pytest

pytest.importorskip("llvmlite")


def test_killed(tmp_path: Path) -> None:
    within, acknowledged = killdisk.campaign(tmp_path, 5, (killdisk.NATIVE,))
    assert within + acknowledged > 0

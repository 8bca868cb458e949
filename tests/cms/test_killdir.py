"""A process is killed while CMS changes files: the directory is the old or the new one. (The long run: killdir.py.)"""

from pathlib import Path

import killdir


def test_killed(tmp_path: Path) -> None:
    found = killdir.campaign(tmp_path, 4)
    assert found["done"] > 0

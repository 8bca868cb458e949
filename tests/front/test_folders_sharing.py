"""Which folders of the host can be shared."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpvm.cp.system import System
from cpvm.front.disks.place import DiskError
from cpvm.front.folders.sharing import Wanted, share
from tests.cp.helper import DIRECTORY


def test_no_folder_with_files_of_the_system_is_shared(tmp_path: Path) -> None:
    folder = tmp_path / "home" / "system"
    folder.parent.mkdir()
    System.create(folder, DIRECTORY)
    (tmp_path / "home" / "link").symlink_to(folder)
    for there in (folder, folder / "volumes", folder.parent, tmp_path / "home" / "link"):
        with pytest.raises(DiskError, match="passwords"):
            share(folder, Wanted(there, "CMSUSER", 0x293))
    (tmp_path / "home" / "work").mkdir()
    assert "is volume WORK" in share(folder, Wanted(tmp_path / "home" / "work", "CMSUSER", 0x293))[-1]

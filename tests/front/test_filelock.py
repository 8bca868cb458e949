"""The lock that a process holds on a directory."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cpvm.front.filelock import FileLock, LockedError


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock")
    with pytest.raises(LockedError) as caught:
        FileLock(tmp_path / "lock")
    assert caught.value.holder == str(os.getpid())
    lock.release()
    lock.release()
    FileLock(tmp_path / "lock").release()


def test_a_killed_holder_does_not_keep_it(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from cpvm.front.filelock import FileLock;"
        "lock = FileLock(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, tmp_path / "lock"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
    with pytest.raises(LockedError, match=f"held by process {holder.pid}"):
        FileLock(tmp_path / "lock")
    holder.kill()
    holder.communicate()
    FileLock(tmp_path / "lock").release()

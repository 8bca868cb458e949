"""SIGKILL amid SAVESYS and DIRECT: what was acknowledged is there after the restart, whole; else what was before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from cpvm.cp.savedsys import PAGE
from cpvm.cp.system import System

from .helper import DIRECTORY

VICTIM = """
import sys
from pathlib import Path
from cpvm.cp.direct import install
from cpvm.cp.directory_source import read_directory
from cpvm.cp.savedsys import PageRange, SavedSystem
from cpvm.cp.system import System

system = System(Path(sys.argv[1]))
start = int(sys.argv[2])
segment = SavedSystem("SEG", (PageRange(0xF00, 0xF3F, "SR"),), segment=True)
for number in range(start, start + 100000):
    system.saved.save(segment, [number.to_bytes(4, "big") * 1024] * 64)
    users = "".join(f"USER U{number}X{user} NOLOG\\n" for user in range(20))
    install(system.folder, system.directory, read_directory(users))
    print(number, flush=True)
"""


def test_what_was_acknowledged_is_whole_after_sigkill(tmp_path: Path) -> None:
    System.create(tmp_path, DIRECTORY)
    number = 0
    for round_ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", VICTIM, str(tmp_path), str(number + 1)], stdout=subprocess.PIPE, text=True
        ) as victim:
            assert victim.stdout is not None
            for _ in range(5 + 3 * round_):
                number = int(victim.stdout.readline())
            os.kill(victim.pid, signal.SIGKILL)
            number = max([number, *(int(line) for line in victim.stdout.read().split("\n")[:-1])])
        system = System(tmp_path)
        try:
            segment = system.saved.get("SEG")
            assert segment is not None
            pages = system.saved.path(segment).read_bytes()
            assert len(pages) == 64 * PAGE
            saved = int.from_bytes(pages[:4], "big")
            assert saved in (number, number + 1)
            assert pages == saved.to_bytes(4, "big") * (16 * PAGE)
            assert [path.name for path in (tmp_path / "saved").iterdir()] == [segment.file]
            users = sorted(system.directory.users)
            installed = int(users[0][1:].split("X")[0])
            assert installed in (number, number + 1)
            assert users == sorted(f"U{installed}X{user}" for user in range(20))
            number = max(saved, installed)
        finally:
            system.shutdown()

"""A running system whose host fails: its users, what they are told, and what the operator is told."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cpvm import api

from .injector import Faults

PATIENCE = 30.0
"""Seconds until something that hangs counts as a failure; never waited for otherwise."""
FOLDER_DISK = "293"
DEVICES = """\
00C  2540R  spool  folder=reader
00D  2540P  spool  folder=punch    ascii nosep class=P
00E  1403   spool  folder=printer  class=AT nosep
00F  1403   spool  file=listing.txt  class=F nosep
180  3420
"""
WRONG = re.compile(r"90[89][EI] |Traceback|CONTROL PROGRAM ERROR|MACHINE ERROR|DMKDSP4")
"""What a user or the operator must not be told because the host has failed."""

SEVERE = re.compile(r"DMS\w{3}\d{3}S ")
"""How CMS tells of a disk that fails; what it writes at the end of a command has no return code."""


def prepare(first: Path, folder: Path) -> Path:
    """A system in FOLDER, made of the one that was built FIRST: with real devices, a reel, and a folder as a disk."""
    system = Path(shutil.copytree(first, folder / "system"))
    (system / "devices").write_text(DEVICES)
    (system / "media").mkdir()
    (system / "media" / "reel.aws").write_bytes(b"")
    work = folder / "work"
    work.mkdir()
    (work / "hello.exec").write_text("&TYPE HELLO\n")
    words = ["disk", "share", str(work), "CMSUSER", FOLDER_DISK, "--write", "--system", str(system)]
    subprocess.run([sys.executable, "-m", "cpvm.cli", *words], check=True, stdout=subprocess.DEVNULL)
    return system


@dataclass
class Act:
    """One thing that was done: whether it was acknowledged, and what its user was told."""

    acknowledged: bool
    said: tuple[str, ...]


@dataclass
class Rig:
    """The system, and those who use it."""

    folder: Path
    faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        self.wrong: list[str] = []
        self._log = 0
        self.begin()

    def begin(self) -> None:
        """Start the system; users log on."""
        self.running = api.start(self.folder)
        self.log = self.running.system.log
        self._log = len(self.log.lines)
        self.operator = self.running.logon("OPERATOR")
        self.user = self.cms("CMSUSER")
        self.other = self.cms("USER01")
        self.maint = self.cms("MAINT")
        self.say(self.operator, "MOUNT 180 reel.aws")
        self.say(self.operator, "ATTACH 180 TO CMSUSER AS 181")
        self.user.expect("TAPE 181 ATTACHED", PATIENCE)
        self.say(self.user, f"ACCESS {FOLDER_DISK} B")
        self.say(self.user, "CP SPOOL CONSOLE START")

    def end(self) -> None:
        """Shut down."""
        self.running.stop()
        self.told()

    def cms(self, userid: str) -> api.User:
        """A user with CMS."""
        user = self.running.logon(userid)
        user.type("IPL CMS", PATIENCE)
        user.type("", PATIENCE)
        return user

    def say(self, user: api.User, line: str) -> api.Response:
        """Type a line, and look at the answer."""
        response = user.type(line, PATIENCE)
        self.wrong += [f"{user.userid} {line}: {text}" for text in response.lines if WRONG.search(text)]
        return response

    def reader_of(self, userid: str) -> dict[str, str]:
        """The files in a user's reader: names by spoolid, 0001 to 9900."""
        found: dict[str, str] = {}
        spool = self.running.system.spool
        self.on_cp(lambda: found.update({f"{file.spoolid:04}": file.name for file in spool.files("RDR", userid)}))
        return found

    def done(self, user: api.User, *lines: str) -> Act:
        """Type lines to CMS; acknowledged if each of them ends with return code 0."""
        said: tuple[str, ...] = ()
        for line in lines:
            response = self.say(user, line)
            said += response.lines
            if response.return_code != 0 or any(SEVERE.search(text) for text in response.lines):
                return Act(False, said)
        return Act(True, said)

    def told(self) -> list[str]:
        """What the operator has been told since the last call."""
        self.settled()
        lines = list(self.log.lines)
        new, self._log = lines[self._log :], len(lines)
        self.wrong += [f"operator: {text}" for text in new if WRONG.search(text)]
        return new

    def settled(self) -> None:
        """Wait until CP has done what was posted."""
        self.on_cp(lambda: None)

    def on_cp(self, function: Callable[[], None]) -> None:
        """Run a function on CP's thread, unless the system has stopped."""
        done = threading.Event()

        def run() -> None:
            try:
                function()
            finally:
                done.set()

        if self.running.system.running:
            self.running.system.post(run)
            assert done.wait(PATIENCE), "CP does not answer"

    def until(self, condition: Callable[[], bool]) -> bool:
        """Wait for something that threads do; whether it came."""
        end = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > end:
                return False
            time.sleep(0.01)
        return True

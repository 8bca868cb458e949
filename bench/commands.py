"""How long CMS takes for the work of a day: many files listed, long files typed, copied and sorted.

    python bench/commands.py [--runs 3] [--engine auto] [--system FOLDER [--rebuild-cms]] [COMMAND ...]

The user sits at a telnet terminal of a system of his own and types LISTFILE (of 1,000 files), TYPE (of 10,000 lines of
80 characters), COPYFILE (of 5 MB, fixed records of 80 bytes) and SORT (of 20,000 such records). What is shown is the
median of the wall time from Enter to the Ready message at the terminal, so the terminal's part and the host's disk are
in it; the first run, in which the engine translates, counts by itself. Then what the Ready message says of processor
time. Each is to take less than a second. A system made for the runs is thrown away, one in FOLDER is kept.
"""

from __future__ import annotations

import argparse
import random
import re
import socket
import statistics
import tempfile
import time
from pathlib import Path

from cms.cmsdisk import CMSDisk
from cpvm import api, sysgen
from cpvm.cp.system import System
from cpvm.front import users
from cpvm.machine.media.volume import Volume
from cpvm.s370.ebcdic import to_ebcdic
from cpvm.terminal.negotiation import Negotiator

USER = users.FirstUser("BENCH", "G", 80)
FILES, LINES, BYTES, RECORDS, WIDTH = 1_000, 10_000, 5_000_000, 20_000, 80
LIMIT = 1.0
"""Seconds that each command may take."""
COMMANDS = {
    "LISTFILE": "LISTFILE * SMALL A (DATE",
    "TYPE": "TYPE LONG LISTING A",
    "COPYFILE": "COPYFILE BIG DATA A BIG COPY A (REPLACE",
    "SORT": "SORT MANY RECORDS A MANY SORTED A",
}
READY = re.compile(r"^Ready(?:\((-?\d+)\))?; T=([\d.]+)/([\d.]+) .*\n", re.MULTILINE)


class Terminal:
    """A telnet terminal in plain line mode."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), 120)
        self._telnet = Negotiator(frozenset(), frozenset())
        self.text = ""

    def type(self, line: str) -> None:
        """Type a line; what came before is forgotten."""
        self.text = ""
        self._socket.sendall(line.encode() + b"\r\n")

    def until(self, pattern: re.Pattern[str]) -> re.Match[str]:
        """Read until it is found in what came last; what came long before is not kept."""
        while not (match := pattern.search(self.text)):
            data = self._socket.recv(65536)
            if not data:
                raise SystemExit(f"the line was closed: {self.text[-300:]}")
            new = b"".join(item for item in self._telnet.receive(data) if isinstance(item, bytes)).decode()
            self.text = self.text[-200:] + new.replace("\r\n", "\n")
        return match


def files() -> CMSDisk:
    """The user's disk."""
    disk = CMSDisk(USER.cylinders, "BENCH")
    chance = random.Random(370)
    for number in range(FILES):
        disk.write_text(f"FILE{number:04d}", "SMALL", "A1", f"FILE {number}", recfm="V")
    lines = [to_ebcdic(f"LINE {number:06d} ".ljust(WIDTH, "*")) for number in range(LINES)]
    disk.write("LONG", "LISTING", "A1", lines)
    disk.write("BIG", "DATA", "A1", [chance.randbytes(WIDTH) for _ in range(BYTES // WIDTH)])
    keys = [chance.randrange(10**9) for _ in range(RECORDS)]
    disk.write("MANY", "RECORDS", "A1", [to_ebcdic(f"{key:09d} RECORD".ljust(WIDTH)) for key in keys])
    return disk


def prepared(folder: Path) -> Path:
    """A system with that user and disk."""
    users.USERS = (*users.USERS, USER)
    made = not folder.exists()
    sysgen.prepare(folder)
    if made:
        place = next(place for place in users.places() if place.userid == USER.userid)
        volume = Volume.open(System.volume_path(folder, users.VOLUME))
        try:
            with volume.deferred():
                extent = volume.minidisk(place.start, place.cylinders)
                for cyl, head, image in files().tracks():
                    extent.write(cyl, head, image)
            volume.commit()
        finally:
            volume.close()
    return folder


def command(terminal: Terminal, name: str) -> tuple[float, float]:
    """Seconds of wall time of a command, and of processor time as CP counts it."""
    terminal.type(COMMANDS[name])
    began = time.perf_counter()
    if name == "SORT":
        terminal.until(re.compile("DMSSRT604R.*\n"))
        began = time.perf_counter()
        terminal.type("1 9")
    ready = terminal.until(READY)
    spent = time.perf_counter() - began
    if ready[1]:
        raise SystemExit(f"{name}: {terminal.text[-400:]}")
    return spent, float(ready[3])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commands", nargs="*", metavar="COMMAND", help=", ".join(COMMANDS))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--system", type=Path, metavar="FOLDER")
    parser.add_argument("--rebuild-cms", action="store_true", help="the system in FOLDER gets the CMS of this source")
    given = parser.parse_args()
    names = [name.upper() for name in given.commands] or list(COMMANDS)
    with tempfile.TemporaryDirectory() as folder:
        where = prepared(given.system or Path(folder, "system"))
        with api.start(where, engine=given.engine, rebuild_cms=given.rebuild_cms) as system:
            _, port = system.listen()
            terminal = Terminal(port)
            for line, answer in (
                (f"LOGON {USER.userid}", "PASSWORD"),
                (USER.userid, "LOGON AT"),
                ("IPL CMS", "CMS"),
                ("", "Ready"),
            ):
                terminal.type(line)
                terminal.until(re.compile(answer))
            print(f"{'seconds':10}{'first run':>12}{'median':>12}{'processor':>12}")
            for name in names:
                runs = [command(terminal, name) for _ in range(given.runs + 1)]
                wall = statistics.median(spent for spent, _ in runs[1:])
                processor = statistics.median(used for _, used in runs[1:])
                late = "" if wall < LIMIT else "   too long"
                print(f"{name:10}{runs[0][0]:12.3f}{wall:12.3f}{processor:12.3f}{late}", flush=True)


if __name__ == "__main__":
    main()

"""What writes to the host, each with one thing that can be done, again and again, and looked for afterwards."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from typing import ClassVar

from cpvm.cp.owed import Owed
from cpvm.cp.realunit.unit import OutputUnit

from .rig import FOLDER_DISK, Act, Rig

SPOOL = r"DMKVSP42[78]|DMKCFM910E"
HOST = r"DMK\w{3}910W"
COMPONENTS: list[type[Component]] = []


class Component(ABC):
    """One thing that the system does for somebody and that has to last.

    PATH is part of the names of the host's files that it needs; USER and OPERATOR are what these are told when it
    cannot be done (regular expressions, "": nothing).
    """

    name: ClassVar[str]
    path: ClassVar[str]
    user: ClassVar[str]
    operator: ClassVar[str] = HOST
    each: ClassVar[bool] = True
    """Whether `missing` can look for some of them only."""

    def __init_subclass__(cls) -> None:
        COMPONENTS.append(cls)

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.acknowledged: list[int] = []

    def begin(self) -> None:  # noqa: B027 - most need nothing
        """Once, while all is well."""

    def before(self, number: int) -> None:  # noqa: B027
        """Made ready, while all is well."""

    @abstractmethod
    def act(self, number: int) -> Act:
        """Do it; NUMBER is another one each time."""

    def recover(self) -> None:  # noqa: B027
        """The fault is gone: what a user or the operator does then."""

    @abstractmethod
    def missing(self) -> list[int]:
        """Those of `acknowledged` that are not there, whole."""


class Minidisk(Component):
    name, path, user = "minidisk", ".volume", r"DMS\w{3}\d{3}S"

    def act(self, number: int) -> Act:
        return self.rig.done(self.rig.user, f"EXECIO 1 DISKW M{number} DATA A 0 (STRING LINE {number}")

    def missing(self) -> list[int]:
        def there(number: int) -> bool:
            return f"LINE {number}" in self.rig.say(self.rig.user, f"TYPE M{number} DATA A").lines

        return [number for number in self.acknowledged if not there(number)]


class TemporaryDisk(Component):
    name, path, user = "temporary disk", "TDSK01", r"DMS\w{3}\d{3}S|DMKDEF091E|DMSFOR"

    def act(self, number: int) -> Act:
        rig = self.rig
        act = rig.done(rig.user, "CP DEFINE T3350 AS 295 CYL 1")
        if act.acknowledged:
            rig.user.type("FORMAT 295 D")
            rig.user.type("YES")
            named = rig.say(rig.user, "TEMP")
            act = Act(named.return_code == 0, named.lines)
        if act.acknowledged:
            act = rig.done(rig.user, "COPYFILE PROFILE EXEC A = = D", "COMPARE PROFILE EXEC A PROFILE EXEC D")
        rig.say(rig.user, "RELEASE D")
        rig.say(rig.user, "CP DETACH 295")
        return act

    def missing(self) -> list[int]:
        return []  # nothing of it lasts


class Tape(Component):
    each = False
    name, path, user = "tape", ".aws", r"DMSTPE11[01]S"

    def act(self, number: int) -> Act:
        forward = [f"TAPE FSF {len(self.acknowledged)}"] if self.acknowledged else []
        make = f"EXECIO 1 DISKW T{number} DATA A 0 (STRING LINE {number}"
        return self.rig.done(self.rig.user, make, "TAPE REW", *forward, f"TAPE DUMP T{number} DATA A (WTM")

    def missing(self) -> list[int]:
        self.rig.say(self.rig.user, "TAPE REW")
        found = " ".join(self.rig.say(self.rig.user, f"TAPE SCAN (EOF {len(self.acknowledged) + 1}").lines)
        return [number for number in self.acknowledged if not re.search(rf"\bT{number} +DATA", found)]


class Spool(Component):
    name, path, user = "spool", "cp.sqlite", SPOOL

    def __init__(self, rig: Rig) -> None:
        super().__init__(rig)
        self._files: dict[int, str] = {}

    def act(self, number: int) -> Act:
        rig = self.rig
        rig.say(rig.user, "CP SPOOL PUNCH TO USER02")
        rig.say(rig.user, "CP CLOSE PUNCH PURGE")
        act = rig.done(rig.user, "PUNCH PROFILE EXEC")
        found = re.search(r"PUN FILE (\d{4}) TO", "\n".join(act.said))
        if found:
            self._files[number] = found[1]
        return Act(found is not None, act.said)

    def missing(self) -> list[int]:
        found = self.rig.reader_of("USER02")
        return [number for number in self.acknowledged if self._files[number] not in found]


class Transfer(Component):
    name, path, user = "change of a spool file", "cp.sqlite", r"DMKCFM910E"

    def begin(self) -> None:
        rig = self.rig
        rig.say(rig.maint, "CP SPOOL PUNCH TO *")
        said = rig.say(rig.maint, "PUNCH PROFILE EXEC").lines
        self._file = re.findall(r"PUN FILE (\d{4})", "\n".join(said))[0]
        self._last = ""

    def act(self, number: int) -> Act:
        act = self.rig.done(self.rig.maint, f"CP CHANGE READER {self._file} NAME F{number} DATA")
        if act.acknowledged:
            self._last = f"F{number}"
        return act

    def missing(self) -> list[int]:
        lines = self.rig.say(self.rig.maint, "CP QUERY READER ALL").lines
        there = any(self._file in line and f" {self._last} " in line for line in lines)
        return [] if there or not self._last else self.acknowledged[-1:]


class Segment(Component):
    name, path, user, operator = "saved segment", "saved/", r"DMKCFG435E|DMKCFM910E", r"DMKCFG435E|" + HOST

    def act(self, number: int) -> Act:
        act = self.rig.done(self.rig.maint, f"CP DEFSEG SEG{number} 10-11 EW", f"CP SAVESEG SEG{number}")
        return Act(any("SAVED" in line for line in act.said) and act.acknowledged, act.said)

    def missing(self) -> list[int]:
        lines = self.rig.say(self.rig.maint, "CP QUERY NSS").lines
        saved = {line.split()[1] for line in lines if " DCSS A " in line}
        pages = {
            path.name.partition(".")[0]: path.stat().st_size for path in (self.rig.folder / "saved").glob("*.pages")
        }
        return [n for n in self.acknowledged if f"SEG{n}" not in saved or pages.get(f"SEG{n}") != 0x2000]


class SegmentEntered(Segment):
    name, path = "name of a segment", "cp.sqlite"

    def act(self, number: int) -> Act:
        return super().act(1000 + number)

    def missing(self) -> list[int]:
        self.acknowledged = [1000 + n if n < 1000 else n for n in self.acknowledged]
        return super().missing()


class LogMessage(Component):
    name, path, user = "log message", "cp.sqlite", r"DMKCFM910E"

    def act(self, number: int) -> Act:
        return self.rig.done(self.rig.maint, f"CP SET LOGMSG 1 MESSAGE {number}")

    def missing(self) -> list[int]:
        last = self.acknowledged[-1:]
        lines = self.rig.say(self.rig.maint, "CP QUERY LOGMSG").lines
        return [number for number in last if not any(f"MESSAGE {number}" in line for line in lines)]


class Directory(Component):
    name, path, user = "directory", "cp.sqlite", r"DMKDIR757E|DMKCFM910E|DMSDIR|NOT UPDATED"

    def begin(self) -> None:
        rig = self.rig
        from cpvm.cp.directory_text import source_of

        text = source_of(self.rig.running.system.directory)
        for line in text.splitlines():
            if line.strip() and not line.startswith("LOGMSG"):
                rig.say(rig.maint, f"EXECIO 1 DISKW BASE DIRECT A 0 F 80 (STRING {line}")

    def act(self, number: int) -> Act:
        rig = self.rig
        rig.say(rig.maint, "COPYFILE BASE DIRECT A USER = = (REPLACE")
        rig.say(rig.maint, f"EXECIO 1 DISKW USER DIRECT A 0 F 80 (STRING USER NEW{number} NOLOG 256K 1M G")
        act = rig.done(rig.maint, "DIRECT USER DIRECT A")
        return Act(any("UPDATED AND ON LINE" in line for line in act.said), act.said)

    def missing(self) -> list[int]:
        users = self.rig.running.system.directory.users
        return [number for number in self.acknowledged[-1:] if f"NEW{number}" not in users]


class Accounting(Component):
    each = False
    name, path, user = "accounting record", "cp.sqlite", ""

    def begin(self) -> None:
        self._before = self._rows()

    def _rows(self) -> int:
        rows: list[int] = []
        system = self.rig.running.system
        self.rig.on_cp(lambda: rows.append(system.database.query("SELECT count(*) FROM accounting")[0][0]))  # type: ignore[arg-type]
        return rows[0]

    def act(self, number: int) -> Act:
        said = self.rig.say(self.rig.operator, "ACNT CMSUSER").lines
        return Act(True, said)

    def recover(self) -> None:
        owed: Owed = self.rig.running.system.owed
        self.rig.on_cp(owed.stop)

    def missing(self) -> list[int]:
        return self.acknowledged if self._rows() < self._before + len(self.acknowledged) else []


class Printer(Component):
    name, path, user, operator = "printer, a folder", "/printer", "", r"DMKRSE501A"
    letter: ClassVar[str] = "A"

    def act(self, number: int) -> Act:
        rig = self.rig
        file = f"P{number}{self.letter} TEXT"
        make = f"EXECIO 1 DISKW {file} A 0 V (STRING PRINTED {number}{self.letter} {'X' * 60}"
        act = rig.done(rig.user, f"CP SPOOL PRINTER CLASS {self.letter}", make, f"PRINT {file}")
        said = "\n".join(act.said)
        rig.until(lambda: self._idle() or self._wanted())
        return Act("PRT FILE" in said, act.said)

    def _unit(self) -> OutputUnit:
        unit = self.rig.running.system.units.at(0xF if self.letter == "F" else 0xE)
        assert isinstance(unit, OutputUnit)
        return unit

    def _wanted(self) -> bool:
        job = self._unit().job
        return job is not None and bool(job.intervention)

    def _idle(self) -> bool:
        self.rig.settled()
        return self._unit().job is None

    def recover(self) -> None:
        self.rig.say(self.rig.operator, "START 00F" if self.letter == "F" else "START 00E")
        assert self.rig.until(self._idle), "the printer does not go on"

    def _printed(self) -> str:
        return "".join(path.read_text() for path in sorted((self.rig.folder / "printer").glob("*.txt")))

    def missing(self) -> list[int]:
        text = self._printed()
        return [n for n in self.acknowledged if f"PRINTED {n}{self.letter} {'X' * 60}\n" not in text]


class ListingPrinter(Printer):
    name, path = "printer, a file", "listing.txt"
    letter = "F"

    def _printed(self) -> str:
        return (self.rig.folder / "listing.txt").read_text()


class Reader(Component):
    name, path, user, operator = "card reader, a folder", "/reader", "", HOST + r"|DMKRSP4\d\d"

    def before(self, number: int) -> None:
        self.rig.say(self.rig.operator, "DRAIN 00C")
        folder = self.rig.folder / "reader" / "USER02"
        folder.mkdir(exist_ok=True, parents=True)
        (folder / f"r{number}.data").write_text(f"CARD {number}\n")

    def act(self, number: int) -> Act:
        self.rig.say(self.rig.operator, "START 00C")
        log = self.rig.log.lines
        known = len(log)
        self.rig.until(lambda: any(re.search(f"{HOST}|DMKRSP4|INPUT FOR USER02", line) for line in list(log)[known:]))
        return Act(True, ())

    def recover(self) -> None:
        self.rig.say(self.rig.operator, "START 00C")

    def missing(self) -> list[int]:
        def gone() -> list[int]:
            there = list(self.rig.reader_of("USER02").values())
            return [n for n in self.acknowledged if there.count(f"R{n}") != 1]

        self.rig.until(lambda: not gone())
        return gone()


class HostFolder(Component):
    name, path, user, operator = "folder of the host", "/work", r"DMS\w{3}\d{3}S", r"DMKCPI956W"

    def act(self, number: int) -> Act:
        return self.rig.done(self.rig.user, f"EXECIO 1 DISKW H{number} SCRIPT B 0 V (STRING LINE {number}")

    def recover(self) -> None:
        self.rig.say(self.rig.user, f"ACCESS {FOLDER_DISK} B")

    def missing(self) -> list[int]:
        work = self.rig.folder.parent / "work"

        def text(number: int) -> str:
            path = work / f"h{number}.script"
            return path.read_text().strip() if path.exists() else ""

        return [number for number in self.acknowledged if text(number) != f"LINE {number}"]


class Logo(Component):
    name, path, user, operator = "logo", "logo", r"DMK\w{3}\d{3}E", ""

    def act(self, number: int) -> Act:
        return self.rig.done(self.rig.maint, f"CP SET LOGO 1 LOGO {number}")

    def missing(self) -> list[int]:
        return []


class OperatorLog(Component):
    name, path, user, operator = "operator's log", "operator.log", "", ""

    def act(self, number: int) -> Act:
        act = self.rig.say(self.rig.other, f"CP MSG OPERATOR NUMBER {number}")
        return Act(act.return_code == 0, act.lines)

    def missing(self) -> list[int]:
        return []


class JournalRecord(Component):
    name, path, user, operator = "journal", "journal.jsonl", "", HOST + r"|JOURNAL"

    def act(self, number: int) -> Act:
        rig = self.rig
        act = rig.done(rig.other, "CP LINK MAINT 190 299 RR", "CP DETACH 299")
        for again in range(12):  # more than are written one by one
            rig.say(rig.maint, f"CP DISPLAY {number + again:X}")
        return act

    def missing(self) -> list[int]:
        """Those whose record is not there; and a line that is none stands for all."""
        text = (self.rig.folder / "journal.jsonl").read_text(encoding="utf-8")
        lines = text.split("\n")[:-1]
        try:
            for line in lines:
                json.loads(line)
        except ValueError:
            return list(self.acknowledged)
        return []

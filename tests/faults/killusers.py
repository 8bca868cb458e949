"""The users of the system that is killed. Each is a thread with a terminal; what it was told is in the ledger."""

from __future__ import annotations

import random
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

from killledger import Ledger
from killsystem import LENGTHS, kept, lines, source_of
from session.telnet_client import TelnetUser

from cpvm import api
from cpvm.front.cpstation import CPStation

MOST_LINES = 60
MOST_DUMPS = 12
MOST_SESSIONS = 9
"""Of one user while a system runs: the journal counts more than ten alike in storage."""
PAGES = range(0x100, 0x108)


class Refused(Exception):
    """The system has answered, but not what is right."""


class User(threading.Thread):
    """Somebody who works until the system is gone."""

    userid = ""

    def __init__(self, ledger: Ledger, port: int, files: dict[str, int], seed: int, folder: Path) -> None:
        super().__init__(name=f"{type(self).__name__} {self.userid}", daemon=True)
        self.ledger = ledger
        self.port = port
        self.files = files
        self.chance = random.Random(f"{seed} {self.name}")
        self.folder = folder
        self.terminal: TelnetUser
        self.gone = threading.Event()
        """Set by whoever kills the system, just before."""

    def run(self) -> None:
        try:
            self.begin()
            while True:
                self.step()
        except Refused as refused:
            self.ledger.complain(f"{self.name}: {refused}")
        except TimeoutError:
            if not self.gone.is_set():
                self.ledger.complain(f"{self.name} waits for an answer in vain; {self.terminal.text[-300:]!r}")
        except (OSError, AssertionError, api.TerminalError, api.ScreenTimeoutError) as error:
            if not self.gone.is_set():
                self.ledger.complain(f"{self.name}: {error!r}")

    def begin(self) -> None:
        """Get to work."""
        self.log_on()
        self.cms()

    def step(self) -> None:
        """Change something."""
        raise NotImplementedError

    def lost(self) -> None:
        """The system has been killed."""

    # ---- at the terminal

    def log_on(self) -> None:
        self.terminal = TelnetUser(self.port)
        self.answer(None, "ONLINE\n")
        self.answer(f"LOGON {self.userid}", "ENTER PASSWORD:\n")
        self.answer(self.password(), "LOGON AT .*\n")

    def password(self) -> str:
        return self.ledger.get(f"password {self.userid}") or self.userid

    def cms(self) -> None:
        self.answer("IPL CMS", "CMS VERSION.*\n")
        self.command("")

    def answer(self, line: str | None, wanted: str) -> str:
        """Type LINE, if there is one; the answer up to what is WANTED. Raises Refused: an error came instead."""
        if line is not None:
            self.terminal.type(line)
        found = self.terminal.until(rf"{wanted}|^DMK\w+\d+E .*\n|^Ready\(.*\n")
        if not re.search(wanted + r"\Z", found, re.MULTILINE):
            raise Refused(f"{line}: {found[-300:]!r}")
        return found

    def command(self, line: str) -> str:
        """A command of CMS, which must end well."""
        return self.answer(line, r"^Ready; .*\n")


class FileUser(User):
    """Copies, renames, erases and appends to files on a minidisk."""

    userid = "CMSUSER"
    mode = "A"

    def key(self, name: str) -> str:
        return f"file {self.userid} {name}"

    def step(self) -> None:
        there = [key.split()[2] for key in self.ledger.keys(self.key("F"))]
        self.chance.choice((self.copy, self.copy, self.append, self.append, self.erase, self.rename))(
            [name for name in there if name != "FLOG"]
        )

    def copy(self, there: list[str]) -> None:
        source, name = self.chance.randrange(len(LENGTHS)), f"F{self.chance.randrange(6)}"
        self.ledger.begin(self.name, {self.key(name): str(source)})
        self.command(f"COPYFILE SRC{source} DATA A {name} DATA {self.mode} (REPLACE")
        self.ledger.done(self.name, f"copies to {self.what}")

    def erase(self, there: list[str]) -> None:
        if there:
            name = self.chance.choice(there)
            self.ledger.begin(self.name, {self.key(name): None})
            self.command(f"ERASE {name} DATA {self.mode}")
            self.ledger.done(self.name, f"erasures on {self.what}")

    def rename(self, there: list[str]) -> None:
        names = [f"F{number}" for number in range(6) if f"F{number}" not in there]
        if there and names:
            old, new = self.chance.choice(there), self.chance.choice(names)
            self.ledger.begin(self.name, {self.key(old): None, self.key(new): self.ledger.get(self.key(old))})
            self.command(f"RENAME {old} DATA {self.mode} {new} DATA {self.mode}")
            self.ledger.done(self.name, f"renamings on {self.what}")

    def append(self, there: list[str]) -> None:
        count = int((self.ledger.get(self.key("FLOG")) or "lines 0").split()[1])
        if count == MOST_LINES:
            self.ledger.begin(self.name, {self.key("FLOG"): None})
            self.command(f"ERASE FLOG DATA {self.mode}")
        else:
            self.ledger.begin(self.name, {self.key("FLOG"): f"lines {count + 1}"})
            self.command(f"EXECIO 1 DISKW FLOG DATA {self.mode} (STRING ENTRY {count + 1}")
        self.ledger.done(self.name, f"records appended on {self.what}")

    what = "800-byte minidisks"


class EnhancedUser(FileUser):
    """The same on a disk of the enhanced format."""

    userid = "EDFER"
    what = "enhanced minidisks"


class FolderUser(FileUser):
    """The same on a folder of the host."""

    userid = "FOLDER"
    mode = "B"
    what = "host folders"

    def begin(self) -> None:
        super().begin()
        self.command("ACCESS 293 B")


class TransferUser(User):
    """Sends files with IND$FILE."""

    userid = "XFER"

    def begin(self) -> None:
        self.display: CPStation = api.connect("127.0.0.1", self.port)
        self.display.logon(self.userid)
        self.display.ipl_cms()

    def lost(self) -> None:
        self.display.close()

    def step(self) -> None:
        source, name = self.chance.randrange(len(LENGTHS)), f"F{self.chance.randrange(6)}"
        data = "".join(text + "\r\n" for text in lines(source)).encode()
        self.ledger.begin(self.name, {f"file XFER {name}": str(source)})
        try:
            self.display.put(data, f"{name} DATA A (ASCII CRLF")
        except api.TransferError as error:
            if self.gone.is_set():
                raise OSError from None
            raise Refused(str(error)) from None
        self.ledger.done(self.name, "files sent by IND$FILE")


class BareUser(User):
    """Has a program of its own write one line to three tracks."""

    userid = "BARE"

    def begin(self) -> None:
        self.log_on()
        self.terminal.type("IPL BARE")

    def step(self) -> None:
        text = f"LINE {self.chance.randrange(1 << 32):X}"
        self.ledger.begin(self.name, {"bare": text})
        self.answer(text, f"^DONE {text} *\n")
        self.ledger.done(self.name, "channel programs of a bare guest")


class Spooler(User):
    """Punches, prints, reads, transfers, changes and purges."""

    userid = "SPOOLER"

    def step(self) -> None:
        mine = [key for key in self.ledger.keys("spool ") if (self.ledger.get(key) or "").startswith("RDR SPOOLER")]
        if len(mine) < 4:
            self.output(self.chance.choice((True, True, False)))
        else:
            deeds = (self.purge, self.transfer, self.transfer_all, self.change, self.change, self.read, self.output)
            self.chance.choice((*deeds, self.purge_all) if len(mine) > 6 else deeds)(self.chance.choice(mine))

    def output(self, punched: object) -> None:
        source, name = self.chance.randrange(len(LENGTHS)), f"K{self.chance.randrange(16**6):X}"
        if punched:
            self.command("CP SPOOL PUNCH TO * CONT")
            self.command(f"PUNCH SRC{source} DATA A (NOHEADER")
            self.command("CP SPOOL PUNCH NOCONT")
            self.ledger.begin(self.name, {f"spool {name}": "RDR SPOOLER A"})
            said = self.command(f"CP CLOSE PUNCH NAME {name} S{source}")
        else:
            self.command("CP SPOOL PRINT CONT")
            self.command(f"PRINT SRC{source} DATA A")
            self.command(f"EXECIO 1 PRINT (STRING IDENTITY {name} S{source}")
            self.command("CP SPOOL PRINT NOCONT")
            self.ledger.begin(self.name, {f"spool {name}": "printing"})
            said = self.command(f"CP CLOSE PRINT NAME {name} S{source}")
        found = re.search(r"(?:PUN|PRT) FILE (\d{4})", said)
        if found is None:
            raise Refused(f"CLOSE: {said!r}")
        self.files[name] = int(found[1])
        self.ledger.done(self.name, "files punched" if punched else "files printed")

    def _number(self, key: str) -> str:
        return f"{self.files[key.split()[1]]:04}"

    def purge(self, key: str) -> None:
        self.ledger.begin(self.name, {key: None})
        self.command(f"CP PURGE RDR {self._number(key)}")
        self.ledger.done(self.name, "spool files purged")

    def transfer_all(self, key: str) -> None:
        """All to COMER, or all from there, in one command."""
        theirs = [key for key in self.ledger.keys("spool ") if (self.ledger.get(key) or "").startswith("RDR COMER")]
        mine = [key for key in self.ledger.keys("spool ") if (self.ledger.get(key) or "").startswith("RDR SPOOLER")]
        chosen, old, new = (theirs, "COMER", "SPOOLER") if theirs else (mine, "SPOOLER", "COMER")
        self.ledger.begin(self.name, {key: (self.ledger.get(key) or "").replace(old, new) for key in chosen})
        self.command("CP TRANSFER ALL FROM COMER" if theirs else "CP TRANSFER ALL TO COMER")
        self.ledger.done(self.name, "transfers and purges of all spool files")

    def purge_all(self, key: str) -> None:
        mine = [key for key in self.ledger.keys("spool ") if (self.ledger.get(key) or "").startswith("RDR SPOOLER")]
        self.ledger.begin(self.name, dict.fromkeys(mine))
        self.command("CP PURGE RDR ALL")
        self.ledger.done(self.name, "transfers and purges of all spool files")

    def transfer(self, key: str) -> None:
        self.ledger.begin(self.name, {key: (self.ledger.get(key) or "").replace("SPOOLER", "COMER")})
        self.command(f"CP TRANSFER {self._number(key)} TO COMER")
        self.ledger.done(self.name, "spool files transferred")

    def change(self, key: str) -> None:
        spool_class = self.chance.choice("BCD")
        self.ledger.begin(self.name, {key: f"RDR SPOOLER {spool_class}"})
        self.command(f"CP CHANGE RDR {self._number(key)} CLASS {spool_class}")
        self.ledger.done(self.name, "spool files changed")

    def read(self, key: str) -> None:
        if self.ledger.get("file SPOOLER R"):
            self.ledger.begin(self.name, {"file SPOOLER R": None})
            self.command("ERASE R DATA A")
            self.ledger.done(self.name, "erasures on 800-byte minidisks")
        self.command(f"CP ORDER RDR {self._number(key)}")
        source = self.sources()[self._number(key)]
        there = {"file SPOOLER R": source}
        self.ledger.begin(self.name, there, there | {key: None})
        self.command("READCARD R DATA A")
        self.ledger.done(self.name, "spool files read")

    def sources(self) -> dict[str, str]:
        """The source that each file in the reader is a copy of, as its file type says."""
        said = self.command("CP QUERY RDR ALL")
        return {found[1]: found[2] for found in re.finditer(r"^SPOOLER +(\d{4}) .* K\w+ +S(\d)", said, re.MULTILINE)}


class Keeper(User):
    """Puts another directory in place by DIRECT."""

    userid = "MAINT"

    def step(self) -> None:
        other = "B" if self.ledger.get("directory") == "A" else "A"
        self.ledger.begin(self.name, {"directory": other} | dict.fromkeys(self.ledger.keys("user ")))
        self.command(f"DIRECT SET{other} DIRECT A")
        self.ledger.done(self.name, "directories installed")


class Host(User):
    """Changes the directory by commands of the host, in processes that are killed, too."""

    def begin(self) -> None:
        self.process: subprocess.Popen[str] | None = None

    def lost(self) -> None:
        if self.process is not None:
            self.process.kill()

    def step(self) -> None:
        there = [key.split()[1] for key in self.ledger.keys("user ")]
        if len(there) < 3:
            userid = f"H{self.chance.randrange(16**5):X}"
            self.ledger.begin(self.name, {f"user {userid}": "whole"})
            self.host("user", "add", userid, "--disk", "1", "--password", "X")
            self.ledger.done(self.name, "users added")
        elif self.chance.random() < 0.5:
            userid = self.chance.choice(there)
            self.ledger.begin(self.name, {f"user {userid}": None})
            self.host("user", "remove", userid)
            self.ledger.done(self.name, "users removed")
        else:
            other = "B" if self.ledger.get("directory") == "A" else "A"
            source = self.folder.parent / f"set{other}"
            source.write_text(kept(source_of(other)), encoding="ascii")
            self.ledger.begin(self.name, {"directory": other} | {f"user {userid}": None for userid in there})
            self.host("directory", "install", str(source))
            self.ledger.done(self.name, "directories installed")

    def host(self, *words: str) -> None:
        """A command of the host, which must end well."""
        command = [sys.executable, "-m", "cpvm.cli", *words, "--system", str(self.folder)]
        root = Path(__file__).parents[2]
        if self.gone.is_set():  # `lost` may have found the command before this one at its end
            raise OSError
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=root)
        if self.gone.is_set():
            self.process.kill()
        said, _ = self.process.communicate()
        if self.process.returncode:
            if self.process.returncode == -signal.SIGKILL:
                raise OSError
            raise Refused(f"{words}: {said[-500:]}")


class Passer(User):
    """Changes the password."""

    userid = "PASSER"

    def begin(self) -> None:
        self.log_on()

    def step(self) -> None:
        new = f"P{self.chance.randrange(9)}"
        self.answer("SET PASSWORD", "ENTER OLD PASSWORD:\n")
        self.answer(self.password(), "ENTER NEW PASSWORD:\n")
        self.answer(new, "ENTER NEW PASSWORD AGAIN:\n")
        self.ledger.begin(self.name, {"password PASSER": new})
        self.answer(new, "PASSWORD CHANGED\n")
        self.ledger.done(self.name, "passwords changed")


class Saver(User):
    """Saves a system, and a segment."""

    userid = "SAVER"

    def begin(self) -> None:
        self.log_on()
        self.answer("DEFINE STORAGE 2M", "STORAGE = .*\n")

    def step(self) -> None:
        number = f"{self.chance.randrange(16**8):08x}"
        name, kind = self.chance.choice((("KSYS", "SYS"), ("KSEG", "SEG")))
        access = "EW" if kind == "SYS" else "SR"
        self.answer(f"DEF{kind} {name} {PAGES[0]:X}-{PAGES[-1]:X} {access}", f"{name} DEFINED\n")
        for page in PAGES:
            self.answer(f"STORE S{page << 12:X} {number}", "STORE COMPLETE\n")
        self.ledger.begin(self.name, {f"saved {name}": number})
        self.answer(f"SAVE{kind} {name}", " SAVED\n")
        self.ledger.done(self.name, "systems and segments saved")


class Taper(User):
    """Dumps files to tape."""

    userid = "TAPER"

    def begin(self) -> None:
        super().begin()
        self.fresh = True

    def step(self) -> None:
        source = str(self.chance.randrange(len(LENGTHS)))
        there = self.ledger.get("tape") or ""
        if self.fresh or len(there) == MOST_DUMPS:
            self.command("TAPE REW")
            self.ledger.begin(self.name, {"tape": ""}, {"tape": source})
        else:
            self.ledger.begin(self.name, {"tape": there + source})
        self.command(f"TAPE DUMP SRC{source} DATA A")
        self.ledger.done(self.name, "files dumped to tape")
        self.fresh = False


class Scratcher(User):
    """Has a temporary disk, formats it, writes to it and gives it back."""

    userid = "TDISKER"

    def step(self) -> None:
        self.ledger.begin(self.name, {})
        self.command("CP DEFINE T3350 AS 195 CYL 2")
        self.answer("FORMAT 195 C", "YES.NO..?:")
        self.answer("YES", "ENTER DISK LABEL:")
        self.command("TMP")
        self.command("COPYFILE SRC5 DATA A F1 DATA C")
        self.command("RELEASE 195 (DET")
        self.ledger.done(self.name, "temporary disks used and given back")


class Comer(User):
    """Logs on and off; each time has its records in journal and accounting."""

    userid = "COMER"

    def begin(self) -> None:
        self.left = MOST_SESSIONS

    def step(self) -> None:
        if not self.left:
            self.gone.wait()
            raise OSError
        self.left -= 1
        came = {"journal COMER": str(int(self.ledger.get("journal COMER") or 0) + 1)}
        self.ledger.begin(self.name, came, came | {"sessions": str(int(self.ledger.get("sessions") or 0) + 1)})
        self.log_on()
        self.answer("LOGOFF", "LOGOFF AT .*\n")
        self.ledger.done(self.name, "sessions in journal and accounting")
        self.terminal.close()


class Operator(User):
    """Shuts the system down when told to."""

    userid = "OPERATOR"

    def begin(self) -> None:
        self.now = threading.Event()
        self.log_on()

    def step(self) -> None:
        self.now.wait()
        self.terminal.type("SHUTDOWN")
        self.terminal.until("SYSTEM SHUTDOWN COMPLETE\n")


USERS: tuple[type[User], ...] = (
    *(FileUser, EnhancedUser, FolderUser, TransferUser, BareUser, Spooler, Keeper),
    *(Passer, Saver, Taper, Scratcher, Comer, Host),
)

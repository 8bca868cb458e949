"""A simulated user: a terminal, a way to say things and check the answers, and a session from LOGON to LOGOFF."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from bench.dayuse import display, telnet
from bench.dayuse.answers import ANY_READY, READY, complete, fits, pattern
from bench.dayuse.display import Display
from bench.dayuse.ledger import Broken, Disk
from bench.dayuse.terminals import Lost, Terminal

if TYPE_CHECKING:
    from bench.dayuse.office import Office

_CLOCK = re.compile(r"\d\d:\d\d:\d\d")
_MESSAGE = re.compile(r"MSG FROM (\S+)\s*: ?(.*)")
_ARRIVED = re.compile(r"(PUN|PRT|RDR) FILE \d+ +FROM +(\S+) +COPY \d+ (NO)?HOLD")
_STILL_ON = "DMKLOG054E ALREADY LOGGED ON"
MAX_LINES: Final = 100
"""Lines of an answer that are told when it is wrong."""


class Failure(Exception):
    """The system has not answered as it should; the text tells all."""


class Person:
    """One of them.

    Attributes:
        userid: which is the password, too.
        chance: the person's own random numbers.
        disk: what must be on the A-disk.
        told: messages that have come: who sent them, what they say.
        due: those that must have come.
        present: logged on, and has CMS.
        session: a number for each time that is so.
    """

    def __init__(self, office: Office, userid: str, kind: str, seed: int) -> None:
        self.office = office
        self.userid = userid
        self.kind = kind
        self.chance = random.Random(seed)
        self.disk = Disk()
        self.told: list[tuple[str, str]] = []
        self.due: list[tuple[str, str]] = []
        self.present = False
        self.session = 0
        self.asked = ""
        """What was typed last."""
        self.trail: deque[str] = deque(maxlen=8)
        """What was typed before, and when."""
        self.unsure = False
        """The system has gone down since files were looked at."""
        self._terminal: Terminal | None = None

    @property
    def terminal(self) -> Terminal:
        """Where the person sits. Raises Lost: nowhere."""
        if self._terminal is None:
            raise Lost
        return self._terminal

    @property
    def screen(self) -> Display | None:
        """The terminal, if it is a 3270."""
        return self._terminal if isinstance(self._terminal, Display) else None

    # ---- saying things

    async def think(self, share: float = 1.0) -> None:
        """Let some time pass: SHARE of what lies between two commands, more or less."""
        await asyncio.sleep(self.chance.uniform(0.5, 1.5) * self.office.pace * share)

    async def say(self, text: str, *expected: str, label: str = "") -> list[str]:
        """Type TEXT as soon as the system waits for a line; the answer, checked (see `answers`).

        Without EXPECTED nothing is waited for. LABEL: count the time under this name. Raises Lost, Failure.
        """
        terminal = await self._free()
        self.asked = text
        self.trail.append(f"{time.strftime('%H:%M:%S')} {text}")
        terminal.enter(text)
        return await self._answer(expected, label) if expected else []

    async def key(self, name: str) -> None:
        """Press a key of a 3270. Raises Lost, Failure."""
        await self._unlocked()
        self.asked = f"({name})"
        assert self.screen is not None
        self.screen.press(name)

    async def _free(self) -> Terminal:
        terminal = self.terminal
        try:
            await terminal.until(lambda: terminal.reading)
        except TimeoutError:
            raise self._failure("the system does not wait for a line", [], terminal.lines) from None
        return terminal

    async def _answer(self, expected: Sequence[str], label: str) -> list[str]:
        terminal = self.terminal
        began = time.perf_counter()
        lines: list[str] = []

        def answered() -> bool:
            self._take(lines)
            return complete(expected, lines)

        try:
            ended = await terminal.until(answered)
        except TimeoutError:
            raise self._failure("no answer", expected, lines) from None
        if not fits(expected, lines):
            raise self._failure("another answer", expected, lines)
        if label:
            self.office.took(label, ended - began)
        return lines

    async def command(self, text: str, *expected: str, label: str = "", code: int = 0) -> list[str]:
        """A CMS command, its output and Ready, with a return code; LABEL is its first word by default."""
        ready = READY if not code else f"Ready({code:05}); T=~ ~"
        lines = await self.say(text, *expected, ready, label=label or text.split(maxsplit=1)[0])
        await self.think()
        return lines[:-1]

    def _take(self, lines: list[str]) -> None:
        """Move what has come to LINES, but for blank lines, and what comes whenever others do something."""
        terminal = self.terminal
        for line in terminal.lines:
            if message := _MESSAGE.fullmatch(line):
                self.told.append((message[1], message[2]))
            elif line and not _CLOCK.fullmatch(line) and not _ARRIVED.fullmatch(line):
                lines.append(line)
        terminal.lines.clear()

    def failed(self, why: str) -> Failure:
        """A failure to raise."""
        return self._failure(why, [], [])

    def _failure(self, why: str, expected: Sequence[str], lines: Sequence[str]) -> Failure:
        got = "\n".join(f"    | {line}" for line in lines[:MAX_LINES])
        wanted = "\n".join(f"    > {line}" for line in expected)
        return Failure(f"{why}\n  expected\n{wanted}\n  got\n{got}")

    async def settle(self) -> None:
        """A screen has lines again, after a program's, or at a new terminal: pass over what is shown once more."""
        terminal = await self._free()
        if self.screen is not None:
            self.screen.program = False
        text = f"HERE {self.office.post.number()}"
        self.asked = f"MSG * {text}"
        terminal.enter(self.asked)

        def passed() -> bool:
            found = [
                at for at, line in enumerate(terminal.lines) if line.startswith("MSG FROM") and line.endswith(text)
            ]
            return bool(found) and any(ANY_READY.fullmatch(line) for line in terminal.lines[found[0] :])

        try:
            await terminal.until(passed)
        except TimeoutError:
            raise self._failure("no answer", ["MSG FROM ...", READY], terminal.lines) from None
        lost: list[str] = []
        self._take(lost)

    async def _unlocked(self) -> None:
        screen = self.screen
        assert screen is not None
        try:
            await screen.until(lambda: not screen.screen.locked)
        except TimeoutError:
            raise self._failure("the keyboard stays locked", [], screen.rows) from None

    async def shown(self, done: Callable[[Display], bool], what: str, label: str) -> None:
        """Wait until a program's screen is so and the system waits for a key. Raises Lost, Failure."""
        screen = self.screen
        assert screen is not None
        for patience in (15.0, 15.0, 30.0):
            began = time.perf_counter()
            with contextlib.suppress(TimeoutError):
                ended = await screen.until(lambda: not screen.screen.locked and done(screen), patience)
                self.office.took(label, ended - began)
                return
            if screen.reading:
                screen.press("enter")  # it was cleared at a wrong moment, as lines of others came
        raise self._failure(f"the screen does not show {what}", [], screen.rows)

    async def typed_over(self, row: int, text: str, label: str) -> None:
        """Type over a row of a program's screen, again if a message came in between. Raises Lost, Failure."""
        screen = self.screen
        assert screen is not None
        for patience in (10.0, 10.0, 60.0):
            began = time.perf_counter()
            screen.type_over(row, text)
            with contextlib.suppress(TimeoutError):
                ended = await screen.until(lambda: screen.reading and screen.row(row) == text, patience)
                self.office.took(label, ended - began)
                return
        raise self._failure(f"row {row} of the screen is not {text!r}", [], screen.rows)

    # ---- a session

    async def arrive(self) -> None:
        """Sit down at a terminal, log on, IPL CMS. Raises Lost, Failure."""
        if self.kind == "ssh":
            from bench.dayuse import ssh

            self.asked = "(ssh)"
            began = time.perf_counter()
            terminal = self._terminal = await ssh.connect(self.office.ssh_address, self.userid, self.userid)
            await self._greeted(terminal)
            self.office.took("LOGON by ssh", time.perf_counter() - began)
        else:
            connect = display.connect if self.kind == "3270" else telnet.connect
            self._terminal = await connect(self.office.address)
            await self._online(self._terminal)
            await self.say(f"LOGON {self.userid}", "ENTER PASSWORD:")
            await self.say(self.userid, "*", "LOGON AT...", label="LOGON")
        await self.say("IPL CMS", "CMS VERSION...")
        await self.first()
        self.begin()

    async def first(self) -> None:
        """The first line for CMS: none at all, where that cannot be mistaken.

        By ssh it might come too early to be a line; ENTER alone at a 3270 where a message has just come holds that.
        """
        if self.kind != "telnet":
            await self.say("SET BLIP OFF", READY, READY, label="IPL CMS")
        else:
            await self.say("", READY, label="IPL CMS")

    def begin(self) -> None:
        """Whatever others tell the person must come from now on."""
        self.session += 1
        self.due.clear()
        self.told.clear()
        self.present = True

    async def _online(self, terminal: Terminal) -> None:
        if isinstance(terminal, telnet.Telnet):
            await terminal.until(lambda: "VM/370 ONLINE" in terminal.lines)
        else:
            await terminal.until(lambda: terminal.reading)
        terminal.lines.clear()

    async def _greeted(self, terminal: Terminal) -> None:
        on = pattern("LOGON AT...")
        try:
            await terminal.until(lambda: any(on.fullmatch(line) for line in terminal.lines))
        except TimeoutError:
            raise self._failure("not logged on", ["LOGON AT..."], terminal.lines) from None
        terminal.lines.clear()

    async def leave(self) -> None:
        """LOGOFF, and get up. Raises Lost, Failure."""
        self.present = False
        await self.say("LOGOFF", "CONNECT= ~ VIRTCPU= ~ TOTCPU= ~", "LOGOFF AT...", "*", label="LOGOFF")
        self.up()

    async def drop(self) -> None:
        """Lose the connection and come back to the same machine: RECONNECTED. Raises Lost, Failure."""
        if self.kind == "ssh":
            return
        self.up()
        connect = display.connect if self.kind == "3270" else telnet.connect
        self._terminal = await connect(self.office.address)
        await self._online(self._terminal)
        found = [_STILL_ON]
        while found[-1].startswith("DMKLOG054E"):  # CP has not noticed yet that the connection is gone
            await asyncio.sleep(0.2)
            await self.say(f"LOGON {self.userid}", "ENTER PASSWORD:")
            found = await self.say(
                self.userid, "*", f"RECONNECTED AT... || {_STILL_ON}...", label="LOGON, reconnecting"
            )
        await self.say("BEGIN")
        await self.settle()
        self.begin()
        await self.think()

    def up(self) -> None:
        """Leave the terminal, whatever goes on there."""
        self.present = False
        if self._terminal is not None:
            self._terminal.close()
            self._terminal = None

    async def look(self) -> None:
        """After the system went down: whether all files are what they must be. Raises Lost, Failure, Broken."""
        listed = await self.say("LISTFILE * * A", "*", READY)
        there = {" ".join(line.split()[:2]) for line in listed[:-1]}
        for name in sorted(file for file in there if file.endswith(" CMSUT1")):
            await self.say(f"ERASE {name} A", READY)  # what a command was writing, which would refuse to go over it
        for name in self.disk.names():
            content = None
            if name in there:
                content = tuple((await self.say(f"TYPE {name} A", "*", READY))[:-1])
                if name.endswith(" ASSEMBLE"):  # EDIT has numbered the lines
                    content = tuple(line[:72].rstrip() for line in content)
            self.disk.found(name, content)
        missing = set(self.disk.files) - there
        if missing:
            raise Broken(f"{self.userid} has lost {sorted(missing)}")
        self.office.post.half_read(self.userid, self.disk.files)
        self.unsure = False

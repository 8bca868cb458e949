"""All users of a day: what they share, and how each spends it."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable
from typing import Final

from bench.dayuse import filetasks, looktasks, mailtasks, programtasks
from bench.dayuse.ledger import Broken, Content, Post
from bench.dayuse.person import Failure, Person
from bench.dayuse.terminals import Lost

TASKS: Final[tuple[tuple[Callable[[Person], Awaitable[None]], int], ...]] = (
    (filetasks.new_file, 4),
    (filetasks.change_file, 5),
    (filetasks.sort, 2),
    (filetasks.copy, 2),
    (filetasks.listing, 2),
    (programtasks.program, 3),
    (programtasks.mistake, 1),
    (programtasks.exec_procedure, 2),
    (programtasks.guest, 2),
    (mailtasks.print_file, 3),
    (mailtasks.send_file, 3),
    (mailtasks.read_files, 4),
    (mailtasks.message, 4),
    (mailtasks.messages_come, 2),
    (looktasks.help_text, 2),
    (looktasks.questions, 3),
    (looktasks.reconnect, 1),
)
"""What users do, and how often."""
TASKS_A_SESSION = (3, 9)
AWAY = 3.0
"""Seconds between two sessions of a user, in terms of the pace."""
AGAIN = 0.5
"""Seconds until one who could not connect tries again."""
KINDS: Final = ("3270", "telnet", "3270", "telnet", "ssh", "3270", "telnet", "3270", "telnet", "3270")
"""Terminals of the users, in turn."""


class Office:
    """The day.

    Args:
        count: users.
        pace: seconds between two commands of a user, on average.
        seed: of all that is random.
        ssh: whether some come by ssh.

    Attributes:
        address, ssh_address: where the system listens.
        open: set while the system is up.
        took_by: seconds that answers took, by what was asked.
        errors: everything that was wrong.
        done: tasks done, by name.
    """

    def __init__(self, count: int, pace: float, seed: int, *, userid: Callable[[int], str], ssh: bool = True) -> None:
        self.pace = pace
        self.address = self.ssh_address = ("", 0)
        self.open = asyncio.Event()
        self.went_down = 0
        """How often the system has."""
        self.post = Post()
        self.took_by: dict[str, list[float]] = {}
        self.errors: list[str] = []
        self.done: dict[str, int] = {}
        self.lost = 0
        """Sessions that ended because the system went down."""
        self.sessions = 0
        self._ending = False
        self._same: dict[str, Content] = {}
        self._chance = random.Random(seed)
        kinds = [kind for kind in KINDS if ssh or kind != "ssh"]
        self.people = [
            Person(self, userid(n + 1), kinds[n % len(kinds)], self._chance.getrandbits(64)) for n in range(count)
        ]

    # ---- what people need

    def took(self, what: str, seconds: float) -> None:
        """An answer took so long."""
        self.took_by.setdefault(what, []).append(seconds)

    def same(self, what: str, text: Content) -> bool:
        """Whether TEXT is what everybody else has got for WHAT."""
        return self._same.setdefault(what, text) == text

    def other(self, person: Person) -> Person:
        """Somebody else."""
        return person.chance.choice([one for one in self.people if one is not person])

    # ---- the day

    async def run(self, seconds: float) -> None:
        """Have everybody work for so long, then finish what they do and log off."""
        self._ending = False
        asyncio.get_running_loop().call_later(seconds, self._end)
        await asyncio.gather(*(self._spend(person) for person in self.people))

    def _end(self) -> None:
        self._ending = True

    async def check(self) -> None:
        """Have everybody log on once more, and look whether everything is there."""
        await asyncio.gather(*(self._come_to_check(person) for person in self.people))

    async def _come_to_check(self, person: Person) -> None:
        await asyncio.sleep(person.chance.random() * self.pace * AWAY)
        await self._session(person, self._look_at_all)

    async def _spend(self, person: Person) -> None:
        await asyncio.sleep(person.chance.random() * self.pace * AWAY)
        while not self._ending:
            await self._session(person, self._work)
            if not self._ending:
                await person.think(AWAY)

    async def _session(self, person: Person, work: Callable[[Person], Awaitable[None]]) -> None:
        """From LOGON to LOGOFF; again, if the system is not there or goes down."""
        while True:
            await self.open.wait()
            down = self.went_down
            try:
                await person.arrive()
                self.sessions += 1
                if person.unsure:
                    await person.look()
                await work(person)
                await person.leave()
                return
            except (Lost, TimeoutError, Failure, Broken) as error:
                person.present = False
                # What is half said when the system goes down is not wrong, only late.
                await asyncio.sleep(AGAIN)
                if self.open.is_set() and self.went_down == down:
                    self._error(person, error)
                    await self._rid(person)
                    return
                self.lost += 1
                person.trail.append(f"{time.strftime('%H:%M:%S')} ({type(error).__name__} {error})")
                person.unsure = True
                person.up()

    def _error(self, person: Person, error: Exception) -> None:
        what = f"{person.userid} ({person.kind}) {person.asked!r}: {type(error).__name__} {error}"
        trail = "".join(f"\n    {one}" for one in person.trail)
        self.errors.append(f"{time.strftime('%H:%M:%S')} {what}\n  typed before{trail}")
        print(f"ERROR {self.errors[-1]}", flush=True)

    async def _rid(self, person: Person) -> None:
        """Get rid of a session in which something was wrong, so that the next one begins anew."""
        person.unsure = True
        with contextlib.suppress(Lost, TimeoutError, Failure):
            await person.say("#CP LOGOFF", "*", "LOGOFF AT...")
        person.up()

    async def _work(self, person: Person) -> None:
        tasks, weights = zip(*TASKS, strict=True)
        for _ in range(person.chance.randint(*TASKS_A_SESSION)):
            task = person.chance.choices(tasks, weights)[0]
            await task(person)
            self.done[task.__name__] = self.done.get(task.__name__, 0) + 1
            if self._ending:
                break

    async def _look_at_all(self, person: Person) -> None:
        await person.look()
        while self.post.sent.get(person.userid) or self.post.doubtful.get(person.userid):
            before = len(self.post.sent.get(person.userid, {}))
            await mailtasks.read_files(person)
            if len(self.post.sent.get(person.userid, {})) == before:
                break

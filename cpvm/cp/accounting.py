"""Accounting: what each virtual machine used, one record a session (DMKACO)."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from cpvm.cp import clock
from cpvm.cp.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS accounting (
    ended REAL NOT NULL, userid TEXT NOT NULL, account TEXT NOT NULL, connect INTEGER NOT NULL,
    virtual INTEGER NOT NULL, total INTEGER NOT NULL, cards_read INTEGER NOT NULL, cards_punched INTEGER NOT NULL,
    lines_printed INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS accounting_data (made REAL NOT NULL, userid TEXT NOT NULL, data BLOB NOT NULL);
"""


@dataclass(frozen=True)
class Charge:
    """Who pays for a machine: its own user, or whom DIAGNOSE X'4C' has named."""

    userid: str
    account: str
    distribution: str


@dataclass
class Usage:
    """What one virtual machine used since LOGON. Processor times in nanoseconds."""

    started: float = field(default_factory=time.time)
    virtual_ns: int = 0  # running guest instructions
    overhead_ns: int = 0  # CP working for this machine
    cards_read: int = 0
    cards_punched: int = 0
    lines_printed: int = 0

    @property
    def virtual_microseconds(self) -> int:
        """Virtual processor time."""
        return self.virtual_ns // 1000

    @property
    def total_microseconds(self) -> int:
        """Virtual processor time and CP's overhead."""
        return (self.virtual_ns + self.overhead_ns) // 1000

    def line(self) -> str:
        """CONNECT= hh:mm:ss VIRTCPU= mmm:ss.hs TOTCPU= mmm:ss.hs."""
        return (
            f"CONNECT= {clock.connect(time.time() - self.started)}"
            f" VIRTCPU= {clock.processor(self.virtual_microseconds)}"
            f" TOTCPU= {clock.processor(self.total_microseconds)}"
        )


def record(database: Database, userid: str, account: str, usage: Usage) -> None:
    """Keep the record of a session that is over."""
    now = time.time()
    row = (
        now,
        userid,
        account,
        int(now - usage.started),
        usage.virtual_microseconds,
        usage.total_microseconds,
        usage.cards_read,
        usage.cards_punched,
        usage.lines_printed,
    )
    with database.transaction() as db:
        db.execute("INSERT INTO accounting VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)


def user_record(database: Database, userid: str, data: bytes) -> None:
    """Keep what a user's program wants in the accounting, up to 70 bytes (record C0)."""
    with database.transaction() as db:
        db.execute("INSERT INTO accounting_data VALUES (?, ?, ?)", (time.time(), userid, data))

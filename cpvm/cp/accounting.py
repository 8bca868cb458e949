"""Accounting: what each virtual machine used, one record a session (DMKACO)."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from cpvm.cp import clock
from cpvm.cp.database import Database
from cpvm.s370.ebcdic import to_ebcdic

SCHEMA = """
CREATE TABLE IF NOT EXISTS accounting (
    ended REAL NOT NULL, userid TEXT NOT NULL, account TEXT NOT NULL, connect INTEGER NOT NULL,
    virtual INTEGER NOT NULL, total INTEGER NOT NULL, cards_read INTEGER NOT NULL, cards_punched INTEGER NOT NULL,
    lines_printed INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS accounting_io (record INTEGER PRIMARY KEY, operations INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS accounting_data (made REAL NOT NULL, userid TEXT NOT NULL, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS accounting_journal (made REAL NOT NULL, code TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS accounting_punched (kind TEXT PRIMARY KEY, last INTEGER NOT NULL);
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

    since: float = field(default_factory=time.monotonic)
    virtual_ns: int = 0  # running guest instructions
    overhead_ns: int = 0  # CP working for this machine
    cards_read: int = 0
    cards_punched: int = 0
    lines_printed: int = 0
    operations: int = 0  # I/O, as far as the machine's `Channels.started` does not count it any more

    @property
    def connected(self) -> int:
        """Seconds since then, whatever was done to the host's clock meanwhile."""
        return int(time.monotonic() - self.since)

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
            f"CONNECT= {clock.connect(self.connected)}"
            f" VIRTCPU= {clock.processor(self.virtual_microseconds)}"
            f" TOTCPU= {clock.processor(self.total_microseconds)}"
        )


def record(database: Database, charge: Charge, usage: Usage, now: float, connected: int) -> None:
    """Keep the record of a session that was over at NOW (seconds since 1970), after so many. Raises sqlite3.Error."""
    row = (
        now,
        charge.userid,
        charge.account,
        connected,
        usage.virtual_microseconds,
        usage.total_microseconds,
        usage.cards_read,
        usage.cards_punched,
        usage.lines_printed,
    )
    with database.transaction() as db:
        number = db.execute("INSERT INTO accounting VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row).lastrowid
        db.execute("INSERT OR REPLACE INTO accounting_io VALUES (?, ?)", (number, usage.operations))


def user_record(database: Database, userid: str, data: bytes) -> None:
    """Keep what a user's program wants in the accounting, up to 70 bytes (record C0)."""
    with database.transaction() as db:
        db.execute("INSERT INTO accounting_data VALUES (?, ?, ?)", (time.time(), userid, data))


def journal_record(database: Database, code: str, data: bytes) -> None:
    """Keep a record of SET JOURNAL ON: 04 for LOGON and AUTOLOG, 05 and 06 for LINK; DATA is for columns 1 to 78."""
    with database.transaction() as db:
        db.execute("INSERT INTO accounting_journal VALUES (?, ?, ?)", (time.time(), code, data))


_OPERATIONS = "coalesce((SELECT operations FROM accounting_io WHERE record = accounting.rowid), 0)"
_TABLES = {
    "accounting": f"userid, account, ended, connect, total, virtual, {_OPERATIONS}, cards_punched, lines_printed,"
    " cards_read",
    "accounting_data": "userid, data",
    "accounting_journal": "code, text",
}


def unpunched(database: Database) -> tuple[dict[str, int], list[bytes]]:
    """The records that no card was punched of yet, as cards; and what `punched` is to be told then."""
    last: dict[str, int] = {}
    cards: list[bytes] = []
    for table, columns in _TABLES.items():
        found = database.query("SELECT last FROM accounting_punched WHERE kind = ?", table)
        before = int(str(found[0][0])) if found else 0
        for row in database.query(f"SELECT rowid, {columns} FROM {table} WHERE rowid > ? ORDER BY rowid", before):
            last[table] = int(str(row[0]))
            cards.append(_CARDS[table](*row[1:]))
    return last, cards


def punched(db: sqlite3.Connection, last: dict[str, int]) -> None:
    """Within the transaction that makes the cards a file: they are of all records up to these."""
    for table, number in last.items():
        db.execute("INSERT OR REPLACE INTO accounting_punched VALUES (?, ?)", (table, number))


def _session_card(userid: str, account: str, ended: float, *used: int) -> bytes:
    connect, total, virtual, *counts = used
    when = time.strftime("%m%d%y%H%M%S", time.localtime(ended))
    head = to_ebcdic(f"{userid:<8}{account:<8}{when}")
    figures = (connect, total // 1000, virtual // 1000, 0, 0, *counts)
    body = b"".join(min(figure, 0xFFFFFFFF).to_bytes(4, "big") for figure in figures)
    return (head + body).ljust(78, b"\x40") + to_ebcdic("01")


def _data_card(userid: str, data: bytes) -> bytes:
    return (to_ebcdic(f"{userid:<8}") + data)[:78].ljust(78, b"\x40") + to_ebcdic("C0")


def _journal_card(code: str, data: bytes | str) -> bytes:
    """A text is of a version that kept the record so."""
    return (data if isinstance(data, bytes) else to_ebcdic(f"{data[:78]:<78}")) + to_ebcdic(code)


_CARDS: dict[str, Callable[..., bytes]] = {
    "accounting": _session_card,
    "accounting_data": _data_card,
    "accounting_journal": _journal_card,
}

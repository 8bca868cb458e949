"""What is kept of files under way between systems, so that each arrives once, whatever is killed (DMTAXS).

A file for another node is a reader file of the networking userid. Before it is first sent it gets a key, which stays
its own until the neighbour has acknowledged it; the neighbour keeps the keys of what it has taken until the sender has
said that it will not send it again. A key and the spool file it stands for change in one transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cpvm.cp.spool import SpoolFile

if TYPE_CHECKING:
    from cpvm.cp.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS net_out (spoolid INTEGER PRIMARY KEY, created REAL NOT NULL, key TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS net_in (node TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (node, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS net_origin (
    spoolid INTEGER PRIMARY KEY, created REAL NOT NULL,
    node TEXT NOT NULL, userid TEXT NOT NULL, file INTEGER NOT NULL);
"""


@dataclass(frozen=True)
class Origin:
    """Where a file comes from: node, userid, and its spoolid there."""

    node: str
    userid: str
    spoolid: int


class Transmissions:
    """The tables. For threads that have the system lock."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def key_of(self, file: SpoolFile) -> str:
        """The key of a file that is to be sent, the same each time."""
        rows = self._database.query("SELECT key FROM net_out WHERE spoolid=? AND created=?", file.spoolid, file.created)
        if rows:
            return str(rows[0][0])
        key = uuid.uuid4().hex
        with self._database.transaction() as db:
            db.execute("INSERT OR REPLACE INTO net_out VALUES (?, ?, ?)", (file.spoolid, file.created, key))
        return key

    def give_keys(self, files: Iterable[SpoolFile]) -> None:
        """Give these files their keys, all in one transaction, so that each need not wait for the disk."""
        known = {
            (int(str(spoolid)), float(str(created)))
            for spoolid, created in self._database.query("SELECT spoolid, created FROM net_out")
        }
        new = [file for file in files if (file.spoolid, file.created) not in known]
        if new:
            with self._database.transaction() as db:
                db.executemany(
                    "INSERT OR REPLACE INTO net_out VALUES (?, ?, ?)",
                    [(file.spoolid, file.created, uuid.uuid4().hex) for file in new],
                )

    def pending(self) -> list[str]:
        """Keys of files that may be sent again."""
        return [str(key) for (key,) in self._database.query("SELECT key FROM net_out")]

    def sent(self, file: SpoolFile) -> None:
        """The neighbour has the file: it is ours no more."""
        with self._database.transaction() as db:
            for table in ("spool_file", "spool_data", "net_out", "net_origin"):
                db.execute(f"DELETE FROM {table} WHERE spoolid = ?", (file.spoolid,))

    def sweep(self) -> None:
        """Forget what belongs to files that are gone."""
        with self._database.transaction() as db:
            for table in ("net_out", "net_origin"):
                db.execute(
                    f"DELETE FROM {table} WHERE NOT EXISTS (SELECT 1 FROM spool_file"
                    f" WHERE spool_file.spoolid = {table}.spoolid AND spool_file.created = {table}.created)"
                )

    def was_received(self, node: str, key: str) -> bool:
        """True if the file with this key was taken from NODE."""
        return bool(self._database.query("SELECT 1 FROM net_in WHERE node=? AND key=?", node, key))

    @staticmethod
    def note_received(db: Any, node: str, key: str, file: tuple[int, float], origin: Origin) -> None:
        """In the transaction that makes the spool file (its number and time of creation): it was taken from NODE."""
        spoolid, created = file
        db.execute("INSERT INTO net_in VALUES (?, ?)", (node, key))
        db.execute(
            "INSERT OR REPLACE INTO net_origin VALUES (?, ?, ?, ?, ?)",
            (spoolid, created, origin.node, origin.userid, origin.spoolid),
        )

    def forget(self, node: str, keys: Iterable[str]) -> None:
        """NODE will not send these again."""
        with self._database.transaction() as db:
            db.executemany("DELETE FROM net_in WHERE node=? AND key=?", [(node, key) for key in keys])

    def only(self, node: str, keys: Iterable[str]) -> None:
        """NODE may send these again, and no others."""
        there = {str(key) for (key,) in self._database.query("SELECT key FROM net_in WHERE node=?", node)}
        self.forget(node, there - set(keys))

    def origin(self, file: SpoolFile) -> Origin | None:
        """Where a file that came through a link was made; None for one that was made here."""
        rows = self._database.query(
            "SELECT node, userid, file FROM net_origin WHERE spoolid=? AND created=?", file.spoolid, file.created
        )
        return Origin(str(rows[0][0]), str(rows[0][1]), int(str(rows[0][2]))) if rows else None

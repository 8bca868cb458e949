"""The directory in the database. Logon passwords live in their own table, so that users can change them."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final

from cpvm.cp.database import Database
from cpvm.cp.directory import (
    NO_LOGON,
    NO_TERMINAL,
    UNCHANGED,
    ConsoleEntry,
    DedicateEntry,
    DeviceEntry,
    Directory,
    LinkEntry,
    MinidiskEntry,
    SpecialEntry,
    SpoolEntry,
    TemporaryEntry,
    UserEntry,
    VolumeEntry,
)
from cpvm.cp.directory_source import Present
from cpvm.cp.operand import Operands
from cpvm.cp.savedsys import declare
from cpvm.cp.share import NOTHING_SET, share

SCHEMA = """
CREATE TABLE IF NOT EXISTS directory_user (userid TEXT PRIMARY KEY, entry TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS directory_password (
    userid TEXT PRIMARY KEY, hash TEXT NOT NULL, well_known INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS directory_volume (
    volid TEXT PRIMARY KEY, devtype TEXT NOT NULL, cylinders INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS directory_temporary (volid TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS directory_system (name TEXT PRIMARY KEY, vaddr INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS logmsg (line INTEGER PRIMARY KEY, written REAL NOT NULL, text TEXT NOT NULL);
"""

_DEVICE_KINDS: dict[str, type[DeviceEntry]] = {
    "CONSOLE": ConsoleEntry,
    "SPOOL": SpoolEntry,
    "LINK": LinkEntry,
    "MDISK": MinidiskEntry,
    "TDISK": TemporaryEntry,
    "SPECIAL": SpecialEntry,
    "DEDICATE": DedicateEntry,
}
_TUPLES = ("options", "symbols", "aliases", "iucv")


def _device_to_plain(device: DeviceEntry) -> dict[str, object]:
    kind = next(name for name, cls in _DEVICE_KINDS.items() if isinstance(device, cls))
    return {"kind": kind, **asdict(device)}


def _device_from_plain(plain: dict[str, Any]) -> DeviceEntry:
    return _DEVICE_KINDS[plain.pop("kind")](**plain)


def _to_json(entry: UserEntry) -> str:
    plain = asdict(entry)
    plain["devices"] = [_device_to_plain(device) for device in entry.devices]
    plain["share"] = str(entry.share)
    return json.dumps(plain)


def _from_json(text: str) -> UserEntry:
    plain = json.loads(text)
    plain["devices"] = tuple(_device_from_plain(device) for device in plain["devices"])
    for name in _TUPLES:
        plain[name] = tuple(plain.get(name, ()))
    plain["limits"] = tuple((name, value) for name, value in plain.get("limits", ()))
    plain["share"] = share(Operands(plain["share"]), NOTHING_SET) if "share" in plain else NOTHING_SET
    return UserEntry(**plain)


_DIRECTORY: Final = (
    "SELECT userid, entry FROM directory_user ORDER BY userid",
    "SELECT volid, devtype, cylinders FROM directory_volume ORDER BY volid",
    "SELECT volid FROM directory_temporary ORDER BY volid",
    "SELECT name, vaddr FROM directory_system ORDER BY name",
)
"""All but the passwords, which change by themselves."""


class ChangedError(Exception):
    """Somebody else has changed the directory since it was seen."""


class DirectoryStore:
    """The directory of a running system.

    It is read once, and again when another process has installed another one; passwords are read on each use.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._users: dict[str, UserEntry] = {}
        self._aliases: dict[str, str] = {}
        self._volumes: dict[str, VolumeEntry] = {}
        self._systems: dict[str, int] = {}
        self._version = database.version
        self._rows: object = None
        self.changed: Callable[[], None] = lambda: None
        """Told that there is another directory than before."""
        self.load()

    @property
    def users(self) -> dict[str, UserEntry]:
        """The users by userid."""
        self._current()
        return self._users

    @property
    def volumes(self) -> dict[str, VolumeEntry]:
        """The volumes of the system."""
        self._current()
        return self._volumes

    @property
    def systems(self) -> dict[str, int]:
        """Named systems that are devices: name -> address."""
        self._current()
        return self._systems

    def _current(self) -> None:
        if self._database.version != self._version:
            self._version = self._database.version
            self.load()

    def load(self) -> None:
        """Read the directory anew."""
        rows = tuple(self._database.query(statement) for statement in _DIRECTORY)
        if rows == self._rows:
            return  # something else in the database has changed
        first, self._rows = self._rows is None, rows
        users, volumes, temporary, systems = rows
        entries = [_from_json(str(row[1])) for row in users]
        self._users = {entry.userid: entry for entry in entries}
        self._aliases = {alias: entry.userid for entry in entries for alias in entry.aliases}
        scratch = {str(row[0]) for row in temporary}
        self._volumes = {
            str(row[0]): VolumeEntry(str(row[0]), str(row[1]), int(str(row[2])), str(row[0]) in scratch)
            for row in volumes
        }
        self._systems = {str(row[0]): int(str(row[1])) for row in systems}
        if not first:
            self.changed()

    def present(self) -> Present:
        """What a new source may refer to."""
        return Present(self.users, self.volumes)

    @property
    def seen(self) -> object:
        """The directory as it is now, for `replace`."""
        self._current()
        return self._rows

    def replace(self, directory: Directory, *, seen: object = None) -> None:
        """Put DIRECTORY in the place of what is there, at once or not at all. Volumes that it does not name stay, so
        does the log message if it has none.

        A password that is to stay is that of the user as it is then. What was made of a directory that was SEEN before
        takes no other's place: raises ChangedError.
        """
        with self._database.transaction() as db:
            if seen is not None and seen != tuple(db.execute(statement).fetchall() for statement in _DIRECTORY):
                raise ChangedError
            old = {str(row[0]): row for row in db.execute("SELECT userid, hash, well_known FROM directory_password")}
            for table in ("user", "password", "system"):
                db.execute(f"DELETE FROM directory_{table}")
            for userid, entry in directory.users.items():
                db.execute("INSERT INTO directory_user VALUES (?, ?)", (userid, _to_json(entry)))
                password = (userid, directory.passwords[userid], userid in directory.well_known)
                if directory.passwords[userid] == UNCHANGED:
                    password = old.get(userid, (userid, NO_LOGON, False))
                db.execute("INSERT INTO directory_password VALUES (?, ?, ?)", password)
            for volume in directory.volumes.values():
                row = (volume.volid, volume.devtype, volume.cylinders)
                db.execute("INSERT OR REPLACE INTO directory_volume VALUES (?, ?, ?)", row)
                if volume.temporary:
                    db.execute("INSERT OR REPLACE INTO directory_temporary VALUES (?)", (volume.volid,))
            db.executemany("INSERT INTO directory_system VALUES (?, ?)", directory.systems.items())
            for system in directory.saved:
                declare(db, system)
            if directory.logmsg and directory.logmsg != self.logmsg()[1]:
                self._write_logmsg(db, directory.logmsg)
        self.load()

    def add_volume(self, volume: VolumeEntry) -> None:
        """Enter a volume that has come to the system."""
        with self._database.transaction() as db:
            row = (volume.volid, volume.devtype, volume.cylinders)
            db.execute("INSERT OR REPLACE INTO directory_volume VALUES (?, ?, ?)", row)
        self.load()

    def remove_volume(self, volid: str) -> None:
        """Forget a volume that no minidisk lies on; its file stays."""
        with self._database.transaction() as db:
            db.execute("DELETE FROM directory_volume WHERE volid = ?", (volid,))
            db.execute("DELETE FROM directory_temporary WHERE volid = ?", (volid,))
        self.load()

    def meant(self, name: str) -> str:
        """The userid that NAME is an alias of; NAME itself if it is none."""
        self._current()
        return self._aliases.get(name, name)

    def password_meant(self, userid: str, given: str) -> str:
        """GIVEN; for an alias the userid, as long as that is the password, and a well-known one."""
        self._current()
        return userid if self._aliases.get(given.upper()) == userid and self.well_known(userid) else given

    def may_log_on(self, userid: str) -> bool:
        """False if the directory says NOLOG or AUTOONLY."""
        return self._password_row(userid)[0] not in NO_TERMINAL

    def password_hash(self, userid: str) -> str:
        """The hash to check a password with; it matches nothing if there is no such user."""
        return self._password_row(userid)[0]

    def well_known(self, userid: str) -> bool:
        """True while the password is the one from the first directory, which everybody can guess."""
        return self._password_row(userid)[1]

    def store_password(self, userid: str, hashed: str) -> None:
        """Give USERID the password that HASHED was made of; it is no longer a well-known one."""
        with self._database.transaction() as db:
            db.execute("UPDATE directory_password SET hash = ?, well_known = 0 WHERE userid = ?", (hashed, userid))

    def _password_row(self, userid: str) -> tuple[str, bool]:
        rows = self._database.query("SELECT hash, well_known FROM directory_password WHERE userid = ?", userid)
        return (str(rows[0][0]), bool(rows[0][1])) if rows else (NO_LOGON, False)

    # The log message

    def logmsg(self) -> tuple[float, list[str]]:
        """When the log message was written (seconds since 1970), and its lines."""
        rows = self._database.query("SELECT written, text FROM logmsg ORDER BY line")
        return (float(str(rows[0][0])) if rows else 0.0), [str(row[1]) for row in rows]

    def set_logmsg(self, lines: list[str]) -> None:
        """Replace the log message."""
        with self._database.transaction() as db:
            self._write_logmsg(db, lines)

    @staticmethod
    def _write_logmsg(db: sqlite3.Connection, lines: list[str]) -> None:
        now = time.time()
        db.execute("DELETE FROM logmsg")
        db.executemany("INSERT INTO logmsg VALUES (?, ?, ?)", [(line, now, text) for line, text in enumerate(lines)])
